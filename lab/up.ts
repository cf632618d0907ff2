import * as fs from "node:fs";
import * as path from "node:path";
import { baseRoot } from "./base";
import { BMC_PROGRAMS, bmcFiles, startBmcs, withBmcs } from "./bmc";
import { freeze, isFrozen } from "./cgroups";
import { driverOf } from "./driver";
import { hostGroup } from "./host";
import { giveToCaller, makeIdentities } from "./identities";
import { inventoryPath, knownHosts, writeInventory } from "./inventory";
import { type Bases, Lab } from "./lab";
import { inotifyInstances, raiseInotifyInstances } from "./limits";
import { packageSource, prepareMachine } from "./machine";
import { fileSystemOf } from "./mounts";
import { checkSubnet, forward, linksOf, LinkState, linkStates, makeNetwork, uplinkForwarding } from "./network";
import { BASE_RECORDS, existing, knownLab, readBase } from "./open";
import { DEFAULTS, HostKind, type HostPlan, labDir, type LabOptions, type LabPlan, plan } from "./plan";
import { labLock, locked, MACHINE_LOCK, machineBefore, recordLab, rememberMachine } from "./state";
import { vmImage } from "./vm/image";
import { accelerator, VM_PROGRAMS } from "./vm/kvm";
import { waitForHost } from "./wait";

/** How to bring a lab up, beside what it shall be. */
export interface UpOptions extends LabOptions {
    /** Called with each line of progress. Default: silent. */
    progress?: (line: string) => void;
    /** Seconds each host may take to boot. Default: 60, and 240 for a machine with a kernel of its own. */
    bootSeconds?: number;
}

/** Folders that the tools used here make and leave; removed with the last lab where they were not there before. */
const TOOL_FOLDERS = ["/run/netns", "/run/systemd/nspawn"];

/**
 * Brings a lab up: what is there stays, what is missing is made, hosts that are off are started, cut links are connected. Half a second
 * where nothing is to do.
 * @throws Error for options that can't be met, an occupied subnet (with a free one), or a host that does not boot in time.
 */
export async function labUp(options: UpOptions = {}): Promise<Lab> {
    const progress = options.progress ?? (() => undefined);
    const name = options.name ?? DEFAULTS.name;
    plan(options);
    await prepareMachine(progress, {
        ...(options.bmc === true ? BMC_PROGRAMS : {}),
        ...(options.vms === undefined ? {} : VM_PROGRAMS),
    });
    const waits = (): void => progress(`waits for another command that brings the lab "${name}" up or down`);
    const work = async (): Promise<Lab> => {
        refuseHalfRestored(labDir(name, options.dir), name);
        return bringUp({ ...options, name }, progress);
    };
    return locked(labLock(name), work, waits);
}

/** Stands in a lab's folder while the lab is made from a saved state, whose name it holds. */
export const RESTORING = "restoring";

function refuseHalfRestored(dir: string, name: string): void {
    const file = path.join(dir, RESTORING);
    if (!fs.existsSync(file)) return;
    const state = fs.readFileSync(file, "utf8");
    throw new Error(
        `the lab "${name}" is half restored: pulumi-ha lab restore ${state} does it again, pulumi-ha lab down removes it`,
    );
}

/** Makes a lab, under its lock; `startAll` starts its hosts. */
export async function bringUp(
    options: UpOptions & { name: string },
    progress: (line: string) => void,
    startAll: (lab: Lab) => Promise<void> = (lab) => startHosts(lab, lab.plan.hosts, options.bootSeconds, progress),
): Promise<Lab> {
    const known = knownLab(options);
    const hosts = options.hosts ?? (known === undefined && options.vms === undefined ? DEFAULTS.hosts : []);
    const asIs = { subnet: options.subnet ?? known?.subnet, release: options.release ?? known?.release };
    const lab = plan({ ...options, hosts, ...asIs }, existing(known));
    if (known !== undefined && known.subnet !== lab.subnet) {
        throw new Error(`subnet: the lab "${lab.name}" is up on ${known.subnet}; to move it, take it down first`);
    }
    if (known !== undefined && known.release !== lab.release) {
        throw new Error(
            `release: the hosts of the lab "${lab.name}" run ${known.release}; for ${lab.release}, take it down first`,
        );
    }
    await locked(MACHINE_LOCK, async () => {
        await checkSubnet(lab);
        recordLab({ name: lab.name, dir: lab.dir, subnet: lab.subnet });
        await rememberMachineOnce();
    });
    fs.mkdirSync(lab.dir, { recursive: true });
    // Hosts' disks hold programs that run as their owner, root: nobody else on the machine gets at them.
    const hostsDir = path.join(lab.dir, "hosts");
    fs.mkdirSync(hostsDir, { recursive: true, mode: 0o700 });
    // The vendor's language host looks for packages in every directory of a project, but not in policy packs.
    fs.writeFileSync(
        path.join(hostsDir, "PulumiPolicy.yaml"),
        "# Not a policy pack: keeps pulumi from searching the hosts' disks.\n",
    );
    checkFileSystem(lab.dir);
    const [bases, identities] = await Promise.all([basesOf(lab, progress), makeIdentities(lab)]);
    const hasBmcs = options.bmc === true || known?.hosts.some((host) => host.bmc !== undefined) === true;
    const inventory = hasBmcs ? withBmcs(lab, identities) : identities;
    writeInventory(lab.dir, inventory);
    fs.writeFileSync(path.join(lab.dir, "known_hosts"), knownHosts(inventory));
    giveToCaller([lab.dir, inventoryPath(lab.dir), inventory.loginKey, ...bmcFiles(lab, inventory)]);
    await locked(MACHINE_LOCK, async () => {
        await makeNetwork(lab);
        forward(Object.keys(machineBefore()?.forwarding ?? {}));
        raiseInotifyInstances();
    });
    const made = new Lab(lab, inventory, bases);
    await startBmcs(lab, inventory);
    await startAll(made);
    await Promise.all(lab.hosts.map((host) => driverOf(host).introduce(lab, host)));
    return made;
}

/** File systems that can't lie above another in overlayfs. */
const UNFIT = /^(overlay|nfs4?|cifs|9p|vfat|fuse.*)$/;

function checkFileSystem(dir: string): void {
    const type = fileSystemOf(dir);
    if (!UNFIT.test(type)) return;
    throw new Error(
        `dir: ${dir} is on ${type}, which can't hold the hosts' disks: choose a folder on ext4, xfs, btrfs or tmpfs (--dir)`,
    );
}

async function basesOf(lab: LabPlan, progress: (line: string) => void): Promise<Bases> {
    const bases: Bases = { [HostKind.container]: "", [HostKind.vm]: "" };
    const kinds = Object.values(HostKind).filter((kind) => lab.hosts.some((host) => host.kind === kind));
    await Promise.all(kinds.map(async (kind) => (bases[kind] = await baseOf(lab, kind, progress))));
    return bases;
}

/**
 * What a lab's hosts of one kind lie over, which stays with the lab: a disk fits only the root it was made over.
 * @throws Error when the cache no longer has it.
 */
async function baseOf(lab: LabPlan, kind: HostKind, progress: (line: string) => void): Promise<string> {
    const recorded = readBase(lab.dir, kind);
    if (recorded === "") {
        const source = await packageSource(lab.release);
        const make = kind === HostKind.vm ? vmImage : baseRoot;
        const base = await make(lab.release, source, progress);
        if (kind === HostKind.vm) await accelerator(base, progress);
        fs.writeFileSync(path.join(lab.dir, BASE_RECORDS[kind]), base);
        return base;
    }
    if (fs.existsSync(recorded)) return recorded;
    throw new Error(
        `the base root under the disks of the lab "${lab.name}" is gone (${recorded}): take the lab down, then up`,
    );
}

async function rememberMachineOnce(): Promise<void> {
    const known = machineBefore();
    // A lab of an earlier version may be up that has remembered less.
    if (known?.inotifyInstances !== undefined) return;
    const absent = TOOL_FOLDERS.filter((dir) => !fs.existsSync(dir));
    rememberMachine({
        forwarding: await uplinkForwarding(),
        absent,
        ...known,
        inotifyInstances: inotifyInstances(),
    });
}

/** Starts, in parallel, those of some hosts that are off; connects those that are cut; lets go on those that are paused. */
export async function startHosts(
    lab: Lab,
    hosts: HostPlan[],
    bootSeconds: number | undefined,
    progress: (line: string) => void,
): Promise<void> {
    const linkOf = await linkStates(lab.plan);
    const bring = async (host: HostPlan): Promise<void> => {
        const driver = driverOf(host);
        const links = linksOf(host).map((name) => linkOf(host, name));
        const isOn = driver.isOn(lab.plan, host);
        if (isOn && isFrozen(hostGroup(lab.plan, host.name))) {
            freeze(hostGroup(lab.plan, host.name), false);
            progress(`${host.name}: goes on again`);
        }
        if (isOn && links.every((link) => link === LinkState.connected)) return;
        if (isOn && !links.includes(LinkState.absent)) {
            await lab.host(host.name).heal();
            progress(`${host.name}: connected again`);
            return;
        }
        await driver.start(lab.plan, host, lab.bases[host.kind]);
        const seconds = await waitForHost(lab.plan, lab.inventory, host, bootSeconds);
        progress(`${host.name}: answers on ${host.address} after ${seconds.toFixed(1)} s`);
    };
    const outcomes = await Promise.allSettled(hosts.map(bring));
    const failures = outcomes
        .filter((outcome) => outcome.status === "rejected")
        .map((outcome) => (outcome.reason as Error).message);
    if (failures.length > 0) throw new Error(failures.join("\n"));
}
