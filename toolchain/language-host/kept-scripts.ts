// JavaScript that was made of a program's files, in one file for each program, with the answers that its making rested on.
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { writeWhole } from "../place";

/** How many programs are kept, and how large one may be, in characters. */
const PROGRAMS = 32;
const LARGEST = 8 * 1024 * 1024;
/** The largest file that is known by what is in it, in bytes. Compilers are larger: they are known by their size and time. */
const HASHED = 1024 * 1024;
/** Counted up when the file's layout, or what makes a script, changes. */
const LAYOUT = 1;

interface Kept {
    /** By file: what was in it; null where there was none. */
    asked: Record<string, string | null>;
    /** What Node is to load by a handler of ours, `.ts` and its like. */
    extensions: string[];
    /** By file: the hash of its text, and the JavaScript. */
    scripts: Record<string, { source: string; script: string }>;
}

/** The scripts of one program. */
export class KeptScripts {
    private changed = false;

    constructor(
        private readonly file: string,
        private readonly kept: Kept,
    ) {}

    get extensions(): string[] {
        return this.kept.extensions;
    }

    set extensions(extensions: string[]) {
        this.kept.extensions = extensions;
    }

    /** The JavaScript of a file whose text is still the same. */
    get(file: string): string | undefined {
        const found = Object.hasOwn(this.kept.scripts, file) ? this.kept.scripts[file] : undefined;
        return found !== undefined && found.source === contentOf(file) ? found.script : undefined;
    }

    /** Keeps what `code`, the text of `file`, was made into. */
    put(file: string, code: string, script: string): void {
        this.kept.scripts[file] = { source: hash(code), script };
        this.changed = true;
    }

    /** From now on the scripts hold only while this file is what it is, or there is none. */
    asked(file: string): void {
        const name = path.resolve(file);
        this.kept.asked[name] ??= contentOf(name);
    }

    /** The same for the first of this name in the folder or one above it, where its real place is, and for all before it where there is none. */
    askedUpwards(folder: string, name: string): string | undefined {
        for (let at = folder; ; at = path.dirname(at)) {
            const file = path.join(at, name);
            this.asked(file);
            if (this.kept.asked[file] !== null) return fs.realpathSync(file);
            if (at === path.dirname(at)) return undefined;
        }
    }

    /** Keeps nothing of this program. */
    forget(): void {
        this.changed = false;
        this.put = () => undefined;
        fs.rmSync(this.file, { force: true });
    }

    /** Writes what is new. A cache that cannot be written is none. */
    save(): void {
        const text = JSON.stringify(this.kept);
        if (!this.changed || text.length > LARGEST) return;
        try {
            const folder = path.dirname(this.file);
            fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
            writeWhole(this.file, text, 0o600);
            const others = fs.readdirSync(folder).map((name) => path.join(folder, name));
            const age = (file: string) => fs.statSync(file).mtimeMs;
            for (const old of others.sort((a, b) => age(b) - age(a)).slice(PROGRAMS)) fs.rmSync(old, { force: true });
        } catch {
            // No room, or no right to write: it is transpiled anew the next time.
        }
    }
}

/** The scripts that `folder` has of the program that `key` names; none if anything that they rest on has changed. */
export function keptScripts(folder: string, key: string): KeptScripts {
    const file = path.join(folder, `${hash(`${LAYOUT} ${key}`).slice(0, 32)}.json`);
    return new KeptScripts(file, read(file) ?? { asked: {}, extensions: [], scripts: {} });
}

function read(file: string): Kept | undefined {
    try {
        const kept = JSON.parse(fs.readFileSync(file, "utf8")) as Kept;
        return Object.entries(kept.asked).every(([name, content]) => contentOf(name) === content) ? kept : undefined;
    } catch {
        return undefined;
    }
}

function contentOf(file: string): string | null {
    try {
        const { size, mtimeMs } = fs.statSync(file);
        return size > HASHED ? `${size} ${mtimeMs}` : hash(fs.readFileSync(file, "utf8"));
    } catch {
        return null;
    }
}

const hash = (text: string): string => createHash("sha256").update(text).digest("hex");
