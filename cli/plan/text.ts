import { styleText } from "node:util";
import { Impact } from "../../remote/manifest";
import { visible } from "./diff";
import { Does } from "./plan";
import type { Plan, PlannedFile, PlannedUnit } from "./plan";
import { besides, count, happenings, impactWord, repeats, seconds, summary } from "./words";
import type { Verdict } from "./words";

type Style = Parameters<typeof styleText>[0];

const IMPACT_STYLE: Record<string, Style> = {
    [Impact.None]: "green",
    [Impact.Reload]: "cyan",
    [Impact.Restart]: "yellow",
    [Impact.Failover]: "yellow",
    [Impact.Outage]: ["bold", "red"],
    [Impact.Data]: ["bold", "red", "inverse"],
};
const LINE_STYLE: Record<string, Style> = { "+": "green", "-": "red", "@": "cyan" };

/** The plan for a terminal, with colours where `coloured`. */
export function asText(plan: Plan, verdict: Verdict, coloured: boolean): string {
    const paint = (style: Style | undefined, text: string) =>
        coloured && style ? styleText(style, text, { validateStream: false }) : text;
    const shown = repeats(plan.units);
    const widths = columns(plan.units.map(cells));
    const unit = (planned: PlannedUnit): string[] => [
        headline(planned, widths, paint),
        ...planned.alarms.map((alarm) => paint(["bold", "red"], `    ! ${visible(alarm)}`)),
        ...happenings(planned).map((line) => `    ${visible(line)}`),
        ...(planned.does === Does.Install ? installed(planned.files) : []),
        ...planned.files
            .filter(({ how }) => planned.does !== Does.Install || how === "changes")
            .flatMap((file) => fileLines(file, shown.get(file), paint)),
    ];
    const tail = besides(plan, verdict).flatMap(([title, lines]) => [
        ...lines.map((line) => `${paint("bold", title)}: ${visible(line).replaceAll("\n", "\n    ")}`),
    ]);
    return [
        paint("bold", summary(plan)),
        ...(plan.units.length > 0 ? ["", ...plan.units.flatMap(unit)] : []),
        ...(tail.length > 0 ? ["", ...tail] : []),
        "",
    ].join("\n");
}

type Paint = (style: Style | undefined, text: string) => string;

const cells = (unit: PlannedUnit): string[] => [
    unit.unit,
    unit.host,
    unit.does,
    impactWord(unit),
    unit.impact === undefined ? "" : seconds(unit.seconds),
];

const columns = (rows: string[][]): number[] =>
    (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));

function headline(unit: PlannedUnit, widths: number[], paint: Paint): string {
    const styles: (Style | undefined)[] = ["bold", undefined, undefined, IMPACT_STYLE[unit.impact ?? Impact.Data]];
    const row = cells(unit).map((cell, column) => paint(styles[column], cell.padEnd(widths[column] ?? 0)));
    const after = unit.after.length > 0 ? [`after ${unit.after.join(", ")}`] : [];
    return [...row, ...after].join("  ").trimEnd();
}

const installed = (files: PlannedFile[]): string[] => {
    const coming = files.filter(({ how }) => how === "comes");
    return coming.length > 0
        ? [`    ${count(coming.length, "file")}: ${coming.map(({ path }) => path).join(", ")}`]
        : [];
};

function fileLines(file: PlannedFile, shown: string | undefined, paint: Paint): string[] {
    const words = [file.path, file.how === "changes" ? "" : file.how, ...file.attributes].filter(Boolean).join("  ");
    if (shown !== undefined) return [`    ${words}  the same lines as on ${shown}`];
    return [`    ${words}`, ...file.diff.map((line) => paint(LINE_STYLE[line.charAt(0)], `        ${line}`.trimEnd()))];
}
