import { mkdirSync, writeFileSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import * as path from "node:path";
import { asRoot, runOn } from "../../ssh";
import { Outcome } from "../run";
import { decide, sentence } from "./decision";
import type { Decision, Wish } from "./decision";
import { Answer, evidenceTable } from "./evidence";
import type { Evidence } from "./evidence";
import type { Side } from "./sides";

/** What a recovery of a volume is made from. */
export interface VolumeRecovery extends Wish {
    volume: string;
    sides: Side[];
    /** Why the other sides' data is given up. */
    reason: string;
    /** Do it; otherwise it is only said what would be done. */
    yes: boolean;
    /** Folder for the record of the decision. */
    records: string;
    /** Takes evidence and decision. */
    print: (text: string) => void;
    /** Takes progress. */
    say: (line: string) => void;
}

type Join = Extract<Decision, { do: "join" }>;

const SCRIPT = "/usr/local/lib/pulumi-ha/drbd/volume";
/** Seconds for a busy side to let in, to tell, and to act. */
const DIAL_SECONDS = 20;
const TELL_SECONDS = 60;
const ACT_SECONDS = 180;

/**
 * Ends a split brain in favour of the side that the operator names.
 *
 * @throws Error when a step fails on a host; the record says how far it came.
 */
export async function recoverVolume(recovery: VolumeRecovery): Promise<Outcome> {
    const { print, yes } = recovery;
    const evidence = await gather(recovery);
    const decision = decide(evidence, recovery);
    print(`${evidenceTable(evidence)}\n\n${sentence(decision)}`);
    if (decision.do === "nothing") return Outcome.Done;
    if (decision.do === "refuse") return Outcome.Refused;
    if (!yes) {
        print("\nnothing was changed; --yes does it");
        return Outcome.Waiting;
    }
    await recorded(recovery, evidence, decision);
    return Outcome.Done;
}

const gather = ({ sides, volume }: VolumeRecovery): Promise<Evidence[]> =>
    Promise.all(sides.map((side) => ask(side, volume)));

async function ask(side: Side, volume: string): Promise<Evidence> {
    try {
        const text = await onHost(side, `evidence ${volume}`, TELL_SECONDS);
        return { node: side.node, answer: Answer.parse(JSON.parse(text)) };
    } catch (error) {
        const [why = "no reason given"] = (error instanceof Error ? error.message : String(error)).split("\n");
        return { node: side.node, why };
    }
}

async function recorded(recovery: VolumeRecovery, evidence: Evidence[], decision: Join): Promise<void> {
    const { volume, reason, records, say } = recovery;
    const at = new Date().toISOString();
    const steps: string[] = [];
    const file = path.join(records, `${volume}-${at.replaceAll(/[^0-9TZ]/g, "")}.json`);
    const keep = (outcome: string, more: object = {}) => {
        const by = `${userInfo().username}@${hostname()}`;
        mkdirSync(records, { recursive: true });
        const record = { volume, at, by, reason, evidence, decision, steps, outcome, ...more };
        writeFileSync(file, `${JSON.stringify(record, null, 2)}\n`);
    };
    keep("begun");
    const told = (line: string) => {
        steps.push(`${new Date().toISOString()} ${line}`);
        say(line);
    };
    try {
        await act(recovery, decision, at, told);
        const after = await gather(recovery);
        keep("done", { after });
        recovery.print(`\n${evidenceTable(after)}`);
    } catch (error) {
        keep("failed", { error: error instanceof Error ? error.message : String(error) });
        throw error;
    } finally {
        say(`the decision is in ${file}`);
    }
}

/** Whoever gives something up is the first, and whoever is kept the last, so that nobody meets a side that has not been told. */
async function act(
    { sides, volume }: VolumeRecovery,
    { keep, others }: Join,
    at: string,
    say: (line: string) => void,
): Promise<void> {
    const stamp = at.slice(0, 19).replaceAll(/[^0-9]/g, "");
    const order = ["discard", "rejoin"];
    const steps = [
        ...[...others].sort((a, b) => order.indexOf(a.do) - order.indexOf(b.do)),
        { do: "keep" as const, ...keep },
    ];
    for (const step of steps) {
        const side = sides.find(({ node }) => node === step.node);
        if (side === undefined) throw new RangeError(`no side ${step.node}`);
        const snapshot =
            step.do === "discard" && step.snapshot ? ` ${volume}-before-${stamp} ${step.snapshot.kib}` : "";
        await onHost(side, `${step.do} ${volume} ${step.generation}${snapshot}`, ACT_SECONDS, say);
    }
}

/** @throws Error with what the host said, when the step fails there. */
async function onHost(side: Side, words: string, seconds: number, say?: (line: string) => void): Promise<string> {
    const { code, stdout, stderr } = await runOn(side.connection, {
        command: asRoot(side.connection.user, "bash -s"),
        stdin: `${SCRIPT} ${words}\n`,
        seconds,
        retries: 1,
        dialSeconds: DIAL_SECONDS,
        onLine: say,
    });
    if (code !== 0) throw new Error(`${side.node}: ${stderr.trim() || `ended with status ${code}`}`);
    return stdout;
}
