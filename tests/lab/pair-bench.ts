import type { FaultSeconds } from "../../components";
import { drill } from "../../cli/demo/pair/drill";
import type { DrillEnd, Struck } from "../../cli/demo/pair/drill";
import { FAULTS } from "../../cli/demo/pair/faults";
import type { PairFaultName } from "../../cli/demo/pair/faults";
import { kernelState } from "../../cli/demo/pair/ground";
import type { Ground } from "../../cli/demo/pair/ground";
import { LAB, MEMBERS, PORT, RECORDS, pairProgram } from "../../cli/demo/pair/program";
import type { PairFencing } from "../../cli/demo/pair/program";
import { termRows } from "../../cli/demo/pair/terms";
import { COUNTED, COUNTED_ROOM } from "../../cli/demo/verdict";
import { table } from "../../cli/table";
import { until } from "../../cli/wait";
import { monotonicMs } from "../../lab";
import { RecordWriter } from "../../lab/records";
import { DRBD, installDrbd } from "./drbd-module";
import { figure, upOk } from "./stack";
import { Bench, onHost } from "./support";

/** Emulated, one call of an agent takes seconds: what the settings promise for machines of their own is shown beside it, and is no bound here. */
const BOUND_SECONDS = 180;

/** A record is work for both machines, which have other things to do. */
const WRITE_EVERY_MS = 100;

const STACK = "pair";

const say = (text: string): boolean => process.stdout.write(`${text}\n`);

/** A stateful pair on two emulated machines, and a client that writes records to it. */
export class PairBench {
    /** Who served, in the order of the faults. */
    private readonly served: string[] = [];

    private constructor(
        private readonly bench: Bench,
        private readonly ground: Ground,
        private promises: FaultSeconds[],
    ) {}

    /** @param network the first three parts of a subnet that no other test file uses. */
    static async up(name: string, network: string): Promise<PairBench> {
        const { hosts, ...more } = LAB;
        const bench = await Bench.up(name, `${network}.0/24`, hosts as string[], more);
        try {
            for (const member of MEMBERS) installDrbd(bench.lab, bench.host(member));
            const address = `${network}.100`;
            const stack = await bench.stack(STACK, pairProgram(bench.lab, `${address}/24`, "ipmi", DRBD));
            const { seconds } = await upOk(stack);
            figure("up of a pair with a volume and a witness on two emulated machines", seconds);
            const promises = (await stack.outputs())["failover"]?.value as FaultSeconds[];
            const writer = new RecordWriter({ host: address, port: PORT }, { everyMs: WRITE_EVERY_MS });
            return new PairBench(bench, { lab: bench.lab, address, writer }, promises);
        } catch (error) {
            await bench.down();
            throw error;
        }
    }

    async down(): Promise<void> {
        await this.ground.writer.stop();
        await this.bench.down();
    }

    /**
     * A fault of the active machine, after which the other one serves, with one owner.
     * @param counted what Corosync counts until it knows: these terms keep to their bounds here, too.
     */
    async struck(name: PairFaultName, end: DrillEnd, counted = COUNTED): Promise<Struck> {
        const seen = await this.drilled(name, end);
        const promise = this.promises.find(({ fault }) => fault === seen.fault)!;
        figure(
            `${seen.title}: ${promise.totalSeconds.toFixed(1)} s promised for machines of their own, emulated`,
            seen.gapSeconds,
        );
        const rows = termRows(promise, seen.terms!);
        say(
            table(
                [seen.title, "computed", "emulated"],
                rows.map(([name, ...both]) => [name, ...both.map((s) => s.toFixed(1))]),
            ),
        );
        const detection = rows.filter(([name]) => counted.includes(name));
        expect(detection.length).toBe(counted.length);
        const [computed, found] = [1, 2].map((column) => detection.reduce((sum, row) => sum + Number(row[column]), 0));
        expect(found).toBeLessThanOrEqual(computed! * COUNTED_ROOM + seen.terms!.withinSeconds);
        expect(seen.to).toBe(MEMBERS.find((member) => member !== seen.from));
        this.served.push(seen.to);
        return seen;
    }

    /** A fault after which the same machine serves. */
    async borne(name: PairFaultName, end: DrillEnd): Promise<void> {
        const seen = await this.drilled(name, end);
        figure(`${seen.title}: a stall, emulated`, seen.gapSeconds);
        expect(seen.to).toBe(seen.from);
    }

    /** The same pair, fenced in another way from now on. Gives the fencing devices that its members then have. */
    async exchanged(fencing: PairFencing): Promise<string[]> {
        const { lab, address, writer } = this.ground;
        const sinceMs = monotonicMs();
        const stack = await this.bench.stack(STACK, pairProgram(lab, `${address}/24`, fencing, DRBD));
        const { seconds } = await upOk(stack);
        const doneMs = monotonicMs();
        await until("records after the update", BOUND_SECONDS, () => writer.acknowledged.at(-1)!.atMs > doneMs);
        figure(`up that fences by ${fencing} instead`, seconds);
        figure("the same: the longest time without a record", writer.gapSeconds(sinceMs));
        this.promises = (await stack.outputs())["failover"]?.value as FaultSeconds[];
        if (writer.server !== this.served.at(-1)) this.served.push(writer.server!);
        return Promise.all(MEMBERS.map((name) => onHost(lab.host(name), "stonith_admin --list-registered --quiet")));
    }

    private async drilled(name: PairFaultName, end: DrillEnd): Promise<Struck> {
        const seen = await drill(this.ground, FAULTS[name], say, end);
        if (seen.wholeSeconds !== undefined) figure(`${seen.title}: until both are well`, seen.wholeSeconds);
        expect(seen.doubled).toEqual({ mounted: 0, address: 0 });
        expect(seen.gapSeconds).toBeLessThan(BOUND_SECONDS);
        if (this.served.length === 0) this.served.push(seen.from);
        return seen;
    }

    /** Ends the writing: every acknowledged record is there, in order, from those who served and nobody else. Gives what the kernel says of the volume. */
    async nothingLost(): Promise<string> {
        const { writer, lab } = this.ground;
        await writer.stop();
        const active = lab.host(writer.server!);
        const kept = writer.judge(await onHost(active, `cat ${RECORDS}`));
        say(`acknowledged records: ${writer.acknowledged.length}, lost: ${kept.lost.length}`);
        expect(kept).toEqual({ lost: [], disordered: 0, writers: this.served });
        await onHost(active, "crm_verify -LV");
        return kernelState(active);
    }
}
