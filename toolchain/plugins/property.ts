// Property types of the bridged plugins: what JSON a property takes, and the form it is stored in.
import { Failure } from "./handler";
import { Unknown, isProperties, mapProperties } from "./values";
import type { Properties, Value } from "./values";

/**
 * Brings a value into the form that is stored; throws {@link Failure} for JSON of the wrong kind. Null and unknown pass
 * as they are. `path` is the property's path, for the message.
 */
export type PropertyType = (value: Value, path: string) => Value;

/** One property of a resource type. */
export interface Property {
    type: PropertyType;
    /** Whether the user gives it. Default: it is an output only. */
    input?: "required" | "optional";
    /** What Create stores if the input is left out. */
    default?: Value;
    secret?: boolean;
    /** What a changed input leads to. Default: "replace". */
    onChange?: "replace" | "update";
    /** An input that is left out keeps the value of the state. Default: it falls back to `default`. */
    keepsState?: boolean;
    /** What is wrong with a known value, one text for each fault, each beginning with the path. */
    faults?(value: Value, path: string): string[];
}

/** A text. */
export const text = plain("a string", (value) => typeof value === "string");

/** True or false. */
export const flag = plain("a boolean", (value) => typeof value === "boolean");

/** A number, written as a number. */
export const number = plain("a number", (value) => typeof value === "number");

/** A number, or a text that is one ("2048"). */
export const numeral: PropertyType = (value, path) =>
    typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : number(value, path);

/** A list with items of one type. */
export function listOf(item: PropertyType): PropertyType {
    const list = plain("a list", (value) => Array.isArray(value));
    return (value, path) => {
        const items = list(value, path);
        return Array.isArray(items) ? items.map((entry, index) => item(entry, `${path}[${index}]`)) : items;
    };
}

/** Texts by name; numbers and booleans become text. */
export const textMap: PropertyType = (value, path) => {
    const map = object(value, path);
    if (!isProperties(map)) return map;
    const asText = (entry: Value) => (typeof entry === "number" || typeof entry === "boolean" ? String(entry) : entry);
    return mapProperties(map, (entry, name) => text(asText(entry), `${path}.${name}`));
};

/** An object with these fields; others are dropped, and so are fields that are null. */
export function record(fields: Record<string, PropertyType>): PropertyType {
    return (value, path) => {
        const given = object(value, path);
        return isProperties(given) ? converted(given, fields, `${path}.`) : given;
    };
}

/** The named properties that are there and not null, each in its stored form. */
export function converted(properties: Properties, types: Record<string, PropertyType>, prefix = ""): Properties {
    const kept = Object.entries(types).flatMap(([name, type]) => {
        const value = Object.hasOwn(properties, name) ? properties[name] : undefined;
        return value === undefined || value === null ? [] : [[name, type(value, prefix + name)] as const];
    });
    return Object.fromEntries(kept);
}

/** Refuses fractions and whole numbers below `least`. */
export const integerFrom =
    (least: number) =>
    (value: Value, path: string): string[] => {
        if (typeof value !== "number" || !Number.isInteger(value))
            return [`${path}: ${shown(value)} is not a whole number`];
        return value < least ? [`${path}: ${value} is too small, it must be at least ${least}`] : [];
    };

/** Refuses words that are not in the list. */
export const oneOf =
    (words: readonly string[]) =>
    (value: Value, path: string): string[] =>
        typeof value === "string" && words.includes(value)
            ? []
            : [`${path}: ${shown(value)} is not one of ${words.join(", ")}`];

const shown = (value: Value): string => JSON.stringify(value);

const object = plain("an object", isProperties);

function plain(wanted: string, fits: (value: Value) => boolean): PropertyType {
    return (value, path) => {
        if (value === null || value instanceof Unknown || fits(value)) return value;
        // The value itself is not said: it may be a credential.
        const got = Array.isArray(value) ? "list" : typeof value;
        throw new Failure(`${path}: expected ${wanted}, got a value of type ${got}`);
    };
}
