import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** How a process is run. */
export interface RunOptions {
    cwd?: string;
    /** Variables beside those of this process. */
    env?: NodeJS.ProcessEnv;
    /** Called with each line on stderr. */
    onLine?: (line: string) => void;
}

/** How a process ended. */
export interface RunResult {
    /** -1 if it could not be started or was ended by a signal. */
    code: number;
    stdout: string;
    stderr: string;
}

/** Runs a program to its end; never throws. */
export function run(program: string, args: string[], options: RunOptions = {}): Promise<RunResult> {
    return new Promise((resolve) => {
        const child = spawn(program, args, {
            cwd: options.cwd,
            env: { ...process.env, ...options.env },
            stdio: ["ignore", "pipe", "pipe"],
        });
        const result: RunResult = { code: -1, stdout: "", stderr: "" };
        child.stdout.setEncoding("utf8").on("data", (text: string) => (result.stdout += text));
        createInterface({ input: child.stderr }).on("line", (line) => {
            result.stderr += `${line}\n`;
            options.onLine?.(line);
        });
        child.once("error", (error) => resolve({ ...result, stderr: error.message }));
        child.once("close", (code) => resolve({ ...result, code: code ?? -1 }));
    });
}

/** Runs a program and gives its stdout; throws what it said on stderr if it fails. */
export async function output(program: string, args: string[], options: RunOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await run(program, args, options);
    if (code !== 0) throw new Error(`${program} ${args.join(" ")}: ${tail(stderr) || `exit code ${code}`}`);
    return stdout;
}

/** The last lines of a text. */
export const tail = (text: string, lines = 20): string => text.trimEnd().split("\n").slice(-lines).join("\n");
