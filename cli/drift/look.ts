import { styleText } from "node:util";
import type { FleetFlags } from "../fleet/flags";
import { phasesOf, phasesText } from "../fleet/phases";
import { exportEncrypted, importStack } from "../pulumi";
import type { Deployment } from "../state";
import { liveTable } from "./live";
import type { Seen } from "./live";
import { marked } from "./mark";
import { EXIT } from "./report";
import { drift } from "./run";
import { hostText, plain, summaryText } from "./text";

/** What `pulumi-ha drift` was told. */
export interface Flags extends FleetFlags {
    mark?: boolean;
}

/** One look at all hosts. */
export interface Look {
    flags: Flags;
    /** When it began to be read, as `performance.now` tells it. */
    begun: number;
    /** The stack's state, while it is read. */
    state: Promise<Deployment>;
    print: (text: string) => void;
    /** What looks before this one have found. */
    seen: Seen;
}

/** Compares, prints, and marks where that is asked for; gives the exit status. */
export async function look({ flags, begun, state, print, seen }: Look): Promise<number> {
    const style = process.stdout.isTTY ? styleText : plain;
    const known = await state;
    const read = performance.now();
    const { report, plan } = await drift({
        state: known,
        filter: { hosts: flags.host, components: flags.component },
        deadlineSeconds: flags.deadline,
        onHost: (host) => (flags.json || flags.watch !== undefined ? undefined : print(hostText(host, style))),
    });
    const seconds = phasesOf(begun, read);
    const single = flags.watch === undefined ? { seconds } : {};
    if (flags.json) print(JSON.stringify({ ...report, repair: plan, ...single }, null, 2));
    else if (flags.watch !== undefined) print(liveTable(report, seen, new Date()));
    else {
        print(summaryText(report, plan, again(flags), flags.stack));
        print(phasesText(seconds));
    }
    if (flags.mark && plan.marks.length > 0) {
        // Anew, as it is stored: what an \`up\` did meanwhile stays, and secrets stay encrypted.
        const stored = (await exportEncrypted(flags)) as Deployment;
        await importStack(flags, marked(stored, plan.marks, new Date().toISOString()));
        process.stderr.write(`marked: ${plan.marks.map(({ resource }) => resource).join(", ")}\n`);
    }
    return EXIT[report.verdict];
}

/** This very command, to be typed again. */
const again = ({ stack, cwd, host, component }: Flags): string =>
    [
        "pulumi-ha drift",
        ...(stack === undefined ? [] : [`--stack ${stack}`]),
        ...(cwd === "." ? [] : [`--cwd ${cwd}`]),
        ...host.map((name) => `--host ${name}`),
        ...component.map((name) => `--component ${name}`),
    ].join(" ");
