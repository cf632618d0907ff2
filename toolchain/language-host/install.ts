import * as fs from "node:fs";
import * as path from "node:path";
import type { RuntimeOptions } from "./options";

/** Package managers by the lock file that tells them; npm where there is none. */
const LOCK_FILES: [string, string][] = [
    ["package-lock.json", "npm"],
    ["pnpm-lock.yaml", "pnpm"],
    ["yarn.lock", "yarn"],
    ["bun.lockb", "bun"],
    ["bun.lock", "bun"],
];

const WITHOUT_DEV: Record<string, string> = {
    npm: "--omit=dev",
    pnpm: "--prod",
    yarn: "--production",
    bun: "--production",
};

/** The command line that installs the dependencies of the program in `directory`. */
export function installCommand(options: RuntimeOptions, directory: string): [string, ...string[]] {
    const locked = LOCK_FILES.find(([file]) => fs.existsSync(path.join(directory, file)))?.[1];
    const manager = options.packagemanager === "auto" ? (locked ?? "npm") : options.packagemanager;
    const omit = WITHOUT_DEV[manager];
    if (omit === undefined) {
        throw new Error(`runtime option packagemanager: ${manager} is not known; use auto, npm, pnpm, yarn or bun`);
    }
    return [manager, "install", ...(options.production ? [omit] : [])];
}
