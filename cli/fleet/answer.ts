import { z } from "zod";
import type { Verb } from "./question";

/** The last line of a run of a unit's text; a text of another version may say less or more. */
const summary = z.object({
    result: z.string(),
    changed: z.array(z.string()).default([]),
    actions: z.array(z.string()).default([]),
    error: z
        .union([z.string(), z.array(z.string())])
        .transform((error) => (Array.isArray(error) ? error.join("\n") : error))
        .optional(),
    gates: z.array(z.object({ name: z.string(), passes: z.boolean(), output: z.string().default("") })).default([]),
});
export type Summary = z.infer<typeof summary>;

/** How a unit's text came to its end. */
export type Run = { summary: Summary; words: string } | { summary?: undefined; words: string };

/** Whether a unit's record on its host is that of the stack. */
export const RecordState = { Same: "same", Different: "different", Missing: "missing" } as const;
export type RecordState = (typeof RecordState)[keyof typeof RecordState];

/** What a host remembers of a unit. */
export interface UnitRecord {
    state: RecordState;
    /** Who applied it last; `-`: nobody in particular. */
    keeper: string;
    digest: string;
    /** A run was cut between files and gates. */
    cut: boolean;
    /** Whether there is a folder with its credentials on the host; true where it was sent none. */
    credentials: boolean;
    /** What its commands run there: as it was brought, another text, or nothing. */
    engine: "whole" | "other" | "missing";
}

/** A path as it is on a host. */
export interface Place {
    /** `regular file`, `directory`, `symbolic link`, … as `stat` says it. */
    kind: string;
    mode: string;
    owner: string;
    bytes: number;
    /** When its content, mode or owner changed last: seconds since 1970, by the host's clock. */
    changed: number;
}

/** How a file's content compares with what was applied, credentials filled in on the host. */
export interface Compared {
    /** `same`, `differs`, `absent`, `link`, `special`, `lost:CREDENTIAL` or `unreadable:REASON`. */
    verdict: string;
    /** What is there instead, without credentials: at most 64 KiB, and none of a binary file or where a credential should be. */
    content?: { text: string; kind: "whole" | "head" | "binary"; bytes: number };
}

/** A service in the words of `systemctl show`; times are seconds since 1970. */
export interface ServiceState {
    load: string;
    active: string;
    sub: string;
    result: string;
    enabled: string;
    needDaemonReload: boolean;
    restarts: number;
    /** Since when it runs; undefined where it does not. */
    started?: number;
    /** When it last started, stopped or reloaded. */
    turned?: number;
    /** The program of its main process. */
    program?: string;
}

/** Everything that a host said. */
export interface Evidence {
    /** Its clock, in seconds since 1970. */
    clock?: number;
    /** Its addresses, without prefix length. */
    addresses: string[];
    /** Versions of installed packages; undefined until it has told them, as are places. */
    packages?: Map<string, string>;
    services: Map<string, ServiceState>;
    places?: Map<string, Place>;
    links: Map<string, string>;
    /** By unit and path. */
    files: Map<string, Map<string, Compared>>;
    /** Files that nobody brought, in the units' own directories. */
    strangers: string[];
    records: Map<string, UnitRecord>;
    /** Keepers of all units on record there, by unit. */
    keepers: Map<string, string>;
    /** What daemons say they run with, by `PROBE/UNIT`. */
    running: Map<string, string>;
    /** Last words of services that failed. */
    journals: Map<string, string>;
    runs: Record<Verb, Map<string, Run>>;
    /** What kept changing the host meanwhile: `pid verb unit since`. */
    busy?: string;
    /** Whether it came to the end of what it had to say. */
    complete: boolean;
}

interface Told {
    kind: string;
    name: string;
    text: string;
}

const told = (stdout: string): Told[] =>
    stdout.split("\n").flatMap((line) => {
        const [kind, name, encoded] = line.split(" ");
        return kind === undefined || name === undefined || encoded === undefined
            ? []
            : [{ kind, name, text: Buffer.from(encoded, "hex").toString("utf8") }];
    });

const lines = (text: string): string[] => text.split("\n").filter((line) => line !== "");
const fields = (text: string): string[][] => lines(text).map((line) => line.split("\t"));

/** What a host printed, also when it was cut off. */
export function evidenceIn(stdout: string): Evidence {
    const all = told(stdout);
    const of = (kind: string): Told[] => all.filter((item) => item.kind === kind);
    const text = (kind: string): string => of(kind)[0]?.text ?? "";
    const named = (kind: string): Map<string, string> => new Map(of(kind).map((item) => [item.name, item.text]));
    const has = (kind: string): boolean => of(kind).length > 0;
    const clock = Number.parseFloat(text("clock"));
    const [busy] = of("busy");
    return {
        ...(Number.isFinite(clock) ? { clock } : {}),
        ...(busy ? { busy: lines(busy.text)[0] ?? "" } : {}),
        addresses: [...text("addresses").matchAll(/ inet6? ([0-9a-f.:]+)/g)].map(([, address = ""]) => address),
        packages: has("packages") ? packagesIn(text("packages")) : undefined,
        services: servicesIn(text("services"), named("program")),
        places: has("places") ? placesIn(text("places")) : undefined,
        links: new Map([...named("link")].map(([path, target]) => [path, target.trimEnd()])),
        files: new Map(of("files").map((item) => [item.name, comparedIn(item.text)])),
        strangers: lines(text("strangers")),
        records: new Map(of("record").map((item) => [item.name, recordIn(item.text)])),
        keepers: new Map(
            lines(text("units")).map((line) => {
                const [unit = "", keeper = "-"] = line.split(" ");
                return [unit, keeper];
            }),
        ),
        running: named("running"),
        journals: named("journal"),
        runs: { check: runs(of("check"), named("check-words")), health: runs(of("health"), named("health-words")) },
        complete: has("end"),
    };
}

const packagesIn = (text: string): Map<string, string> =>
    new Map(
        fields(text).flatMap(([name = "", status, version = ""]) => (status === "installed" ? [[name, version]] : [])),
    );

const placesIn = (text: string): Map<string, Place> =>
    new Map(
        fields(text).map(([path = "", kind = "", mode = "", owner = "", bytes, changed]) => [
            path,
            { kind, mode, owner, bytes: Number(bytes), changed: Number(changed) },
        ]),
    );

function runs(ended: Told[], words: Map<string, string>): Map<string, Run> {
    return new Map(
        ended.map(({ name, text }): [string, Run] => {
            const [code = "", line = ""] = text.split("\n");
            const said = words.get(name)?.trim() ?? "";
            const parsed = summary.safeParse(jsonOf(line));
            return parsed.success
                ? [name, { summary: parsed.data, words: said }]
                : [name, { words: said || `it ended with status ${code} and said nothing` }];
        }),
    );
}

function jsonOf(line: string): unknown {
    try {
        return JSON.parse(line);
    } catch {
        return undefined;
    }
}

function recordIn(text: string): UnitRecord {
    const [state, keeper = "-", digest = "-", cut, credentials, engine] = text.split("\n");
    const known = Object.values(RecordState).find((value) => value === state) ?? RecordState.Missing;
    return {
        state: known,
        ...{ keeper, digest },
        cut: cut === "cut",
        credentials: credentials !== "missing",
        engine: engine === "other" || engine === "missing" ? engine : "whole",
    };
}

function comparedIn(text: string): Map<string, Compared> {
    const files = new Map<string, Compared>();
    for (const [what, path = "", a = "", bytes = "", hex = ""] of fields(text)) {
        const file = files.get(path) ?? { verdict: "" };
        if (what === "verdict") file.verdict = a;
        else if (a === "whole" || a === "head" || a === "binary") {
            const content = Buffer.from(hex, "hex").toString("utf8");
            const garbled = a === "binary" || content.includes("\ufffd");
            file.content = { text: garbled ? "" : content, kind: garbled ? "binary" : a, bytes: Number(bytes) };
        }
        files.set(path, file);
    }
    return files;
}

/** Names, an empty line, and a block of `systemctl show` for each name in that order: an alias has another Id. */
function servicesIn(text: string, programs: Map<string, string>): Map<string, ServiceState> {
    const [names = "", ...blocks] = text.trimEnd().split("\n\n");
    return new Map(
        lines(names).flatMap((name, n): [string, ServiceState][] => {
            const block = blocks[n];
            if (block === undefined) return [];
            const value = new Map(lines(block).map((line) => [line.split("=")[0], line.slice(line.indexOf("=") + 1)]));
            const get = (key: string): string => value.get(key) ?? "";
            const active = get("ActiveState");
            const runs = active === "active" || active === "reloading";
            return [
                [
                    name,
                    {
                        load: get("LoadState"),
                        active,
                        sub: get("SubState"),
                        result: get("Result"),
                        enabled: get("UnitFileState"),
                        needDaemonReload: get("NeedDaemonReload") === "yes",
                        restarts: Number(get("NRestarts")) || 0,
                        started: runs ? instant(get("ActiveEnterTimestamp")) : undefined,
                        turned: instant(get("StateChangeTimestamp")),
                        program: programs.get(get("MainPID"))?.trim(),
                    },
                ],
            ];
        }),
    );
}

/** `Sat 2026-11-21 17:37:48.123456 UTC` in seconds since 1970. */
function instant(text: string): number | undefined {
    const [, date, time, fraction = "0"] = /(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d+)? UTC/.exec(text) ?? [];
    return date === undefined ? undefined : Date.parse(`${date}T${time}Z`) / 1000 + Number(`0${fraction}`);
}
