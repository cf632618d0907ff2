/** Inputs of a resource, or an object or list inside them. */
export type Inputs = Record<string, unknown>;

/** Whether a value is an object or a list. */
export const isInputs = (value: unknown): value is Inputs => typeof value === "object" && value !== null;

/**
 * A property without touching it: the SDK's proxy around inputs takes back a policy's whole verdict when a property is read that is not known yet.
 * What is not known is a text here, never empty.
 */
export const valueOf = (inputs: Inputs, key: string): unknown => Object.getOwnPropertyDescriptor(inputs, key)?.value;

/** One property somewhere in inputs. */
export interface Entry {
    /** The object that has it. */
    holder: Inputs;
    key: string;
    /** From the outermost inputs: `["nodes", "0", "hostKey"]`. */
    path: string[];
}

/** All properties, of inner objects and lists too. */
export function entries(inputs: Inputs, path: string[] = []): Entry[] {
    return Object.keys(inputs).flatMap((key) => {
        const value = valueOf(inputs, key);
        const here = [...path, key];
        return [{ holder: inputs, key, path: here }, ...(isInputs(value) ? entries(value, here) : [])];
    });
}
