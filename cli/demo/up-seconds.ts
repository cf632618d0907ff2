import { z } from "zod";

/** Where a command of a unit begins or ends. */
export interface Moment {
    /** On a monotonic clock. */
    atMs: number;
    does: "prepare" | "apply";
    /** Commands under way from then on, more or less. */
    change: 1 | -1;
}

/** What a command's name ends with, and what it is for. */
const DOES: Record<string, Moment["does"] | undefined> = { engine: "prepare", prepare: "prepare", apply: "apply" };

const Step = z.object({
    metadata: z.object({ type: z.string(), urn: z.string() }),
    planning: z.boolean().default(false),
});
const Event = z.object({ resourcePreEvent: Step, resOutputsEvent: Step, resOpFailedEvent: Step }).partial();

/** What a line of an engine's event log says of the commands of units, heard at an instant; undefined where nothing, as of a preview. */
export function momentIn(line: string, atMs: number): Moment | undefined {
    if (!/"(resourcePreEvent|resOutputsEvent|resOpFailedEvent)":/.test(line.slice(0, 100))) return undefined;
    const { resourcePreEvent: begins, resOutputsEvent, resOpFailedEvent } = Event.parse(JSON.parse(line));
    const step = begins ?? resOutputsEvent ?? resOpFailedEvent;
    const does = DOES[/::[^:]*-(\w+)$/.exec(step?.metadata.urn ?? "")?.[1] ?? ""];
    if (step?.metadata.type !== "command:remote:Command" || step.planning || does === undefined) return undefined;
    return { atMs, does, change: begins === undefined ? -1 : 1 };
}

/** Seconds of an `up` in which hosts are prepared, and those in which none is and units are applied. */
export function busySeconds(moments: Moment[]): Record<Moment["does"], number> {
    const underWay = { prepare: 0, apply: 0 };
    const busy = { prepare: 0, apply: 0 };
    for (const [place, { atMs, does, change }] of moments.entries()) {
        underWay[does] += change;
        const now = underWay.prepare > 0 ? "prepare" : "apply";
        if (underWay[now] > 0) busy[now] += ((moments[place + 1]?.atMs ?? atMs) - atMs) / 1000;
    }
    return busy;
}
