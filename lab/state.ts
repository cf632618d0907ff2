import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";
import type { Occupied } from "./plan";

/** What this machine remembers about its labs while any is up; gone with the last one, and with a reboot, like the labs' network. */
const REGISTRY = "/run/pulumi-ha";
const LABS = path.join(REGISTRY, "labs");

/** A lab that is up, or half up after a crash. */
export interface LabRecord {
    name: string;
    dir: string;
    subnet: string;
}

/** How the machine was before its first lab. */
export interface MachineBefore {
    /** Whether each uplink forwarded IPv4 packets: its sysctl's value. */
    forwarding: Record<string, string>;
    /** Folders that a lab's tools make and leave, and which did not exist. */
    absent: string[];
    /** How many inotify instances a user could have. */
    inotifyInstances: number;
}

const recordFile = (name: string): string => path.join(LABS, `${name}.json`);
const BEFORE = path.join(REGISTRY, "before.json");

const readJson = (file: string): unknown => {
    try {
        return JSON.parse(fs.readFileSync(file, "utf8"));
    } catch {
        return undefined;
    }
};

function writeJson(file: string, value: unknown): void {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(`${file}.new`, JSON.stringify(value));
    fs.renameSync(`${file}.new`, file);
}

/** Records a lab before anything is made for it, so that a crash leaves a trace for `down`. */
export const recordLab = (record: LabRecord): void => writeJson(recordFile(record.name), record);
/** The record of a lab of this machine. */
export const recordedLab = (name: string): LabRecord | undefined => readJson(recordFile(name)) as LabRecord | undefined;
/** Forgets a lab. */
export const forgetLab = (name: string): void => fs.rmSync(recordFile(name), { force: true });

/** Where the sockets of a lab's machines are: their paths may have 107 characters at most, and a lab's folder can be anywhere. */
export const labSockets = (lab: string): string => path.join(LABS, `${lab}.vms`);

/** All labs of this machine. */
export function recordedLabs(): LabRecord[] {
    const files = fs.existsSync(LABS) ? fs.readdirSync(LABS).filter((file) => file.endsWith(".json")) : [];
    return files.map((file) => recordedLab(path.basename(file, ".json"))).filter((record) => record !== undefined);
}

/** The networks of all labs but one. */
export const subnetsOfOthers = (name: string): Occupied[] =>
    recordedLabs()
        .filter((record) => record.name !== name)
        .map((record) => ({ subnet: record.subnet, by: `the lab "${record.name}" (${record.dir})` }));

/** How the machine was before its first lab; undefined while there is none. */
export const machineBefore = (): MachineBefore | undefined => readJson(BEFORE) as MachineBefore | undefined;
/** Remembers how the machine was. */
export const rememberMachine = (before: MachineBefore): void => writeJson(BEFORE, before);

/** Forgets how the machine was, once it is so again. */
export const forgetMachine = (): void => fs.rmSync(BEFORE, { force: true });

/** Removes the registry's folders once nothing is in them. */
export const removeRegistry = (): void => [LABS, REGISTRY].forEach(removeIfEmpty);

/** Removes a folder if it exists and is empty. */
export function removeIfEmpty(dir: string): void {
    try {
        fs.rmdirSync(dir);
    } catch (error) {
        if (!["ENOENT", "ENOTEMPTY", "EBUSY"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    }
}

/** The lock that `up` and `down` of one lab hold. */
export const labLock = (name: string): string => path.join(LABS, `${name}.lock`);
/** The lock around what all labs of the machine share: subnets, forwarding. */
export const MACHINE_LOCK = path.join(LABS, "machine.lock");

// Holds the lock until its standard input ends, so also when the process that asked for it is killed. A lock file that was deleted while
// waiting is another file than the one there now: try again.
const HOLD = `
while :; do
    mkdir -p "$(dirname "$1")" && { : >>"$1"; } 2>/dev/null || continue
    exec 9>>"$1" && flock 9
    [ "$(stat -Lc %i /proc/self/fd/9)" = "$(stat -c %i "$1" 2>/dev/null)" ] && break
done
echo locked
cat >/dev/null`;

/** Does some work while holding a file lock, which it removes afterwards. `onWait` is called when somebody else holds it for longer than a second. */
export async function locked<T>(
    file: string,
    work: () => Promise<T>,
    onWait: () => void = () => undefined,
): Promise<T> {
    const holder = spawn("sh", ["-c", HOLD, "sh", file], { stdio: ["pipe", "pipe", "inherit"] });
    const waiting = setTimeout(onWait, 1000);
    try {
        await new Promise<void>((resolve, reject) => {
            holder.stdout.once("data", () => resolve());
            holder.once("error", reject);
            holder.once("exit", (code) =>
                reject(new Error(`${file} can't be locked (flock ended with status ${code ?? -1})`)),
            );
        });
        clearTimeout(waiting);
        return await work();
    } finally {
        clearTimeout(waiting);
        if (holder.exitCode === null) {
            fs.rmSync(file, { force: true });
            holder.stdin.end();
            await once(holder, "exit");
        }
    }
}
