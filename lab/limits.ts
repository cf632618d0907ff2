import * as fs from "node:fs";

// systemd and what it starts take some seven inotify instances of each host, and the hosts' roots are one user to the kernel, whose usual 128 are enough
// for 18 hosts. What comes too late runs without: keepalived, for one, no longer sees its tracked files change.
const INSTANCES = "/proc/sys/fs/inotify/max_user_instances";
const ENOUGH = 8192;

/** How many inotify instances a user of this machine may have. */
export const inotifyInstances = (): number => Number(fs.readFileSync(INSTANCES, "utf8"));

/** Allows as many as any number of hosts needs; not where the machine is a container that must not. */
export function raiseInotifyInstances(): void {
    if (inotifyInstances() < ENOUGH && writable()) fs.writeFileSync(INSTANCES, String(ENOUGH));
}

/** Puts the limit back. Where somebody has meanwhile changed it, that stays. */
export function restoreInotifyInstances(before: number): void {
    if (inotifyInstances() === ENOUGH && before < ENOUGH) fs.writeFileSync(INSTANCES, String(before));
}

function writable(): boolean {
    try {
        fs.accessSync(INSTANCES, fs.constants.W_OK);
        return true;
    } catch {
        return false;
    }
}
