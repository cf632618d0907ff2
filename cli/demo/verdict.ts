import type { Kept } from "../../lab/records";
import type { Struck } from "./pair/drill";

/** What clients saw of one fault. */
export interface Seen {
    title: string;
    /** What is promised for it; undefined where nothing is. */
    promisedSeconds: number | undefined;
    /** The longest time without an answer. */
    gapSeconds: number;
    /** By how much that may be more than it was: the time between two questions, before and after, and the way of an answer. */
    lateSeconds: number;
    /** Questions, and those of them that got no answer. */
    sent: number;
    lost: number;
}

/** The same of clients that write. */
export interface SeenWrites extends Seen {
    /** Rows that were acknowledged, and how many of them a member lacks at the end. */
    acknowledged: number;
    missing: number;
}

/** What hosts in containers may take above what is computed: they share a machine that does other things too. The tests of the same faults have no more. */
export const ROOM = 1.25;
/** The same for a fault of emulated machines, on which each call of an agent takes seconds: `docs/pair.md` has up to 2.1 times. */
export const EMULATED_ROOM = 2.5;
/** The same for what Corosync counts there, which is no work for the machine. */
export const COUNTED_ROOM = 1.15;
/** The terms that Corosync counts. */
export const COUNTED = ["token", "consensus"];

/** Whether something took longer than its promise has room for. What nobody promised is never late. */
export const beyond = (seconds: number, promised: number | undefined, room: number): boolean =>
    promised !== undefined && seconds > promised * room;

/** Whether clients waited longer than was promised, as far as they can tell: where every question was answered there was nothing to wait for. */
export const late = ({ gapSeconds, lateSeconds, promisedSeconds, lost }: Seen): boolean =>
    lost > 0 && beyond(gapSeconds - lateSeconds, promisedSeconds, ROOM);

/** Behind what took too long. */
const MARK = " !";
/** Seconds for a table, marked where they are beyond what was promised. */
export const shown = (seconds: number, digits: number, isLate: boolean): string =>
    `${seconds.toFixed(digits)} s${isLate ? MARK : ""}`;
/** What the mark means, for below a table that has one; empty for one that has none. */
export const legend = (rows: string[][], room: number): string =>
    rows.flat().some((cell) => cell.endsWith(MARK))
        ? `\n!  more than ${room} times what was computed: this machine was busy, or the promise does not hold`
        : "";

/** Which promises were broken for clients that write to the database, a line for each. */
export const brokenBySql = (all: SeenWrites[]): string[] =>
    all
        .filter(({ missing }) => missing > 0)
        .map(
            ({ title, missing, acknowledged }) => `${title}: ${missing} of ${acknowledged} acknowledged rows are lost`,
        );

/** The same for a stateful pair. */
export const brokenByPair = (
    all: Pick<Struck, "title" | "doubled" | "untouched">[],
    acknowledged: number,
    { lost, disordered }: Kept,
): string[] => [
    ...(lost.length > 0 ? [`${lost.length} of ${acknowledged} acknowledged records are lost`] : []),
    ...(disordered > 0 ? [`${disordered} records were written out of order: two machines wrote at once`] : []),
    ...all.flatMap(({ title, doubled: { mounted, address }, untouched }) => [
        ...(mounted > 0 ? [`${title}: both machines had the file system mounted (seen ${mounted} times)`] : []),
        ...(address > 0 ? [`${title}: both machines had the address (seen ${address} times)`] : []),
        ...(untouched === false ? [`${title}: the lost machine's second writer changed what the other one had`] : []),
    ]),
];

/** @throws Error that says which promises were broken, where any was. */
export function hold(broken: string[]): void {
    if (broken.length > 0) throw new Error(`what was promised did not hold: ${broken.join("; ")}`);
}
