import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { cacheDir } from "./base";
import { BMC_PROGRAMS, PASSWORDS } from "./bmc";
import { freeze } from "./cgroups";
import { takeDown } from "./down";
import { hostGroup, hostPaths } from "./host";
import { type Inventory, readInventory } from "./inventory";
import { type Lab, Power } from "./lab";
import { prepareMachine } from "./machine";
import { HostKind, type HostPlan, labDir, type LabPlan } from "./plan";
import { labLock, locked, recordedLab, recordLab } from "./state";
import { bringUp, RESTORING, startHosts } from "./up";
import { sharedDisk } from "./vm/guest";
import { accelerator, Accelerator, VM_PROGRAMS } from "./vm/kvm";
import { copy, go, loadMachine, saveMachine, setClock, stop, unpackMachine } from "./vm/state";
import { waitForHost } from "./wait";

/** What of a lab's folder is saved beside its hosts. */
const FILES = ["inventory.json", "login_key", "login_key.pub", PASSWORDS, "base", "vm-image"];
const About = z.object({ accelerator: z.enum(Accelerator) });

const NAME = /^[a-z][a-z0-9-]{0,30}$/;

/** The folder of a saved state. */
export function savedDir(state: string): string {
    if (NAME.test(state)) return path.join(cacheDir(), `saved-${state}`);
    throw new Error(`state: "${state}" must be lower-case letters, digits and dashes, at most 31 characters`);
}

const machinesOf = (lab: LabPlan): HostPlan[] => lab.hosts.filter((host) => host.kind === HostKind.vm);
const containersOf = (lab: LabPlan): HostPlan[] => lab.hosts.filter((host) => host.kind === HostKind.container);
const each = <T>(hosts: HostPlan[], work: (host: HostPlan) => Promise<T>): Promise<T[]> => Promise.all(hosts.map(work));

/**
 * Saves a lab as it is at one instant, under a name: of its machines memory and disks, of its containers the disks. All hosts stand still
 * meanwhile, machines with their clocks. A state of that name is replaced.
 * @throws Error when a host is off or paused.
 */
export async function labSave(lab: Lab, state: string): Promise<string> {
    const dir = savedDir(state);
    return locked(labLock(lab.name), async () => {
        const idle = (await lab.status()).filter((host) => host.power !== Power.on);
        if (idle.length > 0)
            throw new Error(
                `only a lab whose hosts are all on can be saved: ${idle.map((host) => host.name).join(", ")}`,
            );
        const unfinished = `${dir}.unfinished`;
        fs.rmSync(unfinished, { recursive: true, force: true });
        fs.mkdirSync(path.join(unfinished, "hosts"), { recursive: true, mode: 0o700 });
        try {
            await each(machinesOf(lab.plan), (host) => stop(lab.plan, host));
            containersOf(lab.plan).forEach((host) => freeze(hostGroup(lab.plan, host.name), true));
            await write(lab, unfinished);
        } finally {
            containersOf(lab.plan).forEach((host) => freeze(hostGroup(lab.plan, host.name), false));
            await each(machinesOf(lab.plan), (host) => go(lab.plan, host));
        }
        fs.rmSync(dir, { recursive: true, force: true });
        fs.renameSync(unfinished, dir);
        return dir;
    });
}

async function write(lab: Lab, dir: string): Promise<void> {
    const { plan } = lab;
    const hosts = path.join(dir, "hosts");
    await each(machinesOf(plan), (host) => saveMachine(plan, host, path.join(hosts, host.name)));
    await each(containersOf(plan), (host) => copy(hostPaths(plan, host.name).disk, path.join(hosts, host.name)));
    const files = [...FILES.map((file) => path.join(plan.dir, file)), sharedDisk(plan)];
    for (const file of files.filter((candidate) => fs.existsSync(candidate)))
        await copy(file, path.join(dir, path.basename(file)));
    const about = { accelerator: await accelerator(lab.bases.vm) };
    fs.writeFileSync(path.join(dir, "about.json"), JSON.stringify(about));
}

/** Where to bring a saved lab up. */
export interface RestoreOptions {
    /** Where the lab keeps its state. Default: where a lab of that name is up, else as for `labUp`. */
    dir?: string;
    /** Called with each line of progress. Default: silent. */
    progress?: (line: string) => void;
}

/**
 * Brings a lab up as it was saved, with its name, addresses and keys; one of that name that is up is taken down first. Machines go on from the
 * saved instant, all at once, with the present time; containers start from their disks before.
 * @throws Error when there is no such state, or one that can't be loaded on this machine.
 */
export async function labRestore(state: string, options: RestoreOptions = {}): Promise<Lab> {
    const progress = options.progress ?? (() => undefined);
    const from = savedDir(state);
    const inventory = readInventory(from);
    if (inventory === undefined) throw new Error(`there is no saved state "${state}" (looked in ${from})`);
    const name = inventory.lab;
    await prepareMachine(progress, { ...VM_PROGRAMS, ...BMC_PROGRAMS });
    const waits = (): void => progress(`waits for another command that brings the lab "${name}" up or down`);
    return locked(labLock(name), () => restore(state, from, inventory, { ...options, progress }), waits);
}

async function restore(
    state: string,
    from: string,
    { lab: name, subnet, hosts }: Inventory,
    { dir: wanted, progress }: RestoreOptions & { progress: (line: string) => void },
): Promise<Lab> {
    const before = recordedLab(name)?.dir;
    const dir = wanted === undefined ? (before ?? labDir(name)) : path.resolve(wanted);
    const other = readInventory(dir)?.lab ?? name;
    if (other !== name) throw new Error(`dir: ${dir} belongs to the lab "${other}": choose another folder`);
    await checkAccelerator(state, from);
    if (before !== undefined) await takeDown(name, before);
    const target = { name, dir };
    recordLab({ name, dir, subnet });
    fs.mkdirSync(path.join(dir, "hosts"), { recursive: true, mode: 0o700 });
    fs.writeFileSync(path.join(dir, RESTORING), state);
    for (const file of FILES.filter((candidate) => fs.existsSync(path.join(from, candidate))))
        await copy(path.join(from, file), path.join(dir, file));
    if (fs.existsSync(path.join(from, path.basename(sharedDisk(target)))))
        await copy(path.join(from, path.basename(sharedDisk(target))), sharedDisk(target));
    for (const host of hosts) {
        const saved = path.join(from, "hosts", host.name);
        if (host.vm !== undefined) await unpackMachine(target, host.name, saved);
        else {
            fs.mkdirSync(hostPaths(target, host.name).dir, { recursive: true });
            await copy(saved, hostPaths(target, host.name).disk);
        }
    }
    const lab = await bringUp({ name, dir, subnet }, progress, (made) => startSaved(made, from, progress));
    fs.rmSync(path.join(dir, RESTORING));
    return lab;
}

/** @throws Error when the machines' memory was saved under another kind of processor. */
async function checkAccelerator(state: string, from: string): Promise<void> {
    const image = path.join(from, "vm-image");
    if (!fs.existsSync(image)) return;
    const saved = About.parse(JSON.parse(fs.readFileSync(path.join(from, "about.json"), "utf8"))).accelerator;
    const here = await accelerator(fs.readFileSync(image, "utf8"));
    if (saved !== here)
        throw new Error(
            `the state "${state}" was saved under ${saved}, and machines run under ${here} here: save it anew`,
        );
}

async function startSaved(made: Lab, from: string, progress: (line: string) => void): Promise<void> {
    const { plan, bases, inventory } = made;
    const machines = machinesOf(plan);
    const load = (host: HostPlan): Promise<void> =>
        loadMachine(plan, host, bases.vm, path.join(from, "hosts", host.name));
    await Promise.all([startHosts(made, containersOf(plan), undefined, progress), each(machines, load)]);
    await each(machines, (host) => go(plan, host));
    await each(machines, async (host) => {
        await setClock(plan, host);
        const seconds = await waitForHost(plan, inventory, host);
        progress(`${host.name}: went on, answers on ${host.address} after ${seconds.toFixed(1)} s`);
    });
}
