import * as pulumi from "@pulumi/pulumi";
import { stackless } from "../../remote/stackless";
import { isPort, noPort } from "./syntax";

/** Something that is refused, or warned of, about a spec; a component's table of them is its `rules.ts`. */
export interface Rule<S> {
    /** The field at fault, e.g. `advertIntervalSeconds`. */
    path: string;
    /** A warning is logged and does not stop the preview. Default: refused. */
    level?: "refuse" | "warn";
    refuses: (spec: S) => boolean;
    /** What is wrong, with the value, what is allowed and the likely fix; lower case, no full stop. */
    because: (spec: S) => string;
}

/** A rule about each of several items, such as the nodes. */
export interface ItemRule<S, T> {
    /** The field of the item, e.g. `address`; empty for the item itself. */
    path: string;
    level?: "refuse" | "warn";
    refuses: (item: T, spec: S) => boolean;
    because: (item: T, spec: S) => string;
}

/** One thing found. */
export interface Violation {
    path: string;
    message: string;
    level: "refuse" | "warn";
}

/** Finds violations of a kind in a spec. */
export type Finder<S> = (spec: S) => Violation[];

/** A component's rules: plain ones and those made by `each`. */
export type Rules<S> = (Rule<S> | Finder<S>)[];

/** Rules for each item of a list (`nodes[1].address`) or record (`track.haproxy.timeoutSeconds`). */
export function each<S, T>(
    path: string,
    items: (spec: S) => readonly T[] | Record<string, T>,
    rules: ItemRule<S, T>[],
): Finder<S> {
    return (spec) => {
        const found = items(spec);
        const named: [string, T][] = Array.isArray(found)
            ? (found as T[]).map((item, index) => [`${path}[${index}]`, item])
            : Object.entries(found as Record<string, T>).map(([key, item]) => [`${path}.${key}`, item]);
        return named.flatMap(([where, item]) => ofItem(where, item, spec, rules));
    };
}

/** Rules for one thing, which may be left out: `arbitrator.address`. */
export function one<S, T>(path: string, item: (spec: S) => T | undefined, rules: ItemRule<S, T>[]): Finder<S> {
    return (spec) => {
        const found = item(spec);
        return found === undefined ? [] : ofItem(path, found, spec, rules);
    };
}

/** Rules for TCP ports, by their fields; one that is left out is fine. */
export const portRules = <S>(fields: Record<string, (of: S) => number | undefined>): Rule<S>[] =>
    Object.entries(fields).map(([path, port]) => ({
        path,
        refuses: (spec) => !isPort(port(spec) ?? 1),
        because: (spec) => noPort(port(spec)),
    }));

const ofItem = <S, T>(where: string, item: T, spec: S, rules: ItemRule<S, T>[]): Violation[] =>
    rules
        .filter((rule) => rule.refuses(item, spec))
        .map((rule) => ({
            path: [where, rule.path].filter(Boolean).join("."),
            message: rule.because(item, spec),
            level: rule.level ?? "refuse",
        }));

/** All violations of the rules, in the order of the rules. */
export function violations<S>(spec: S, rules: Rules<S>): Violation[] {
    return rules.flatMap((rule) => {
        if (typeof rule === "function") return rule(spec);
        return rule.refuses(spec)
            ? [{ path: rule.path, message: rule.because(spec), level: rule.level ?? "refuse" }]
            : [];
    });
}

/** All refusals as one error, in the user's words. */
export const refused = (component: pulumi.ComponentResource, name: string, found: Violation[]): pulumi.ResourceError =>
    stackless(new pulumi.ResourceError(refusal(component.constructor.name, name, found), component, true));

/** All refusals as one message. */
export function refusal(component: string, name: string, found: Violation[]): string {
    const count = found.length === 1 ? "one thing" : `${found.length} things`;
    return [
        `${component} "${name}": ${count} must change before any host is touched`,
        ...found.map((v) => `  - ${v.path}: ${v.message}`),
    ].join("\n");
}

/**
 * The spec made from a component's arguments, checked. With arguments that are plain the check happens at once; where one comes from another
 * resource, it happens when that value is known, and everything that is made from the spec waits for it.
 *
 * @param known violations that need no spec to be found: refused at once in any case.
 * @throws pulumi.ResourceError with all violations and their paths.
 */
export function checked<A, S>(
    component: pulumi.ComponentResource,
    name: string,
    args: A,
    toSpec: (args: pulumi.Unwrap<A>) => S,
    rules: Rules<S>,
    known: Violation[] = [],
): pulumi.Output<S> {
    const check = (plain: pulumi.Unwrap<A>): S => {
        const spec = toSpec(plain);
        const found = [...known, ...violations(spec, rules)];
        for (const v of found.filter((f) => f.level === "warn"))
            void pulumi.log.warn(`${v.path}: ${v.message}`, component);
        const bad = found.filter((f) => f.level === "refuse");
        if (bad.length > 0) throw refused(component, name, bad);
        return spec;
    };
    if (!isPlain(args)) {
        if (known.length > 0) throw refused(component, name, known);
        return pulumi.output(args).apply(check);
    }
    const spec = check(args as pulumi.Unwrap<A>);
    return pulumi.output(undefined).apply(() => spec);
}

/** Whether a value holds nothing that is known only later. */
export function isPlain(value: unknown): boolean {
    if (pulumi.Output.isInstance(value) || value instanceof Promise || pulumi.Resource.isInstance(value)) return false;
    if (Array.isArray(value)) return value.every(isPlain);
    return typeof value === "object" && value !== null ? Object.values(value).every(isPlain) : true;
}

const CREDENTIAL_KEYS = /^(privateKey.*|.*[pP]assword|.*[pP]assphrase|.*[sS]ecret|credentials)$/;

/**
 * Arguments as they may be recorded in the state and shown to policies: without private keys and passwords. What a component passes to `super` is
 * stored in clear otherwise.
 */
export function recorded(value: unknown): pulumi.Inputs {
    return withoutCredentials(value) as pulumi.Inputs;
}

function withoutCredentials(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(withoutCredentials);
    if (typeof value !== "object" || value === null || pulumi.Output.isInstance(value) || value instanceof Promise)
        return value;
    return Object.fromEntries(
        Object.entries(value)
            .filter(([key]) => !CREDENTIAL_KEYS.test(key))
            .map(([key, inner]) => [key, withoutCredentials(inner)]),
    );
}
