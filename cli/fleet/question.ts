import { readFileSync } from "node:fs";
import * as path from "node:path";
import { alternatives } from "../../remote/manifest";
import type { Manifest } from "../../remote/manifest";
import { PROBES } from "./probes";
import type { Host } from "./hosts";
import { asRoot } from "../ssh";

/** What is asked of each unit: how it differs from what was applied, or how it is. */
export const Verb = { Check: "check", Health: "health" } as const;
export type Verb = (typeof Verb)[keyof typeof Verb];

/**
 * The longest that a gate is tried, in seconds: an `up` waits for what starts, here it counts how things are. The text gives one attempt half of what
 * is left, and at least 2 s.
 */
export const PATIENCE_SECONDS = 2;

const read = (file: string) => readFileSync(path.join(__dirname, file), "utf8");
const PROGRAM = [read("files.pl"), read("evidence.pl")].join("\n");
const ASK = read("ask.sh");

const MARK = "__QUESTION__";

/** The rest is read by the program that this shell becomes, as a whole: a stream that was cut asks nothing. */
const START = `exec timeout --kill-after=2 "$1" unshare --mount --propagation private -- perl -e '(my $program, our $question) = split /^${MARK}\\n/m, do { local $/; <STDIN> }, 2; eval "$program; 1" or die $@' "$EPOCHREALTIME"`;

/** A part of a question: what it is, and the bytes that belong to it. Words have no space in them. */
const part = (words: string[], text = ""): string => `${words.join(" ")} ${Buffer.byteLength(text)}\n${text}\n`;

/** The command that ssh executes; what it reads is `question`. The host itself ends it when the time is up. */
export const launcher = (user: string, seconds: number): string =>
    asRoot(user, `bash -s -- ${Math.max(1, Math.ceil(seconds))}`);

/** One host's question as a script: everything about all of its units at once, with the host side that the stack's state has of each. */
export function question({ units }: Host, verbs: Verb[]): string {
    const texts = new Map([[ASK, "ask.sh"]]);
    const named = (text: string): string => {
        const name = texts.get(text) ?? `text.${texts.size}`;
        texts.set(text, name);
        return name;
    };
    const asks = units.flatMap(({ manifest: { unit }, text, engine, digest, keeper }) => {
        const whole = named(text);
        const of = { [Verb.Check]: whole, [Verb.Health]: named(impatient(text)) };
        const host = named(engine.text);
        return [
            part(["unit", unit, whole, digest, engine.path, host]),
            ...verbs.map((verb) => part(["ask", verb, unit, host, of[verb], digest, keeper])),
        ];
    });
    const all = units.map(({ manifest }) => manifest);
    // How units are says nothing of what they consist of.
    const compared = verbs.includes(Verb.Check) ? all : [];
    const lists = {
        package: compared.flatMap(({ packages }) => packages.flatMap(alternatives).map(({ name }) => name)),
        service: all.flatMap(servicesOf),
        place: compared.flatMap(({ files }) => files.map((file) => file.path)),
        folder: compared.flatMap(({ directories }) => directories.map((folder) => folder.path)),
    };
    const probes = compared.flatMap((manifest) =>
        PROBES.flatMap(({ name, command }) => {
            const asked = command(manifest);
            return asked === undefined ? [] : [part(["probe", `${name}/${manifest.unit}`], asked)];
        }),
    );
    return [
        `${START}\n${PROGRAM}\n${MARK}\n`,
        ...[...texts].map(([text, name]) => part(["text", name], text)),
        ...asks,
        ...Object.entries(lists).flatMap(([kind, names]) => [...new Set(names)].map((name) => part([kind, name]))),
        ...probes,
        part(["end"]),
    ].join("");
}

/** The services that a unit states or tells of changes, each once. */
export const servicesOf = ({ services, files }: Manifest): string[] => [
    ...new Set([
        ...services.map(({ name }) => name),
        ...files.flatMap(({ onChange }) => onChange.flatMap((a) => (a.do === "run" ? [] : [a.target]))),
    ]),
];

/** A manifest's text whose gates are tried for so long at most; no line of a body begins like one of its own. */
const impatient = (text: string): string =>
    text.replace(/^gate ([\d.]+) /gm, (row, seconds) =>
        Number(seconds) <= PATIENCE_SECONDS ? row : `gate ${PATIENCE_SECONDS} `,
    );
