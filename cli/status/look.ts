import { styleText } from "node:util";
import { plain } from "../drift/text";
import { askAll } from "../fleet/ask";
import type { FleetFlags } from "../fleet/flags";
import { fleetOf } from "../fleet/hosts";
import { Verb } from "../fleet/question";
import type { Deployment } from "../state";
import { EXIT, addressMoves, statusPage } from "./page";
import { pageText } from "./text";

/** One look at all hosts. */
export interface Look {
    flags: FleetFlags;
    /** The stack's state, while it is read. */
    state: Promise<Deployment>;
    print: (text: string) => void;
}

/** Asks all hosts how they are and prints the page; gives the exit status. */
export async function look({ flags, state, print }: Look): Promise<number> {
    const style = process.stdout.isTTY ? styleText : plain;
    const fleet = fleetOf(await state, { hosts: flags.host, components: flags.component });
    const ask = async () =>
        statusPage(fleet, await askAll(fleet.hosts, { verbs: [Verb.Health], deadlineSeconds: flags.deadline }));
    const first = await ask();
    const page = addressMoves(first) ? await ask() : first;
    print(flags.json ? JSON.stringify(page, null, 2) : pageText(page, style));
    return EXIT[page.health];
}
