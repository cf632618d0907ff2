import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { groupsOf, initProcesses, killAll, processesIn, removeGroup } from "./cgroups";
import { hostsLine, makeIdentity } from "./identity";
import { mounts } from "./mounts";
import { addressesIn, type LinkName, plugIn } from "./network";
import type { HostPlan, LabPlan } from "./plan";
import { attempt, type Ran, run, type RunOptions } from "./run";
import { removeIfEmpty } from "./state";

/** What is done with a host, and how, by the kind of host it is. */
export interface Driver {
    /** Makes what a host keeps while it is off, and gives its public host key; what is there already stays. */
    makeDisk(lab: LabPlan, host: HostPlan, loginKey: string): Promise<string>;
    /** Starts a host over the root of its kind. Returns once its first program runs, or soon will; its services follow. */
    start(lab: LabPlan, host: HostPlan, base: string): Promise<void>;
    /** Whether a host has power. */
    isOn(lab: LabPlan, host: HostPlan): boolean;
    /** Runs a command on a host as root, without its network. */
    exec(
        lab: LabPlan,
        host: HostPlan,
        argv: string[],
        options: Pick<RunOptions, "input" | "timeoutSeconds">,
    ): Promise<Ran>;
    /** Tells a host that is there already the names of hosts that came later. */
    introduce(lab: LabPlan, host: HostPlan): Promise<void>;
    /** Lets a host's cards see a carrier or not, beside what the bridge's port does. */
    setCarrier(lab: LabPlan, host: HostPlan, names: LinkName[], carrier: boolean): Promise<void>;
    /** The addresses that a host holds at this moment, as its kernel sees it. */
    addresses(lab: LabPlan, host: HostPlan): Promise<string[]>;
    /** Files that tell why a host did not start. */
    logs(lab: LabPlan, host: HostPlan): string[];
    /** Seconds a login may take on a busy machine. */
    loginSeconds: number;
    /** Seconds from power-on within which the SSH server answers. */
    bootSeconds: number;
}

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
    };
};

/** The control group of one host. */
export const hostGroup = (lab: Pick<LabPlan, "cgroup">, host: string): string => path.join(lab.cgroup, host);

/** Makes a host's disk and gives its public host key; a disk that is there already stays. */
export const makeDisk = (lab: LabPlan, host: HostPlan, loginKey: string): Promise<string> =>
    makeIdentity(lab, host, loginKey, hostPaths(lab, host.name).disk);

/** Tells a host that is there already the names of hosts that came later. */
function introduceHosts(lab: LabPlan, host: HostPlan): void {
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
const initOf = (lab: Pick<LabPlan, "cgroup">, host: string): number | undefined =>
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

/** The command line that runs a command inside a container. */
export function enter(lab: Pick<LabPlan, "cgroup">, host: string, argv: string[]): string[] {
    const init = initOf(lab, host);
    if (init === undefined) throw new Error(`${host} is off`);
    const spaces = ["--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--wd"];
    return ["nsenter", `--target=${init}`, ...spaces, "env", "-i", ...ENVIRONMENT, ...argv];
}

/** The environment of commands that are run on a host. */
export const ENVIRONMENT = [
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME=/root",
    "LANG=C.UTF-8",
];

/** How hosts in containers are handled. */
export const container: Driver = {
    makeDisk,
    start,
    isOn: (lab, host) => initOf(lab, host.name) !== undefined,
    // Asynchronous, so that a host that is off is a rejection.
    exec: async (lab, host, argv, options) => attempt(enter(lab, host.name, argv), options),
    introduce: (lab, host) => Promise.resolve(introduceHosts(lab, host)),
    setCarrier: () => Promise.resolve(),
    addresses: (_, host) => addressesIn(host.namespace),
    logs: (lab, host) => [hostPaths(lab, host.name).console],
    loginSeconds: 5,
    bootSeconds: 60,
};
