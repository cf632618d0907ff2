import { structuredPatch } from "diff";
import type { ManagedFile } from "../../remote/manifest";
import type { FileChange } from "./changes";

/** Lines around a change. */
const CONTEXT = 2;
/** Past this many edits a file counts as another one, and is shown as such: a shortest script would take too long to find. */
const MOST_EDITS = 1000;

/**
 * The changed lines of a file as a unified diff without its head: lines that begin with `@@`, `-`, `+` or a blank. Credentials are not in it: a manifest
 * holds their names.
 */
export function diffOf({ before, after }: FileChange): string[] {
    const [old, next] = [textOf(before), textOf(after)];
    if (old === next) return [];
    const patch = structuredPatch("", "", old, next, "", "", { context: CONTEXT, maxEditLength: MOST_EDITS });
    if (patch === undefined) return [...marked("-", old), ...marked("+", next)];
    return patch.hunks.flatMap((hunk) => [
        `@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@`,
        ...hunk.lines.map(visible),
    ]);
}

const textOf = (file: ManagedFile | undefined): string =>
    file?.credential === undefined ? (file?.content ?? "") : `(the credential ${file.credential})\n`;

const marked = (mark: string, text: string): string[] =>
    text
        .replace(/\n$/, "")
        .split("\n")
        .map((line) => visible(`${mark}${line}`));

/** Control characters, and those that turn the direction of writing, by their numbers: a file's content must not steer a terminal or mislead its reader. */
export const visible = (text: string): string =>
    text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (character) => {
        const number = (character.codePointAt(0) ?? 0).toString(16).toUpperCase();
        return `<U+${number.padStart(4, "0")}>`;
    });

/** What else than the content differs: `mode 0644 → 0600`. */
export function attributesOf({ before, after }: FileChange): string[] {
    if (before === undefined || after === undefined) return [];
    const differs = (what: string, was: string, is: string) => (was === is ? [] : [`${what} ${was} → ${is}`]);
    return [
        ...differs("mode", before.mode, after.mode),
        ...differs("owner", before.owner, after.owner),
        ...differs("credential", before.credential ?? "none", after.credential ?? "none"),
    ];
}
