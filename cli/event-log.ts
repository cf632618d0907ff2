import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { createInterface } from "node:readline";

/** The way to what an engine says while a command of the Pulumi CLI runs. */
export interface EventLog {
    /** What the command is given. */
    args: string[];
    /** And its environment: the log is an option that the CLI shows with its commands for debugging alone, as Pulumi's own Automation API uses it. */
    env: Record<string, string>;
    /** To be called when the command has ended; ends when all of its lines were heard. */
    end: () => Promise<void>;
}

/** A pipe with a name, for an engine's event log: the log has secrets in clear, so it must not come to lie on a disk. */
export function eventLog(hearLine: (line: string) => void): EventLog {
    const folder = fs.mkdtempSync(path.join(tmpdir(), "pulumi-ha-events-"));
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
        args: ["--event-log", pipe],
        env: { PULUMI_DEBUG_COMMANDS: "true" },
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
