#!/usr/bin/env node
import { createRequire } from "node:module";
import { Command } from "commander";
import type * as demo from "./demo";
import type * as drift from "./drift";
import type * as lab from "./lab";
import type * as node from "./node";
import type * as plan from "./plan";
import type * as recover from "./recover";
import type * as status from "./status";
import type * as trust from "./trust";

const load = createRequire(__filename);

/** What each command is made of, read when it is called: all of them together take most of a second. */
const COMMANDS: Record<string, () => (program: Command) => void> = {
    lab: () => (load("./lab") as typeof lab).addLabCommands,
    demo: () => (load("./demo") as typeof demo).addDemoCommand,
    drift: () => (load("./drift") as typeof drift).addDriftCommand,
    status: () => (load("./status") as typeof status).addStatusCommand,
    recover: () => (load("./recover") as typeof recover).addRecoverCommands,
    trust: () => (load("./trust") as typeof trust).addTrustCommand,
    plan: () => (load("./plan") as typeof plan).addPlanCommand,
    node: () => (load("./node") as typeof node).addNodeCommands,
};

const program = new Command("pulumi-ha")
    .description("High availability on your own machines: the lab, and what goes with a stack")
    .version((load("../../package.json") as { version: string }).version, "-V, --version")
    .showHelpAfterError("(--help tells more)");

const [name = ""] = process.argv.slice(2);
const meant = Object.entries(COMMANDS).filter(([command]) => command === name);
for (const [, add] of meant.length > 0 ? meant : Object.entries(COMMANDS)) add()(program);

program.parseAsync().catch((error: unknown) => {
    process.stderr.write(`pulumi-ha: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
});
