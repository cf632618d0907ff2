import * as path from "node:path";
import type { Command } from "commander";
import { exportStack } from "../../pulumi";
import { deployedUnits } from "../../state";
import type { Deployment } from "../../state";
import { recoverVolume } from "./run";
import { sidesOf } from "./sides";

interface Flags {
    stack?: string;
    cwd: string;
    keep: string;
    reason: string;
    withoutCopy?: boolean;
    yes?: boolean;
}

/** Adds `pulumi-ha recover drbd NAME`. */
export function addRecoverDrbd(recover: Command): void {
    recover
        .command("drbd <name>")
        .description(
            "end a split brain of a volume: one side's data stays, the others take it; without --yes it only says what it would do",
        )
        .requiredOption("--keep <node>", "the side whose data stays")
        .requiredOption("--reason <text>", "why the others' data is given up; goes into the record")
        .option("--without-copy", "give it up also where no snapshot can keep it")
        .option("--stack <stack>", "the stack that has the volume (default: the selected one)")
        .option("--cwd <folder>", "the folder of the Pulumi project", ".")
        .option("--yes", "do it")
        .addHelpText("after", "\nends with 0: done, or nothing to do; 1: refused or failed; 2: --yes is needed")
        .action(async (volume: string, flags: Flags) => {
            if (flags.reason.trim() === "") throw new Error("--reason is empty: why may the others' data be given up?");
            process.exitCode = await recoverVolume({
                volume,
                keep: flags.keep,
                reason: flags.reason.trim(),
                withoutCopy: flags.withoutCopy === true,
                yes: flags.yes === true,
                sides: sidesOf(volume, deployedUnits((await exportStack(flags)) as Deployment)),
                records: path.join(flags.cwd, ".pulumi-ha", "recover"),
                print: (text) => void process.stdout.write(`${text}\n`),
                say: (line) => void process.stderr.write(`${line}\n`),
            });
        });
}
