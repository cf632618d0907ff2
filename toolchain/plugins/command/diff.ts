// Which inputs of a remote.Command changed. Every change is an update in place, except of the whole list of triggers.
import type { DiffAnswer, DiffKind } from "../handler";
import { isProperties, sameValue } from "../values";
import type { Properties, Value } from "../values";
import { inputNames } from "./inputs";

interface Change {
    path: string;
    /** The top-level input. */
    input: string;
    kind: "ADD" | "DELETE" | "UPDATE";
}

/** Diff of old and new inputs. `ignored` are property paths: a change at or below one does not count. */
export function diff(olds: Properties, news: Properties, ignored: string[] = []): DiffAnswer {
    const all = changesOf(olds, news).filter(({ path }) => !ignored.some((prefix) => isWithin(path, prefix)));
    const replaced = all.some(needsReplacement);
    return {
        changes: all.length === 0 ? "none" : "some",
        diffs: [...new Set(all.map(({ input }) => input))],
        replaces: replaced ? ["triggers"] : [],
        detailed: Object.fromEntries(
            all.map((change): [string, { kind: DiffKind }] => [
                change.path,
                { kind: needsReplacement(change) ? `${change.kind}_REPLACE` : change.kind },
            ]),
        ),
    };
}

/** True if any input differs. */
export function changed(olds: Properties, news: Properties): boolean {
    return changesOf(olds, news).length > 0;
}

function changesOf(olds: Properties, news: Properties): Change[] {
    return inputNames.flatMap((input) =>
        changes(input, olds[input], news[input]).map((change) => ({ ...change, input })),
    );
}

function changes(path: string, before: Value | undefined, after: Value | undefined): Omit<Change, "input">[] {
    if (before === undefined && after === undefined) return [];
    if (before === undefined) return [{ path, kind: "ADD" }];
    if (after === undefined) return [{ path, kind: "DELETE" }];
    if (Array.isArray(before) && Array.isArray(after)) {
        return Array.from({ length: Math.max(before.length, after.length) }, (_, index) =>
            changes(`${path}[${index}]`, before[index], after[index]),
        ).flat();
    }
    if (isProperties(before) && isProperties(after)) {
        const names = new Set([...Object.keys(before), ...Object.keys(after)]);
        return [...names].flatMap((name) => changes(`${path}${step(name)}`, before[name], after[name]));
    }
    return sameValue(before, after) ? [] : [{ path, kind: "UPDATE" }];
}

function step(name: string): string {
    return /^[A-Za-z_$][\w$]*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
}

function isWithin(path: string, prefix: string): boolean {
    return path === prefix || (path.startsWith(prefix) && /[.[]/.test(path.charAt(prefix.length)));
}

function needsReplacement({ path }: Change): boolean {
    return path === "triggers";
}
