import { styleText } from "node:util";
import { plain } from "../drift/text";
import { askAll } from "../fleet/ask";
import type { FleetFlags } from "../fleet/flags";
import { fleetOf } from "../fleet/hosts";
import { phasesOf, phasesText } from "../fleet/phases";
import { Verb } from "../fleet/question";
import type { Deployment } from "../state";
import { EXIT, addressMoves, statusPage } from "./page";
import { pageText } from "./text";

/** One look at all hosts. */
export interface Look {
    flags: FleetFlags;
    /** When it began to be read, as `performance.now` tells it. */
    begun: number;
    /** The stack's state, while it is read. */
    state: Promise<Deployment>;
    print: (text: string) => void;
}

/** Asks all hosts how they are and prints the page; gives the exit status. */
export async function look({ flags, begun, state, print }: Look): Promise<number> {
    const style = process.stdout.isTTY ? styleText : plain;
    const known = await state;
    const read = performance.now();
    const fleet = fleetOf(known, { hosts: flags.host, components: flags.component });
    const ask = async () =>
        statusPage(fleet, await askAll(fleet.hosts, { verbs: [Verb.Health], deadlineSeconds: flags.deadline }));
    const first = await ask();
    const page = addressMoves(first) ? await ask() : first;
    const seconds = phasesOf(begun, read);
    const single = flags.watch === undefined ? { seconds } : {};
    if (flags.json) print(JSON.stringify({ ...page, ...single }, null, 2));
    else print(`${pageText(page, style)}${flags.watch === undefined ? `\n\n${phasesText(seconds)}` : ""}`);
    return EXIT[page.health];
}
