import { Impact } from "../../remote/manifest";
import type { Manifest } from "../../remote/manifest";
import { beside, others } from "./beside";
import type { Beside } from "./beside";
import { applied, change, hostWith, removal } from "./changes";
import type { Action, Change, Host } from "./changes";
import { attributesOf, diffOf } from "./diff";
import { promisesIn } from "./events";
import type { Promised, Violation } from "./events";
import { worseThan, worstOf } from "./impact";
import type { Judged } from "./impact";
import { awaited, roll, together } from "./order";
import type { Placed, Together } from "./order";
import type { Preview } from "./preview";
import { inTheWay } from "./taken";
import { OURS, STACK, unitSteps } from "./units";
import type { Seen, UnitStep } from "./units";

/** What becomes of a unit. */
export const Does = {
    Install: "is installed",
    Change: "changes",
    Rotate: "gets other credentials",
    Rerun: "runs again",
    Replace: "is replaced",
    Leave: "leaves",
    Forget: "is forgotten",
    Unknown: "cannot be told",
} as const;
export type Does = (typeof Does)[keyof typeof Does];

/** A file that a unit touches. */
export interface PlannedFile {
    path: string;
    how: "changes" | "comes" | "leaves" | "rotates";
    /** `mode 0644 → 0600`. */
    attributes: string[];
    /** Lines of a unified diff; empty for the files of a new unit. */
    diff: string[];
}

/** A unit that the update touches. */
export interface PlannedUnit {
    unit: string;
    component: string;
    /** `KeepalivedVip`. */
    type: string;
    host: string;
    does: Does;
    /** The worst that happens to its service; undefined where that is not known before the update runs. */
    impact?: Impact;
    /** Seconds for which clients are expected to be without it. */
    seconds: number;
    files: PlannedFile[];
    actions: Action[];
    /** What else is to be known. */
    notes: string[];
    /** What must not be overlooked. */
    alarms: string[];
    /** Units that change before it and that it waits for. */
    after: string[];
}

/** A promise that changes. */
export interface PromiseChange {
    /** Undefined for the stack as a whole. */
    component?: string;
    fault: string;
    /** Seconds; undefined for a fault that there was no promise for. */
    from?: number;
    /** Seconds; undefined for a fault that there is no promise for any more. */
    to?: number;
}

/** What an update will do, in the order in which it does. */
export interface Plan {
    units: PlannedUnit[];
    /** Hosts that the update touches. */
    hosts: string[];
    worst: Impact;
    /** Seconds without service that are expected in all. */
    seconds: number;
    /** Components of which nothing remains. */
    leaving: string[];
    /** What is not rolled over the hosts of a component. */
    together: Together[];
    /** Names of the units that stay as they are. */
    unchanged: string[];
    /** Names of the units that are applied again though nothing is known to differ on their hosts. */
    again: string[];
    promises: PromiseChange[];
    beside: Beside[];
    /** Resources of other providers, by operation. */
    others: Record<string, number>;
    violations: Violation[];
    warnings: string[];
}

/** What the engine said besides the preview, where the preview was made here. */
export interface Heard {
    promises: ReadonlyMap<string, Promised>;
    violations: Violation[];
}

/**
 * What an update will do, from its preview alone.
 *
 * @throws Error when the preview has no unit of this library.
 */
export function planOf(preview: Preview, heard?: Heard): Plan {
    const all = unitSteps(preview);
    if (all.length === 0)
        throw new Error("the preview has no unit of pulumi-ha: is it of the right stack, and of all its resources?");
    const placed = roll(
        all.filter(({ op }) => op !== "same"),
        preview,
    );
    const remains = new Set(all.filter(({ op }) => op !== "delete").map(({ component }) => component.name));
    const hosts = new Map(
        [...new Set(all.map(({ node }) => node))].map((node) => [node, hostWith(manifestsBefore(all, node))]),
    );
    const before = awaited(placed);
    const done = placed.map((entry) => {
        const host = hosts.get(entry.unit.node) ?? hostWith([]);
        const refusals = inTheWay(entry.unit, all, before.get(entry.unit) ?? new Set());
        const planned = plannedUnit(entry, host, remains, refusals);
        const name = manifestIn(entry.unit.after ?? entry.unit.before)?.unit;
        if (name !== undefined) hosts.set(entry.unit.node, applied(host, name, manifestIn(entry.unit.after)));
        return { ...entry, planned, impact: planned.impact };
    });
    const hostsOf = (component: string) =>
        new Set(
            all.filter((unit) => unit.component.name === component && unit.op !== "delete").map(({ node }) => node),
        );
    const touched = done.map(({ planned }) => planned);
    const units = touched.filter(({ does }) => does !== Does.Rerun);
    const groups = together(done, hostsOf);
    const left = new Set(units.filter(({ does }) => does === Does.Leave).map(({ component }) => component));
    return {
        units,
        hosts: [...new Set(units.map(({ host }) => host))].sort(),
        worst: worstOf([...units, ...groups].map(({ impact }) => impact ?? Impact.None)),
        seconds: rounded(units.reduce((sum, { seconds }) => sum + seconds, 0)),
        leaving: [...left].filter((component) => !remains.has(component)),
        together: groups,
        unchanged: all.filter(({ op }) => op === "same").map(({ name }) => name),
        again: touched.filter(({ does }) => does === Does.Rerun).map(({ unit }) => unit),
        promises: promiseChanges(preview, heard?.promises),
        beside: beside(preview),
        others: others(preview),
        violations: heard?.violations ?? [],
        warnings: preview.warnings,
    };
}

const rounded = (seconds: number): number => Math.round(seconds * 1000) / 1000;

const manifestIn = (seen: Seen | undefined): Manifest | undefined =>
    seen && "manifest" in seen ? seen.manifest : undefined;

const manifestsBefore = (units: UnitStep[], node: string): Manifest[] =>
    units.filter((unit) => unit.node === node).flatMap(({ before }) => manifestIn(before) ?? []);

/** Types of components that keep data, which a removal takes out of service even where it stays on the disks. */
const KEEP_DATA = new Set(["GaleraCluster", "DrbdVolume", "HaPair"]);

const keepsData = ({ component }: UnitStep, manifest: Manifest | undefined): boolean =>
    KEEP_DATA.has(component.type) ||
    (manifest?.files ?? []).some(({ onChange }) => onChange.some(({ impact }) => impact === Impact.Data));

function plannedUnit({ unit, after }: Placed, host: Host, remains: Set<string>, refusals: string[]): PlannedUnit {
    const common = {
        unit: unit.name,
        component: unit.component.name,
        type: unit.component.type,
        host: unit.node,
        after: after.map(({ name }) => name),
    };
    const [old, next] = [manifestIn(unit.before), manifestIn(unit.after)];
    const nothing = { files: [], actions: [], seconds: 0, alarms: [] };
    if (unit.retained)
        return { ...common, ...nothing, does: Does.Forget, impact: Impact.None, notes: ["stays on its host as it is"] };
    if (unit.op === "delete") return { ...common, ...leaves(unit, host, old, remains) };
    const hidden = [unit.before, unit.after].flatMap((seen) => (seen && "hidden" in seen ? [seen.hidden] : []));
    if (next === undefined || hidden.length > 0) {
        const impact = unit.op === "replace" ? Impact.Outage : undefined;
        return { ...common, ...nothing, does: Does.Unknown, impact, notes: unit.notes, alarms: [...new Set(hidden)] };
    }
    const found = change(host, next, unit.rotates);
    const does = doesOf(unit, found);
    const alarms = [
        ...(does === Does.Replace ? ["is replaced: the host removes it after it was applied"] : []),
        ...found.actions
            .filter(({ impact }) => impact === Impact.Data)
            .map(({ what }) => `changes or discards data: ${what}`),
        ...refusals,
    ];
    const impact = worstOf([
        ...found.actions.map((a) => a.impact),
        does === Does.Replace ? Impact.Outage : Impact.None,
    ]);
    return {
        ...common,
        ...costed(found, unit.op !== "create"),
        does,
        // What a host refuses ends the update there: nobody can tell in which state.
        impact: refusals.length > 0 ? undefined : does === Does.Replace && keepsData(unit, next) ? Impact.Data : impact,
        notes: [...unit.notes, ...found.notes],
        alarms,
    };
}

function leaves(
    unit: UnitStep,
    host: Host,
    old: Manifest | undefined,
    remains: Set<string>,
): Omit<PlannedUnit, "unit" | "component" | "type" | "host" | "after"> {
    const whole = !remains.has(unit.component.name);
    const data = keepsData(unit, old);
    const found = old ? removal(host, old) : { files: [], actions: [], notes: [] };
    const alarm = whole
        ? `nothing of ${unit.component.name} remains${data ? ", and it keeps data" : ""}`
        : `leaves ${unit.node}: what it serves there goes to the other hosts of ${unit.component.name}`;
    const least = whole ? (data ? Impact.Data : Impact.Outage) : Impact.Failover;
    return {
        ...costed(found, false),
        does: Does.Leave,
        impact: worstOf([least, ...found.actions.map(({ impact }) => impact)]),
        notes: found.notes,
        alarms: [alarm],
    };
}

function doesOf(unit: UnitStep, { files, actions, notes }: Change): Does {
    if (unit.op === "replace") return Does.Replace;
    if (unit.op === "create") return Does.Install;
    if (files.some(({ how }) => how !== "rotates")) return Does.Change;
    if (files.length > 0) return Does.Rotate;
    // The library's own part of the script, or the way to the host: the host finds everything as it shall be.
    return actions.length + notes.length + unit.notes.length > 0 ? Does.Change : Does.Rerun;
}

const costed = ({ files, actions }: Change, withDiffs: boolean) => ({
    seconds: rounded(actions.reduce((sum, { seconds }) => sum + seconds, 0)),
    actions,
    files: files.map((file) => ({
        path: file.path,
        how: file.how,
        attributes: attributesOf(file),
        diff: withDiffs || file.how === "changes" ? diffOf(file) : [],
    })),
});

function promiseChanges({ steps }: Preview, promises: Heard["promises"] | undefined): PromiseChange[] {
    if (promises === undefined) return [];
    return steps
        .filter(({ type, op }) => (type.startsWith(OURS) || type === STACK) && op !== "delete")
        .flatMap(({ urn, name, type, oldState }) => {
            const [was, is] = [promisesIn(oldState?.outputs), promises.get(urn)];
            if (was === undefined || is === undefined) return [];
            const faults = [...new Set([...Object.keys(was), ...Object.keys(is)])];
            return faults
                .filter((fault) => was[fault] !== is[fault])
                .map((fault) => ({
                    component: type === STACK ? undefined : name,
                    fault,
                    from: was[fault],
                    to: is[fault],
                }));
        });
}

/** What a plan holds against a threshold: each unit, and what is not rolled. */
export function judgedIn({ units, together: groups }: Plan): Judged[] {
    return [
        ...units.map((unit) => ({
            component: unit.component,
            units: [unit.unit],
            impact: unit.impact,
            because: [...unit.alarms, ...reasons(unit)].join("; "),
        })),
        ...groups
            .filter(({ component, impact }) => worseThanEach(impact, units, component))
            .map(({ component, units: names, impact }) => ({
                component,
                units: names,
                impact,
                because: `all hosts of ${component} at once, as none waits for another`,
            })),
    ];
}

const worseThanEach = (impact: Impact, units: PlannedUnit[], component: string): boolean =>
    units.filter((unit) => unit.component === component).every((unit) => worseThan(impact, unit.impact ?? Impact.None));

const reasons = ({ actions, impact }: PlannedUnit): string[] =>
    actions
        .filter((a) => a.impact === impact)
        .map(
            ({ what, because }) =>
                `${what}${because.length > 0 ? `, as ${because.join(", ")} ${because.length > 1 ? "differ" : "differs"}` : ""}`,
        );
