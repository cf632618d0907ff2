import { size } from "./evidence";
import type { Answer, Evidence } from "./evidence";

/** What the operator says. */
export interface Wish {
    /** The side whose data stays. */
    keep: string;
    /** The other side's data may be given up without a copy. */
    withoutCopy: boolean;
}

/** How what is given up is kept: a snapshot of so many kibibytes, 0 in a thin pool; undefined: not at all. */
export type Snapshot = { kib: number } | undefined;

/** A side of a decision, as it was when it was made. */
export interface Named {
    node: string;
    generation: string;
}

/** What is to be done. */
export type Decision =
    | { do: "nothing"; because: string }
    | { do: "refuse"; because: string[] }
    /** The sides have not both been written: they only have to talk again. */
    | { do: "reconnect"; keep: Named; other: Named; because: string }
    | { do: "discard"; keep: Named; discard: Named; snapshot: Snapshot; because: string };

/** Kibibytes that a snapshot has beside what is known to be overwritten. */
const RESERVE_KIB = 128 * 1024;

/** Connections in which the sides talk. */
const TALKING = /^(Connected|.*Sync|Sync.*|Verify.*|WFBitMap.*|StartingSync.*|PausedSync.*)$/;

const refuse = (...because: string[]): Decision => ({ do: "refuse", because });

/** What follows from what both sides tell. Data that only one of them has is given up on the operator's word alone, and only there. */
export function decide(evidence: Evidence[], wish: Wish): Decision {
    const silent = evidence.flatMap((side) => ("why" in side ? [`${side.node} can't be asked: ${side.why}`] : []));
    if (silent.length > 0) return refuse(...silent, "what is given up is only known when both sides tell");
    const told = evidence.flatMap((side) => ("answer" in side ? [side] : []));
    const keep = told.find(({ node }) => node === wish.keep);
    const other = told.find(({ node }) => node !== wish.keep);
    if (keep === undefined || other === undefined)
        return refuse(`${wish.keep} is no side of the volume: it has ${told.map(({ node }) => node).join(" and ")}`);
    return between(keep, other, wish);
}

interface Told {
    node: string;
    answer: Answer;
}

function between(keep: Told, other: Told, { withoutCopy }: Wish): Decision {
    const sides = [keep, other];
    const troubles = sides.flatMap(({ node, answer }) => unfit(node, answer));
    if (troubles.length > 0) return refuse(...troubles);
    if (sides.every(({ answer }) => TALKING.test(answer.connection)))
        return { do: "nothing", because: "both sides talk: there is nothing to decide" };
    const named = { keep: asNamed(keep), other: asNamed(other) };
    if (isAncestor(keep.answer, other.answer))
        return refuse(
            `${other.node} went on from what ${keep.node} has, and nothing was written on ${keep.node} since: name ${other.node} in --keep`,
        );
    if (keep.answer.generation === other.answer.generation || isAncestor(other.answer, keep.answer))
        return { do: "reconnect", ...named, because: `${other.node} has nothing that ${keep.node} lacks` };
    if (!related(keep.answer, other.answer))
        return refuse("the two sides have no generation in common: they are replicas of different volumes");
    if (other.answer.mountedOn !== "")
        return refuse(
            `${other.node} has the volume mounted on ${other.answer.mountedOn}: ${other.answer.pacemaker ? "let Pacemaker stop it there" : "stop what uses it, and unmount it"}`,
        );
    const snapshot = snapshotOf(keep.answer, other.answer);
    if (snapshot === undefined && !withoutCopy)
        return refuse(`${noCopy(other)}: copy what is needed, then say --without-copy`);
    return {
        do: "discard",
        keep: named.keep,
        discard: named.other,
        snapshot: withoutCopy ? undefined : snapshot,
        because: `both sides were written since ${keep.answer.history[0] ?? "they parted"}`,
    };
}

const asNamed = ({ node, answer }: Told): Named => ({ node, generation: answer.generation });

function unfit(node: string, answer: Answer): string[] {
    if (answer.generation === "") return [`${node} has no replica on ${answer.device}`];
    if (!answer.up) return [`the volume is down on ${node}: bring it up there first`];
    return answer.disk === "UpToDate" || answer.disk === "Consistent" || answer.disk === "Outdated"
        ? []
        : [`the disk of ${node} is ${answer.disk}: what it has is not whole`];
}

const isAncestor = (old: Answer, young: Answer): boolean =>
    old.generation !== young.generation && young.history.includes(old.generation);

const related = (one: Answer, other: Answer): boolean =>
    one.history.some((generation) => other.history.includes(generation));

/** One as large as the device never runs full; else what is known to be overwritten must fit in. */
function snapshotOf(keep: Answer, other: Answer): Snapshot {
    if (other.logicalVolume === "") return undefined;
    if (other.thin) return { kib: 0 };
    const whole = Math.ceil(other.deviceKib * 1.01);
    if (other.freeKib >= whole) return { kib: whole };
    return other.freeKib >= keep.changedKib + other.changedKib + RESERVE_KIB ? { kib: other.freeKib } : undefined;
}

const noCopy = ({ node, answer }: Told): string =>
    answer.logicalVolume === ""
        ? `${answer.device} of ${node} is no logical volume, so that no snapshot can keep what is given up`
        : `the volume group of ${answer.logicalVolume} on ${node} has ${size(answer.freeKib)} free, too little for a snapshot of what is given up`;

/** A decision in words. */
export function sentence(decision: Decision): string {
    switch (decision.do) {
        case "nothing":
            return decision.because;
        case "refuse":
            return `nothing can be done: ${decision.because.join("; ")}`;
        case "reconnect":
            return `${decision.because}: they are let talk again, and it takes the data of ${decision.keep.node}`;
        case "discard":
            return `${decision.because}: ${decision.discard.node} gives up what it has (generation ${decision.discard.generation}) and takes the data of ${decision.keep.node}; ${copy(decision.snapshot)}`;
    }
}

const copy = (snapshot: Snapshot): string =>
    snapshot === undefined
        ? "no copy of it is kept"
        : `a snapshot keeps it${snapshot.kib > 0 ? ` (${size(snapshot.kib)})` : ""}`;
