// Files appear whole or not at all: written beside their place, then renamed.
import * as fs from "node:fs";
import * as path from "node:path";

const UNFINISHED = ".unfinished";

/** A name beside `file` that no other process uses. */
export const unfinished = (file: string): string => `${file}.${process.pid}${UNFINISHED}`;

/** Writes a file at once; its directory is made where missing. */
export function writeWhole(file: string, content: string, mode = 0o644): void {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    const draft = unfinished(file);
    fs.writeFileSync(draft, content, { mode });
    fs.chmodSync(draft, mode);
    fs.renameSync(draft, file);
}

/** Makes `file` a command that runs `command` with the arguments given to it. */
export function writeWrapper(file: string, command: string[]): void {
    writeWhole(file, `#!/bin/sh\nexec ${command.map(quoted).join(" ")} "$@"\n`, 0o755);
}

/** A word for a POSIX shell. */
export const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/** Puts a symbolic link in place of whatever `link` was. */
export function linkWhole(link: string, target: string): void {
    fs.mkdirSync(path.dirname(link), { recursive: true });
    const draft = unfinished(link);
    fs.rmSync(draft, { force: true });
    fs.symlinkSync(target, draft);
    fs.renameSync(draft, link);
}

/** Makes `copy` the same file as `file` where both are on one file system, else a copy of it. */
export function copyWhole(copy: string, file: string): void {
    fs.mkdirSync(path.dirname(copy), { recursive: true });
    const draft = unfinished(copy);
    fs.rmSync(draft, { force: true });
    try {
        fs.linkSync(file, draft);
    } catch {
        fs.copyFileSync(file, draft);
    }
    fs.rmSync(copy, { force: true }); // renaming one name of a file to another of its names does nothing
    fs.renameSync(draft, copy);
}

/** Removes what runs that were killed left in `directory`. */
export function sweep(directory: string): void {
    if (!fs.existsSync(directory)) return;
    for (const name of fs.readdirSync(directory)) {
        if (name.endsWith(UNFINISHED)) fs.rmSync(path.join(directory, name), { recursive: true, force: true });
    }
}
