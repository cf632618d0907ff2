import * as path from "node:path";
import { LocalWorkspace, PulumiCommand } from "@pulumi/pulumi/automation";
import type { PulumiFn, Stack } from "@pulumi/pulumi/automation";
import type { FaultSeconds } from "../../../components";
import { labDown, labUp, monotonicMs } from "../../../lab";
import type { Lab, LabHost } from "../../../lab";
import { RecordWriter } from "../../../lab/records";
import { ensureToolchain, progressOn } from "../../../toolchain";
import { localEnv, makeStateDir } from "../../local-stack";
import { table } from "../../table";
import { COUNTED, COUNTED_ROOM, EMULATED_ROOM, beyond, brokenByPair, hold, legend, shown } from "../verdict";
import { drill } from "./drill";
import type { Struck } from "./drill";
import { FAULTS } from "./faults";
import type { PairFault, PairFaultName } from "./faults";
import type { Ground } from "./ground";
import { FENCINGS, LAB, PORT, RECORDS, pairProgram } from "./program";
import type { PairFencing } from "./program";
import { termRows } from "./terms";

const NAME = "pair";
const SUBNET = "10.78.0.0/24";
const ADDRESS = "10.78.0.100";

/** What is asked of the demo. */
export interface PairDemo {
    /** Folder of the project that has the toolchain, the stack's state and the lab. */
    project: string;
    /** Names of faults with commas between. */
    faults: string;
    /** How a lost machine is made sure of. */
    fencing: string;
    /** Leave hosts and stack as they are at the end. */
    keep: boolean;
    say: (text: string) => void;
}

/** The names of all faults. */
export const FAULT_NAMES = Object.keys(FAULTS) as PairFaultName[];
/** The names of all ways to fence. */
export const FENCING_NAMES = Object.keys(FENCINGS) as PairFencing[];

/** @throws Error that names what is no fault of a pair that is fenced so, and the faults there are. */
function faultsOf(names: string, fencing: PairFencing): PairFault[] {
    const known = FAULT_NAMES.filter((name) => [undefined, fencing].includes((FAULTS[name] as PairFault).fencing));
    const asked = names === "all" ? known : names.split(",").map((name) => name.trim());
    const unknown = asked.filter((name) => !known.some((one) => one === name));
    if (unknown.length > 0)
        throw new Error(
            `--faults ${unknown.join(",")}: no such fault with --fencing ${fencing}; there are all, ${known.join(", ")}`,
        );
    return asked.map((name) => FAULTS[name as PairFaultName]);
}

/** @throws Error that names what is no way to fence, and those there are. */
function fencingOf(name: string): PairFencing {
    const found = FENCING_NAMES.find((known) => known === name);
    if (found === undefined)
        throw new Error(`--fencing ${name}: no such way to fence; there are ${FENCING_NAMES.join(", ")}`);
    return found;
}

/** A stateful pair on two machines with kernels of their own: brought up, put through faults while a client writes, and taken away again. */
export async function pairDemo(demo: PairDemo): Promise<void> {
    const { project, say } = demo;
    const fencing = fencingOf(demo.fencing);
    const faults = faultsOf(demo.faults, fencing);
    await ensureToolchain({ project, progress: progressOn(process.stderr) });
    const begin = monotonicMs();
    try {
        const lab = await labUp({ name: NAME, subnet: SUBNET, dir: labDir(project), ...LAB, progress: say });
        const stack = await stackOf(project, pairProgram(lab, `${ADDRESS}/24`, fencing));
        await stack.up({ onOutput: (text) => process.stdout.write(text) });
        say(`up after ${((monotonicMs() - begin) / 1000).toFixed(0)} s with the hosts`);
        const promises = (await stack.outputs()).failover?.value as FaultSeconds[];
        await struckBy(faults, { lab, promises, say });
    } finally {
        if (!demo.keep) await pairAway(project, say);
    }
}

/** Takes the demo's hosts away, and its stack. */
export async function pairAway(project: string, say: (text: string) => void): Promise<void> {
    await labDown({ name: NAME, dir: labDir(project), progress: say });
    // The hosts are gone, so there is nothing to remove on them: the stack is forgotten without asking them.
    const stack = await stackOf(project);
    // A run that was killed has left its lock.
    await stack.cancel();
    await stack.workspace.removeStack(NAME, { force: true });
}

const labDir = (project: string): string => path.join(project, ".lab", NAME);

async function stackOf(project: string, program: PulumiFn = () => Promise.resolve()): Promise<Stack> {
    const env = localEnv(project);
    makeStateDir(project);
    return LocalWorkspace.createOrSelectStack(
        {
            stackName: NAME,
            projectName: NAME,
            program,
        },
        {
            pulumiCommand: await PulumiCommand.get({ root: path.join(project, ".pulumi-ha"), skipVersionCheck: true }),
            projectSettings: { name: NAME, runtime: "nodejs", backend: { url: env.PULUMI_BACKEND_URL } },
            envVars: env,
        },
    );
}

interface Stage {
    lab: Lab;
    promises: FaultSeconds[];
    say: (text: string) => void;
}

async function struckBy(faults: PairFault[], { lab, promises, say }: Stage): Promise<void> {
    const ground: Ground = { lab, address: ADDRESS, writer: new RecordWriter({ host: ADDRESS, port: PORT }) };
    const seen: Struck[] = [];
    try {
        for (const fault of faults) seen.push(await drill(ground, fault, say));
    } finally {
        await ground.writer.stop();
        const rows = seen.map(row(promises));
        const columns = ["fault", "on", "then", "computed", "measured", "well after"];
        say(`\n${table(columns, rows)}${legend(rows, EMULATED_ROOM)}`);
    }
    for (const one of seen) say(termTable(promises, one));
    const kept = ground.writer.judge(await records(lab.host(ground.writer.server!)));
    const { mounted, address } = seen.reduce(
        (sum, { doubled }) => ({ mounted: sum.mounted + doubled.mounted, address: sum.address + doubled.address }),
        { mounted: 0, address: 0 },
    );
    say(`\nacknowledged records: ${ground.writer.acknowledged.length}, lost: ${kept.lost.length}`);
    say(`who wrote, in the order of the file: ${kept.writers.join(", ")}; out of order: ${kept.disordered}`);
    say(`seen mounted on both: ${mounted}, the address on both: ${address}`);
    hold(brokenByPair(seen, ground.writer.acknowledged.length, kept));
}

/** @throws Error where they cannot be read: that says nothing of what is lost. */
async function records(host: LabHost): Promise<string> {
    const { code, stdout, stderr } = await host.exec(["cat", RECORDS]);
    if (code !== 0) throw new Error(`the records on ${host.name} cannot be read: ${stderr.trim()}`);
    return stdout;
}

/** What each term of a promise took; nothing where the service stayed. */
function termTable(promises: FaultSeconds[], { title, fault, terms }: Struck): string {
    const promise = promises.find((p) => p.fault === fault);
    if (terms === undefined || promise === undefined) return "";
    const rows = termRows(promise, terms).map(([name, computed, took]) => [
        name,
        shown(computed, 1, false),
        shown(took, 1, COUNTED.includes(name) && beyond(took - terms.withinSeconds, computed, COUNTED_ROOM)),
    ]);
    return `\n${table([title, "computed", "emulated"], rows)}${legend(rows, COUNTED_ROOM)}`;
}

const row =
    (promises: FaultSeconds[]) =>
    ({ title, fault, from, to, gapSeconds, wholeSeconds, untouched }: Struck): string[] => {
        const promised = promises.find((p) => p.fault === fault)?.totalSeconds;
        return [
            `${title}${untouched === false ? " (WRITTEN BY BOTH)" : ""}`,
            from,
            to,
            promised === undefined ? "-" : shown(promised, 1, false),
            shown(gapSeconds, 1, beyond(gapSeconds, promised, EMULATED_ROOM)),
            wholeSeconds === undefined ? "-" : `${wholeSeconds.toFixed(0)} s`,
        ];
    };
