import fc from "fast-check";
import type { Stack } from "@pulumi/pulumi/automation";
import { Unit, manifest } from "../../components";
import type { Manifest } from "../../components";
import { hostile } from "../hostile";
import { beacon, etc, held, logins } from "./beacon";
import type { BeaconOptions } from "./beacon";
import { Program } from "./program";
import { changedLines, destroy, figure, preview, summaries, up, upOk } from "./stack";
import { Bench, onHost } from "./support";

jest.setTimeout(120_000);

let bench: Bench;
const hosts = ["one", "two"];

beforeAll(async () => {
    bench = await Bench.up("t-up", "10.96.0.0/24", [...hosts, "jump"]);
});
afterAll(async () => bench.down());

describe("units on two hosts", () => {
    let wanted: BeaconOptions;
    let unitName = (name: string) => `beacon-${name}`;
    let before: Record<string, string>[];
    let stack: Stack;
    const each = <T>(ask: (host: ReturnType<Bench["host"]>) => Promise<T>) =>
        Promise.all(hosts.map((name) => ask(bench.host(name))));

    beforeAll(async () => {
        wanted = { lines: ["say=one", "say=more"] };
        await onHost(bench.host("one"), "mkdir /etc/lamp && echo 'say=theirs' >/etc/lamp/lamp.conf");
        before = await each(etc);
        stack = await bench.stack("units", async () => {
            for (const name of hosts) {
                const node = bench.node(name);
                new Unit(unitName(name), { node, manifest: beacon(wanted) });
                new Unit(`lamp-${name}`, { node, manifest: beacon({ name: "lamp" }) });
            }
        });
    });

    test("come up, each with engine, prepare and apply", async () => {
        const outcome = await upOk(stack);
        figure("first up, 2 hosts, 2 units each", outcome.seconds);
        expect(outcome.steps).toEqual(
            hosts
                .flatMap((name) => [`beacon-${name}`, `lamp-${name}`])
                .flatMap((unit) => ["apply", "engine", "prepare"].map((verb) => `create ${unit}-${verb}`))
                .sort(),
        );
        expect((await each((host) => held(host))).map(({ lines }) => lines)).toEqual([wanted.lines, wanted.lines]);
        const runs = await summaries(stack);
        expect(runs["beacon-one-apply"]).toMatchObject({ verb: "apply", result: "changed" });
        figure("first apply of a unit on its host", runs["beacon-one-apply"]!.seconds);
    });

    test("a second up changes nothing and makes no SSH connection", async () => {
        const seen = await each(logins);
        const outcome = await upOk(stack);
        expect(outcome.steps).toEqual([]);
        expect(await each(logins)).toEqual(seen);
        figure("up with nothing to do", outcome.seconds);
    });

    test("a changed line is all that the preview shows, and touches one unit of each host", async () => {
        const pids = (await each((host) => held(host))).map(({ mainPid }) => mainPid);
        wanted = { lines: ["say=two", "say=more"] };
        const shown = await preview(stack);
        expect(changedLines(shown.output)).toEqual(["- | say=one", "+ | say=two", "- | say=one", "+ | say=two"]);
        expect(shown.steps).toEqual(["update beacon-one-apply", "update beacon-two-apply"]);

        const outcome = await upOk(stack);
        expect(outcome.steps).toEqual(["update beacon-one-apply", "update beacon-two-apply"]);
        const runs = await summaries(stack);
        for (const name of hosts)
            expect(runs[`beacon-${name}-apply`]).toMatchObject({
                result: "changed",
                changed: ["/etc/beacon/beacon.conf"],
                actions: ["reload beacon.service"],
            });
        expect(await each((host) => held(host))).toEqual(pids.map((mainPid) => ({ lines: wanted.lines, mainPid })));
        figure("up of one changed line on 2 hosts", outcome.seconds);
        figure("its apply on the host", runs["beacon-one-apply"]!.seconds);
    });

    test("a unit under another name goes on as it is, and the old name's removal leaves it alone", async () => {
        const pids = (await each((host) => held(host))).map(({ mainPid }) => mainPid);
        unitName = (name) => `renamed-${name}`;
        const outcome = await upOk(stack);
        expect(outcome.steps).toEqual(
            expect.arrayContaining([
                "create renamed-one-apply",
                "delete beacon-one-apply",
                "delete beacon-one-prepare",
            ]),
        );
        expect(outcome.output).toContain("another resource keeps it now");
        expect((await each((host) => held(host))).map(({ mainPid }) => mainPid)).toEqual(pids);
        expect((await each((host) => held(host))).map(({ lines }) => lines)).toEqual([wanted.lines, wanted.lines]);
        expect((await upOk(stack)).steps).toEqual([]);
    });

    test("fails: a unit of the same name from another stack", async () => {
        const other = await bench.stack("other", async () => {
            new Unit("beacon", { node: bench.node("one"), manifest: beacon({ lines: ["say=theirs"] }) });
        });
        const outcome = await up(other);
        expect(outcome.ok).toBe(false);
        expect(outcome.output).toContain("the unit beacon of this host is kept by the stack lab-test/units");
        expect((await held(bench.host("one"))).lines).toEqual(wanted.lines);
        await destroy(other);
        expect((await held(bench.host("one"))).lines).toEqual(wanted.lines);
    });

    test("destroy leaves the hosts as before, the file of somebody else back in its place", async () => {
        const outcome = await destroy(stack);
        expect(outcome).toMatchObject({ ok: true });
        figure("destroy of 4 units", outcome.seconds);
        expect(await each(etc)).toEqual(before);
        expect(await onHost(bench.host("one"), "cat /etc/lamp/lamp.conf")).toBe("say=theirs\n");
        expect(
            await each((host) =>
                onHost(host, "find /var/lib /run -maxdepth 1 -path '/var/lib/pulumi-ha*' -o -name '*.loaded'"),
            ),
        ).toEqual(["", ""]);
        expect(await each((host) => onHost(host, "systemctl list-units --all --no-legend 'beacon*' 'lamp*'"))).toEqual([
            "",
            "",
        ]);
    });
});

test("a package that is missing is installed by prepare, by its name or with its version", async () => {
    const stack = await bench.stack("package", async () => {
        new Unit("tree", { node: bench.node("one"), manifest: manifest({ unit: "tree", packages: ["tree"] }) });
    });
    const outcome = await upOk(stack);
    expect(await onHost(bench.host("one"), "command -v tree")).toBe("/usr/bin/tree\n");
    expect((await summaries(stack))["tree-prepare"]).toMatchObject({ result: "changed", actions: ["install tree"] });
    expect((await upOk(stack)).steps).toEqual([]);
    figure("up with one package to install", outcome.seconds);
});

test("a host behind a bastion is reached through it alone", async () => {
    const jump = bench.host("jump");
    const node = bench.node("one", {
        bastion: { address: jump.address, user: jump.inventory.user, hostKey: jump.inventory.hostKey },
    });
    const stack = await bench.stack("bastion", async () => {
        new Unit("behind", { node, manifest: beacon() });
    });
    await upOk(stack);
    const from = await onHost(
        bench.host("one"),
        "journalctl --sync; journalctl -b -o cat _COMM=sshd | grep '^Accepted publickey' | tail -n 2 | grep -o 'from [0-9.]*'",
    );
    expect(from).toBe(`from ${jump.address}\nfrom ${jump.address}\n`);
    expect((await held(bench.host("one"))).lines).toEqual(["say=one"]);
    expect(await destroy(stack)).toMatchObject({ ok: true });
});

test("root logs in and needs no sudo", async () => {
    const host = bench.host("two");
    const before = await etc(host);
    await onHost(host, "mv /usr/bin/sudo /usr/bin/sudo.away");
    const stack = await bench.stack("root", async () => {
        new Unit("roots", { node: bench.node("two", { user: "root" }), manifest: beacon() });
    });
    await upOk(stack);
    expect((await held(host)).lines).toEqual(["say=one"]);
    expect((await upOk(stack)).steps).toEqual([]);
    expect(await destroy(stack)).toMatchObject({ ok: true });
    expect(await etc(host)).toEqual(before);
    await onHost(host, "mv /usr/bin/sudo.away /usr/bin/sudo");
    expect(await onHost(host, "journalctl -b -o cat _COMM=sshd | grep -c 'Accepted publickey for root'")).not.toBe(
        "0\n",
    );
});

describe("bytes", () => {
    const withContents = (contents: string[]): Manifest =>
        manifest({
            unit: "bytes",
            directories: [{ path: "/etc/bytes", mode: "0755", owner: "root:root" }],
            files: contents.map((content, n) => ({
                path: `/etc/bytes/${n}`,
                mode: "0600",
                owner: "root:root",
                content,
                onChange: [],
            })),
        });

    test("arrive in files as they were given", async () => {
        const seed = Date.now();
        process.stdout.write(`seed of the contents: ${seed}\n`);
        const contents = fc
            .sample(hostile, { numRuns: 80, seed })
            .concat("", "@@credential:x@@", "\n", "\n\n", "no newline at its end", `${"long ".repeat(20_000)}\n`);
        const stack = await bench.stack("bytes", async () => {
            new Unit("bytes", { node: bench.node("one"), manifest: withContents(contents) });
        });
        await upOk(stack);
        const arrived = await onHost(
            bench.host("one"),
            `for n in $(seq 0 ${contents.length - 1}); do base64 -w0 "/etc/bytes/$n"; echo; done`,
        );
        const sent = contents.map((content) => Buffer.from(content).toString("base64"));
        expect(arrived.split("\n").slice(0, -1)).toEqual(sent);
        expect(await destroy(stack)).toMatchObject({ ok: true });
    });

    test("fails: a NUL byte, at preview", async () => {
        const program = await Program.make(bench, "nul");
        program.want([{ name: "nul", node: bench.node("one"), manifest: withContents(["before\0after\n"]) }]);
        const seen = await logins(bench.host("one"));
        const shown = await program.run(["preview"]);
        expect(shown.code).not.toBe(0);
        expect(shown.output).toContain('a NUL byte cannot be part of "before\\u0000after"');
        expect(await logins(bench.host("one"))).toBe(seen);
    });
});
