import * as pulumi from "@pulumi/pulumi";
import type { Finder, Violation } from "./rules";

/** Something that a component has, and no other one of its kind may. */
export interface Claim {
    /** The field that asks for it. */
    path: string;
    /** What it is, without its spelling. */
    key: string;
    /** The same in words, for messages. */
    what: string;
    /** The part of `key` that is claimed, where two parts need not clash. */
    part?: string;
    /** What to do about it. Default: to give one of the two another. */
    fix?: string;
    /** What is said of the owner of another one that is not the same, and what to do about it. Default: that it is for the same clients. */
    because?: (other: Claim) => string;
}

interface Held extends Claim {
    owner: object;
    name: string;
}

/** For each run of a program, by kind of component and key: what is claimed. */
const runs = new WeakMap<object, Map<string, Held[]>>();

/** A run has its own connection to the engine; so do unit tests, each with its own mocks. */
function heldInThisRun(): Map<string, Held[]> {
    const run: object = pulumi.runtime.getMonitor() ?? runs;
    const held = runs.get(run) ?? new Map<string, Held[]>();
    runs.set(run, held);
    return held;
}

/**
 * Refuses what another component of the same program has: the one thing that a component's own arguments don't show. Made anew for each component.
 * Other stacks are not seen; the host refuses what theirs have.
 *
 * @param kind the component's class.
 * @param claims what a spec asks for.
 * @param clash whether two parts of one key cannot be both. Default: always.
 */
export function unique<S extends { name: string }>(
    kind: string,
    claims: (spec: S) => Claim[],
    clash: (one: Claim, other: Claim) => boolean = () => true,
): Finder<S> {
    const held = heldInThisRun();
    const owner = {};
    return (spec) => {
        const messages = new Map<string, Violation>();
        for (const claim of claims(spec)) {
            const key = `${kind} ${claim.key}`;
            const all = held.get(key) ?? [];
            held.set(key, [...all, { ...claim, owner, name: spec.name }]);
            const other = all.find((one) => one.owner !== owner && clash(claim, one));
            if (other === undefined) continue;
            const message = `${kind} "${other.name}" ${taken(claim, other)}`;
            messages.set(`${claim.path} ${message}`, { path: claim.path, message, level: "refuse" });
        }
        return [...messages.values()];
    };
}

function taken({ what, because, fix = "give one of the two another" }: Claim, other: Held): string {
    if (what === other.what) return `has ${what} too: ${fix}`;
    return because?.(other) ?? `has ${other.what}, which is for clients of ${what} too: ${fix}`;
}
