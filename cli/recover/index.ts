import * as path from "node:path";
import { InvalidArgumentError } from "commander";
import type { Command } from "commander";
import { exportStack } from "../pulumi";
import { deployedUnits } from "../state";
import type { Deployment } from "../state";
import { addRecoverDrbd } from "./drbd";
import { arbitratorOf, membersOf } from "./members";
import { recover } from "./run";

interface Flags {
    stack?: string;
    cwd: string;
    without: string[];
    reason?: string;
    reform: boolean;
    yes?: boolean;
    positionSeconds: number;
    joinSeconds: number;
}

/** Adds `pulumi-ha recover …`. */
export function addRecoverCommands(program: Command): void {
    const recovering = program
        .command("recover")
        .description("bring back what does not come back by itself, by evidence");
    addRecoverDrbd(recovering);
    recovering
        .command("galera <name>")
        .description(
            "bring back a Galera cluster of which no member is Primary; without --yes it only says what it would do",
        )
        .option("--stack <stack>", "the stack that has the cluster (default: the selected one)")
        .option("--cwd <folder>", "the folder of the Pulumi project", ".")
        .option("--without <node>", "a member that can't be asked and may be missing; can be repeated", several, [])
        .option("--reason <text>", "why what only those members have may be given up; goes into the record")
        .option("--no-reform", "choose by position, though all members could find each other by themselves")
        .option("--position-seconds <seconds>", "for a server to recover its position after a crash", seconds, 300)
        .option("--join-seconds <seconds>", "for a member to join, with a copy of all data", seconds, 3600)
        .option("--yes", "do it; stops servers that are not Primary where that is needed")
        .addHelpText("after", "\nends with 0: done, or nothing to do; 1: refused or failed; 2: --yes is needed")
        .action(async (cluster: string, flags: Flags) => {
            if (flags.without.length > 0 && !flags.reason?.trim())
                throw new Error(
                    `--without ${flags.without.join(", ")} needs --reason: why may what only it has be given up?`,
                );
            const units = deployedUnits((await exportStack(flags)) as Deployment);
            process.exitCode = await recover({
                ...flags,
                cluster,
                members: membersOf(cluster, units),
                arbitrator: arbitratorOf(cluster, units),
                noReform: !flags.reform,
                yes: flags.yes === true,
                records: path.join(flags.cwd, ".pulumi-ha", "recover"),
                print: (text) => void process.stdout.write(`${text}\n`),
                say: (line) => void process.stderr.write(`${line}\n`),
            });
        });
}

const several = (value: string, before: string[]): string[] => [...before, ...value.split(",").filter(Boolean)];

function seconds(text: string): number {
    const value = Number(text);
    if (!Number.isInteger(value) || value < 1)
        throw new InvalidArgumentError("must be a whole number of seconds above 0.");
    return value;
}
