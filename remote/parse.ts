import { manifest } from "./manifest";
import type { Activation, Impact, Manifest } from "./manifest";

interface Directive {
    words: string[];
    /** The line after its first word. */
    rest: string;
    body: string | undefined;
}

function directives(text: string): Directive[] {
    const found: Directive[] = [];
    for (const row of text.split("\n").slice(0, -1)) {
        const last = found.at(-1);
        if (row.startsWith("|") && last) {
            const content = row.slice(2);
            last.body = last.body === undefined ? content : `${last.body}\n${content}`;
        } else {
            found.push({ words: row.split(" "), rest: row.slice(row.indexOf(" ") + 1), body: undefined });
        }
    }
    return found;
}

const after = (rest: string, words: number): string => rest.split(" ").slice(words).join(" ");

function activation(d: Directive): Activation {
    const [, what, impact, seconds, last] = d.words;
    const isRun = what === "run";
    return {
        do: what as Activation["do"],
        target: (isRun ? d.body : last) ?? "",
        impact: (impact ?? "").replace("impact=", "") as Impact,
        seconds: Number((seconds ?? "").replace("seconds=", "")),
        ...(isRun && last !== undefined ? { withinSeconds: Number(last.replace("within=", "")) } : {}),
    };
}

/**
 * The manifest that a text was made from: the inverse of `toText`.
 *
 * @throws Error when the text is not a manifest, was cut, or holds a directive that is not known.
 */
export function parse(text: string): Manifest {
    const [header, ...all] = directives(text);
    const end = all.pop();
    const count = text.split("\n").length - 2;
    if (header?.words.join(" ") !== "pulumi-ha manifest 1")
        throw new Error("this text is not a pulumi-ha manifest of version 1");
    if (end?.words[0] !== "end" || Number(end.words[1]) !== count)
        throw new Error("this manifest was cut: its last line does not count its lines");

    const m = manifest({ unit: "" });
    for (const d of all) read(m, d);
    return m;
}

function read(m: Manifest, d: Directive): void {
    const [directive, a = "", b = "", c = ""] = d.words;
    const command = d.body ?? "";
    switch (directive) {
        case "unit":
            m.unit = a;
            return;
        case "package":
            m.packages.push(a);
            return;
        case "user":
            m.users.push(a);
            return;
        case "directory":
            m.directories.push({ path: a, mode: b, owner: c });
            return;
        case "file": {
            const flags = d.words.slice(4);
            const value = (name: string) => flags.find((f) => f.startsWith(`${name}=`))?.slice(name.length + 1);
            const credential = value("credential");
            const fill = value("fill")?.split(",");
            const newline = d.body === undefined || flags.includes("no-final-newline") ? "" : "\n";
            m.files.push({
                path: a,
                mode: b,
                owner: c,
                content: `${d.body ?? ""}${newline}`,
                ...(credential === undefined ? {} : { credential }),
                ...(fill === undefined ? {} : { fill }),
                ...(flags.includes("shared") ? { shared: true } : {}),
                ...(flags.includes("held") ? { held: true } : {}),
                onChange: [],
            });
            return;
        }
        case "on-change":
            m.files.at(-1)?.onChange.push(activation(d));
            return;
        case "validate":
            m.validators.push({ name: d.rest, command });
            return;
        case "service":
            m.services.push({ name: a, enabled: b === "enabled", running: c === "running" });
            return;
        case "gate":
            m.gates.push({ withinSeconds: Number(a), name: after(d.rest, 1), command });
            return;
        case "port":
            m.ports.push({ port: a, from: d.words.slice(3) });
            return;
        case "on-remove":
            m.removal.push({ name: d.rest, command });
            return;
        default:
            throw new Error(`a manifest of version 1 has no directive ${JSON.stringify(directive)}`);
    }
}
