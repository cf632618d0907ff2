import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { type Additions, cached, cacheDir, debootstrap, digest, type Recipe, recipe } from "../base";
import type { PackageSource } from "../machine";
import type { Release } from "../plan";
import { run } from "../run";

/** What a machine has beside a plain server: its kernel, and what clusters are made of, so that no test waits for packages. */
const PACKAGES = [
    ...["linux-image-cloud-amd64", "kmod", "udev", "busybox-static", "qemu-guest-agent"],
    ...["drbd-utils", "lvm2", "corosync", "corosync-qdevice", "libnss3-tools", "sbd"],
    ...["pacemaker", "pacemaker-cli-utils", "resource-agents", "fence-agents", "ipmitool", "libxml2-utils"],
    ...["xfsprogs", "e2fsprogs", "psmisc", "nginx-light", "iputils-arping"],
];

/** The services that start by themselves; all that the packages enable beside them is for a stack to start. */
const ENABLED = ["ssh.service", "networking.service"];

/** Units that have nothing to do in a machine, or would wait for what is there already: each takes seconds where the processor is emulated. */
const MASKED = [
    ...["ifupdown-pre.service", "systemd-logind.service", "systemd-binfmt.service", "systemd-random-seed.service"],
    ...["systemd-remount-fs.service", "systemd-update-utmp.service", "systemd-update-utmp-runlevel.service"],
    ...["proc-sys-fs-binfmt_misc.automount", "sys-fs-fuse-connections.mount", "dev-hugepages.mount"],
    ...[
        "systemd-journal-flush.service",
        "dev-mqueue.mount",
        "kmod-static-nodes.service",
        "systemd-sysusers.service",
        "systemd-pstore.service",
    ],
    ...["loop", "dm_mod", "drm", "fuse", "configfs", "efi_pstore"].map((name) => `modprobe@${name}.service`),
];

/** The devices that udev is told of at start; the others have no user. */
const COLDPLUGGED = ["block", "virtio-ports"];
const COLDPLUG = `[Service]
ExecStart=
ExecStart=-udevadm trigger --type=all --action=add ${COLDPLUGGED.map((name) => `--subsystem-match=${name}`).join(" ")}`;

// A fixed machine-id: without one systemd takes the start for the first and enables all services again. Each machine gets its own.
const CUSTOMIZE = `
find "$root"/etc/systemd/system/*.wants "$root"/etc/systemd/system/*.requires -type l ${ENABLED.map((unit) => `! -name ${unit}`).join(" ")} -delete
# Off, as \`update-rc.d disable\` leaves them: without a link in a runlevel they could not be enabled any more.
for link in "$root"/etc/rc[2-5].d/S*; do mv "$link" "\${link%/*}/K\${link##*/S}"; done
rm -f "$root"/etc/rcS.d/S*
for unit in ${MASKED.join(" ")}; do ln -sf /dev/null "$root/etc/systemd/system/$unit"; done
mkdir -p "$root/etc/systemd/system/systemd-udev-trigger.service.d"
echo '${COLDPLUG}' >"$root/etc/systemd/system/systemd-udev-trigger.service.d/lab.conf"
# Its socket starts it when somebody asks.
rm -f "$root/lib/systemd/system/multi-user.target.wants/dbus.service"
echo softdog >"$root/etc/modules-load.d/lab.conf"
printf '%032d\\n' 1 >"$root/etc/machine-id"
: >"$root/etc/fstab"
`;

const ADDITIONS: Additions = { packages: PACKAGES, customize: CUSTOMIZE };

/** Drivers that the kernel has as modules, in the order in which they find each other's symbols. */
const MODULES = [
    ...["virtio_ring", "virtio", "virtio_pci_modern_dev", "virtio_pci_legacy_dev", "virtio_pci", "virtio_blk"],
    ...["failover", "net_failover", "virtio_net", "virtio_console"],
];

/** Bytes of a machine's root disk; what is not written takes no space. */
const ROOT_SIZE = "4G";

/** The program that a machine's kernel starts first. */
const INIT = path.join(__dirname, "init.sh");

/** What is in an image's folder. */
export const imageFiles = (image: string) => ({
    /** The root disk that every machine's own lies over. */
    disk: path.join(image, "disk.qcow2"),
    /** The kernel, uncompressed: QEMU starts it directly. */
    kernel: path.join(image, "vmlinux"),
    /** The first root, to which each machine's identity is added. */
    initrd: path.join(image, "initrd"),
});

/** The folder of the machines' image, built first if there is none from this recipe. About two minutes and 700 MB, once. */
export async function vmImage(
    release: Release,
    source: PackageSource,
    progress: (line: string) => void,
    cache = cacheDir(),
): Promise<string> {
    const wanted = recipe(release, source, ADDITIONS);
    const parts = JSON.stringify([digest(wanted), MODULES, ROOT_SIZE, fs.readFileSync(INIT, "utf8")]);
    const name = `vm-${createHash("sha256").update(parts).digest("hex").slice(0, 12)}`;
    return cached(path.join(cache, name), "the machines' image", progress, (unfinished) =>
        build(wanted, unfinished, progress),
    );
}

async function build(wanted: Recipe, image: string, progress: (line: string) => void): Promise<void> {
    const root = path.join(image, "root");
    const raw = path.join(image, "disk.raw");
    const { disk, kernel, initrd } = imageFiles(image);
    fs.mkdirSync(image);
    await debootstrap(wanted, root, "the machines' image", progress);
    await makeKernel(root, kernel);
    await makeInitrd(root, path.join(image, "first"), initrd);
    fs.rmSync(path.join(root, "boot"), { recursive: true });
    fs.mkdirSync(path.join(root, "boot"));
    await run(["truncate", "--size", ROOT_SIZE, raw]);
    // With its journal: without one, the second loss of power leaves a broken file system.
    await run(["mkfs.ext4", "-q", "-F", "-m", "0", "-O", "^metadata_csum", "-d", root, raw], { timeoutSeconds: 300 });
    await run(["qemu-img", "convert", "-O", "qcow2", raw, disk], { timeoutSeconds: 300 });
    for (const part of [raw, root]) fs.rmSync(part, { recursive: true });
}

/** The one file in a folder whose name matches. */
function only(dir: string, name: RegExp): string {
    const found = fs.readdirSync(dir, { recursive: true, encoding: "utf8" }).filter((file) => name.test(file));
    if (found.length !== 1)
        throw new Error(`${dir} has ${found.length} files like ${name.source}, and should have one`);
    return path.join(dir, found[0]!);
}

/** The uncompressed kernel inside a bzImage, which starts without real mode (boot protocol 2.08: docs.kernel.org/arch/x86/boot.html). */
async function makeKernel(root: string, kernel: string): Promise<void> {
    const bzImage = fs.readFileSync(only(path.join(root, "boot"), /^vmlinuz-/));
    const setupSectors = bzImage.readUInt8(0x1f1) || 4;
    const begin = (setupSectors + 1) * 512 + bzImage.readUInt32LE(0x248);
    // Four bytes with the size follow what lz4 takes.
    fs.writeFileSync(`${kernel}.lz4`, bzImage.subarray(begin, begin + bzImage.readUInt32LE(0x24c) - 4));
    await run(["lz4", "-d", "-q", "-f", `${kernel}.lz4`, kernel]);
    fs.rmSync(`${kernel}.lz4`);
}

async function makeInitrd(root: string, dir: string, initrd: string): Promise<void> {
    for (const folder of ["bin", "dev", "proc", "root", "modules"])
        fs.mkdirSync(path.join(dir, folder), { recursive: true });
    fs.copyFileSync(path.join(root, "bin", "busybox"), path.join(dir, "bin", "busybox"));
    fs.symlinkSync("busybox", path.join(dir, "bin", "sh"));
    for (const applet of ["cp", "insmod", "mount", "reboot", "switch_root", "sync", "touch", "umount"])
        fs.symlinkSync("busybox", path.join(dir, "bin", applet));
    fs.copyFileSync(INIT, path.join(dir, "init"));
    fs.chmodSync(path.join(dir, "init"), 0o755);
    for (const module of MODULES)
        fs.copyFileSync(
            only(path.join(root, "lib", "modules"), new RegExp(`/${module}\\.ko$`)),
            path.join(dir, "modules", `${module}.ko`),
        );
    fs.writeFileSync(path.join(dir, "modules", "order"), `${MODULES.join("\n")}\n`);
    await archive(dir, initrd);
    fs.rmSync(dir, { recursive: true });
}

/** Packs a folder as the kernel takes it for a first root; several, one after the other, make one. */
export const archive = (dir: string, file: string): Promise<string> =>
    run(["sh", "-c", 'cd "$1" && find . | cpio --quiet -o -H newc -R 0:0 >"$2"', "sh", dir, file]);
