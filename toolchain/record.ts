import * as fs from "node:fs";
import type { Layout } from "./layout";
import { COMPILED } from "./layout";
import { writeWhole } from "./place";
import { CLI, PLUGINS } from "./versions";

/** One part of the toolchain. */
export interface Part {
    name: string;
    /** "" for a part that has none of its own. */
    version: string;
    /** Already there; downloaded; built here; this project's own; or a stand-in for a real plugin. */
    origin: "found" | "vendor" | "built" | "own" | "stand-in";
    /** The file that does the work. */
    file: string;
    /** What leads to it in `.pulumi-ha`. */
    place: string;
    /** Size and time of that file, by which a change is noticed; "" for files of this project. */
    stamp: string;
}

interface Record {
    wanted: string;
    parts: Part[];
}

/** What the commands in `.pulumi-ha` run, counted up when it changes. */
const WRAPPERS = 2;

/** Everything besides files that the toolchain was made for; another value makes it anew. */
const WANTED = JSON.stringify([CLI, PLUGINS, process.execPath, COMPILED, WRAPPERS]);

/** A part as its file is now. */
export const partOf = (part: Omit<Part, "stamp">): Part => ({ ...part, stamp: stampOf(part) });

/** The parts as recorded, if all of them are still what they were. */
export function readRecord(layout: Layout): Part[] | undefined {
    if (!fs.existsSync(layout.record)) return undefined;
    try {
        const { wanted, parts } = JSON.parse(fs.readFileSync(layout.record, "utf8")) as Record;
        const fresh = parts.every((part) => fs.existsSync(part.place) && stampOf(part) === part.stamp);
        return wanted === WANTED && fresh ? parts : undefined;
    } catch {
        return undefined; // unreadable, or a file is gone: made anew
    }
}

/** Records the parts. */
export function writeRecord(layout: Layout, parts: Part[]): void {
    writeWhole(layout.record, `${JSON.stringify({ wanted: WANTED, parts } satisfies Record, null, 2)}\n`);
}

function stampOf({ origin, file }: Omit<Part, "stamp">): string {
    const { size, mtimeMs } = fs.statSync(file);
    return origin === "own" || origin === "stand-in" ? "" : `${size} ${mtimeMs}`;
}
