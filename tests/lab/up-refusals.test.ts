import type { Stack } from "@pulumi/pulumi/automation";
import { utils } from "ssh2";
import { Unit, manifest, rolling } from "../../components";
import type { LabHost } from "../../lab";
import { beacon, etc, held } from "./beacon";
import type { BeaconOptions } from "./beacon";
import { figure, summaries, up, upOk } from "./stack";
import type { Outcome } from "./stack";
import { Bench, onHost } from "./support";

jest.setTimeout(180_000);

let bench: Bench;
const hosts = ["one", "two"];

beforeAll(async () => {
    bench = await Bench.up("t-uprefuse", "10.96.4.0/24", [...hosts, "old", "far"]);
});
afterAll(async () => bench.down());

describe("hosts that cannot be provisioned", () => {
    const names = [...hosts, "old", "far"];
    let outcome: Outcome;
    let before: Record<string, string>[];
    const allEtc = () => Promise.all(names.map((name) => etc(bench.host(name))));

    beforeAll(async () => {
        await onHost(
            bench.host("old"),
            "sed -i -E -e 's/^VERSION_ID=.*/VERSION_ID=\"11\"/' -e '/^PRETTY_NAME/s/[0-9]+ \\([a-z]+\\)/11/' /etc/os-release",
        );
        // An address of the lab that no host has.
        await onHost(bench.host("far"), "echo 'deb http://10.96.4.99/debian bookworm main' >/etc/apt/sources.list");
        before = await allEtc();
        const stranger = bench.node("two").hostKey;
        const { private: otherKey } = utils.generateKeyPairSync("ed25519");
        const stack = await bench.stack("refusals", async () => {
            const unit = (name: string, node: ReturnType<Bench["node"]>, packages: string[] = []) =>
                new Unit(name, { node, manifest: { ...beacon({ name }), packages } });
            // One try: the SSH server of Debian 13 soon hangs up without these words.
            unit("hostkey", bench.node("one", { hostKey: stranger, reachWithinSeconds: 0.1 }));
            unit("loginkey", bench.node("one", { privateKey: otherKey, reachWithinSeconds: 0.1 }));
            unit("plain", bench.node("two", { user: "plain" }));
            unit("system", bench.node("old"));
            unit("mirror", bench.node("far"), ["tree"]);
        });
        outcome = await up(stack, { continueOnError: true });
        figure("up in which no host can be provisioned", outcome.seconds);
    });

    test("fails: all of them, before any apply", () => {
        expect(outcome.ok).toBe(false);
        expect(outcome.steps.filter((step) => step.endsWith("-apply"))).toEqual([]);
    });
    test.each([
        ["another host key than the pinned one", "ssh: handshake failed: ssh: host key mismatch"],
        ["a login key that the host does not know", "ssh: unable to authenticate, attempted methods [none publickey]"],
        [
            "a user without sudo",
            "pulumi-ha acts as root: let this user use sudo without a password (NOPASSWD), or log in as root",
        ],
        [
            "a system that is not supported",
            "this host runs Debian GNU/Linux 11: supported are Debian 12 and 13, Ubuntu 22.04 and 24.04",
        ],
        [
            "a package mirror out of reach",
            "installing tree failed: the package mirror cannot be reached from this host",
        ],
    ])("fails: %s", (_, message) => {
        expect(outcome.diagnostics).toContain(message);
    });

    test("changes nothing on any of them", async () => {
        expect(await allEtc()).toEqual(before);
        for (const name of names) {
            const left = "find /var/lib/pulumi-ha/units /usr/sbin/policy-rc.d* -type f 2>/dev/null || true";
            expect(await onHost(bench.host(name), left)).toBe("");
        }
    });
});

describe("a change that goes wrong on the first of two hosts", () => {
    let stack: Stack;
    let wanted: BeaconOptions;
    let good: Awaited<ReturnType<typeof seen>>[];
    const seen = async (host: LabHost) => ({
        ...(await held(host)),
        file: await onHost(
            host,
            "cat /etc/beacon/beacon.conf; stat -c '%i %y' /etc/beacon/beacon.conf; ls -A /etc/beacon",
        ),
    });
    const both = () => Promise.all(hosts.map((name) => seen(bench.host(name))));

    beforeAll(async () => {
        wanted = { lines: ["say=good"] };
        stack = await bench.stack("changes", async () => {
            rolling(
                hosts.map((name) => bench.node(name)),
                (node, after) => new Unit(`beacon-${node.name}`, { node, manifest: beacon(wanted), after }),
            );
        });
        await upOk(stack);
        good = await both();
    });

    test("fails: a configuration that its own tool refuses; both services go on with the old one", async () => {
        wanted = { lines: ["say=better", "color=red"] };
        const outcome = await up(stack);
        expect(outcome.ok).toBe(false);
        expect(outcome.diagnostics).toContain("beacon: /etc/beacon/beacon.conf: unknown key 'color'");
        expect(outcome.diagnostics).toContain("now: nothing has been changed on this host");
        expect(await both()).toEqual(good);
        figure("up that a validator stops", outcome.seconds);
    });

    test.each([
        {
            what: "a service that does not live with its new configuration",
            wanted: { lines: ["say=better", "crash=yes"] },
            says: ["systemctl start beacon.service failed", "beacon: told to crash"],
        },
        {
            what: "a service that does not start",
            wanted: { lines: ["say=better", "crash=yes"], niceness: 5 },
            says: ["systemctl restart beacon.service failed", "beacon: told to crash"],
        },
        {
            what: "a service that runs and does not do what its gate asks for",
            wanted: { lines: ["say=better", "deaf=yes"] },
            says: ["beacon holds its configuration: not within 5 s"],
        },
    ])("fails: $what; it is back with the old files", async (change) => {
        wanted = change.wanted;
        const outcome = await up(stack);
        expect(outcome.ok).toBe(false);
        for (const words of change.says) expect(outcome.diagnostics).toContain(words);
        expect(outcome.diagnostics).toContain("now: the previous files and services are back");
        const [one, two] = await both();
        expect(one).toMatchObject({ lines: ["say=good"] });
        expect(one!.file.split("\n")[0]).toBe("say=good");
        expect(one!.mainPid).not.toBe("0");
        expect(await onHost(bench.host("one"), "systemctl show -P Nice beacon")).toBe("0\n");
        expect(two).toEqual(good[1]);
        figure("up that fails on the host, with what it puts back", outcome.seconds);
    });

    test("fails: a full disk while files are staged; the old ones and the service stay", async () => {
        const host = bench.host("one");
        const onSmallDisk =
            "cp -a /etc/beacon /run/kept && mount -t tmpfs -o size=20k,mode=0755 small /etc/beacon && cp -a /run/kept/. /etc/beacon/";
        await onHost(host, onSmallDisk);
        const before = await seen(host);
        const big = {
            path: "/etc/beacon/big",
            mode: "0644",
            owner: "root:root",
            content: "x".repeat(100_000),
            onChange: [],
        };
        wanted = { lines: ["say=best"], more: { files: [big] } };
        const outcome = await up(stack);
        expect(outcome.ok).toBe(false);
        expect(outcome.diagnostics).toContain("/etc/beacon/big cannot be staged in /etc/beacon");
        expect(outcome.diagnostics).toContain("No space left on device");
        expect(await seen(host)).toEqual(before);

        await onHost(host, "mount -o remount,size=1m /etc/beacon");
        await upOk(stack);
        expect(await both()).toEqual(hosts.map(() => expect.objectContaining({ lines: ["say=best"] })));
        expect((await summaries(stack))["beacon-two-apply"]).toMatchObject({ result: "changed" });
    });
});

test("fails: a file that another unit of the host owns, by the name of that unit", async () => {
    const stack = await bench.stack("owners", async () => {
        const node = bench.node("two");
        const first = new Unit("first", { node, manifest: beacon({ name: "first" }) });
        const shared = beacon({ name: "first" }).files[1]!;
        new Unit("second", { node, manifest: manifest({ unit: "second", files: [shared] }), after: [first] });
    });
    const outcome = await up(stack);
    expect(outcome.ok).toBe(false);
    expect(outcome.diagnostics).toContain("/etc/first/first.conf belongs to the unit first on this host");
});
