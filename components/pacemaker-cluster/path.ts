import { ClusterAction } from "./args";
import type { ClusterSpec } from "./spec";

/** What a resource takes to start, or to stop. */
export interface Link {
    resource: string;
    seconds: number;
}

const total = (chain: Link[]): number => chain.reduce((all, { seconds }) => all + seconds, 0);
const longer = (one: Link[], other: Link[]): Link[] => (total(other) > total(one) ? other : one);

const cloneOf = (spec: ClusterSpec, id: string) =>
    spec.clones[id] ?? Object.values(spec.clones).find((c) => c.resource === id);

/** What a resource, group or clone costs by itself. A clone runs on the other node already; one that is promotable is promoted there. */
function own(spec: ClusterSpec, id: string, seconds: (resource: string) => number): Link[] {
    const clone = cloneOf(spec, id);
    if (clone !== undefined && !clone.promotable) return [];
    const inner = spec.clones[id]?.resource ?? id;
    return (spec.groups[inner] ?? [inner]).map((resource) => ({ resource, seconds: seconds(resource) }));
}

/** All that stand by themselves: groups, clones, and resources in neither. */
function outermost(spec: ClusterSpec): string[] {
    const inside = new Set([
        ...Object.values(spec.groups).flat(),
        ...Object.values(spec.clones).map((c) => c.resource),
    ]);
    return [...Object.keys(spec.resources), ...Object.keys(spec.groups), ...Object.keys(spec.clones)].filter(
        (id) => !inside.has(id),
    );
}

/** Resources that wait for one another, along the slowest chain. */
function slowest(spec: ClusterSpec, seconds: (resource: string) => number): Link[] {
    const after = (id: string, seen: string[]): Link[] => {
        if (seen.includes(id)) return [];
        const before = spec.orders
            .filter((o) => o.then === id && o.firstAction !== ClusterAction.Stop)
            .map((o) => after(o.first, [...seen, id]))
            .reduce(longer, []);
        return [...before, ...own(spec, id, seconds)];
    };
    return outermost(spec)
        .map((id) => after(id, []))
        .reduce(longer, []);
}

/** What starts on another node, in this order, until everything that moved runs. */
export const starts = (spec: ClusterSpec): Link[] =>
    slowest(spec, (id) => spec.resources[id]?.expectedStartSeconds ?? 0);
/** What stops, in this order, until everything that moves has. */
export const stops = (spec: ClusterSpec): Link[] =>
    slowest(spec, (id) => spec.resources[id]?.expectedStopSeconds ?? 0).reverse();

/** What a group or clone holds, down to its resources; a resource holds itself. */
const held = (spec: ClusterSpec, id: string): string[] => {
    const inner = spec.clones[id]?.resource ?? id;
    return spec.groups[inner] ?? [inner];
};

/** The resources that stop before one does and start after it: those behind it in its group, and those that orders have wait for it. */
export function resting(spec: ClusterSpec, id: string): string[] {
    const found = new Set<string>();
    const visit = (resource: string): void => {
        const behind = Object.values(spec.groups).flatMap((members) =>
            members.includes(resource) ? members.slice(members.indexOf(resource) + 1) : [],
        );
        const waiting = spec.orders
            .filter(({ first }) => held(spec, first).includes(resource))
            .flatMap(({ then }) => held(spec, then));
        for (const next of [...behind, ...waiting]) {
            if (next === id || found.has(next)) continue;
            found.add(next);
            visit(next);
        }
    };
    visit(id);
    return [...found];
}
