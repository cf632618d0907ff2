import * as fs from "node:fs";
import * as path from "node:path";
import { type Mount, mounts } from "./mounts";
import { attempt, CommandFailed, until } from "./run";

const hierarchies = (): Mount[] => mounts().filter((mount) => mount.type === "cgroup2" || mount.type === "cgroup");

/** The control groups a host lives in: version 2 where it is mounted, and systemd's own hierarchy of version 1 beside it. */
export const groupsOf = (group: string): string[] =>
    hierarchies()
        .filter((mount) => mount.type === "cgroup2" || mount.options.split(",").includes("name=systemd"))
        .map((mount) => path.join(mount.point, group));

/** The group in every hierarchy that has it. */
const existingGroups = (group: string): string[] =>
    hierarchies()
        .map((mount) => path.join(mount.point, group))
        .filter((dir) => fs.existsSync(dir));

const subgroups = (dir: string): string[] => {
    try {
        const children = fs.readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isDirectory());
        return children.flatMap((child) => [...subgroups(path.join(dir, child.name)), path.join(dir, child.name)]);
    } catch {
        return [];
    }
};

const readLines = (file: string): string[] => {
    try {
        return fs
            .readFileSync(file, "utf8")
            .split("\n")
            .filter((line) => line !== "");
    } catch {
        return [];
    }
};

/** Ids of all processes in a control group and below it. */
export const processesIn = (group: string): number[] => {
    const dirs = existingGroups(group).flatMap((dir) => [dir, ...subgroups(dir)]);
    return [...new Set(dirs.flatMap((dir) => readLines(path.join(dir, "cgroup.procs"))).map(Number))].filter(
        (pid) => pid > 0,
    );
};

/** The init processes of the containers in a control group: process 1 of a process namespace right below this one. */
export function initProcesses(group: string): number[] {
    const depth = namespaceIds("self").length + 1;
    return processesIn(group).filter((pid) => {
        const ids = namespaceIds(String(pid));
        return ids.length === depth && ids.at(-1) === 1;
    });
}

const namespaceIds = (pid: string): number[] => {
    const line = readLines(`/proc/${pid}/status`).find((candidate) => candidate.startsWith("NSpid:"));
    return line === undefined ? [] : line.split(/\s+/).slice(1).map(Number);
};

/** Ends a process at once; one that has ended already is no error. */
export const kill = (pid: number): void => send(pid, "SIGKILL");

/** Sends a process a signal; one that has ended already is no error. */
export function send(pid: number, signal: NodeJS.Signals): void {
    try {
        process.kill(pid, signal);
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
}

/** Ends all processes that a list gives, and those that appear meanwhile, until it is empty. */
export async function killAll(list: () => Promise<number[]> | number[], seconds = 20): Promise<void> {
    const empty = await until(
        async () => {
            const pids = (await list()).filter((pid) => pid !== process.pid);
            pids.forEach(kill);
            return pids.length === 0 ? true : undefined;
        },
        { seconds, everyMs: 10 },
    );
    if (empty === undefined) throw new Error(`processes don't end: ${(await list()).join(", ")}`);
}

/**
 * Ends the containers among a list of processes as a loss of power does, then whatever is left. Each container's supervisor gets a moment
 * to clear away what it keeps about it.
 */
export async function powerDown(inits: number[], list: () => Promise<number[]> | number[]): Promise<void> {
    inits.forEach(kill);
    if (inits.length > 0)
        await until(async () => ((await list()).length === 0 ? true : undefined), { seconds: 2, everyMs: 5 });
    await killAll(list);
}

/** Processes in a network namespace; none where it is gone, or goes while it is looked at, as that of a host which ends does. */
export async function processesInNamespace(namespace: string): Promise<number[]> {
    const exists = (): boolean => fs.existsSync(`/run/netns/${namespace}`);
    if (!exists()) return [];
    const argv = ["ip", "netns", "pids", namespace];
    const ran = await attempt(argv);
    if (ran.code !== 0 && exists()) throw new CommandFailed(argv, ran, `failed with status ${ran.code}`);
    return ran.stdout
        .split("\n")
        .filter((line) => line !== "")
        .map(Number);
}

/** Removes a control group with all below it, in every hierarchy. A group stays busy for a moment after its last process ended. */
export async function removeGroup(group: string): Promise<void> {
    for (const top of existingGroups(group)) {
        for (const dir of [...subgroups(top), top]) {
            const gone = await until(() => (removed(dir) ? true : undefined), { seconds: 5, everyMs: 10 });
            if (gone === undefined) throw new Error(`the control group ${dir} can't be removed: it is still in use`);
        }
    }
}

function removed(dir: string): boolean {
    try {
        fs.rmdirSync(dir);
        return true;
    } catch (error) {
        return (error as NodeJS.ErrnoException).code === "ENOENT";
    }
}

const freezeFile = (group: string): string | undefined =>
    hierarchies()
        .filter((mount) => mount.type === "cgroup2")
        .map((mount) => path.join(mount.point, group, "cgroup.freeze"))
        .find((file) => fs.existsSync(file));

/** Whether a control group is stopped in its tracks. */
export const isFrozen = (group: string): boolean => readLines(freezeFile(group) ?? "")[0] === "1";

/** Stops all processes of a control group in their tracks, or lets them go on. */
export function freeze(group: string, frozen: boolean): void {
    const file = freezeFile(group);
    if (file === undefined)
        throw new Error("pausing a host needs control groups version 2 (Linux 5.2 or later), mounted");
    fs.writeFileSync(file, frozen ? "1" : "0");
}
