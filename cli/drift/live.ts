import { table } from "../table";
import type { DriftReport, HostReport } from "./report";

/** What was last said of a host, and since when. */
export type Seen = Map<string, { words: string; since: string }>;

/** Findings that have room in a row. */
const SHOWN = 3;

function wordsOf({ why, findings, units }: HostReport): string {
    const all = [...findings, ...units.flatMap((unit) => unit.findings)];
    const subjects = [...new Set(all.map(({ kind, subject }) => `${kind}: ${subject}`))];
    const more = subjects.length > SHOWN ? [`and ${subjects.length - SHOWN} more`] : [];
    return [...(why === undefined ? [] : [why]), ...subjects.slice(0, SHOWN), ...more].join(", ");
}

/** A row for each host, with the time at which that was found first; for one look after the other. @param seen is brought up to date. */
export function liveTable({ hosts, missing }: DriftReport, seen: Seen, now: Date): string {
    const rows = hosts.map((host) => {
        const words = wordsOf(host);
        const before = seen.get(host.node);
        const is = `${host.verdict} ${words}`;
        const since = before?.words === is ? before.since : now.toISOString().slice(11, 19);
        seen.set(host.node, { words: is, since });
        return [host.node, host.verdict, since, words];
    });
    const lacking = missing.map(({ node, why }) => `${node}: not applied: ${why}`);
    return [table(["host", "is", "since", "found"], rows), ...lacking].join("\n");
}
