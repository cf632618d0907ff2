import { setTimeout as pause } from "node:timers/promises";
import type { LabHost } from "../../lab";
import { kill } from "../../lab/cgroups";
import { beacon, held } from "./beacon";
import { Program, lives, processTree } from "./program";
import { Bench, onHost, until } from "./support";

jest.setTimeout(300_000);

let bench: Bench;
beforeAll(async () => {
    bench = await Bench.up("t-upkill", "10.96.2.0/24", ["one", "two"]);
});
afterAll(async () => bench.down());

/** Numbers from 0 to below 1 that follow from a seed (mulberry32). */
function numbers(seed: number): () => number {
    let state = seed;
    return () => {
        state = (state + 0x6d2b79f5) | 0;
        let t = Math.imul(state ^ (state >>> 15), 1 | state);
        t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
        return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
    };
}

const SEEDS = process.env["UP_SEEDS"]?.split(",").map(Number) ?? Array.from({ length: 10 }, (_, n) => Date.now() + n);

/** What a round of kills wants of a host: another configuration and perhaps another service file, a file more or less, and a unit that only this round has. */
function wantedIn(round: number, seed: number, next: () => number) {
    const lines = [`say=${seed}`, "say=more"];
    const niceness = next() < 0.5 ? round : 0;
    const extra = next() < 0.5 ? `${seed}\n` : "";
    const file = { path: "/etc/beacon/extra", mode: "0640", owner: "root:root", content: extra, onChange: [] };
    const lamp = `lamp${round}`;
    const manifests = [
        beacon({ lines, niceness, more: { files: extra === "" ? [] : [file] } }),
        beacon({ name: lamp, lines }),
    ];
    return { lines, niceness, extra, lamp, manifests };
}

async function expectExactly(
    host: LabHost,
    { lines, niceness, extra, lamp }: ReturnType<typeof wantedIn>,
): Promise<void> {
    expect(await held(host)).toMatchObject({ lines });
    expect(await held(host, lamp)).toMatchObject({ lines });
    const looked = await onHost(
        host,
        `systemctl show -P Nice beacon; cat /etc/beacon/extra 2>/dev/null || true
        ls -d /etc/lamp* /etc/systemd/system/lamp*; ls /var/lib/pulumi-ha/units
        find /etc -name '*.pulumi-ha-*'; find /var/lib/pulumi-ha/units -name staging -o -name journal -o -name committed`,
    );
    expect(looked).toBe(`${niceness}\n${extra}/etc/${lamp}\n/etc/systemd/system/${lamp}.service\nbeacon\n${lamp}\n`);
}

/** Ends an `up` at a random point of its time, by one of three ways; gives what it had started. */
async function killedUp(program: Program, host: LabHost, next: () => number, seconds: number) {
    const point = next() * seconds;
    const way = next() * 3;
    const running = program.startUp();
    await Promise.race([running.ended, pause(point * 1000)]);
    const tree = running.child.exitCode === null ? processTree(running.child.pid!) : [];
    (way < 1 ? tree.slice(0, 1) : tree).forEach(kill);
    const powerless = tree.length > 0 && way >= 2;
    if (powerless) {
        await host.powerOff();
        await host.powerOn();
    }
    await running.ended;
    const ways = [
        "killed alone",
        "killed with all it started",
        "killed with all it started, and the host's power lost",
    ];
    return { what: `${tree.length > 0 ? ways[Math.floor(way)] : "had ended"} after ${point.toFixed(2)} s`, tree };
}

test("an up that is killed at any point is completed by the next one", async () => {
    const rounds = async (name: string, seeds: number[]): Promise<void> => {
        const host = bench.host(name);
        const program = await Program.make(bench, `killed-${name}`);
        let seconds = 3;
        for (const [round, seed] of seeds.entries()) {
            const next = numbers(seed);
            const wanted = wantedIn(round, seed, next);
            program.want(
                wanted.manifests.map((manifest) => ({ name: manifest.unit, node: bench.node(name), manifest })),
            );
            const { what, tree } = await killedUp(program, host, next, seconds);
            const left = async () => tree.filter(lives);
            await until("what the killed CLI had started is gone", 15, left, (pids) => pids.length === 0);
            if (tree.length > 0) await program.run(["cancel", "--yes"]);
            const ended = await program.up();
            seconds = ended.seconds;
            process.stdout.write(`${name}, seed ${seed}: ${what}; the next up took ${ended.seconds.toFixed(2)} s\n`);
            await expectExactly(host, wanted);
        }
        expect((await program.up()).output).toMatch(/Resources:\n\s+\d+ unchanged\n/);
    };
    // Two hosts at a time: a good part of a round is waiting.
    const half = Math.ceil(SEEDS.length / 2);
    await Promise.all([rounds("one", SEEDS.slice(0, half)), rounds("two", SEEDS.slice(half))]);
});

test("of two ups at once on one host, one waits for the other, and both succeed", async () => {
    const host = bench.host("one");
    const go = { name: "somebody says go", command: "test -e /run/go", withinSeconds: 60 };
    const [first, second] = await Promise.all(["first", "second"].map((name) => Program.make(bench, name)));
    first!.want([
        { name: "north", node: bench.node("one"), manifest: beacon({ name: "north", more: { gates: [go] } }) },
    ]);
    second!.want([{ name: "south", node: bench.node("one"), manifest: beacon({ name: "south" }) }]);
    const ups = [first!.startUp()];
    await until(
        "the first waits for its gate",
        30,
        async () => ups[0]!.output(),
        (text) => text.includes(`gate: ${go.name}`),
    );
    ups.push(second!.startUp());
    const waiting = /south: waiting for the apply of north \(pid \d+, for \d+ s\)/;
    await until(
        "the second says what it waits for",
        30,
        async () => ups[1]!.output(),
        (text) => waiting.test(text),
    );
    expect(await onHost(host, "ls -d /etc/south 2>/dev/null || true")).toBe("");
    await onHost(host, "touch /run/go");
    for (const { ended } of ups) expect(await ended).toMatchObject({ code: 0 });
    expect((await held(host, "north")).lines).toEqual(["say=one"]);
    expect((await held(host, "south")).lines).toEqual(["say=one"]);
});
