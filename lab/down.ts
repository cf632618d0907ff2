import * as fs from "node:fs";
import * as path from "node:path";
import { bmcGroup, PASSWORDS } from "./bmc";
import { initProcesses, killAll, powerDown, processesIn, processesInNamespace, removeGroup } from "./cgroups";
import { clearContainer, unmountRoot } from "./host";
import { restoreInotifyInstances } from "./limits";
import { mounts } from "./mounts";
import { removeNetwork, restoreForwarding } from "./network";
import { folderOf } from "./open";
import { DEFAULTS, type LabOptions, namesOf } from "./plan";
import { attempt } from "./run";
import {
    forgetLab,
    forgetMachine,
    labLock,
    labSockets,
    locked,
    MACHINE_LOCK,
    machineBefore,
    recordedLabs,
    removeIfEmpty,
    removeRegistry,
} from "./state";

const NAMESPACES = "/run/netns";
const entries = (dir: string): string[] => (fs.existsSync(dir) ? fs.readdirSync(dir) : []);

/**
 * Takes a lab down and leaves the machine as it was. What belongs to the lab is found by its names, not by records, so this is safe after a
 * crash, twice, and where nothing is up. The base root stays in the cache.
 * @throws Error as `folderOf`.
 */
export async function labDown(
    options: Pick<LabOptions, "name" | "dir"> & { progress?: (line: string) => void } = {},
): Promise<void> {
    const progress = options.progress ?? (() => undefined);
    const name = options.name ?? DEFAULTS.name;
    if (process.getuid?.() !== 0) throw new Error("a lab is taken down as root (sudo)");
    const dir = folderOf(options);
    const waits = (): void => progress(`waits for another command that brings the lab "${name}" up or down`);
    await locked(labLock(name), () => takeDown(name, dir), waits);
    await locked(MACHINE_LOCK, leaveMachine);
    removeRegistry();
}

/** Removes all that belongs to a lab, under its lock. */
export async function takeDown(name: string, dir: string): Promise<void> {
    const names = namesOf(name);
    const namespaces = entries(NAMESPACES).filter((found) => found === names.namespace || names.isHostNamespace(found));
    // First what could switch a host on again.
    await killAll(() => processesIn(bmcGroup(names)));
    await powerDown(initProcesses(names.cgroup), async () => {
        const inside = await Promise.all(namespaces.map(processesInNamespace));
        return [...new Set([...processesIn(names.cgroup), ...inside.flat()])];
    });
    await removeNetwork({ name, ...names });
    for (const namespace of namespaces.filter((found) => names.isHostNamespace(found))) {
        await attempt(["ip", "netns", "delete", namespace]);
    }
    const hosts = path.join(dir, "hosts");
    for (const { point } of mounts().filter((found) => found.point.startsWith(`${hosts}/`))) {
        clearContainer(names.hostNamespace(path.basename(path.dirname(point))), point);
        await unmountRoot(point);
    }
    await removeGroup(names.cgroup);
    for (const entry of [
        "hosts",
        "inventory.json",
        "inventory.json.new",
        "known_hosts",
        "login_key",
        "login_key.pub",
        PASSWORDS,
        "base",
        "vm-image",
        "restoring",
    ]) {
        fs.rmSync(path.join(dir, entry), { recursive: true, force: true });
    }
    fs.rmSync(labSockets(name), { recursive: true, force: true });
    removeIfEmpty(dir);
    if (path.basename(path.dirname(dir)) === ".lab") removeIfEmpty(path.dirname(dir));
    forgetLab(name);
}

/** With the last lab goes what labs share. */
async function leaveMachine(): Promise<void> {
    const before = machineBefore();
    if (before === undefined || recordedLabs().length > 0) return;
    restoreForwarding(before.forwarding);
    restoreInotifyInstances(before.inotifyInstances);
    for (const dir of before.absent.filter((folder) => fs.existsSync(folder))) await removeToolFolder(dir);
    forgetMachine();
}

async function removeToolFolder(dir: string): Promise<void> {
    const children = fs.readdirSync(dir);
    if (children.some((child) => !fs.statSync(path.join(dir, child)).isDirectory())) return;
    children.forEach((child) => removeIfEmpty(path.join(dir, child)));
    if (fs.readdirSync(dir).length > 0) return;
    // `ip netns add` mounts its folder on itself.
    if (mounts().some((mount) => mount.point === dir)) await attempt(["umount", dir]);
    removeIfEmpty(dir);
}
