import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { backendUrl } from "../../cli/local-stack";
import { monotonicMs } from "../../lab";
import { toolchainEnv } from "../../toolchain";
import { CLI } from "./cli";
import { PROJECT } from "./support";
import type { Bench } from "./support";

/** How a command ended. */
export interface Ended {
    code: number | null;
    /** All it printed. */
    output: string;
    stdout: string;
    stderr: string;
    seconds: number;
}

/** The folder of a project of the stacks' backend, for what a person calls by hand. */
export function projectOf(bench: Bench): string {
    const folder = path.join(bench.dir, "project");
    const project = path.join(folder, "Pulumi.yaml");
    fs.mkdirSync(folder, { recursive: true });
    // Once: several commands at a time may read it.
    if (!fs.existsSync(project)) fs.writeFileSync(project, "name: lab-test\nruntime: nodejs\n");
    return folder;
}

/** Where a command is called from, and what its environment has besides. */
interface Call {
    /** Default: the project's folder. */
    cwd?: string;
    env?: Record<string, string>;
}

/** Runs `pulumi-ha` as a person does, on the stacks' backend. */
export async function called(bench: Bench, args: string[], { cwd, env }: Call = {}): Promise<Ended> {
    const begin = monotonicMs();
    const child = spawn(process.execPath, [...CLI, ...args], {
        cwd: cwd ?? projectOf(bench),
        env: {
            ...process.env,
            ...toolchainEnv(PROJECT),
            PULUMI_BACKEND_URL: backendUrl(path.join(bench.dir, "state")),
            PULUMI_CONFIG_PASSPHRASE: "lab-test",
            ...env,
        },
        stdio: ["ignore", "pipe", "pipe"],
    });
    let [output, stdout, stderr] = ["", "", ""];
    child.stdout.setEncoding("utf8").on("data", (piece: string) => void ((output += piece), (stdout += piece)));
    child.stderr.setEncoding("utf8").on("data", (piece: string) => void ((output += piece), (stderr += piece)));
    const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
    return { code, output, stdout, stderr, seconds: (monotonicMs() - begin) / 1000 };
}

/** Runs `pulumi-ha` in the folder of a project. */
export const pulumiHa = (bench: Bench, ...args: string[]): Promise<Ended> => called(bench, args);
