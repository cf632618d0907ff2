import { Unit } from "../../components";
import { monotonicMs } from "../../lab";
import { beacon, held } from "./beacon";
import { figure, summaries, up, upOk } from "./stack";
import type { Outcome } from "./stack";
import type { Stack } from "@pulumi/pulumi/automation";
import { Bench, onHost, until } from "./support";

jest.setTimeout(240_000);

/** Seconds from a link's loss until an `up` gives it up, the interval of keepalives, four times; and as much again for a machine that is busy otherwise. */
const SILENT_LINK_SECONDS = 60 + 60;

let bench: Bench;
const hosts = ["fine", "off", "hung", "cut"];
beforeAll(async () => {
    bench = await Bench.up("t-upout", "10.96.3.0/24", hosts);
});
afterAll(async () => bench.down());

const waits = { name: "somebody says go", command: "test -e /run/go", withinSeconds: 200 };
const exists = (path: string) => async () => onHost(bench.host("cut"), `[ -e ${path} ] && echo yes || echo no`);
const yes = (answer: string) => answer === "yes\n";

describe("one host without power, one that hangs, one whose link is lost while it applies", () => {
    let stack: Stack;
    let outcome: Outcome;
    let sinceCut: number;

    beforeAll(async () => {
        stack = await bench.stack("outages", async () => {
            for (const name of hosts) {
                const node = bench.node(name, { reachWithinSeconds: 5 });
                new Unit(name, { node, manifest: beacon({ more: name === "cut" ? { gates: [waits] } : {} }) });
            }
        });
        await bench.host("off").powerOff();
        await bench.host("hung").pause();
        const running = up(stack);
        await until("the apply waits for its last gate", 60, exists("/run/beacon.loaded"), yes);
        const cut = await bench.host("cut").cut();
        await onHost(bench.host("cut"), "touch /run/go");
        await until("the host has gone on without us", 30, exists("/var/lib/pulumi-ha/units/beacon/manifest"), yes);
        outcome = await running;
        sinceCut = (monotonicMs() - cut.atMs) / 1000;
        figure("up with three hosts lost", outcome.seconds);
        figure("of it after the last of them was lost", sinceCut);
    });

    test("fails: in bounded time, with what is wrong with each of them", () => {
        expect(outcome.ok).toBe(false);
        expect(sinceCut).toBeLessThan(SILENT_LINK_SECONDS);
        const { address } = bench.host("off");
        expect(outcome.diagnostics).toMatch(new RegExp(`after \\d+ failed attempts: dial tcp ${address}:22: `));
        expect(outcome.diagnostics).toContain(
            `${bench.host("hung").address} port 22 accepts connections and then says nothing for 15 s`,
        );
        expect(outcome.diagnostics).toContain(
            "wait: remote command exited without exit status or exit signal: the server has stopped answering",
        );
    });

    test("leaves the other host done", async () => {
        expect(outcome.steps).toEqual(expect.arrayContaining(["create fine-apply", "create fine-prepare"]));
        expect(await held(bench.host("fine"))).toMatchObject({ lines: ["say=one"] });
    });

    test("the next up, once they are back, completes them and leaves the rest alone", async () => {
        const { mainPid } = await held(bench.host("cut"));
        await Promise.all([bench.host("off").powerOn(), bench.host("hung").resume(), bench.host("cut").heal()]);
        const next = await upOk(stack);
        expect(next.steps).toEqual([
            "create cut-apply",
            "create hung-apply",
            "create hung-engine",
            "create hung-prepare",
            "create off-apply",
            "create off-engine",
            "create off-prepare",
        ]);
        for (const name of hosts) expect(await held(bench.host(name))).toMatchObject({ lines: ["say=one"] });
        expect((await summaries(stack))["cut-apply"]).toMatchObject({ result: "unchanged" });
        expect((await held(bench.host("cut"))).mainPid).toBe(mainPid);
        figure("the next up", next.seconds);
    });
});
