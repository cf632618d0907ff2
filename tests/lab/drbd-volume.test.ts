import type { Stack } from "@pulumi/pulumi/automation";
import { kernelState } from "../../cli/demo/pair/ground";
import { DrbdVersion, DrbdVolume, FileSystem, Promotion } from "../../components";
import { pulumiHa } from "./command";
import { DRBD, installDrbd } from "./drbd-module";
import { figure, up, upOk } from "./stack";
import { Bench, onHost, until } from "./support";

jest.setTimeout(600_000);

// Emulated machines answer late: what a person would call hung is normal here.
const TIMING = { pingTimeoutSeconds: 3 };
const NODES = ["fs1", "fs2"];
const VOLUME = "/usr/local/lib/pulumi-ha/drbd/volume";
const DEVICE = "/dev/vg0/files";
/** The volumes, by their names: the file system of each, its device's mebibytes (the least that xfs takes), and its place on the hosts. */
const VOLUMES = {
    files: { fileSystem: FileSystem.Ext4, mebibytes: 100, minor: 0 },
    mail: { fileSystem: FileSystem.Xfs, mebibytes: 320, minor: 1 },
};
type VolumeName = keyof typeof VOLUMES;
const VOLUME_NAMES = Object.keys(VOLUMES) as VolumeName[];

let bench: Bench;
let stack: Stack;
/** What each volume is to offer more than its device had room for at first. */
let more = 0;

beforeAll(async () => {
    bench = await Bench.up("t-drbd", "10.106.0.0/24", [], { vms: NODES, dataDisk: 700 });
    const vms = NODES.map((name) => bench.host(name).inventory.vm);
    for (const [place, name] of NODES.entries()) {
        installDrbd(bench.lab, bench.host(name));
        await on(
            name,
            `vgcreate --quiet vg0 ${vms[place]?.dataDisk}
            ${VOLUME_NAMES.map((volume) => `lvcreate --quiet --yes --size ${VOLUMES[volume].mebibytes}M --name ${volume} vg0`).join("\n")}`,
        );
    }
    const addresses = Object.fromEntries(NODES.map((name, place) => [name, vms[place]?.replication.address ?? ""]));
    stack = await bench.stack("volume", () => {
        for (const volume of VOLUME_NAMES) {
            const { fileSystem, mebibytes, minor } = VOLUMES[volume];
            new DrbdVolume(volume, {
                nodes: NODES.map((name) => bench.node(name)),
                device: `/dev/vg0/${volume}`,
                version: DRBD,
                mountPoint: `/srv/${volume}`,
                fileSystem,
                minor,
                port: 7789 + minor,
                // A device's last mebibyte is DRBD's own.
                sizeMebibytes: mebibytes - 1 + more,
                // Without a cluster nobody fences, so that both sides can be written while they are parted.
                promotion: Promotion.Manual,
                replicationAddresses: addresses,
                timing: TIMING,
                verify: volume === "files" ? "monthly" : "",
            });
        }
        return Promise.resolve({});
    });
    const { seconds } = await upOk(stack);
    figure("up of two volumes on two emulated machines", seconds);
});
afterAll(() => bench.down());

const on = (name: string, script: string) => onHost(bench.host(name), script);
/** What the kernel says of a side. */
const kernel = (name: string, volume: VolumeName = "files") =>
    kernelState(bench.host(name), volume, VOLUMES[volume].minor);
/** KiB that a side has sent to the other one. */
const SENT =
    "{ grep -o ' ns:[0-9]*' /proc/drbd || drbdsetup status --statistics files | grep -o ' sent:[0-9]*'; } | head -n 1 | cut -d: -f2";
const serve = (name: string, volume: VolumeName = "files") =>
    on(
        name,
        `drbdadm primary ${volume} && mkdir -p /srv/${volume} && mount /dev/drbd${VOLUMES[volume].minor} /srv/${volume}`,
    );
const rest = (name: string, volume: VolumeName = "files") =>
    on(name, `umount /srv/${volume} && drbdadm secondary ${volume}`);
const write = (name: string, file: string, volume: VolumeName = "files") =>
    on(name, `echo ${name} >/srv/${volume}/${file} && sync`);
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
    figure("up of two volumes with nothing to do", seconds);
});

test("its kernel runs with what the file says", async () => {
    expect((await pulumiHa(bench, "drift", "--stack", "volume")).output).not.toContain("drbd files");
    await on("fs1", "drbdadm net-options --ko-count=3 files");
    expect((await pulumiHa(bench, "drift", "--stack", "volume")).output).toMatch(/drbd files net ko-count: .*3.*7/);
    await on("fs1", "drbdadm adjust files");
});

describe("fails, before anything changes:", () => {
    const SPARE = "/dev/vg0/spare";
    const AT_BOOT = "/etc/systemd/system/multi-user.target.wants/drbd.service";
    beforeAll(() => on("fs2", "lvcreate --quiet --yes --size 20M --name spare vg0"));
    afterAll(() => on("fs2", "lvremove --quiet --yes vg0/spare"));

    test.each<[string, { before?: string; settings?: string; after?: string; words: RegExp }]>([
        [
            "more than the device has room for",
            {
                settings: "SIZE_MEBIBYTES=100",
                words: /has room for a volume of 19 MiB beside DRBD's own data, and 100 MiB are asked for/,
            },
        ],
        [
            "xfs on less than it takes",
            { settings: "FILE_SYSTEM=xfs", words: /has room for 19 MiB, and xfs needs 300 MiB/ },
        ],
        [
            "a file system",
            {
                before: `mkfs.ext4 -q -L keep ${SPARE}`,
                words: /holds ext4 \([0-9a-f-]{36} keep\): what is on it is not touched/,
            },
        ],
        [
            "a mounted one",
            {
                before: `mkfs.ext4 -q ${SPARE} && mount ${SPARE} /mnt`,
                after: "umount /mnt",
                words: /is mounted on \/mnt/,
            },
        ],
        [
            "a physical volume of LVM",
            { before: `pvcreate --quiet --config devices/scan_lvs=1 ${SPARE}`, words: /holds LVM2_member/ },
        ],
        [
            "a partition table",
            { before: `printf '\\x55\\xaa' | dd of=${SPARE} bs=1 seek=510 status=none`, words: /holds dos/ },
        ],
        [
            "swap in use",
            {
                before: `mkswap --quiet ${SPARE} && swapon ${SPARE}`,
                after: `swapoff ${SPARE}`,
                words: /is in use for swap/,
            },
        ],
        ["a disk that others use", { settings: "DEVICE=/dev/vdb", words: /\/dev\/vdb is in use by dm-\d/ }],
        [
            "a device that is not there",
            { settings: "DEVICE=/dev/vg0/none", words: /\/dev\/vg0\/none does not exist on this host/ },
        ],
        ["no device", { settings: "DEVICE=/etc/hostname", words: /\/etc\/hostname is no block device/ }],
        ["another host", { settings: "NODE=fs9", words: /the host calls itself fs2, and the volume calls it fs9/ }],
        [
            "another DRBD",
            {
                settings: `VERSION=${DRBD === DrbdVersion.Kernel ? DrbdVersion.Nine : DrbdVersion.Kernel}`,
                words: /the host has DRBD [89]\.\S+, and the volume is written for/,
            },
        ],
        [
            "Debian's start of all volumes",
            {
                before: `ln -s /lib/systemd/system/drbd.service ${AT_BOOT}`,
                after: `rm ${AT_BOOT}`,
                words: /drbd\.service is enabled, and starts all volumes/,
            },
        ],
    ])("%s", async (_title, { before = "true", settings = "", after = "true", words }) => {
        const file = "/usr/local/lib/pulumi-ha/drbd";
        const said = await on(
            "fs2",
            `exec 2>&1
            wipefs --all --quiet ${SPARE}
            { ${before}; } >/dev/null
            sed "s/^NAME=.*/NAME=new/; s/^MINOR=.*/MINOR=9/; s/^SIZE_MEBIBYTES=.*/SIZE_MEBIBYTES=0/; s/^FILE_SYSTEM=.*/FILE_SYSTEM=ext4/; s#^DEVICE=.*#DEVICE=${SPARE}#; s#^${settings.split("=")[0]}=.*#${settings}#" ${file}/files.settings >${file}/new.settings
            ${VOLUME} admit new || echo refused
            rm ${file}/new.settings
            { ${after}; } >/dev/null`,
        );
        expect(said).toMatch(words);
        expect(said).toContain("refused");
    });
});

test.each(VOLUME_NAMES)(
    "a mark of a first run that was cut does not end the file system of %s, which was used",
    async (volume) => {
        const mark = `/var/lib/drbd/pulumi-ha-${volume}.forming`;
        await serve("fs1", volume);
        await write("fs1", "precious", volume);
        await rest("fs1", volume);
        await on("fs1", `touch ${mark} && ${VOLUME} form ${volume}`);
        expect(await on("fs1", `ls ${mark} 2>&1 || true`)).toContain("No such file");
        await serve("fs1", volume);
        expect(await on("fs1", `cat /srv/${volume}/precious`)).toBe("fs1\n");
        await rest("fs1", volume);
    },
);

test("replicas that differ are found by the timer's comparison, said, and made alike", async () => {
    const compare = "systemctl start pulumi-ha-drbd-verify-files.service 2>&1 || true";
    expect(await on("fs1", "systemctl is-active pulumi-ha-drbd-verify-files.timer")).toBe("active\n");
    await serve("fs1");
    await on("fs2", `head -c 8192 /dev/urandom | dd of=${DEVICE} bs=4096 seek=20000 conv=notrunc,fsync status=none`);
    expect(await on("fs1", compare)).toContain("failed");
    expect(await gate("fs1", "healthy")).toMatch(/the replicas differ in 8 KiB, as the comparison of \d{4}-/);
    await on("fs2", "drbdadm disconnect files && drbdadm connect files");
    await until(
        "the replicas are alike",
        60,
        () => gate("fs1", "healthy"),
        (words) => words === "",
    );
    expect(await on("fs1", compare)).toBe("");
    await rest("fs1");
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
    const done = await pulumiHa(bench, ...asked, "--yes");
    expect(done.output).toMatch(/fs2 gives up what it has .* and takes the data of fs1; a snapshot keeps it/);
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
    const files = (await on("fs2", "ls /srv/files")).split("\n");
    expect(files).toContain("kept");
    expect(files).not.toContain("given-up");
    await rest("fs2");

    const snapshot = /vg0\/(files-before-\S+)/.exec(done.output)?.[1] ?? "";
    expect(await on("fs2", `mount -t ext4 -o ro,noload /dev/vg0/${snapshot} /mnt && ls /mnt && umount /mnt`)).toContain(
        "given-up",
    );
    await on("fs2", `lvremove --quiet --yes vg0/${snapshot}`);
});

test("an empty disk in the place of a lost one takes everything from the side that has data", async () => {
    const words = await on(
        "fs1",
        `drbdadm down files
        blkdiscard --force --zeroout ${DEVICE} && ${VOLUME} replace files 2>&1`,
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

test("volumes grow with their devices while they are in use", async () => {
    for (const volume of VOLUME_NAMES) await serve("fs2", volume);
    more = 40;
    const early = await up(stack);
    expect(early.ok).toBe(false);
    expect(early.diagnostics).toMatch(
        /has room for a volume of 99 MiB beside DRBD's own data, and 139 MiB are asked for/,
    );

    for (const name of NODES)
        await on(name, VOLUME_NAMES.map((volume) => `lvextend --quiet --size +40M vg0/${volume}`).join(" && "));
    const { seconds } = await upOk(stack);
    figure("up that makes two volumes larger", seconds);
    for (const volume of VOLUME_NAMES) {
        const sizes = await on(
            "fs2",
            `df --output=size -k /srv/${volume} | tail -n 1; cat /sys/class/block/drbd${VOLUMES[volume].minor}/size`,
        );
        const [fileSystem = 0, sectors = 0] = sizes.split("\n").map(Number);
        expect(sectors / 2048).toBeGreaterThanOrEqual(VOLUMES[volume].mebibytes - 1 + more);
        // xfs has a log of 64 MiB beside what it offers.
        expect(fileSystem / 1024).toBeGreaterThan((VOLUMES[volume].mebibytes + more) * 0.75);
        await write("fs2", "after", volume);
        await until(
            `the new part of ${volume} is copied`,
            120,
            () => kernel("fs2", volume),
            (state) => state.includes("ds:UpToDate/UpToDate"),
        );
        await rest("fs2", volume);
        await serve("fs1", volume);
        expect(await on("fs1", `cat /srv/${volume}/precious /srv/${volume}/after`)).toBe("fs1\nfs2\n");
        await rest("fs1", volume);
    }
});
