import { createRequire } from "node:module";
import type { Command } from "commander";
import { withFleetFlags } from "../fleet/flags";
import { watched } from "../fleet/watch";
import { exportStack } from "../pulumi";
import type { Deployment } from "../state";
import type { Seen } from "./live";
import type * as looking from "./look";
import type { Flags } from "./look";

const load = createRequire(__filename);

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
            await watched(flags, (print) => {
                const begun = performance.now();
                const state = exportStack(flags) as Promise<Deployment>;
                // While Pulumi decrypts the state, which takes most of a second: what goes to hosts, and all that it needs.
                const { look } = load("./look") as typeof looking;
                return look({ flags, begun, state, print, seen });
            });
        });
}
