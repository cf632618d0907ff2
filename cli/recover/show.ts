import { table } from "../table";
import type { Decision } from "./decision";
import { known } from "./evidence";
import type { MemberEvidence } from "./evidence";

const COLUMNS = ["node", "server", "position", "grastate.dat", "left last", "last view", "data"];

/** What was found, a line for each member. */
export const evidenceTable = (evidence: MemberEvidence[]): string => {
    const uuids = [
        ...new Set(
            evidence
                .flatMap((m) => (m.reachable ? [m.position, m.savedState, m.component] : []))
                .flatMap((p) => (p ? [p.uuid] : [])),
        ),
    ];
    // A uuid in full is wider than the rest of the line: its first group tells clusters apart, and the whole of each stands below.
    const legend = uuids.filter((uuid) => known({ uuid, seqno: 0 })).map((uuid) => `${short(uuid)} = ${uuid}`);
    const troubles = evidence.flatMap((m) => {
        const why = m.reachable ? (m.silence ?? m.positionError) : m.why;
        return why === undefined ? [] : [`${m.node}: ${why}`];
    });
    return [table(COLUMNS, evidence.map(row)), ...legend, ...troubles].join("\n");
};

function row(member: MemberEvidence): string[] {
    if (!member.reachable) return [member.node, "no answer"];
    const { node, server, component, position, positionError, savedState, savedView } = member;
    return [
        node,
        component ? `${server}, ${component.size} members` : server,
        position ? place(position) : positionError ? "unknown" : "-",
        savedState ? place(savedState) : "none",
        savedState?.safeToBootstrap ? "yes" : "no",
        savedView ? `${savedView.members.length} members` : "none",
        member.interruptedCopy ? "copy cut off" : member.databases.join(" ") || "empty",
    ];
}

const place = (position: { uuid: string; seqno: number }): string =>
    known(position) ? `${short(position.uuid)}:${position.seqno < 0 ? "?" : position.seqno}` : "none";
const short = (uuid: string): string => uuid.split("-")[0] ?? uuid;

/** The decision, in a sentence; the reasons of a refusal, a line each. */
export function sentence(decision: Decision): string {
    const { do: what } = decision;
    if (what === "nothing") return `nothing to recover: ${decision.because}`;
    if (what === "refuse") return ["refused:", ...decision.reasons.map((reason) => `  ${reason}`)].join("\n");
    if (what === "stop") return `first ${list(decision.nodes)} would be stopped: ${decision.because}`;
    if (what === "re-form") return `${list(decision.nodes)} would be started: ${decision.because}`;
    const { node, position, joins, leftOut, because } = decision;
    const others = joins.length > 0 ? `, then ${list(joins)} would join it one after the other` : "";
    const copies =
        leftOut.length > 0
            ? `. The history gets a new name, so everybody else takes a whole copy, ${list(leftOut)} too once it is back`
            : "";
    return `${node} would begin the cluster at ${position.uuid}:${position.seqno}${others}: ${because}${copies}`;
}

const list = (words: string[]): string => words.join(", ");
