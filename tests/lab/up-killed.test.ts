import { beacon, held } from "./beacon";
import { Program, lives, processTree } from "./program";
import type { WantedUnit } from "./program";
import { figure } from "./stack";
import { Bench, onHost, until } from "./support";

jest.setTimeout(300_000);

let bench: Bench;
beforeAll(async () => {
    bench = await Bench.up("t-up", "10.96.0.0/24", ["one", "two"]);
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

test("an up that is killed at any point is completed by the next one", async () => {
    const program = await Program.make(bench, "killed");
    let duration = 3;
    for (const [round, seed] of SEEDS.entries()) {
        const next = numbers(seed);
        const lines = [`say=${seed}`, "say=more"];
        const niceness = next() < 0.5 ? round : 0;
        const extra = {
            path: "/etc/beacon/extra",
            mode: "0640",
            owner: "root:root",
            content: `${seed}\n`,
            onChange: [],
        };
        const more = next() < 0.5 ? { files: [extra] } : {};
        const lamp = `lamp${round}`;
        // Every round updates a unit on both hosts, makes one, and removes the one that the round before made.
        program.want([
            ...["one", "two"].map((name): WantedUnit => {
                return { name: `beacon-${name}`, node: bench.node(name), manifest: beacon({ lines, niceness, more }) };
            }),
            { name: lamp, node: bench.node("one"), manifest: beacon({ name: lamp, lines }) },
        ]);
        const point = next() * duration;
        const wholeTree = next() < 0.5;
        const running = program.startUp();
        await Promise.race([running.ended, new Promise((resume) => setTimeout(resume, point * 1000))]);
        const survived = running.child.exitCode === null;
        const tree = survived ? processTree(running.child.pid!) : [];
        for (const pid of wholeTree ? tree : tree.slice(0, 1)) process.kill(pid, "SIGKILL");
        await running.ended;
        const what = !survived ? "had ended" : wholeTree ? "killed with all it started" : "killed alone";
        process.stdout.write(`seed ${seed}: ${what} after ${point.toFixed(2)} s\n`);
        await until(
            "what the killed CLI had started is gone",
            15,
            async () => tree.filter(lives),
            (left) => left.length === 0,
        );

        if (survived) await program.run(["cancel", "--yes"]);
        const { seconds } = await program.up();
        if (!survived || round === 0) duration = seconds;
        figure("the next up", seconds);

        for (const name of ["one", "two"]) {
            const host = bench.host(name);
            expect(await held(host)).toMatchObject({ lines });
            expect(await onHost(host, "systemctl show -P Nice beacon")).toBe(`${niceness}\n`);
            expect(await onHost(host, "cat /etc/beacon/extra 2>/dev/null || true")).toBe(
                "files" in more ? extra.content : "",
            );
            const left =
                "find /etc -name '*.pulumi-ha-*'; find /var/lib/pulumi-ha/units -name staging -o -name journal -o -name committed";
            expect(await onHost(host, left)).toBe("");
        }
        expect((await held(bench.host("one"), lamp)).lines).toEqual(lines);
        expect(
            await onHost(bench.host("one"), "ls -d /etc/lamp* /etc/systemd/system/lamp*; ls /var/lib/pulumi-ha/units"),
        ).toBe(`/etc/${lamp}\n/etc/systemd/system/${lamp}.service\nbeacon\n${lamp}\n`);
    }
    expect((await program.up()).output).toMatch(/\d+ unchanged/);
});
