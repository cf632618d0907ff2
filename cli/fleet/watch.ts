import { setTimeout as sleep } from "node:timers/promises";
import type { FleetFlags } from "./flags";

const DEFAULT_SECONDS = 5;
const CLEAR = "\u001b[H\u001b[2J\u001b[3J";

/**
 * Looks once, or again and again until it is stopped (Ctrl-C). Then everything that one look prints appears at once, in the place of what the look before
 * printed where stdout is a terminal; and a look that fails is a message, not the end.
 *
 * @returns the exit status of the last look.
 */
export async function watched(
    { watch }: FleetFlags,
    look: (print: (text: string) => void) => Promise<number>,
): Promise<number> {
    if (watch === undefined) return look((text) => void process.stdout.write(`${text}\n`));
    const seconds = watch === true ? DEFAULT_SECONDS : watch;
    const stop = new AbortController();
    process.once("SIGINT", () => stop.abort()).once("SIGTERM", () => stop.abort());
    let code = 0;
    while (!stop.signal.aborted) {
        const texts: string[] = [];
        try {
            code = await look((text) => texts.push(text));
        } catch (error) {
            code = 1;
            texts.push(error instanceof Error ? error.message : String(error));
        }
        const head = `${new Date().toISOString().slice(0, 19).replace("T", " ")} UTC, every ${seconds} s`;
        process.stdout.write(`${process.stdout.isTTY ? CLEAR : ""}${head}\n${texts.join("\n")}\n`);
        await sleep(seconds * 1000, undefined, { signal: stop.signal }).catch(() => undefined);
    }
    return code;
}
