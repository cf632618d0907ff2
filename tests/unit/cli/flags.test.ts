import * as path from "node:path";
import { Command } from "commander";
import { addDemoCommand, checkDemo } from "../../../cli/demo";
import { addLabCommands } from "../../../cli/lab";
import { addPlanCommand } from "../../../cli/plan";

const REPOSITORY = path.join(__dirname, "..", "..", "..");

const run = (add: (program: Command) => void, ...args: string[]): Promise<Command> => {
    const program = new Command("pulumi-ha");
    add(program);
    const quiet = (command: Command): void => {
        command.exitOverride().configureOutput({ writeErr: () => undefined });
        command.commands.forEach(quiet);
    };
    quiet(program);
    return program.parseAsync(args, { from: "user" });
};

test.each<[string, (program: Command) => void, string[], string]>([
    ["a lab of nobody", addLabCommands, ["lab", "up", "--hosts", ""], "names no host."],
    ["a lab of commas", addLabCommands, ["lab", "up", "--vms", " , "], "names no host."],
    ["a preview that is not there", addPlanCommand, ["plan", "--preview", "/nowhere"], "there is no such file"],
    ["a project that is not there", addPlanCommand, ["plan", "--cwd", "/nowhere"], "--cwd /nowhere: there is no such"],
    ["faults without a pair", addDemoCommand, ["demo", "--faults", "power"], "--faults: of the demo with --pair alone"],
    ["two such flags", addDemoCommand, ["demo", "--fencing", "sbd", "--keep"], "--fencing and --keep: of the demo"],
])("fails: %s", (_, add, args, words) => expect(run(add, ...args)).rejects.toThrow(words));

test("the demo runs in this repository", () => {
    expect(() => checkDemo({}, REPOSITORY)).not.toThrow();
    expect(() => checkDemo({ pair: true, faults: "all" }, REPOSITORY)).not.toThrow();
});

test("fails: the demo of an installed package", () =>
    expect(() => checkDemo({}, path.join(REPOSITORY, "node_modules", "commander"))).toThrow(
        "the demo is of the repository",
    ));
