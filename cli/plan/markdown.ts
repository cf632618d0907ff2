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
    const shown = repeats(plan.units);
    const parts = [
        [`**${verdict.exceeded.length > 0 ? "✗ " : ""}${escaped(summary(plan))}**`],
        verdict.exceeded.map((reason) => `> ✗ more than \`--allow ${verdict.allow}\`: ${escaped(reason)}  `),
        plan.units.flatMap((unit) =>
            unit.alarms.map(
                (alarm) => `> **${code(unit.unit)} ${unit.does}** on ${code(unit.host)}: ${escaped(alarm)}  `,
            ),
        ),
        plan.units.length > 0 ? [...TABLE, ...plan.units.map(row)] : [],
        besides(plan, { ...verdict, exceeded: [] }).map(
            ([title, lines]) => `- **${escaped(title)}**: ${lines.map(escaped).join("<br>")}`,
        ),
        plan.units.flatMap((unit) => unitDetails(unit, shown)),
    ];
    return fitted(parts.filter((part) => part.length > 0).flatMap((part) => [...part, ""]));
}

const TABLE = ["| unit | host | | impact | seconds | after |", "|---|---|---|---|---|---|"];

/** One block after the other, until there is no room. */
function fitted(blocks: string[]): string {
    const note = "_The rest has no room in a comment: `pulumi-ha plan` shows it._\n";
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
    const blocks = files.map((file) => fileBlock(file, shown.get(file)));
    if (lines.length + blocks.length === 0) return [];
    const summaryLine = `<details><summary>${tagged(unit.unit)} ${unit.does}</summary>`;
    return [[summaryLine, "", ...(lines.length > 0 ? [...lines, ""] : []), ...blocks, "</details>"].join("\n")];
}

function fileBlock(file: PlannedFile, shown: string | undefined): string {
    const words = [code(file.path), file.how === "changes" ? "" : file.how, ...file.attributes.map(escaped)];
    const title = words.filter(Boolean).join(" ");
    if (shown !== undefined) return `${title}: the same lines as on ${code(shown)}\n`;
    if (file.diff.length === 0) return `${title}\n`;
    const fence = fenceFor(file.diff);
    return [title, "", `${fence}diff`, ...file.diff.map((line) => line.trimEnd()), fence, ""].join("\n");
}

/** Longer than any run of backticks in the lines, so that none of them ends the block. */
const fenceFor = (lines: string[]): string =>
    "`".repeat(Math.max(2, ...lines.flatMap((line) => (line.match(/`+/g) ?? []).map((run) => run.length))) + 1);

/** Words with nothing in them that Markdown, HTML or a mention could be made of. */
const escaped = (text: string): string =>
    visible(text)
        .replace(/[\\`*_[\]<>#|~@&]/g, (character) => `&#${character.charCodeAt(0)};`)
        .replaceAll("\n", " ");

const tagged = (text: string): string => `<code>${escaped(text)}</code>`;
const code = (text: string): string => (/^[\w./:@%, -]+$/.test(text) ? `\`${text}\`` : tagged(text));
