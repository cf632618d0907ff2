import { visible } from "./diff";
import { Does } from "./plan";
import type { Plan, PlannedFile, PlannedUnit } from "./plan";
import { besides, happenings, impactWord, repeats, seconds, summary } from "./words";
import type { Verdict } from "./words";

/** GitHub takes comments of 65536 characters; this leaves room for what a workflow puts around them. */
export const MOST_BYTES = 60_000;

const bytes = (text: string): number => Buffer.byteLength(text);

/** The plan as a comment on a pull request: what there is no room for is left out from the end, and said to be. */
export function asMarkdown(plan: Plan, verdict: Verdict): string {
    const head = [`**${verdict.exceeded.length > 0 ? "✗ " : ""}${escaped(summary(plan))}**`, ""];
    const tail = besides(plan, verdict).flatMap(([title, lines]) => [
        `- **${escaped(title)}**: ${lines.map(escaped).join("<br>")}`,
    ]);
    const alarms = plan.units.flatMap((unit) =>
        unit.alarms.map((alarm) => `> **${code(unit.unit)} ${unit.does}** on ${code(unit.host)}: ${escaped(alarm)}`),
    );
    const rows = plan.units.map(row);
    const table =
        rows.length > 0
            ? ["| unit | host | | impact | seconds | after |", "|---|---|---|---|---|---|", ...rows, ""]
            : [];
    const shown = repeats(plan.units);
    const details = plan.units.flatMap((unit) => unitDetails(unit, shown));
    return fitted([
        [...head],
        alarms.length > 0 ? [...alarms, ""] : [],
        tail.length > 0 ? [...tail, ""] : [],
        table,
        details,
    ]);
}

/** The parts, a line or block after the other, until there is no room. */
function fitted(parts: string[][]): string {
    const note = "_The rest has no room in a comment: `pulumi-ha plan` shows it._\n";
    const blocks = parts.flat();
    const kept: string[] = [];
    let room = MOST_BYTES - bytes(note) - 1;
    for (const block of blocks) {
        room -= bytes(block) + 1;
        if (room < 0) return [...kept, "", note].join("\n");
        kept.push(block);
    }
    return `${kept.join("\n").trimEnd()}\n`;
}

const row = (unit: PlannedUnit): string => {
    const bad = unit.alarms.length > 0 || unit.impact === undefined;
    const after = unit.after.map(code).join(", ");
    const impact = bad ? `**${impactWord(unit)}**` : impactWord(unit);
    return `| ${[code(unit.unit), code(unit.host), unit.does, impact, unit.impact === undefined ? "?" : seconds(unit.seconds), after].join(" | ")} |`;
};

function unitDetails(unit: PlannedUnit, shown: Map<PlannedFile, string>): string[] {
    const lines = happenings(unit).map((line) => `- ${escaped(line)}`);
    const files = unit.does === Does.Install ? unit.files.filter(({ how }) => how === "changes") : unit.files;
    const diffs = files.map((file) => fileBlock(file, shown.get(file)));
    if (lines.length + diffs.length === 0) return [];
    const title = `${code(unit.unit)} ${unit.does}`;
    return [
        ["<details><summary>", html(title), "</summary>", "", ...lines, "", ...diffs, "", "</details>", ""].join("\n"),
    ];
}

function fileBlock(file: PlannedFile, shown: string | undefined): string {
    const words = [code(file.path), file.how === "changes" ? "" : file.how, ...file.attributes.map(escaped)];
    const title = words.filter(Boolean).join(" ");
    if (shown !== undefined) return `${title}: as on ${code(shown)}\n`;
    if (file.diff.length === 0) return `${title}\n`;
    // No run of backticks in the file can end the block.
    const longest = Math.max(
        2,
        ...file.diff.map((line) => Math.max(0, ...(line.match(/`+/g) ?? []).map((run) => run.length))),
    );
    const fence = "`".repeat(longest + 1);
    return [title, "", `${fence}diff`, ...file.diff, fence, ""].join("\n");
}

/** Words with nothing in them that Markdown, HTML or a mention could be made of. */
const escaped = (text: string): string =>
    visible(text)
        .replace(/[\\`*_{}[\]<>()#+!|~@&]/g, (character) => `&#${character.charCodeAt(0)};`)
        .replaceAll("\n", " ");

const code = (text: string): string => `<code>${escaped(text)}</code>`;
const html = (text: string): string => text;
