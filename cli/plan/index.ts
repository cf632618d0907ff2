import { readFileSync } from "node:fs";
import { InvalidArgumentError, Option } from "commander";
import type { Command } from "commander";
import { Impact } from "../../remote/manifest";
import { IMPACTS, judge } from "./impact";
import type { Acknowledged } from "./impact";
import { asMarkdown } from "./markdown";
import { judgedIn, planOf } from "./plan";
import type { Heard, Plan } from "./plan";
import { readPreview } from "./preview";
import { runPreview } from "./run";
import type { Previewed } from "./run";
import { asText } from "./text";
import { objection, summary } from "./words";
import type { Verdict } from "./words";

interface Flags {
    stack?: string;
    cwd: string;
    preview?: string;
    format: "text" | "json" | "markdown";
    allow: Impact;
    acknowledge: Acknowledged[];
}

/** The status of a plan that does more than is allowed. */
const EXCEEDED = 2;

/** Adds `pulumi-ha plan`. */
export function addPlanCommand(program: Command): void {
    program
        .command("plan")
        .description("what an update will do to hosts and services, from its preview; contacts no host")
        .argument(
            "[preview-arguments...]",
            "after --: further arguments for `pulumi preview`, e.g. -- --policy-pack policy",
        )
        .option("--stack <stack>", "the stack to preview (default: the selected one)")
        .option("--cwd <folder>", "the folder of the Pulumi project", ".")
        .option(
            "--preview <file>",
            "read this output of `pulumi preview --json --show-sames` instead; - is the standard input",
        )
        .addOption(
            new Option("--format <format>", "how to show it").choices(["text", "json", "markdown"]).default("text"),
        )
        .addOption(new Option("--allow <impact>", "the worst that is allowed").choices(IMPACTS).default(Impact.Data))
        .option(
            "--acknowledge <impact:name>",
            "accept this impact on this component or unit; can be repeated",
            acknowledged,
            [],
        )
        .addHelpText("after", "\nends with 0: within what is allowed; 2: more than that; 1: there is no plan")
        .action(async (more: string[], flags: Flags) => {
            const { plan, verdict } = await planned(flags, more);
            process.stdout.write(shown(plan, verdict, flags.format));
            if (verdict.exceeded.length > 0) process.exitCode = EXCEEDED;
        });
}

async function planned(flags: Flags, more: string[]): Promise<{ plan: Plan; verdict: Verdict }> {
    const { text, heard } = await previewOf(flags, more);
    const plan = planOf(readPreview(text), heard);
    const { exceeded, unneeded } = judge(judgedIn(plan), flags.allow, flags.acknowledge);
    const undecided = plan.violations
        .filter((violation) => violation.undecided)
        .map(({ policy, resource }) => `the policy ${policy} could not decide about ${resource}`);
    return { plan, verdict: { allow: flags.allow, exceeded: [...exceeded, ...undecided], unneeded } };
}

async function previewOf(flags: Flags, more: string[]): Promise<{ text: string; heard?: Heard }> {
    if (flags.preview === undefined) {
        const ran = await runPreview(flags, more, (line) => void process.stderr.write(`${line}\n`));
        if (ran.status !== 0) throw failed(ran);
        return { text: ran.text, heard: ran.said };
    }
    const unused = [...more, ...(flags.stack === undefined ? [] : [`--stack ${flags.stack}`])];
    if (unused.length > 0) throw new Error(`${unused.join(" ")}: --preview reads what is there and runs no preview`);
    return { text: textOf(flags.preview) };
}

/** @throws Error when the file cannot be read. */
function textOf(file: string): string {
    try {
        // 0 is the standard input.
        return readFileSync(file === "-" ? 0 : file, "utf8");
    } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        const why = code === "ENOENT" ? "there is no such file" : `cannot be read (${code})`;
        throw new Error(`--preview ${file}: ${why}`, { cause: error });
    }
}

/** Why a preview failed: its errors, or a policy's objections, or what the CLI has said itself. */
function failed({ text, said, status }: Previewed): Error {
    const objections = said.violations.map((violation) => `  ${objection(violation)}`);
    if (objections.length > 0) return new Error(["policies object to this update:", ...objections].join("\n"));
    if (text.trim() !== "") readPreview(text);
    return new Error(`pulumi preview ended with status ${status}`);
}

function shown(plan: Plan, verdict: Verdict, format: Flags["format"]): string {
    if (format === "markdown") return asMarkdown(plan, verdict);
    if (format === "json") return `${JSON.stringify({ summary: summary(plan), ...plan, verdict }, null, 2)}\n`;
    const coloured = process.stdout.isTTY && !process.env.NO_COLOR && process.env.TERM !== "dumb";
    return asText(plan, verdict, coloured);
}

function acknowledged(value: string, before: Acknowledged[]): Acknowledged[] {
    const [word = "", name = ""] = value.split(/:(.*)/s);
    const impact = IMPACTS.find((known) => known === word);
    if (impact === undefined || name === "")
        throw new InvalidArgumentError(
            `It is IMPACT:NAME, e.g. outage:front, where IMPACT is one of ${IMPACTS.join(", ")}.`,
        );
    return [...before, { impact, name }];
}
