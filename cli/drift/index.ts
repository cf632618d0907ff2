import { styleText } from "node:util";
import type { Command } from "commander";
import { withFleetFlags } from "../fleet/flags";
import type { FleetFlags } from "../fleet/flags";
import { watched } from "../fleet/watch";
import { exportEncrypted, exportStack, importStack } from "../pulumi";
import type { Deployment } from "../state";
import { liveTable } from "./live";
import type { Seen } from "./live";
import { marked } from "./mark";
import { EXIT } from "./report";
import { drift } from "./run";
import { hostText, plain, summaryText } from "./text";

interface Flags extends FleetFlags {
    mark?: boolean;
}

const HELP = `
ends with 0: as the stack says; 2: something differs; 3: something could not be asked, and nothing that could differs; 1: an error
changes no host; with --mark it changes the stack's state, so that the next \`pulumi up\` applies again what differs`;

/** Adds `pulumi-ha drift`. */
export function addDriftCommand(program: Command): void {
    const command = program
        .command("drift")
        .description("how the hosts differ from what was applied to them last, by the stack's state alone");
    withFleetFlags(command)
        .option("--mark", "let the next `pulumi up` apply again what differs")
        .addHelpText("after", HELP)
        .action(async (flags: Flags) => {
            if (flags.mark && flags.watch !== undefined) throw new Error("--mark is for one look: leave --watch away");
            const seen: Seen = new Map();
            await watched(flags, (print) => look(flags, print, seen));
        });
}

async function look(flags: Flags, print: (text: string) => void, seen: Seen): Promise<number> {
    const style = process.stdout.isTTY ? styleText : plain;
    const begin = performance.now();
    const seconds = () => ((performance.now() - begin) / 1000).toFixed(1);
    const state = (await exportStack(flags)) as Deployment;
    const read = seconds();
    const { report, plan } = await drift({
        state,
        filter: { hosts: flags.host, components: flags.component },
        deadlineSeconds: flags.deadline,
        onHost: (host) => (flags.json || flags.watch !== undefined ? undefined : print(hostText(host, style))),
    });
    if (flags.json) print(JSON.stringify({ ...report, repair: plan }, null, 2));
    else if (flags.watch !== undefined) print(liveTable(report, seen, new Date()));
    else {
        print(summaryText(report, plan, again(flags), flags.stack));
        print(`in ${seconds()} s, of which ${read} to read the stack's state`);
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
