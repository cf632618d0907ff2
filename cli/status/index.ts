import { styleText } from "node:util";
import type { Command } from "commander";
import { plain } from "../drift/text";
import { askAll } from "../fleet/ask";
import { withFleetFlags } from "../fleet/flags";
import type { FleetFlags } from "../fleet/flags";
import { fleetOf } from "../fleet/hosts";
import { Verb } from "../fleet/question";
import { watched } from "../fleet/watch";
import { exportStack } from "../pulumi";
import type { Deployment } from "../state";
import { EXIT, addressMoves, statusPage } from "./page";
import { pageText } from "./text";

const HELP = `
ends with 0: healthy; 2: something is not; 3: something could not be asked, and all that could is healthy; 1: an error
changes no host`;

/** Adds `pulumi-ha status`. */
export function addStatusCommand(program: Command): void {
    const command = program
        .command("status")
        .description("how a stack's components are: who holds what, which gates fail, and what most likely helps");
    withFleetFlags(command)
        .addHelpText("after", HELP)
        .action(async (flags: FleetFlags) => {
            await watched(flags, (print) => look(flags, print));
        });
}

async function look(flags: FleetFlags, print: (text: string) => void): Promise<number> {
    const style = process.stdout.isTTY ? styleText : plain;
    const state = (await exportStack(flags)) as Deployment;
    const fleet = fleetOf(state, { hosts: flags.host, components: flags.component });
    const ask = async () =>
        statusPage(fleet, await askAll(fleet.hosts, { verbs: [Verb.Health], deadlineSeconds: flags.deadline }));
    const first = await ask();
    const page = addressMoves(first) ? await ask() : first;
    print(flags.json ? JSON.stringify(page, null, 2) : pageText(page, style));
    return EXIT[page.health];
}
