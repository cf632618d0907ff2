import * as fs from "node:fs";
import * as path from "node:path";
import type { Command } from "commander";
import { labDown, labUp, monotonicMs } from "../../lab";
import { ensureToolchain, progressOn } from "../../toolchain";
import { EVERY_MS, MEMBERS, sqlDrills, webDrills } from "./drills";
import type { Outputs } from "./drills";
import { ensureStack, localEnv, pulumi } from "../local-stack";
import type { LocalStack } from "../local-stack";
import { FAULT_NAMES, FENCING_NAMES, pairAway, pairDemo } from "./pair/demo";
import { eventLog } from "../event-log";
import { deployedUnits } from "../state";
import type { Deployment } from "../state";
import { table } from "../table";
import { busySeconds, momentIn } from "./up-seconds";
import type { Moment } from "./up-seconds";
import { ROOM, brokenBySql, hold, late, legend, shown } from "./verdict";
import type { Seen } from "./verdict";

const PROJECT = path.join(__dirname, "..", "..", "..");
const STACK: LocalStack = { project: PROJECT, stack: "dev" };
const HOSTS = ["lb1", "lb2", "web1", "web2", ...MEMBERS];

/** Adds `pulumi-ha demo`. */
export function addDemoCommand(program: Command): void {
    program
        .command("demo")
        .description("toolchain, lab, `pulumi up` of the dev stack, then faults: computed against measured")
        .option("--down", "take the demo's hosts and its stack away again")
        .option(
            "--pair",
            "instead: a stateful pair on two machines with kernels of their own, which are taken away at the end",
        )
        .option(
            "--faults <names>",
            `what the pair is put through: all, or of ${FAULT_NAMES.join(", ")} (default: power)`,
        )
        .option(
            "--fencing <name>",
            `how the pair makes sure of a lost machine: ${FENCING_NAMES.join(", ")} (default: ipmi)`,
        )
        .option("--keep", "leave the pair's machines up at the end")
        .action((flags: DemoFlags) => {
            checkDemo(flags, PROJECT);
            return flags.pair ? pair(flags) : flags.down ? away() : demo();
        });
}

/** What `pulumi-ha demo` was told. */
export interface DemoFlags {
    down?: boolean;
    pair?: boolean;
    faults?: string;
    fencing?: string;
    keep?: boolean;
}

/** @throws Error when flags do not go together, or the folder is that of a package: it has no stack to show. */
export function checkDemo({ pair: ofPair, faults, fencing, keep }: DemoFlags, project: string): void {
    const ofPairAlone = Object.entries({ faults, fencing, keep }).filter(([, value]) => value !== undefined);
    if (ofPair !== true && ofPairAlone.length > 0)
        throw new Error(`${ofPairAlone.map(([flag]) => `--${flag}`).join(" and ")}: of the demo with --pair alone`);
    if (!fs.existsSync(path.join(project, "Pulumi.yaml")))
        throw new Error(`the demo is of the repository: ${project} has no stack of its own; run it in a clone`);
}

const pair = ({ down, faults = "power", fencing = "ipmi", keep = false }: DemoFlags): Promise<void> =>
    down ? pairAway(PROJECT, say) : pairDemo({ project: PROJECT, faults, fencing, keep, say });

async function demo(): Promise<void> {
    const phases: string[][] = [];
    const phase = async <T>(name: string, work: () => Promise<T>, more: () => string = () => ""): Promise<T> => {
        say(`\n== ${name}`);
        const begin = monotonicMs();
        const result = await work();
        phases.push([`${name}${more()}`, seconds(monotonicMs() - begin)]);
        return result;
    };

    await phase("toolchain", () => ensureToolchain({ project: PROJECT, progress: progressOn(process.stderr) }));
    const told: string[] = [];
    const progress = (line: string) => (told.push(line), say(line));
    const lab = await phase(
        "lab",
        () => labUp({ dir: path.join(PROJECT, ".lab"), hosts: HOSTS, progress }),
        () => ` (${labBegan(told)})`,
    );
    await ensureStack(STACK);
    const busy = busySeconds(await phase("pulumi up", up));
    await phase("pulumi up, nothing to do", () => pulumi(STACK, ["up", "--yes", "--expect-no-changes"]));
    const outputs = JSON.parse(
        await pulumi(STACK, ["stack", "output", "--json", "--show-secrets"], "capture"),
    ) as Outputs;
    const units = deployedUnits(JSON.parse(await pulumi(STACK, ["stack", "export"], "capture")) as Deployment);

    const ground = { lab, outputs, units, say };
    const web = await phase("faults of the address's holder", () => webDrills(ground));
    const sql = await phase("faults of the database's writer", () => sqlDrills(ground));
    say(`\n${table(["phase", "seconds"], phases)}`);
    say(
        `of the first \`pulumi up\`: hosts prepared, with their packages, ${busy.prepare.toFixed(1)} s; then units applied, ${busy.apply.toFixed(1)} s`,
    );
    say(`\n${outputs.url}, one request every ${EVERY_MS} ms, each over a TLS connection of its own`);
    drilled(
        ["requests lost", "of"],
        web.map((one) => [...times(one), String(one.lost), String(one.sent)]),
    );
    say(`\n${outputs.database}, one row every ${EVERY_MS} ms, each over a TLS connection of its own`);
    drilled(
        ["acknowledged rows lost"],
        sql.map((one) => [...times(one), `${one.missing} of ${one.acknowledged}`]),
    );
    say(hints(outputs.url));
    hold(brokenBySql(sql));
}

/** What a lab was made from, by the lines that its `up` printed. */
const labBegan = (told: string[]): string => {
    if (told.some((line) => line.startsWith("builds "))) return "from nothing";
    return told.some((line) => line.includes(" answers on ")) ? "base root cached" : "was up";
};

const times = (one: Seen): string[] => [
    one.title,
    one.promisedSeconds === undefined ? "-" : shown(one.promisedSeconds, 3, false),
    shown(one.gapSeconds, 3, late(one)),
];

function drilled(counted: string[], rows: string[][]): void {
    say(`\n${table(["fault", "computed, at most", "measured gap", ...counted], rows)}${legend(rows, ROOM)}`);
}

/** The `up` itself; when the commands of units began and ended in it. */
async function up(): Promise<Moment[]> {
    const moments: Moment[] = [];
    const log = eventLog((line) => {
        const moment = momentIn(line, monotonicMs());
        if (moment !== undefined) moments.push(moment);
    });
    try {
        await pulumi(STACK, ["up", "--yes", ...log.args], "inherit", log.env);
    } finally {
        await log.end();
    }
    return moments;
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
