import type { Finding } from "./findings/finding";
import { upCommand } from "./repair";
import type { RepairPlan } from "./repair";
import { Verdict } from "./report";
import type { DriftReport, HostReport } from "./report";

/** Sets text apart: `styleText`, or what leaves it as it is. */
export type Style = (as: "red" | "green" | "yellow" | "bold" | "dim", text: string) => string;

/** Without colours. */
export const plain: Style = (_, text) => text;

const COLOUR = { [Verdict.Fine]: "green", [Verdict.Drift]: "red", [Verdict.Unknown]: "yellow" } as const;

/** One host, as soon as it has answered; a line where all is well. */
export function hostText({ node, address, verdict, why, findings, units }: HostReport, style: Style): string {
    const head = `${style("bold", node)} (${address}): ${style(COLOUR[verdict], verdict)}${why === undefined ? "" : `: ${why}`}`;
    return [
        head,
        ...units.flatMap((unit) => {
            const about = `  ${unit.component} (${unit.type}), unit ${unit.unit}`;
            // What is unknown of the host as a whole is said once.
            const unknown = unit.why !== undefined && unit.why !== why ? [`    unknown: ${unit.why}`] : [];
            const lines = [...unit.findings.flatMap((finding) => findingText(finding, style)), ...unknown];
            return lines.length > 0 ? [about, ...lines] : [];
        }),
        ...(findings.length > 0 ? ["  the host", ...findings.flatMap((finding) => findingText(finding, style))] : []),
    ].join("\n");
}

function findingText({ kind, subject, detail, diff = [] }: Finding, style: Style): string[] {
    const [first = "", ...more] = detail.split("\n");
    return [
        `    ${style("red", kind)}: ${subject}: ${first}`,
        ...more.map((line) => `      ${line}`),
        ...diff.map((line) => `      ${coloured(line, style)}`),
    ];
}

const coloured = (line: string, style: Style): string =>
    line.startsWith("+") ? style("green", line) : line.startsWith("-") ? style("red", line) : style("dim", line);

/** What stands below the hosts: the sum, and how to repair. */
export function summaryText(report: DriftReport, plan: RepairPlan, again: string, stack: string | undefined): string {
    const { hosts, missing, pending } = report;
    const of = (verdict: Verdict) => hosts.filter((host) => host.verdict === verdict);
    const counts = Object.values(Verdict).flatMap((verdict) => {
        const some = of(verdict);
        return some.length === 0 ? [] : [`${some.length} ${verdict}`];
    });
    return [
        ...missing.map(({ node, why }) => `${node}: not applied: ${why}; \`pulumi up\` applies it`),
        ...(pending > 0
            ? [`a command of Pulumi was cut off: ${pending} operations are pending; \`pulumi refresh\` asks about them`]
            : []),
        `${hosts.length} ${hosts.length === 1 ? "host" : "hosts"}: ${counts.join(", ")}`,
        ...repairText(plan, again, stack),
    ].join("\n");
}

function repairText({ hosts, marks }: RepairPlan, again: string, stack: string | undefined): string[] {
    if (hosts.length + marks.length === 0) return [];
    const onHosts = hosts.flatMap(({ node, login, commands }) => [
        `  on ${node} (${login}), as root:`,
        ...commands.map((command) => `    ${command}`),
    ]);
    const byUp = [
        `  ${hosts.length > 0 ? "then " : ""}let \`pulumi up\` apply again what differs; without the mark it takes everything for applied:`,
        `    ${again} --mark`,
        `    ${upCommand(marks, stack)}`,
    ];
    return ["", "to repair", ...onHosts, ...(marks.length > 0 ? byUp : [])];
}
