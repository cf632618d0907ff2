import { structuredPatch } from "diff";

/** Lines of context around a change. */
const CONTEXT = 2;
/** Past this many edits two texts have too little in common for a diff that anybody reads. */
const MOST_EDITS = 1000;

/** Lines of a unified diff without its head, `-` from the first text and `+` from the second; undefined when they have too little in common. */
export function unifiedDiff(before: string, after: string): string[] | undefined {
    const patch = structuredPatch("", "", before, after, "", "", { context: CONTEXT, maxEditLength: MOST_EDITS });
    return patch?.hunks.flatMap((hunk) => [
        `@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@`,
        ...hunk.lines,
    ]);
}
