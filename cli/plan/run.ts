import { execFileSync, spawn } from "node:child_process";
import * as fs from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { userEnv } from "../pulumi";
import type { UserStack } from "../pulumi";
import { hear, silent } from "./events";
import type { Said } from "./events";

/** Seconds between two lines of progress: some CI ends what says nothing for minutes. */
const PROGRESS_SECONDS = 10;

/** What a preview printed, and what the engine said meanwhile. */
export interface Previewed {
    /** The preview as JSON; of a failed one, its errors. Empty where the CLI did not come that far; it has said why. */
    text: string;
    said: Said;
    /** Status with which `pulumi preview` ended. */
    status: number | null;
}

/**
 * Runs `pulumi preview` on a stack.
 *
 * @param more arguments for `pulumi preview`, as the user gave them.
 * @param say takes a line of progress.
 */
export async function runPreview(
    { cwd, stack }: UserStack,
    more: string[],
    say: (line: string) => void,
): Promise<Previewed> {
    const args = ["preview", "--json", "--show-sames", ...(stack === undefined ? [] : ["--stack", stack]), ...more];
    const env = userEnv(cwd);
    const began = Date.now();
    say(`running pulumi preview${stack === undefined ? "" : ` of ${stack}`} in ${path.resolve(cwd)}`);
    const said = silent();
    const log = eventLog((line) => hear(said, line));
    const progress = setInterval(
        () => say(`still previewing: ${said.resources} resources so far`),
        PROGRESS_SECONDS * 1000,
    );
    try {
        const child = spawn("pulumi", [...args, "--event-log", log.path, "--non-interactive"], {
            cwd,
            // The event log is an option of the CLI's that it shows with its commands for debugging alone, as Pulumi's own Automation API uses it.
            env: {
                ...process.env,
                ...env,
                PULUMI_DEBUG_COMMANDS: "true",
                PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "false",
            },
            stdio: ["ignore", "pipe", "inherit"],
        });
        let text = "";
        child.stdout.setEncoding("utf8").on("data", (piece: string) => (text += piece));
        const status = await new Promise<number | null>((resolve, reject) =>
            child.on("error", (error) => reject(notStarted(error))).on("close", resolve),
        );
        await log.end();
        if (status === 0) say(`previewed ${said.resources} resources in ${((Date.now() - began) / 1000).toFixed(1)} s`);
        return { text, said, status };
    } finally {
        clearInterval(progress);
        await log.end();
    }
}

const notStarted = (error: Error): Error =>
    new Error(
        `pulumi cannot be started: ${error.message}: install it, or read a preview made elsewhere with --preview FILE`,
        {
            cause: error,
        },
    );

/** A pipe with a name, for an engine's event log: the log has secrets in clear, so it must not come to lie on a disk. */
function eventLog(hearLine: (line: string) => void): { path: string; end: () => Promise<void> } {
    const folder = fs.mkdtempSync(path.join(tmpdir(), "pulumi-ha-plan-"));
    const pipe = path.join(folder, "events");
    execFileSync("mkfifo", ["-m", "600", pipe]);
    const reading = fs.openSync(pipe, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    // Held open until the CLI has ended: a pipe without a writer would look as if it had ended before it began.
    const writing = fs.openSync(pipe, fs.constants.O_WRONLY);
    const socket = new Socket({ fd: reading, readable: true, writable: false });
    const lines = createInterface({ input: socket }).on("line", hearLine);
    const ended = new Promise<void>((resolve) => lines.on("close", resolve));
    let open = true;
    return {
        path: pipe,
        end: async () => {
            if (open) {
                open = false;
                fs.closeSync(writing);
                fs.rmSync(folder, { recursive: true, force: true });
            }
            await ended;
        },
    };
}
