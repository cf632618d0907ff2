import { readFileSync } from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { DATABASES } from "../../components/galera-cluster/member";
import { asRoot, runOn } from "../ssh";
import { ServerState } from "./evidence";
import type { MemberEvidence, Position } from "./evidence";
import type { Member } from "./members";

const SCRIPTS = [
    DATABASES,
    ...["evidence.sh", "act.sh"].map((file) => readFileSync(path.join(__dirname, file), "utf8")),
].join("\n");

/** Seconds for a host to be reached and to tell, besides what its server takes for its position. */
const TELL_SECONDS = 15;
/** Seconds for a server to stop or start: above those that Debian's unit allows. */
const SERVICE_SECONDS = 960;

/** Seconds for a server that is not Primary to stop before it is killed. */
const STOP_SECONDS = 10;

const position = z.object({ uuid: z.string(), seqno: z.number() });
const evidence = z.object({
    server: z.enum(Object.values(ServerState)),
    silence: z.string().optional(),
    savedState: position.extend({ safeToBootstrap: z.boolean() }).optional(),
    savedView: z.object({ self: z.string(), id: z.string(), members: z.array(z.string()) }).optional(),
    position: position.optional(),
    positionError: z.string().optional(),
    configured: z.boolean(),
    interruptedCopy: z.boolean(),
    databases: z.array(z.string()),
    component: z.object({ uuid: z.string(), size: z.number() }).optional(),
    peers: z.array(z.string()),
});

/** Takes progress, as it comes. */
export type Say = (line: string) => void;

/**
 * What a member can tell, without changing it.
 *
 * @param positionSeconds for its server's recovery, after a crash.
 */
export async function ask(member: Member, all: Member[], positionSeconds: number): Promise<MemberEvidence> {
    const { node } = member;
    try {
        const text = await onHost(member, `evidence ${positionSeconds}`, TELL_SECONDS + positionSeconds);
        const told = evidence.parse(JSON.parse(text));
        const byAddress = new Map(all.map((other) => [other.address, other.node]));
        return {
            ...told,
            node,
            reachable: true,
            peers: told.peers.map((address) => byAddress.get(address) ?? address),
        };
    } catch (error) {
        return { node, reachable: false, why: firstLine(error) };
    }
}

/** Stops a server that is not Primary. */
export const stopServer = (member: Member, say: Say) =>
    onHost(member, `stop_server ${STOP_SECONDS}`, STOP_SECONDS + SERVICE_SECONDS, say);

/** The one start of a cluster; the member still has to be at the position that was decided on. */
export const beginCluster = (
    member: Member,
    { uuid, seqno }: Position,
    history: string,
    positionSeconds: number,
    say: Say,
) =>
    onHost(
        member,
        `begin_cluster ${positionSeconds} ${uuid} ${seqno} ${history}`,
        SERVICE_SECONDS + positionSeconds,
        say,
    );

/** Lets the next `pulumi up` begin the cluster on this member, as long as its data is at that position. */
export const nameFounder = (member: Member, { uuid, seqno }: Position, positionSeconds: number, say: Say) =>
    onHost(member, `name_founder ${positionSeconds} ${uuid} ${seqno}`, TELL_SECONDS + positionSeconds, say);

/** Starts a server as at boot; nobody waits for it. */
export const startServer = (member: Member, say: Say) => onHost(member, "start_server", SERVICE_SECONDS, say);

/** Waits until a member is Synced, beside at least `size` members in all, in the cluster `uuid` if one is given. */
export const awaitSynced = (member: Member, seconds: number, size: number, uuid: string | undefined, say: Say) =>
    onHost(member, `await ${seconds} ${size} ${uuid ?? ""}`.trimEnd(), seconds + TELL_SECONDS, say);

/** Leaves the record of a decision in `/var/lib/pulumi-ha/recover` of a host. */
export const leaveRecord = (member: Member, name: string, text: string) =>
    onHost(member, `record ${name}`, TELL_SECONDS, undefined, `record_text() { cat <<'RECORD'\n${text}\nRECORD\n}\n`);

/** @throws Error with what the host said, when the step fails there. */
async function onHost(member: Member, step: string, seconds: number, say?: Say, more = ""): Promise<string> {
    const { code, stdout, stderr } = await runOn(member.connection, {
        command: asRoot(member.connection.user, "bash -s"),
        stdin: `${SCRIPTS}\n${more}${step}\n`,
        seconds,
        // Who only tells what it has is asked again by the next run; what is being done shall not fail by one lost packet.
        retries: say ? undefined : 0,
        onLine: say && ((line) => (line.startsWith("failed: ") ? undefined : say(`${member.node}: ${line}`))),
    });
    if (code !== 0) {
        const reason =
            stderr
                .split(/^failed: /m)
                .at(-1)
                ?.trim() || `ended with status ${code}`;
        throw new Error(`${member.node}: ${reason}`);
    }
    return stdout;
}

const firstLine = (error: unknown): string =>
    (error instanceof Error ? error.message : String(error))
        .split("\n")
        .find((line) => line.trim() !== "")
        ?.replace(/^after \d+ failed attempts: /, "") ?? "no reason given";
