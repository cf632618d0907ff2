import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { AUTHORIZED_KEYS } from "./base";
import { groupsOf, initProcesses, killAll, processesIn, removeGroup } from "./cgroups";
import { resolvConf } from "./machine";
import { mounts } from "./mounts";
import { HOST_INTERFACE, plugIn } from "./network";
import type { HostPlan, LabPlan } from "./plan";
import { run } from "./run";
import { removeIfEmpty } from "./state";

/** What belongs to one host on this machine. */
export const hostPaths = (lab: Pick<LabPlan, "dir">, host: string) => {
    const dir = path.join(lab.dir, "hosts", host);
    return {
        dir,
        /** The host's own files over the base root: its disk, kept while it is off. */
        disk: path.join(dir, "disk"),
        work: path.join(dir, "work"),
        /** Where the host's root is mounted. */
        root: path.join(dir, "root"),
        /** What the host wrote to its console. */
        console: path.join(dir, "console.log"),
        hostKey: path.join(dir, "disk", "etc", "ssh", "ssh_host_ed25519_key.pub"),
    };
};

/** The control group of one host. */
export const hostGroup = (lab: Pick<LabPlan, "cgroup">, host: string): string => path.join(lab.cgroup, host);

/** The network as Debian's ifupdown sets it at every start. */
const interfaces = (lab: LabPlan, host: HostPlan): string => `auto lo
iface lo inet loopback

auto ${HOST_INTERFACE}
iface ${HOST_INTERFACE} inet static
    address ${host.address}/${lab.prefixLength}
    gateway ${lab.gateway}
iface ${HOST_INTERFACE} inet6 static
    address ${host.address6}/64
    dad-attempts 0
`;

const hostsLine = (host: HostPlan): string => `${host.address} ${host.name}\n${host.address6} ${host.name}\n`;
const hostsFile = (lab: LabPlan): string => `127.0.0.1 localhost\n::1 localhost\n${lab.hosts.map(hostsLine).join("")}`;

/** The files that make a host this host. */
const identity = (lab: LabPlan, host: HostPlan, loginKey: string): Record<string, string> => ({
    "/etc/hostname": `${host.name}\n`,
    "/etc/hosts": hostsFile(lab),
    "/etc/machine-id": `${createHash("sha256").update(`${lab.name} ${lab.subnet} ${host.name}`).digest("hex").slice(0, 32)}\n`,
    "/etc/network/interfaces": interfaces(lab, host),
    "/etc/resolv.conf": resolvConf(),
    [AUTHORIZED_KEYS]: loginKey,
});

/** Makes a host's disk and gives its public host key; a disk that is there already stays. */
export async function makeDisk(lab: LabPlan, host: HostPlan, loginKey: string): Promise<string> {
    const paths = hostPaths(lab, host.name);
    if (!fs.existsSync(paths.disk)) {
        const unfinished = `${paths.disk}.unfinished`;
        fs.rmSync(unfinished, { recursive: true, force: true });
        for (const [file, content] of Object.entries(identity(lab, host, loginKey))) {
            fs.mkdirSync(path.join(unfinished, path.dirname(file)), { recursive: true, mode: 0o755 });
            fs.writeFileSync(path.join(unfinished, file), content, { mode: 0o644 });
        }
        const key = path.join(unfinished, "etc/ssh/ssh_host_ed25519_key");
        await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", `root@${host.name}`, "-f", key]);
        fs.renameSync(unfinished, paths.disk);
    }
    return publicKey(paths.hostKey);
}

/** Type and base64 of a public key file, without its comment. */
export const publicKey = (file: string): string =>
    fs.readFileSync(file, "utf8").trim().split(" ").slice(0, 2).join(" ");

/** Tells a host that is there already the names of hosts that came later. */
export function introduceHosts(lab: LabPlan, host: HostPlan): void {
    const { root, disk } = hostPaths(lab, host.name);
    const file = path.join(isMounted(root) ? root : disk, "etc/hosts");
    const text = fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "";
    const unknown = lab.hosts.map(hostsLine).filter((line) => !text.includes(line));
    if (unknown.length > 0) fs.appendFileSync(file, unknown.join(""));
}

const isMounted = (point: string): boolean => mounts().some((mount) => mount.point === point);

/** Mounts a host's disk over the base root. Nothing is flushed: the machine's page cache outlives the host's power. */
async function mountRoot(lab: LabPlan, host: string, base: string): Promise<void> {
    const { disk, work, root } = hostPaths(lab, host);
    if (isMounted(root)) return;
    fs.mkdirSync(work, { recursive: true });
    fs.mkdirSync(root, { recursive: true });
    // Left behind by a machine that crashed; the kernel refuses the disk while it is there.
    fs.rmSync(path.join(work, "work", "incompat"), { recursive: true, force: true });
    await run([
        "mount",
        "-t",
        "overlay",
        "overlay",
        "-o",
        `lowerdir=${base},upperdir=${disk},workdir=${work},volatile`,
        root,
    ]);
}

/** What systemd-nspawn keeps about running containers; one that is killed leaves it. */
const NSPAWN_STATE = "/run/systemd/nspawn";

/** Removes what a host's killed container left behind in systemd-nspawn's folders: its lock on the root and its folder for mounts. */
export function clearContainer(namespace: string, root?: string): void {
    removeIfEmpty(path.join(NSPAWN_STATE, "propagate", namespace));
    if (root === undefined) return;
    const { dev, ino } = fs.statSync(root);
    fs.rmSync(path.join(NSPAWN_STATE, "locks", `inode-${dev}:${ino}`), { force: true });
}

/** Unmounts a host's root, also where somebody is still in it. */
export const unmountRoot = (root: string): Promise<string> => run(["umount", "--lazy", root]);

/** The init process of a host that is on. */
export const initOf = (lab: Pick<LabPlan, "cgroup">, host: string): number | undefined =>
    initProcesses(hostGroup(lab, host))[0];

/** Starts a host. Returns once its init runs; its services follow. */
export async function start(lab: LabPlan, host: HostPlan, base: string): Promise<void> {
    const group = hostGroup(lab, host.name);
    await killAll(() => processesOf(lab, host.name));
    await removeGroup(group);
    await Promise.all([mountRoot(lab, host.name, base), plugIn(lab, host)]);
    const paths = hostPaths(lab, host.name);
    const output = fs.openSync(paths.console, "w");
    const argv = [path.join(__dirname, "launch.sh"), host.namespace, paths.root, ...groupsOf(group)];
    const child = spawn("sh", argv, { detached: true, stdio: ["ignore", output, output] });
    child.unref();
    fs.closeSync(output);
}

/** Every process of a host, the one that supervises it included. */
export const processesOf = (lab: Pick<LabPlan, "cgroup">, host: string): number[] => [
    ...processesIn(hostGroup(lab, host)),
    ...processesIn(`${hostGroup(lab, host)}.launch`),
];
