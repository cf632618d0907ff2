import { randomUUID } from "node:crypto";
import { decide } from "./decision";
import type { Decision, Permissions } from "./decision";
import { ServerState } from "./evidence";
import type { MemberEvidence } from "./evidence";
import { ask, awaitSynced, beginCluster, leaveRecord, nameFounder, startServer, stopServer } from "./host";
import type { Say } from "./host";
import type { Member } from "./members";
import { begun, keep, recordName, recordText } from "./record";
import type { DecisionRecord } from "./record";
import { evidenceTable, sentence } from "./show";

/** How a recovery ended; the exit status of the command. */
export const Outcome = {
    /** The cluster runs with every member that answers; or it did before. */
    Done: 0,
    /** It may not, or could not, be brought back. */
    Refused: 1,
    /** There is something to do, and `--yes` was not given. */
    Waiting: 2,
} as const;
export type Outcome = (typeof Outcome)[keyof typeof Outcome];

/** What a recovery is made from. */
export interface Recovery extends Omit<Permissions, "witnesses"> {
    cluster: string;
    /** In the order of the cluster's `nodes`. */
    members: Member[];
    /** Host of the arbitrator, if there is one. It has no data, and knows whether a member lives. */
    arbitrator?: Member;
    /** Why the members in `without` may be missing. */
    reason?: string;
    /** Do it; otherwise it is only said what would be done. */
    yes: boolean;
    /** Seconds for a server to say its position. */
    positionSeconds: number;
    /** Seconds for one member to join, a whole copy of the data included. */
    joinSeconds: number;
    /** Folder for the record of the decision. */
    records: string;
    /** Takes evidence and decision. */
    print: Say;
    /** Takes progress. */
    say: Say;
}

/** Seconds for members that find each other by themselves. */
const REFORM_SECONDS = 90;

/**
 * Brings back a cluster of which all members are down.
 *
 * @throws Error when a step fails on a host; the record says how far it came.
 */
export async function recover(recovery: Recovery): Promise<Outcome> {
    const { print, yes } = recovery;
    let { evidence, decision } = await look(recovery);
    if (decision.do === "stop" && yes) {
        await stopAll(recovery, decision.nodes);
        ({ evidence, decision } = await look(recovery));
    }
    if (decision.do === "nothing") return Outcome.Done;
    if (decision.do === "refuse") return Outcome.Refused;
    if (!yes) {
        print("\nnothing was changed; --yes does it");
        return Outcome.Waiting;
    }
    if (decision.do === "stop") throw new Error(`${decision.nodes.join(", ")}: started again by somebody else`);
    if (
        decision.do === "bootstrap" &&
        evidence.some((m) => m.node === decision.node && m.reachable && m.configured === false)
    )
        return named(recovery, decision);
    await recorded(recovery, evidence, decision);
    return Outcome.Done;
}

/**
 * After `destroy` the data is there and the configuration is not: `pulumi up` lays it down, and never begins a cluster from data by itself. It begins with
 * the last of the nodes, so no other one can be named.
 */
async function named(recovery: Recovery, { node, position }: Extract<Decision, { do: "bootstrap" }>): Promise<Outcome> {
    const { print, say, members, positionSeconds } = recovery;
    if (node !== members.at(-1)?.node) {
        print(
            `\n${node} has the newest data, and "pulumi up" begins with the last of nodes: list ${node} last for now`,
        );
        return Outcome.Refused;
    }
    await nameFounder(member(recovery, node), position, positionSeconds, say);
    print(`\nnow run "pulumi up": it configures the members, begins the cluster on ${node}, and lets the others join`);
    return Outcome.Done;
}

interface Found {
    evidence: MemberEvidence[];
    decision: Decision;
}

/** Asks all members at once, and shows what they tell and what follows from it. */
async function look(recovery: Recovery): Promise<Found> {
    const found = await gather(recovery);
    recovery.print(`${evidenceTable(found.evidence)}\n\n${sentence(found.decision)}`);
    return found;
}

async function gather(recovery: Recovery): Promise<Found> {
    const { members, arbitrator, positionSeconds } = recovery;
    const asked = [...members, ...(arbitrator ? [arbitrator] : [])];
    const told = await Promise.all(asked.map((host) => ask(host, members, positionSeconds)));
    const evidence = told.slice(0, members.length);
    const witnesses = told.slice(members.length).filter((host) => host.reachable);
    return { evidence, decision: decide(evidence, { ...recovery, witnesses }) };
}

const member = ({ members }: Recovery, node: string): Member => {
    const found = members.find((candidate) => candidate.node === node);
    if (found === undefined) throw new RangeError(`no member ${node}`);
    return found;
};

async function stopAll(recovery: Recovery, nodes: string[]): Promise<void> {
    recovery.say(`stopping the servers of ${nodes.join(", ")}: they are not Primary`);
    await Promise.all(nodes.map((node) => stopServer(member(recovery, node), recovery.say)));
}

type Action = Extract<Decision, { do: "bootstrap" | "re-form" }>;

async function recorded(recovery: Recovery, evidence: MemberEvidence[], decision: Action): Promise<void> {
    const { cluster, without, reason, records, members } = recovery;
    const record = begun({ cluster, without, reason, evidence, decision, history: historyAfter(decision) });
    const say = (line: string) => {
        record.steps.push(`${new Date().toISOString()} ${line}`);
        recovery.say(line);
    };
    const file = keep(records, record);
    try {
        await (decision.do === "bootstrap"
            ? begin({ ...recovery, say }, decision, record)
            : reform({ ...recovery, say }, decision));
        record.after = await verified(recovery);
        record.outcome = "done";
    } catch (error) {
        record.outcome = "failed";
        record.error = error instanceof Error ? error.message : String(error);
        throw error;
    } finally {
        keep(records, record);
        const there = members.filter(({ node }) => evidence.some((m) => m.node === node && m.reachable));
        const left = await Promise.allSettled(there.map((m) => leaveRecord(m, recordName(record), recordText(record))));
        const missed = there.filter((_, index) => left[index]?.status === "rejected").map(({ node }) => node);
        recovery.say(
            `the decision is in ${file}${missed.length > 0 ? `, and not on ${missed.join(", ")}` : " and on the hosts"}`,
        );
    }
}

/**
 * Whoever was left out may have transactions of numbers that are given again: under the old name it would be taken for a member that was merely away, and
 * keep them. Under a new one it takes a whole copy.
 */
const historyAfter = (decision: Action): string | undefined =>
    decision.do !== "bootstrap" ? undefined : decision.leftOut.length > 0 ? randomUUID() : decision.position.uuid;

async function begin(
    recovery: Recovery,
    decision: Extract<Decision, { do: "bootstrap" }>,
    { history = decision.position.uuid }: DecisionRecord,
): Promise<void> {
    const { say, positionSeconds, joinSeconds } = recovery;
    say("asking all members again: nobody may have become Primary");
    const { decision: again } = await gather(recovery);
    if (again.do !== "bootstrap" || again.node !== decision.node || again.position.seqno !== decision.position.seqno)
        throw new Error(`the members have changed since they were asked:\n${sentence(again)}`);

    say(`${decision.node}: begins the cluster`);
    const founder = member(recovery, decision.node);
    await beginCluster(founder, decision.position, history, positionSeconds, say);
    await awaitSynced(founder, joinSeconds, 1, history, say);
    for (const [index, node] of decision.joins.entries()) {
        say(`${node}: joins`);
        const joiner = member(recovery, node);
        await startServer(joiner, say);
        await awaitSynced(joiner, joinSeconds, index + 2, history, say);
    }
}

async function reform(recovery: Recovery, decision: Extract<Decision, { do: "re-form" }>): Promise<void> {
    const { say } = recovery;
    say(`${decision.nodes.join(", ")}: start and look for each other`);
    const members = decision.nodes.map((node) => member(recovery, node));
    await Promise.all(members.map((m) => startServer(m, say)));
    try {
        await Promise.all(members.map((m) => awaitSynced(m, REFORM_SECONDS, members.length, undefined, say)));
    } catch (error) {
        const hint = "they have not found each other; with --no-reform one is chosen by its position";
        throw new Error(`${error instanceof Error ? error.message : String(error)}\n${hint}`, { cause: error });
    }
}

/** @throws Error unless all members that answer are Primary in one component. */
async function verified(recovery: Recovery): Promise<MemberEvidence[]> {
    const { evidence, decision } = await gather(recovery);
    recovery.print(`\n${evidenceTable(evidence)}`);
    const down = evidence.filter((m) => m.reachable && m.server !== ServerState.Primary).map(({ node }) => node);
    if (decision.do !== "nothing" || down.length > 0)
        throw new Error(`not all members are back:\n${sentence(decision)}`);
    recovery.say(`recovered: ${decision.because}`);
    return evidence;
}
