import type { Stack } from "@pulumi/pulumi/automation";
import { kernelState } from "../../cli/demo/pair/ground";
import { DrbdVolume, FileSystem, Promotion } from "../../components";
import { pulumiHa } from "./command";
import { DRBD, installDrbd } from "./drbd-module";
import { figure, upOk } from "./stack";
import { Bench, onHost, until } from "./support";

jest.setTimeout(600_000);

// Emulated machines answer late: what a person would call hung is normal here.
const TIMING = { pingTimeoutSeconds: 3 };
const NODES = ["fs1", "fs2"];
const VOLUME = "/usr/local/lib/pulumi-ha/drbd/volume";

let bench: Bench;
let stack: Stack;

beforeAll(async () => {
    bench = await Bench.up("t-drbd", "10.106.0.0/24", [], { vms: NODES, dataDisk: 100 });
    for (const name of NODES) installDrbd(bench.lab, bench.host(name));
    const vms = NODES.map((name) => bench.host(name).inventory.vm);
    const [device = "", addresses = {}] = [
        vms[0]?.dataDisk,
        Object.fromEntries(NODES.map((name, place) => [name, vms[place]?.replication.address ?? ""])),
    ];
    stack = await bench.stack("volume", () => {
        new DrbdVolume("files", {
            nodes: NODES.map((name) => bench.node(name)),
            device,
            version: DRBD,
            mountPoint: "/srv/files",
            fileSystem: FileSystem.Ext4,
            // Without a cluster nobody fences, so that both sides can be written while they are parted.
            promotion: Promotion.Manual,
            replicationAddresses: addresses,
            timing: TIMING,
            verify: "",
        });
        return Promise.resolve({});
    });
    const { seconds } = await upOk(stack);
    figure("up of a volume on two emulated machines", seconds);
});
afterAll(() => bench.down());

const on = (name: string, script: string) => onHost(bench.host(name), script);
/** What the kernel says of a side. */
const kernel = (name: string) => kernelState(bench.host(name), "files");
/** KiB that a side has sent to the other one. */
const SENT =
    "{ grep -o ' ns:[0-9]*' /proc/drbd || drbdsetup status --statistics files | grep -o ' sent:[0-9]*'; } | cut -d: -f2";
const serve = (name: string) => on(name, "drbdadm primary files && mkdir -p /srv/files && mount /dev/drbd0 /srv/files");
const rest = (name: string) => on(name, "umount /srv/files && drbdadm secondary files");
const write = (name: string, file: string) => on(name, `echo ${name} >/srv/files/${file} && sync`);
/** The gate's words; empty where it passes. */
const gate = (name: string, verb: string) => on(name, `${VOLUME} ${verb} files 2>&1 || true`);

test("two empty sides are formed without a copy, and are alike", async () => {
    expect(await kernel("fs1")).toMatch(/cs:Connected ro:Secondary\/Secondary ds:UpToDate\/UpToDate/);
    const sent = await on("fs1", SENT);
    expect(sent).toMatch(/^\d+\n$/);
    const sentKib = Number(sent);
    expect(sentKib).toBeLessThan(8 * 1024);
    expect(await on("fs1", `${VOLUME} verify files 2>&1`)).toContain("the replicas are alike");
});

test("a second up changes nothing", async () => {
    const { steps, seconds } = await upOk(stack);
    expect(steps).toEqual([]);
    figure("up of a volume with nothing to do", seconds);
});

test("its kernel runs with what the file says", async () => {
    expect(await pulumiHa(bench, "drift", "--stack", "volume")).toMatchObject({ code: 0 });
    await on("fs1", "drbdadm net-options --ko-count=3 files");
    expect((await pulumiHa(bench, "drift", "--stack", "volume")).output).toMatch(/drbd files net ko-count: .*3.*7/);
    await on("fs1", "drbdadm adjust files");
});

test("fails: a device that holds something else, and it is named", async () => {
    const device = bench.host("fs2").inventory.vm?.sharedDisk ?? "";
    const words = await on(
        "fs2",
        `mkfs.ext4 -q -F -L keep ${device} 2>&1
        cd /usr/local/lib/pulumi-ha/drbd
        sed "s/^NAME=.*/NAME=mail/; s/^MINOR=.*/MINOR=1/; s#^DEVICE=.*#DEVICE=${device}#" files.settings >mail.settings
        ${VOLUME} admit mail 2>&1 || echo refused
        rm mail.settings`,
    );
    expect(words).toMatch(/fs2: \S+ holds ext4 \([0-9a-f-]{36} keep\): what is on it is not touched[^]*refused/);
});

test("a split brain is reported with what both sides have, and ends in favour of the side that is named", async () => {
    await serve("fs1");
    await bench.host("fs2").cut({ link: "replication" });
    await until(
        "fs2 misses fs1",
        60,
        () => kernel("fs2"),
        (state) => state.includes("WFConnection"),
    );
    await until(
        "fs1 misses fs2",
        60,
        () => kernel("fs1"),
        (state) => state.includes("WFConnection"),
    );
    await write("fs1", "kept");
    await serve("fs2");
    await write("fs2", "given-up");
    await rest("fs2");
    await bench.host("fs2").heal({ link: "replication" });
    await until(
        "the sides part",
        60,
        () => kernel("fs1"),
        (state) => state.includes("StandAlone"),
    );

    expect(await gate("fs1", "connected")).toMatch(
        /fs1: split brain: [^]*fs1: this side: Primary, UpToDate, generation [^]*fs1: fs2: generation [0-9A-F]{16}, .* changed/,
    );
    const asked = ["recover", "drbd", "files", "--stack", "volume", "--keep", "fs1", "--reason", "fs1 served"];
    const refused = await pulumiHa(bench, ...asked, "--yes");
    expect(refused.output).toContain("of fs2 is no logical volume");
    expect(refused.code).toBe(1);

    const done = await pulumiHa(bench, ...asked, "--without-copy", "--yes");
    expect(done.output).toMatch(/fs2 gives up what it has .* and takes the data of fs1; no copy of it is kept/);
    expect(done.code).toBe(0);
    figure("recovery of a volume on two emulated machines", done.seconds);
    await until(
        "fs2 is up to date",
        60,
        () => kernel("fs2"),
        (state) => state.includes("ds:UpToDate/UpToDate"),
    );
    await rest("fs1");
    await serve("fs2");
    expect((await on("fs2", "ls /srv/files")).split("\n")).toEqual(expect.arrayContaining(["kept"]));
    expect(await on("fs2", "ls /srv/files")).not.toContain("given-up");
    await rest("fs2");
});

test("an empty disk in the place of a lost one takes everything from the side that has data", async () => {
    const words = await on(
        "fs1",
        `drbdadm down files
        device=$(sed -n 's/^DEVICE=//p' /usr/local/lib/pulumi-ha/drbd/files.settings)
        blkdiscard --force --zeroout "$device" && ${VOLUME} replace files 2>&1`,
    );
    expect(words).toContain("it is zero from end to end");
    await until(
        "fs1 is up to date",
        120,
        () => kernel("fs1"),
        (state) => state.includes("ds:UpToDate/UpToDate"),
    );
    expect(await gate("fs1", "healthy")).toBe("");
    await serve("fs1");
    expect(await on("fs1", "cat /srv/files/kept")).toBe("fs1\n");
    await rest("fs1");
});
