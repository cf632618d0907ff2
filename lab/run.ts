import { spawn } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";

/** What a command left behind. */
export interface Ran {
    /** Exit status; -1 when a signal ended it. */
    code: number;
    stdout: string;
    stderr: string;
}

/** How to run a command; every field has a default. */
export interface RunOptions {
    /** Text for its standard input. Default: none. */
    input?: string;
    /** Seconds until it is killed. Default: 60. */
    timeoutSeconds?: number;
    /** Its whole environment. Default: this process's. */
    env?: NodeJS.ProcessEnv;
    /** Called with every line of its standard error. */
    onLine?: (line: string) => void;
}

/** A command that failed, with what it said. */
export class CommandFailed extends Error {
    constructor(
        readonly argv: string[],
        readonly ran: Ran,
        because: string,
    ) {
        super(`${argv.slice(0, 6).join(" ")}: ${because}${tail(ran.stderr || ran.stdout)}`);
    }
}

const tail = (text: string): string => {
    const lines = text.trimEnd().split("\n").slice(-8);
    return lines.join("") === "" ? "" : `\n${lines.map((line) => `  ${line}`).join("\n")}`;
};

/** Runs a command to its end and gives its exit status and output. Only one that can't be started, or that overruns its time, throws. */
export function attempt(argv: string[], options: RunOptions = {}): Promise<Ran> {
    const { timeoutSeconds = 60 } = options;
    return new Promise((resolve, reject) => {
        const child = spawn(argv[0]!, argv.slice(1), { env: options.env, stdio: ["pipe", "pipe", "pipe"] });
        const ran: Ran = { code: -1, stdout: "", stderr: "" };
        let overran = false;
        let rest = "";
        const timer = setTimeout(() => {
            overran = true;
            child.kill("SIGKILL");
        }, timeoutSeconds * 1000);
        child.stdout.setEncoding("utf8").on("data", (text: string) => (ran.stdout += text));
        child.stderr.setEncoding("utf8").on("data", (text: string) => {
            ran.stderr += text;
            const lines = (rest + text).split("\n");
            rest = lines.pop() ?? "";
            lines.forEach((line) => options.onLine?.(line));
        });
        child.on("error", (error) => {
            clearTimeout(timer);
            reject(new CommandFailed(argv, ran, `can't be started: ${error.message}`));
        });
        child.on("close", (code) => {
            clearTimeout(timer);
            ran.code = code ?? -1;
            if (overran) reject(new CommandFailed(argv, ran, `did not end within ${timeoutSeconds} s and was killed`));
            else resolve(ran);
        });
        child.stdin.on("error", () => undefined);
        child.stdin.end(options.input ?? "");
    });
}

/** Runs a command that must succeed and gives its standard output. */
export async function run(argv: string[], options: RunOptions = {}): Promise<string> {
    const ran = await attempt(argv, options);
    if (ran.code !== 0) throw new CommandFailed(argv, ran, `failed with status ${ran.code}`);
    return ran.stdout;
}

/** Runs one command's lines in one process: `ip -batch`, optionally inside a network namespace. */
export const ipBatch = (lines: string[], namespace?: string): Promise<string> =>
    run(["ip", ...(namespace ? ["-n", namespace] : []), "-batch", "-"], { input: `${lines.join("\n")}\n` });

/** Waits until a probe gives a value, asking every few milliseconds; undefined when the deadline passes first. */
export async function until<T>(
    probe: () => Promise<T | undefined> | T | undefined,
    { seconds, everyMs = 20 }: { seconds: number; everyMs?: number },
): Promise<T | undefined> {
    const deadline = monotonicMs() + seconds * 1000;
    for (;;) {
        const value = await probe();
        if (value !== undefined) return value;
        if (monotonicMs() >= deadline) return undefined;
        await pause(everyMs);
    }
}

/** When a fault took effect, on this machine's monotonic clock (`monotonicMs`). */
export interface Instant {
    /** The fault is in effect from here on, in milliseconds. */
    atMs: number;
    /** It began at most this many milliseconds earlier. */
    withinMs: number;
}

/** Does some work and tells when it was done. */
export async function timed(work: () => Promise<unknown> | void): Promise<Instant> {
    const before = monotonicMs();
    await work();
    const atMs = monotonicMs();
    return { atMs, withinMs: atMs - before };
}

/** Milliseconds of the machine's monotonic clock: the same for all processes of this machine, so instants can be compared between them. */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;
