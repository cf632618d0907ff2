/** Inputs of a resource, or an object or list inside them. */
export type Inputs = Record<string, unknown>;

/** Stands for a value that a preview does not know yet. */
export const UNKNOWN: unique symbol = Symbol("known at the update");

/** Whether a value is an object or a list. */
export const isInputs = (value: unknown): value is Inputs => typeof value === "object" && value !== null;

/** Whether nothing was given: an absent, empty or null value, or an object without properties. What is not known yet was given. */
export const isMissing = (value: unknown): boolean =>
    value === undefined || value === null || value === "" || (isInputs(value) && Object.keys(value).length === 0);

/** What the engine sends to policies for a value that is not known yet: one text for each type (`proxy.js` of the SDK). */
const UNKNOWN_TEXTS = new Set([
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
    "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
    "030794c1-ac77-496b-92df-f27374a8bd58",
    "e48ece36-62e2-4504-bad9-02848725956a",
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

/**
 * Inputs as plain data, with `UNKNOWN` where a value is not known yet. The SDK's proxy around them would take back a policy's whole verdict as soon as
 * such a property is read.
 */
export function plain(inputs: Inputs): Inputs {
    const copy = (value: unknown): unknown => {
        if (typeof value === "string") return UNKNOWN_TEXTS.has(value) ? UNKNOWN : value;
        if (!isInputs(value)) return value;
        return Array.isArray(value) ? Array.from({ length: value.length }, (_, i) => own(value, i)) : plain(value);
    };
    const own = (holder: object, key: string | number): unknown =>
        copy(Object.getOwnPropertyDescriptor(holder, key)?.value);
    return Object.fromEntries(Object.keys(inputs).map((key) => [key, own(inputs, key)]));
}

/** What stands at a path of inputs; `UNKNOWN` where something on the way is not known yet. */
export function at(inputs: unknown, ...path: string[]): unknown {
    return path.reduce<unknown>((value, key) => (isInputs(value) ? own(value, key) : unknownOnly(value)), inputs);
}

const own = (inputs: Inputs, key: string): unknown => (Object.hasOwn(inputs, key) ? inputs[key] : undefined);
const unknownOnly = (value: unknown): unknown => (value === UNKNOWN ? UNKNOWN : undefined);

/** The items of a list or the values of an object, each with its key. */
export const items = (value: unknown): [string, unknown][] => (isInputs(value) ? Object.entries(value) : []);

/** One property somewhere in inputs. */
export interface Entry {
    /** The object that has it. */
    holder: Inputs;
    key: string;
    value: unknown;
    /** From the outermost inputs: `["nodes", "0", "hostKey"]`. */
    path: string[];
}

/** All properties, of inner objects and lists too. */
export function entries(inputs: Inputs, path: string[] = []): Entry[] {
    return items(inputs).flatMap(([key, value]) => {
        const here = [...path, key];
        return [{ holder: inputs, key, value, path: here }, ...(isInputs(value) ? entries(value, here) : [])];
    });
}
