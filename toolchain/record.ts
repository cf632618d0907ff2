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
    /** Size and time of that file, by which a change is noticed. */
    stamp: string;
}

interface Record {
    wanted: string;
    parts: Part[];
}

/** Everything besides files that the toolchain was made for; another value makes it anew. */
const WANTED = JSON.stringify([CLI, PLUGINS, process.execPath, COMPILED]);

/** A part as its file is now. */
export const partOf = (name: string, version: string, origin: Part["origin"], file: string): Part => ({
    name,
    version,
    origin,
    file,
    stamp: origin === "own" || origin === "stand-in" ? "" : stamp(file),
});

/** The parts as recorded, if all of them are still what they were. */
export function readRecord(layout: Layout, stale = false): Part[] | undefined {
    if (stale || !fs.existsSync(layout.record)) return undefined;
    try {
        const { wanted, parts } = JSON.parse(fs.readFileSync(layout.record, "utf8")) as Record;
        const fresh =
            wanted === WANTED &&
            parts.every(
                (part) =>
                    partOf(part.name, part.version, part.origin, part.file).stamp === part.stamp &&
                    fs.existsSync(part.file),
            );
        return fresh ? parts : undefined;
    } catch {
        return undefined; // unreadable or half of an old format: made anew
    }
}

/** Records the parts. */
export function writeRecord(layout: Layout, parts: Part[]): void {
    writeWhole(layout.record, `${JSON.stringify({ wanted: WANTED, parts } satisfies Record, null, 2)}\n`);
}

function stamp(file: string): string {
    const { size, mtimeMs } = fs.statSync(file);
    return `${size} ${mtimeMs}`;
}
