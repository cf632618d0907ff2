import { effect } from "../../components/pacemaker-cluster/effect";
import { paths } from "../../components/pacemaker-cluster/paths";
import { Impact } from "../../remote/manifest";
import type { Activation, Manifest, ManagedFile, Service } from "../../remote/manifest";
import { worseThan } from "./impact";

/** A file that an update touches on a host. */
export interface FileChange {
    path: string;
    /** `rotates`: it holds a credential that is another one, or may be. */
    how: "changes" | "comes" | "leaves" | "rotates";
    /** As it is on the host. */
    before?: ManagedFile;
    /** As it shall be. */
    after?: ManagedFile;
}

/** Something that happens to a running system. */
export interface Action {
    /** `reload keepalived.service`, `start mariadb.service`, the first line of a command. */
    what: string;
    /** What it does to the service. */
    impact: Impact;
    /** Seconds for which clients are expected to be without it. */
    seconds: number;
    /** The paths that ask for it; empty where the state of a service does. */
    because: string[];
}

/** What one unit's step does on its host. */
export interface Change {
    files: FileChange[];
    actions: Action[];
    /** What changes besides, without an effect on a running service. */
    notes: string[];
}

/** What is on a host at some moment of the update, as far as the stack knows. */
export interface Host {
    /** Files, by path, as the last unit left them. */
    files: Map<string, ManagedFile>;
    /** What each unit was applied with last, by the unit's name on the host. */
    units: Map<string, Manifest>;
}

/** A host that units put `manifests` on. */
export const hostWith = (manifests: Manifest[]): Host => ({
    files: new Map(
        manifests.flatMap(({ files }) => files.filter(({ held }) => !held).map((file) => [file.path, file])),
    ),
    units: new Map(manifests.map((manifest) => [manifest.unit, manifest])),
});

/**
 * What the host does when a unit is applied there: the files that differ from what is there, what those ask for, each distinct activation once, and the
 * state of services.
 */
export function change(host: Host, next: Manifest, rotates: boolean): Change {
    const old = host.units.get(next.unit);
    const others = [...host.units.values()].filter(({ unit }) => unit !== next.unit);
    const files = [...next.files.flatMap((file) => fileChange(host, file, rotates)), ...leaving(old, next, others)];
    const running = new Set([...(old ? [old] : []), ...others].flatMap(runningIn));
    const starts = runningIn(next).filter((service) => !running.has(service));
    const first =
        old === undefined && next.services.length > 0 && next.services.every(({ name }) => !running.has(name));
    return {
        files,
        actions: [
            ...activations(files, next, starts, first),
            ...starts.map((service) => act(`start ${service}`, Impact.None)),
            ...stops(old, next, others).map((service) => act(`stop ${service}`, Impact.Failover)),
        ],
        notes: notes(old, next),
    };
}

/** What the host does when a unit leaves. */
export function removal(host: Host, old: Manifest): Change {
    const others = [...host.units.values()].filter(({ unit }) => unit !== old.unit);
    const files = leaving(old, undefined, others);
    const theirs = new Set(others.flatMap(({ services }) => services.map(({ name }) => name)));
    const told = distinct(files.filter(({ how }) => how === "leaves"))
        .filter(({ activation }) => activation.do !== "run" && theirs.has(activation.target))
        .map(({ activation, because }) => action(activation, because));
    return {
        files,
        actions: [...told, ...stops(old, undefined, others).map((service) => act(`stop ${service}`, Impact.Failover))],
        notes: old.removal.map(({ name }) => name),
    };
}

/** The host after a unit was applied, or has left. */
export function applied(host: Host, unit: string, next: Manifest | undefined): Host {
    const units = new Map(host.units);
    const gone = units.get(unit)?.files ?? [];
    if (next) units.set(unit, next);
    else units.delete(unit);
    const stated = new Set([...units.values()].flatMap(({ files }) => files.map(({ path }) => path)));
    const files = new Map(host.files);
    for (const { path } of gone) if (!stated.has(path)) files.delete(path);
    for (const file of next?.files ?? []) if (!file.held) files.set(file.path, file);
    return { files, units };
}

const same = (a: ManagedFile, b: ManagedFile): boolean =>
    a.content === b.content && a.mode === b.mode && a.owner === b.owner && a.credential === b.credential;

const holdsCredential = (file: ManagedFile): boolean => file.credential !== undefined || (file.fill ?? []).length > 0;

function fileChange(host: Host, after: ManagedFile, rotates: boolean): FileChange[] {
    const before = host.files.get(after.path);
    const { path } = after;
    if (after.held) return [];
    if (before === undefined) return [{ path, how: "comes", after }];
    if (!same(before, after)) return [{ path, how: "changes", before, after }];
    return rotates && holdsCredential(after) ? [{ path, how: "rotates", before, after }] : [];
}

/** What a manifest had that the next one has not, unless another unit of the host has it as well. */
function leaving(old: Manifest | undefined, next: Manifest | undefined, others: Manifest[]): FileChange[] {
    const stay = new Set([...(next ? [next] : []), ...others].flatMap(({ files }) => files.map(({ path }) => path)));
    return (old?.files ?? [])
        .filter(({ path }) => !stay.has(path))
        .map((before) => ({ path: before.path, how: "leaves", before }));
}

interface Asked {
    activation: Activation;
    because: string[];
}

/** Each activation once, with the paths that ask for it; where they differ in cost, the higher one counts. */
function distinct(files: FileChange[]): Asked[] {
    const found = new Map<string, Asked>();
    // Those of files that leave come from the old manifest; for the others the new one has its own.
    for (const { path, before, after } of files) {
        for (const asked of (after ?? before)?.onChange ?? []) {
            const activation = after === undefined ? asked : seenIn(path, before?.content, after.content, asked);
            const key = `${activation.do} ${activation.target}`;
            const known = found.get(key);
            const costlier =
                known && !worseThan(activation.impact, known.activation.impact) ? known.activation : activation;
            const seconds = Math.max(activation.seconds, known?.activation.seconds ?? 0);
            found.set(key, { activation: { ...costlier, seconds }, because: [...(known?.because ?? []), path] });
        }
    }
    return [...found.values()];
}

/** Files whose activation has the worst that a change of them may do, and what tells of a change that it does less. */
const TELLS: Record<string, ((before: string | undefined, after: string) => Impact) | undefined> = {
    [paths.cib]: effect,
};

function seenIn(path: string, before: string | undefined, after: string, asked: Activation): Activation {
    const impact = TELLS[path]?.(before, after) ?? asked.impact;
    if (!worseThan(asked.impact, impact)) return asked;
    return { ...asked, impact, seconds: impact === Impact.None ? 0 : asked.seconds };
}

const ORDER: Activation["do"][] = ["run", "restart", "reload"];

function activations(files: FileChange[], next: Manifest, starts: string[], first: boolean): Action[] {
    const asked = distinct(files);
    const restarts = new Set(
        asked.filter(({ activation }) => activation.do === "restart").map((a) => a.activation.target),
    );
    const stopped = new Set(next.services.filter(({ running }) => !running).map(({ name }) => name));
    return ORDER.flatMap((kind) =>
        asked
            .filter(({ activation }) => activation.do === kind)
            // A restart is also a reload; what is to stand still is told nothing; what does not run yet reads its files when it starts.
            .filter(({ activation: { target } }) => kind !== "reload" || !restarts.has(target))
            .filter(({ activation: { target } }) => kind === "run" || !(stopped.has(target) || starts.includes(target)))
            .map(({ activation, because }) => action(first ? unnoticed(activation) : activation, because)),
    );
}

/** What a unit does that brings all its services with it disturbs nobody; data may be there before. */
const unnoticed = (activation: Activation): Activation =>
    activation.do === "run" && activation.impact !== Impact.Data
        ? { ...activation, impact: Impact.None, seconds: 0 }
        : activation;

const action = (activation: Activation, because: string[]): Action => ({
    what: activation.do === "run" ? `run ${firstLine(activation.target)}` : `${activation.do} ${activation.target}`,
    impact: activation.impact,
    seconds: activation.seconds,
    because,
});

const act = (what: string, impact: Impact): Action => ({ what, impact, seconds: 0, because: [] });

/** The line of a command that says most: its first one but for settings of the shell. */
const firstLine = (command: string): string => {
    const lines = command.split("\n").filter((line) => !/^\s*(set -|#|$)/.test(line));
    return `${lines[0] ?? command}${lines.length > 1 ? " …" : ""}`;
};

const runningIn = ({ services }: Manifest): string[] =>
    services.filter(({ running }) => running).map(({ name }) => name);

/** Services that the manifest wants stopped from now on, or that only the old one wanted. */
function stops(old: Manifest | undefined, next: Manifest | undefined, others: Manifest[]): string[] {
    const elsewhere = new Set(others.flatMap(runningIn));
    const stay = new Set(next ? runningIn(next) : []);
    return (old ? runningIn(old) : []).filter((service) => !stay.has(service) && !elsewhere.has(service));
}

/** What a manifest says besides files and running services, by name. */
const BESIDES: Record<string, (manifest: Manifest) => Record<string, unknown>> = {
    package: ({ packages }) => byName(packages, (name) => name),
    "system user": ({ users }) => byName(users, (name) => name),
    directory: ({ directories }) => byName(directories, ({ path }) => path),
    validator: ({ validators }) => byName(validators, ({ name }) => name),
    gate: ({ gates }) => byName(gates, ({ name }) => name),
    port: ({ ports }) => byName(ports, ({ port }) => port),
    "step of removal": (manifest) => byName(manifest.removal, ({ name }) => name),
    "start at boot of": ({ services }) =>
        Object.fromEntries(services.map((service: Service) => [service.name, service.enabled])),
};

const byName = <T>(entries: T[], name: (entry: T) => string): Record<string, T> =>
    Object.fromEntries(entries.map((entry) => [name(entry), entry]));

/** Nothing for a unit that is new: all of it is. */
function notes(old: Manifest | undefined, next: Manifest): string[] {
    if (old === undefined) return next.packages.length > 0 ? [`needs ${next.packages.join(", ")}`] : [];
    return Object.entries(BESIDES).flatMap(([kind, of]) => {
        const [was, is] = [of(old), of(next)];
        const names = [...new Set([...Object.keys(was), ...Object.keys(is)])];
        return names.flatMap((name) => {
            if (!(name in was)) return [`${kind} ${name} comes`];
            if (!(name in is)) return [`${kind} ${name} leaves`];
            return JSON.stringify(was[name]) === JSON.stringify(is[name]) ? [] : [`${kind} ${name} changes`];
        });
    });
}
