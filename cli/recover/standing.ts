import { known, positionText } from "./evidence";
import type { MemberFound, Position } from "./evidence";

/** What the data of a member that answers is worth. */
export type Standing =
    /** Whole, of a known cluster, and at a known place of its history. */
    | { as: "candidate"; position: Position }
    /** Whole perhaps, but not to be built on; it still shows how far its cluster got. */
    | { as: "doubtful"; position: Position; because: string }
    /** It has nothing that could be lost. */
    | { as: "empty"; because: string }
    /** Not known, and it could be the most recent. */
    | { as: "unknown"; because: string };

/** What the data of a member with a stopped server is worth. */
export function standing(member: MemberFound): Standing {
    const { savedState, interruptedCopy, databases, position, positionError } = member;
    if (interruptedCopy) return { as: "empty", because: "a full copy to it was cut off, so its data is nobody's" };
    if (position === undefined) {
        return { as: "unknown", because: `its server could not say its position: ${positionError ?? "no answer"}` };
    }
    const recovered = known(position);
    if (recovered === undefined) {
        return databases.length === 0
            ? { as: "empty", because: "it was never in a cluster" }
            : {
                  as: "unknown",
                  because: `it holds ${databases.join(", ")}, and was in no cluster that its server knows`,
              };
    }
    if (recovered.seqno < 0)
        return { as: "unknown", because: `its server knows its cluster, ${recovered.uuid}, and no position` };
    const saved = known(savedState);
    if (saved === undefined) {
        const because = savedState
            ? "grastate.dat says that its data was given up as inconsistent"
            : "grastate.dat is missing or empty";
        return { as: "doubtful", position: recovered, because };
    }
    if (saved.uuid !== recovered.uuid || (saved.seqno >= 0 && saved.seqno !== recovered.seqno)) {
        const because = `grastate.dat says ${positionText(saved)} and the data ${positionText(recovered)}`;
        return { as: "unknown", because };
    }
    return { as: "candidate", position: recovered };
}
