import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { toText } from "../../remote/manifest";
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
const EVIDENCE = read("evidence.sh");
const FILES = read("files.pl");

const MARK = "PULUMI_HA_TEXT";
const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/** The command that ssh executes; what it reads is `question`. The host itself ends it when the time is up. */
export const launcher = (user: string, seconds: number): string =>
    asRoot(user, `bash -s -- ${Math.max(1, Math.ceil(seconds))}`);

/** One host's question as a script: everything about all of its units at once, with the host side that the stack's state has of each. */
export function question({ units }: Host, verbs: Verb[]): string {
    const texts = new Map<string, string>();
    const named = (kind: string, text: string): string => {
        const name = `${kind}.${createHash("sha256").update(text).digest("hex").slice(0, 16)}`;
        texts.set(name, text);
        return name;
    };
    const asks = units.flatMap(({ manifest, engine, digest, keeper }) => {
        const whole = named("manifest", toText(manifest));
        const of = { [Verb.Check]: whole, [Verb.Health]: named("manifest", toText(impatient(manifest))) };
        const host = named("engine", engine);
        return [
            ["unit", manifest.unit, whole, digest],
            ...verbs.map((verb) => ["ask_unit", verb, manifest.unit, host, of[verb], digest, keeper]),
        ];
    });
    const all = units.map(({ manifest }) => manifest);
    // How units are says nothing of what they consist of.
    const compared = verbs.includes(Verb.Check) ? all : [];
    const lists = {
        PACKAGES: compared.flatMap(({ packages }) => packages.map((name) => name.split("=")[0] ?? name)),
        SERVICES: all.flatMap(servicesOf),
        PLACES: compared.flatMap(({ files }) => files.map((file) => file.path)),
        FOLDERS: compared.flatMap(({ directories }) => directories.map((folder) => folder.path)),
    };
    const probes = compared.flatMap((manifest) =>
        PROBES.flatMap(({ name, command }) => {
            const asked = command(manifest);
            return asked === undefined ? [] : [["probe", `${name}/${manifest.unit}`, asked]];
        }),
    );
    const bodies = [...texts, ["files.pl", FILES] as const].flatMap(([name, text]) => [
        `text ${quoted(name)} <<'${MARK}'`,
        text.endsWith("\n") ? text.slice(0, -1) : text,
        MARK,
    ]);
    return [
        // The rest is read by the shell that this one becomes, as a whole: a stream that was cut asks nothing.
        `exec timeout --kill-after=2 "$1" unshare --mount --propagation private -- bash -c 'script=$(cat) && eval "$script"'`,
        EVIDENCE,
        ...Object.entries(lists).map(([name, words]) => `${name}=(${[...new Set(words)].map(quoted).join(" ")})`),
        "enter",
        ...bodies,
        ...[...asks, ...probes].map((words) => words.map(quoted).join(" ")),
        "main",
        "",
    ].join("\n");
}

/** The services that a unit states or tells of changes, each once. */
export const servicesOf = ({ services, files }: Manifest): string[] => [
    ...new Set([
        ...services.map(({ name }) => name),
        ...files.flatMap(({ onChange }) => onChange.flatMap((a) => (a.do === "run" ? [] : [a.target]))),
    ]),
];

const impatient = (manifest: Manifest): Manifest => ({
    ...manifest,
    gates: manifest.gates.map((gate) => ({ ...gate, withinSeconds: Math.min(gate.withinSeconds, PATIENCE_SECONDS) })),
});
