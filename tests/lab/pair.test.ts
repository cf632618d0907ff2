import type { Stack } from "@pulumi/pulumi/automation";
import type { FaultSeconds } from "../../components";
import { drill } from "../../cli/pair/drill";
import type { Struck } from "../../cli/pair/drill";
import { FAULTS } from "../../cli/pair/faults";
import type { PairFaultName } from "../../cli/pair/faults";
import type { Ground } from "../../cli/pair/ground";
import { LAB, MEMBERS, PORT, RECORDS, pairProgram } from "../../cli/pair/program";
import { termRows } from "../../cli/pair/terms";
import { table } from "../../cli/table";
import { RecordWriter } from "../../lab/records";
import { figure, upOk } from "./stack";
import { Bench, onHost } from "./support";

jest.setTimeout(900_000);

const ADDRESS = "10.107.0.100";
/** What Corosync counts, it counts here too; the rest is this machine. */
const ROOM = 1.15;
/** Emulated, one call of an agent takes seconds: what the settings promise for machines of their own is shown beside it, and is no bound here. */
const BOUND_SECONDS = 180;

let bench: Bench;
/** What ends the test, in reverse order. */
const ends: (() => Promise<void>)[] = [];
let stack: Stack;
let ground: Ground;
let promises: FaultSeconds[];
/** Who served, in the order of the faults. */
const served: string[] = [];

beforeAll(async () => {
    const { hosts, ...more } = LAB;
    bench = await Bench.up("t-pair", "10.107.0.0/24", hosts as string[], more);
    ends.unshift(() => bench.down());
    stack = await bench.stack("pair", pairProgram(bench.lab, `${ADDRESS}/24`));
    const { seconds } = await upOk(stack);
    figure("up of a pair with a volume and a witness on two emulated machines", seconds);
    promises = (await stack.outputs())["failover"]?.value as FaultSeconds[];
    const writer = new RecordWriter({ host: ADDRESS, port: PORT });
    ends.unshift(() => writer.stop());
    ground = { lab: bench.lab, address: ADDRESS, writer };
});
afterAll(async () => {
    for (const end of ends) await end();
});

const say = (text: string): boolean => process.stdout.write(`${text}\n`);

/** A fault of the active machine, after which the other one serves, and both are well in the end. */
async function struck(name: PairFaultName): Promise<Struck> {
    const seen = await drill(ground, FAULTS[name], say);
    const promise = promises.find(({ fault }) => fault === seen.fault)!;
    figure(
        `${seen.title}: ${promise.totalSeconds.toFixed(1)} s promised for machines of their own, emulated`,
        seen.gapSeconds,
    );
    figure(`${seen.title}: until both are well`, seen.wholeSeconds);
    const { terms } = seen;
    const rows = termRows(promise, terms!);
    say(
        table(
            [seen.title, "computed", "emulated"],
            rows.map(([name, ...both]) => [name, ...both.map((s) => s.toFixed(1))]),
        ),
    );
    const detection = rows.filter(([name]) => ["token", "consensus"].includes(name));
    expect(detection.length).toBe(2);
    const [computed, found] = [1, 2].map((column) => detection.reduce((sum, row) => sum + Number(row[column]), 0));
    expect(found).toBeLessThanOrEqual(computed! * ROOM + terms!.withinSeconds);
    expect(seen.doubled).toEqual({ mounted: 0, address: 0 });
    expect(seen.to).toBe(MEMBERS.find((member) => member !== seen.from));
    expect(seen.gapSeconds).toBeLessThan(BOUND_SECONDS);
    if (served.length === 0) served.push(seen.from);
    served.push(seen.to);
    return seen;
}

test("a machine that stands still loses its place, and a writer that wakes up in it writes nothing any more", async () => {
    expect(await struck("pause")).toMatchObject({ untouched: true });
});

test("no acknowledged record is lost, and nobody wrote who no longer should have", async () => {
    const { writer, lab } = ground;
    await writer.stop();
    const active = lab.host(writer.server!);
    const kept = writer.judge(await onHost(active, `cat ${RECORDS}`));
    say(`acknowledged records: ${writer.acknowledged.length}, lost: ${kept.lost.length}`);
    expect(kept).toEqual({ lost: [], disordered: 0, writers: served });
    expect(await onHost(active, "crm_verify -LV && cat /proc/drbd")).toContain("ds:UpToDate/UpToDate");
});
