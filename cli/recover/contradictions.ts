import { positionText } from "./evidence";
import type { MemberFound } from "./evidence";
import type { Standing } from "./standing";

/** A member with what its data is worth. */
export interface Judged {
    member: MemberFound;
    standing: Standing;
}

const DISCARD = "move /var/lib/mysql aside on the one that is given up, and it counts as empty";

/** Why no member can be chosen by its position; empty when one can. */
export function contradictions(members: Judged[]): string[] {
    const unknown = members.flatMap(({ member, standing: s }) =>
        s.as === "unknown"
            ? [`${member.node}: ${s.because}; it could have the most recent data: mend that, or ${DISCARD}`]
            : [],
    );
    const placed = members.flatMap(({ member, standing: s }) =>
        s.as === "candidate" || s.as === "doubtful" ? [{ member, position: s.position, as: s.as, standing: s }] : [],
    );
    const candidates = placed.filter(({ as }) => as === "candidate");
    const uuids = new Set(placed.map(({ position }) => position.uuid));
    if (uuids.size > 1) {
        const seen = placed.map(({ member, position }) => `${member.node} ${positionText(position)}`);
        return [
            ...unknown,
            `members are of different clusters (${seen.join(", ")}), so their positions can't be compared: ${DISCARD}`,
        ];
    }
    if (candidates.length === 0) return [...unknown, ...nobody(members)];

    const highest = Math.max(...candidates.map(({ position }) => position.seqno));
    const beyond = placed.flatMap(({ member, position, standing: s }) =>
        s.as === "doubtful" && position.seqno > highest
            ? [
                  `${member.node} is at ${position.seqno} and the best of the others at ${highest}, but ${s.because}: ${DISCARD}, if what it has is not wanted`,
              ]
            : [],
    );
    const flagged = candidates.filter(({ member }) => member.savedState?.safeToBootstrap);
    const behind = flagged
        .filter(({ position }) => position.seqno < highest)
        .map(
            ({ member, position }) =>
                `${member.node} was the last to leave, at ${position.seqno}, and another is at ${highest}: they were running apart, and transactions of the same number may differ: ${DISCARD}`,
        );
    const several =
        flagged.length > 1
            ? [
                  `${flagged.map(({ member }) => member.node).join(", ")} each were the last to leave: they were running apart: ${DISCARD}`,
              ]
            : [];
    return [...unknown, ...beyond, ...behind, ...several];
}

function nobody(members: Judged[]): string[] {
    if (members.length === 0) return ["no member answers, so there is none to begin with"];
    if (members.some(({ standing: s }) => s.as === "unknown")) return [];
    if (members.every(({ standing: s, member }) => s.as === "empty" && !member.interruptedCopy))
        return ['no member has ever been in a cluster, so there is nothing to recover: "pulumi up" makes a new one'];
    const why = members.flatMap(({ member, standing: s }) =>
        s.as === "candidate" ? [] : [`${member.node}: ${s.because}`],
    );
    return [`no member has data to begin with (${why.join("; ")}): restore a backup`];
}
