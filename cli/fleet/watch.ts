import { setTimeout as sleep } from "node:timers/promises";
import type { FleetFlags } from "./flags";

const DEFAULT_SECONDS = 5;
const CLEAR = "\u001b[H\u001b[2J\u001b[3J";

/** Takes a line or more. */
type Print = (text: string) => void;
/** Looks once; gives the exit status that it comes to. */
type Look = (print: Print) => Promise<number>;

/** When to look, for how long, and where to. */
export interface Watch {
    seconds: number;
    /** Ends it. */
    stop: AbortSignal;
    write: Print;
    /** What comes before each look's text. */
    clear: string;
}

/**
 * Looks again and again until it is stopped, at once and be it in the middle of a look. Everything that one look prints appears together; a look that fails
 * is a message, not the end.
 *
 * @returns the exit status of the last whole look; 1 where there was none.
 */
export async function repeated({ seconds, stop, write, clear }: Watch, look: Look): Promise<number> {
    const stopped = new Promise<undefined>((resolve) => stop.addEventListener("abort", () => resolve(undefined)));
    let last = 1;
    while (!stop.aborted) {
        const texts: string[] = [];
        const looked = look((text) => texts.push(text)).catch((error: unknown) => {
            texts.push(error instanceof Error ? error.message : String(error));
            return 1;
        });
        const code = await Promise.race([looked, stopped]);
        if (code === undefined) break;
        last = code;
        const head = `${new Date().toISOString().slice(0, 19).replace("T", " ")} UTC, every ${seconds} s`;
        write(`${clear}${head}\n${texts.join("\n")}\n`);
        await sleep(seconds * 1000, undefined, { signal: stop }).catch(() => undefined);
    }
    return last;
}

/**
 * Looks once, or with `--watch` until Ctrl-C, in the place of what the look before printed where stdout is a terminal; the program ends with the last look's
 * status. Hosts end by themselves what they were asked by a look that is given up.
 */
export async function watched({ watch }: FleetFlags, look: Look): Promise<void> {
    const write: Print = (text) => void process.stdout.write(text);
    if (watch === undefined) {
        process.exitCode = await look((text) => write(`${text}\n`));
        return;
    }
    const stop = new AbortController();
    process.once("SIGINT", () => stop.abort()).once("SIGTERM", () => stop.abort());
    const seconds = watch === true ? DEFAULT_SECONDS : watch;
    process.exit(await repeated({ seconds, stop: stop.signal, write, clear: process.stdout.isTTY ? CLEAR : "" }, look));
}
