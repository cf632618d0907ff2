import { size } from "./evidence";
import type { Answer, Evidence } from "./evidence";

/** What the operator says. */
export interface Wish {
    /** The side whose data stays. */
    keep: string;
    /** The other sides' data may be given up without a copy. */
    withoutCopy: boolean;
}

/** How what is given up is kept: a snapshot of so many kibibytes, 0 in a thin pool; undefined: not at all. */
export type Snapshot = { kib: number } | undefined;

/** A side of a decision, as it was when it was made. */
export interface Named {
    node: string;
    generation: string;
}

/** What becomes of a side that is not kept. */
export type Part = Named & { because: string } & (
        | { do: "discard"; snapshot: Snapshot }
        /** It has nothing of its own: it only has to be talked to again. */
        | { do: "rejoin" }
    );

/** What is to be done. */
export type Decision =
    | { do: "nothing"; because: string }
    | { do: "refuse"; because: string[] }
    | { do: "join"; keep: Named; others: Part[] };

/** Kibibytes that a snapshot has beside what is known to be overwritten. */
const RESERVE_KIB = 128 * 1024;

/** Connections in which the sides talk. */
const TALKING = /^(Connected|.*Sync|Sync.*|Verify.*|WFBitMap.*|StartingSync.*|PausedSync.*)$/;

const refuse = (...because: string[]): Decision => ({ do: "refuse", because });

/** What follows from what the sides tell. Data that only one of them has is given up on the operator's word alone, and only there. */
export function decide(evidence: Evidence[], wish: Wish): Decision {
    const silent = evidence.flatMap((side) => ("why" in side ? [`${side.node} can't be asked: ${side.why}`] : []));
    if (silent.length > 0) return refuse(...silent, "what is given up is only known when all sides tell");
    const told = evidence.flatMap((side) => ("answer" in side ? [side] : []));
    const keep = told.find(({ node }) => node === wish.keep);
    if (keep === undefined)
        return refuse(`${wish.keep} is no side of the volume: it has ${told.map(({ node }) => node).join(" and ")}`);
    const troubles = told.flatMap(({ node, answer }) => unfit(node, answer));
    if (troubles.length > 0) return refuse(...troubles);
    if (told.every(({ answer }) => Object.values(answer.peers).every(({ connection }) => TALKING.test(connection))))
        return { do: "nothing", because: "the sides talk: there is nothing to decide" };
    const others = told.filter((side) => side !== keep).map((other) => becomes(other, keep, wish));
    const refused = others.flatMap((other) => (typeof other === "string" ? [other] : []));
    const parts = others.flatMap((other) => (typeof other === "string" ? [] : [other]));
    return refused.length > 0 ? refuse(...refused) : { do: "join", keep: asNamed(keep), others: parts };
}

interface Told {
    node: string;
    answer: Answer;
}

/** What becomes of another side; a text: why nothing can. */
function becomes(other: Told, keep: Told, { withoutCopy }: Wish): Part | string {
    if (isAncestor(keep.answer, other.answer))
        return `${other.node} went on from what ${keep.node} has, and nothing was written on ${keep.node} since: name ${other.node} in --keep`;
    if (keep.answer.generation === other.answer.generation || isAncestor(other.answer, keep.answer))
        return { do: "rejoin", ...asNamed(other), because: `${other.node} has nothing that ${keep.node} lacks` };
    if (!related(keep.answer, other.answer))
        return `${other.node} and ${keep.node} have no generation in common: they are replicas of different volumes`;
    if (other.answer.mountedOn !== "")
        return `${other.node} has the volume mounted on ${other.answer.mountedOn}: ${other.answer.pacemaker ? "let Pacemaker stop it there" : "stop what uses it, and unmount it"}`;
    const snapshot = snapshotOf(keep, other);
    if (snapshot === undefined && !withoutCopy) return `${noCopy(other)}: copy what is needed, then say --without-copy`;
    return {
        do: "discard",
        ...asNamed(other),
        snapshot: withoutCopy ? undefined : snapshot,
        because: `${keep.node} and ${other.node} were both written since ${keep.answer.history[0] ?? "they parted"}`,
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

/** Kibibytes that a side knows to be different on another one. */
const changed = ({ answer }: Told, { node }: Told): number => answer.peers[node]?.changedKib ?? 0;

/** One as large as the device never runs full; else what is known to be overwritten must fit in. */
function snapshotOf(keep: Told, other: Told): Snapshot {
    const { logicalVolume, thin, deviceKib, freeKib } = other.answer;
    if (logicalVolume === "") return undefined;
    if (thin) return { kib: 0 };
    const whole = Math.ceil(deviceKib * 1.01);
    if (freeKib >= whole) return { kib: whole };
    return freeKib >= changed(keep, other) + changed(other, keep) + RESERVE_KIB ? { kib: freeKib } : undefined;
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
        case "join":
            return decision.others.map((part) => `${part.because}: ${fate(part, decision.keep)}`).join("\n");
    }
}

const fate = (part: Part, keep: Named): string =>
    part.do === "rejoin"
        ? `it is talked to again, and takes the data of ${keep.node}`
        : `${part.node} gives up what it has (generation ${part.generation}) and takes the data of ${keep.node}; ${copy(part.snapshot)}`;

const copy = (snapshot: Snapshot): string =>
    snapshot === undefined
        ? "no copy of it is kept"
        : `a snapshot keeps it${snapshot.kib > 0 ? ` (${size(snapshot.kib)})` : ""}`;
