#!/usr/bin/env node
import { Command } from "commander";
import { addDemoCommand } from "./demo";
import { addDriftCommand } from "./drift";
import { addLabCommands } from "./lab";
import { addNodeCommands } from "./node";
import { addPlanCommand } from "./plan";
import { addRecoverCommands } from "./recover";
import { addStatusCommand } from "./status";
import { addTrustCommand } from "./trust";

const program = new Command("pulumi-ha")
    .description("High availability on your own machines: the lab, and what goes with a stack")
    .showHelpAfterError();

addLabCommands(program);
addDemoCommand(program);
addDriftCommand(program);
addStatusCommand(program);
addRecoverCommands(program);
addTrustCommand(program);
addPlanCommand(program);
addNodeCommands(program);

program.parseAsync().catch((error: unknown) => {
    process.stderr.write(`pulumi-ha: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
});
