import * as path from "node:path";
import type { Command } from "commander";
import type { FaultSeconds } from "../components";
import type { Lab, LabHost } from "../lab";
import { labDown, labUp, monotonicMs } from "../lab";
import { Prober, httpProbe, vipOwners } from "../lab/probe";
import { ensureToolchain, progressOn } from "../toolchain";
import { ensureStack, localEnv, pulumi } from "./pulumi";
import type { LocalStack } from "./pulumi";
import { deployedUnits } from "./state";
import type { DeployedUnit, Deployment } from "./state";
import { table } from "./table";

const PROJECT = path.join(__dirname, "..", "..");
const STACK: LocalStack = { project: PROJECT, stack: "dev" };
const HOSTS = ["lb1", "lb2", "web1", "web2"];

/** What the stack exports, as far as the demo uses it. */
interface Outputs {
    url: string;
    address: string;
    caCertificate: string;
    failover: { front: FaultSeconds[] };
}

/** A fault on the holder of the address, how it is mended, and which promise it is held against. */
interface Drill {
    title: string;
    fault: FaultSeconds["fault"];
    strike: (holder: LabHost) => Promise<unknown>;
    mend: (holder: LabHost) => Promise<unknown>;
}

const DRILLS: Drill[] = [
    { title: "holder's link cut", fault: "link", strike: (host) => host.cut(), mend: (host) => host.heal() },
    { title: "holder loses power", fault: "power", strike: (host) => host.powerOff(), mend: (host) => host.powerOn() },
    {
        title: "planned: keepalived stopped",
        fault: "planned",
        strike: (host) => host.exec(["systemctl", "stop", "keepalived"]),
        mend: (host) => host.exec(["systemctl", "start", "keepalived"]),
    },
];

/** Adds `pulumi-ha demo`. */
export function addDemoCommand(program: Command): void {
    program
        .command("demo")
        .description("toolchain, lab, `pulumi up` of the dev stack, then faults: computed against measured")
        .option("--down", "take the demo's hosts and its stack away again")
        .action((flags: { down?: boolean }) => (flags.down ? away() : demo()));
}

async function demo(): Promise<void> {
    const phases: string[][] = [];
    const phase = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
        say(`\n== ${name}`);
        const begin = monotonicMs();
        const result = await work();
        phases.push([name, seconds(monotonicMs() - begin)]);
        return result;
    };

    await phase("toolchain", () => ensureToolchain({ project: PROJECT, progress: progressOn(process.stderr) }));
    const lab = await phase("lab", () => labUp({ dir: path.join(PROJECT, ".lab"), hosts: HOSTS, progress: say }));
    await ensureStack(STACK);
    await phase("pulumi up", () => pulumi(STACK, ["up", "--yes"]));
    await phase("pulumi up, nothing to do", () => pulumi(STACK, ["up", "--yes", "--expect-no-changes"]));
    const outputs = JSON.parse(await pulumi(STACK, ["stack", "output", "--json"], "capture")) as Outputs;
    const units = deployedUnits(JSON.parse(await pulumi(STACK, ["stack", "export"], "capture")) as Deployment);

    const rows: string[][] = [];
    await phase("faults", async () => {
        for (const drill of DRILLS) rows.push(await drilled(lab, outputs, units, drill));
    });
    say(`\n${table(["phase", "seconds"], phases)}`);
    say(`\n${outputs.url} under faults, one request every 20 ms, each over a TLS connection of its own`);
    say(`\n${table(["fault", "computed, at most", "measured gap", "requests lost", "of"], rows)}`);
    say(hints(outputs.url));
}

/** One fault on whoever holds the address now, seen by a client. */
async function drilled(lab: Lab, outputs: Outputs, units: DeployedUnit[], drill: Drill): Promise<string[]> {
    const { url, address, caCertificate, failover } = outputs;
    await atRest(lab, address, units);
    const holder = lab.host(await onlyOwner(lab, address));
    const prober = new Prober(httpProbe(url, { ca: caCertificate }));
    await until("the page is served", 10, () => Promise.resolve(prober.answers));
    say(`${drill.title}: ${holder.name}`);
    await drill.strike(holder);
    await until("another host holds the address", 30, async () =>
        (await vipOwners(lab, address)).some((name) => name !== holder.name),
    );
    await until("the page is served again", 30, () => Promise.resolve(prober.answers));
    const report = await prober.stop();
    await drill.mend(holder);

    const promise = failover.front.find((promised) => promised.fault === drill.fault);
    const computed = promise ? `${promise.totalSeconds.toFixed(3)} s` : "-";
    return [drill.title, computed, `${seconds(report.longestGapMs, 3)} s`, String(report.lost), String(report.sent)];
}

/** A fault is struck when the one before is over: every host is up and passes the gates of all its units, and one of them has the address. */
async function atRest(lab: Lab, address: string, units: DeployedUnit[]): Promise<void> {
    for (const { node, manifest } of units) {
        for (const gate of manifest.gates) {
            const passes = async () => (await lab.host(node).exec(["bash", "-c", gate.command])).code === 0;
            await until(`${node}: ${gate.name}`, 60, passes);
        }
    }
    await onlyOwner(lab, address);
}

/** The one host that holds the address, once there is just one. */
async function onlyOwner(lab: Lab, address: string): Promise<string> {
    let owners: string[] = [];
    await until(`one host holds ${address}`, 30, async () => (owners = await vipOwners(lab, address)).length === 1);
    return owners[0] ?? "";
}

async function until(what: string, withinSeconds: number, holds: () => Promise<boolean>): Promise<void> {
    const deadline = monotonicMs() + withinSeconds * 1000;
    while (!(await holds())) {
        if (monotonicMs() > deadline) throw new Error(`${what}: not within ${withinSeconds} s`);
        await new Promise((resume) => setTimeout(resume, 20));
    }
}

async function away(): Promise<void> {
    await labDown({ dir: path.join(PROJECT, ".lab"), progress: say });
    // The hosts are gone, so there is nothing to remove on them: the stack is forgotten without asking them.
    await pulumi(STACK, ["stack", "rm", "--force", "--yes", "--preserve-config"]).catch(() =>
        say("there was no stack"),
    );
}

function hints(url: string): string {
    const env = Object.entries(localEnv(PROJECT)).map(([name, value]) => `export ${name}=${JSON.stringify(value)}`);
    return [
        "",
        "The hosts stay up. Look around:",
        "  npx pulumi-ha lab status",
        "  npx pulumi-ha lab ssh lb1",
        "",
        "Work on the stack in a shell with:",
        ...env.map((line) => `  ${line}`),
        "  pulumi preview --diff --stack dev",
        `  pulumi stack output caCertificate --stack dev > ca.pem && curl --cacert ca.pem ${url}`,
        "",
        "Take it all away: npm run demo -- --down",
    ].join("\n");
}

const seconds = (ms: number, digits = 1): string => (ms / 1000).toFixed(digits);

function say(text: string): void {
    process.stdout.write(`${text}\n`);
}
