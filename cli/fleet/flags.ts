import { InvalidArgumentError } from "commander";
import type { Command } from "commander";

/** Flags of every command that asks a stack's hosts. */
export interface FleetFlags {
    stack?: string;
    cwd: string;
    host: string[];
    component: string[];
    deadline: number;
    json?: boolean;
    /** Seconds between two looks; false: one look. */
    watch?: number | true;
}

/** Adds the flags of every command that asks a stack's hosts. */
export const withFleetFlags = (command: Command): Command =>
    command
        .option("--stack <stack>", "the stack (default: the selected one)")
        .option("--cwd <folder>", "the folder of the Pulumi project", ".")
        .option("--host <node>", "this node alone; can be repeated, or several with commas", several, [])
        .option("--component <name>", "this component alone; can be repeated, or several with commas", several, [])
        .option("--deadline <seconds>", "for each host to answer; one that does not is unknown", seconds, 30)
        .option("--json", "the report as JSON on stdout")
        .option("--watch [seconds]", "look again and again, so many seconds apart (default: 5)", seconds);

/** Values of a flag that can be repeated, or have commas. */
const several = (value: string, before: string[]): string[] => [...before, ...value.split(",").filter(Boolean)];

function seconds(text: string): number {
    const value = Number(text);
    if (!Number.isFinite(value) || value < 1 || value > 3600)
        throw new InvalidArgumentError("must be a number of seconds from 1 to 3600.");
    return value;
}
