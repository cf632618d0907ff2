import { spawn } from "node:child_process";
import * as path from "node:path";
import { eventLog } from "../event-log";
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
        const child = spawn("pulumi", [...args, ...log.args, "--non-interactive"], {
            cwd,
            env: { ...process.env, ...env, ...log.env, PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "false" },
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
