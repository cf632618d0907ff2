import { createRequire } from "node:module";
import type { Command } from "commander";
import { withFleetFlags } from "../fleet/flags";
import type { FleetFlags } from "../fleet/flags";
import { watched } from "../fleet/watch";
import { exportStack } from "../pulumi";
import type { Deployment } from "../state";
import type * as looking from "./look";

const load = createRequire(__filename);

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
            await watched(flags, (print) => {
                const begun = performance.now();
                const state = exportStack(flags) as Promise<Deployment>;
                // As for drift, while Pulumi decrypts the state.
                const { look } = load("./look") as typeof looking;
                return look({ flags, begun, state, print });
            });
        });
}
