import { monotonicMs } from "../../lab";
import type { EngineEvent, PreviewOptions, Stack, UpOptions } from "@pulumi/pulumi/automation";

/** What one command of the CLI came to. */
export interface Outcome {
    ok: boolean;
    seconds: number;
    /** All it printed. */
    output: string;
    /** What it printed under "Diagnostics:". */
    diagnostics: string;
    /** Names of the resources that were created, updated or deleted, with the operation: `update one-beacon-apply`. */
    steps: string[];
}

/** The last line that a unit's run printed. */
export interface Summary {
    unit: string;
    verb: string;
    result: string;
    changed: string[];
    actions: string[];
    seconds: number;
    error?: string[];
}

type Options = Pick<PreviewOptions, "onOutput" | "onError" | "onEvent">;

const COMMAND = "command:remote:Command";

async function watched(work: (options: Options) => Promise<unknown>): Promise<Outcome> {
    const texts: string[] = [];
    const steps: string[] = [];
    const say = (text: string) => void texts.push(text);
    const onEvent = ({ resourcePreEvent, resOutputsEvent }: EngineEvent) => {
        const { op = "same", type, urn = "" } = (resOutputsEvent ?? resourcePreEvent)?.metadata ?? {};
        const step = `${op} ${urn.split("::").at(-1)}`;
        if (op !== "same" && type === COMMAND && !steps.includes(step)) steps.push(step);
    };
    const begin = monotonicMs();
    let ok = true;
    try {
        await work({ onOutput: say, onError: say, onEvent });
    } catch (error) {
        ok = false;
        if (texts.length === 0) say(String(error));
    }
    const output = texts.join("");
    const diagnostics = output.split("\nDiagnostics:\n")[1] ?? "";
    return { ok, seconds: (monotonicMs() - begin) / 1000, output, diagnostics, steps: steps.sort() };
}

/** `pulumi up`; that it fails is in the outcome. */
export const up = (stack: Stack, more: UpOptions = {}): Promise<Outcome> =>
    watched((options) => stack.up({ ...options, ...more }));
/** `pulumi preview --diff`; that it fails is in the outcome. */
export const preview = (stack: Stack): Promise<Outcome> =>
    watched((options) => stack.preview({ ...options, diff: true }));
/** `pulumi destroy`; that it fails is in the outcome. */
export const destroy = (stack: Stack): Promise<Outcome> => watched((options) => stack.destroy(options));

/** An `up` that must succeed. */
export async function upOk(stack: Stack, more: UpOptions = {}): Promise<Outcome> {
    const outcome = await up(stack, more);
    if (!outcome.ok) throw new Error(outcome.diagnostics || outcome.output);
    return outcome;
}

/** The lines of a `preview --diff` that stand for an added or removed line of text, trimmed. */
export const changedLines = (output: string): string[] =>
    output
        .split("\n")
        .map((line) => line.replaceAll(/\u001b\[[0-9;]*m/g, "").trim())
        .filter((line) => /^[+-] ?\|/.test(line));

/** The last summary of every command in a stack's state, by the command's name. */
export async function summaries(stack: Stack): Promise<Record<string, Summary>> {
    const { deployment } = await stack.exportStack();
    const resources = deployment.resources as { type: string; urn: string; outputs?: { stdout?: string } }[];
    return Object.fromEntries(
        resources
            .filter(({ type, outputs }) => type === COMMAND && typeof outputs?.stdout === "string")
            .map(({ urn, outputs }) => [
                urn.split("::").at(-1)!,
                JSON.parse(outputs!.stdout!.trimEnd().split("\n").at(-1)!) as Summary,
            ]),
    );
}

/** Prints a measured figure. */
export const figure = (what: string, seconds: number): boolean =>
    process.stdout.write(`figure: ${what}: ${seconds.toFixed(2)} s\n`);
