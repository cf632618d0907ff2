import { Impact } from "../../remote/manifest";
import { worseThan, worstOf } from "./impact";
import type { Preview } from "./preview";
import type { UnitStep } from "./units";

/** A unit's place in the roll. */
export interface Placed {
    unit: UnitStep;
    /** Those that change before it and that it waits for, the nearest ones only. */
    after: UnitStep[];
}

/** The units that change in the order in which they do; those that leave come last. */
export function roll(units: UnitStep[], { steps }: Preview): Placed[] {
    const needs = new Map(
        steps.map(({ urn, newState, oldState }) => [urn, (newState ?? oldState)?.dependencies ?? []]),
    );
    const leaving = units.filter(({ op }) => op === "delete");
    const staying = units.filter(({ op }) => op !== "delete");
    const near = new Map(units.map((unit) => [unit, nearest(unit, units, needs)]));
    const dependants = (of: UnitStep) => leaving.filter((unit) => near.get(unit)?.includes(of));
    return [
        ...inOrder(staying, (unit) => (near.get(unit) ?? []).filter(({ op }) => op !== "delete")),
        ...inOrder(leaving, dependants),
    ];
}

/** Through whatever lies between: its own preparation, and units that stay as they are. */
function nearest(unit: UnitStep, units: UnitStep[], needs: Map<string, string[]>): UnitStep[] {
    const byUrn = new Map(units.map((other) => [other.urn, other]));
    const seen = new Set<string>();
    const found: UnitStep[] = [];
    const ahead = [...unit.needs];
    for (let urn = ahead.pop(); urn !== undefined; urn = ahead.pop()) {
        if (seen.has(urn) || urn === unit.urn) continue;
        seen.add(urn);
        const other = byUrn.get(urn);
        if (other) found.push(other);
        else ahead.push(...(needs.get(urn) ?? []));
    }
    return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function inOrder(units: UnitStep[], after: (unit: UnitStep) => UnitStep[]): Placed[] {
    const placed = new Map<UnitStep, Placed>();
    const place = (unit: UnitStep): void => {
        if (placed.has(unit)) return;
        const before = after(unit);
        const entry = { unit, after: before };
        before.forEach(place);
        placed.set(unit, entry);
    };
    [...units].sort((a, b) => (a.name < b.name ? -1 : 1)).forEach(place);
    // Without what is reached through another one that it waits for.
    return [...placed.values()].map(({ unit, after: all }) => {
        const behind = new Set(all.flatMap((other) => [...ancestors(other, placed)]));
        return { unit, after: all.filter((other) => !behind.has(other)) };
    });
}

function ancestors(unit: UnitStep, placed: Map<UnitStep, Placed>): Set<UnitStep> {
    const found = new Set<UnitStep>();
    const ahead = [...(placed.get(unit)?.after ?? [])];
    for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
        if (found.has(next)) continue;
        found.add(next);
        ahead.push(...(placed.get(next)?.after ?? []));
    }
    return found;
}

/** For each unit those that are done when its turn comes. */
export function awaited(placed: Placed[]): Map<UnitStep, Set<UnitStep>> {
    const byUnit = new Map(placed.map((entry) => [entry.unit, entry]));
    return new Map(placed.map(({ unit }) => [unit, ancestors(unit, byUnit)]));
}

/** Units of one component on several hosts of which none waits for another. */
export interface Together {
    component: string;
    units: string[];
    /** What it comes to: an outage where all hosts of the component are out at once. */
    impact: Impact;
}

/**
 * What is not rolled: units that disturb their service, on different hosts, that do not wait for each other.
 *
 * @param hostsOf the hosts that have units of a component.
 */
export function together(
    placed: (Placed & { impact?: Impact })[],
    hostsOf: (component: string) => Set<string>,
): Together[] {
    const before = awaited(placed);
    const disturbing = placed.filter(
        ({ impact, unit }) => unit.op !== "delete" && impact !== undefined && impact !== Impact.None,
    );
    const components = new Set(disturbing.map(({ unit }) => unit.component.name));
    return [...components].flatMap((component) => {
        const mine = disturbing.filter(({ unit }) => unit.component.name === component);
        const free = ({ unit: a }: Placed, { unit: b }: Placed) =>
            a.node !== b.node && !before.get(a)?.has(b) && !before.get(b)?.has(a);
        const group = mine.filter((one) => mine.some((other) => free(one, other)));
        if (group.length === 0) return [];
        const worst = worstOf(group.map(({ impact }) => impact ?? Impact.None));
        const out = group.filter(({ impact }) => impact !== undefined && worseThan(impact, Impact.Reload));
        const all = new Set(out.map(({ unit }) => unit.node)).size >= hostsOf(component).size;
        const impact = all && !worseThan(worst, Impact.Outage) ? Impact.Outage : worst;
        return [{ component, units: group.map(({ unit }) => unit.name), impact }];
    });
}
