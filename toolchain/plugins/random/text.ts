// Random texts out of classes of characters, every choice by the unbiased generator of the operating system.
import { randomInt } from "node:crypto";

/** The characters of each class. Special ones are what the original takes when none are named. */
export const CLASSES = {
    lower: "abcdefghijklmnopqrstuvwxyz",
    upper: "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    numeric: "0123456789",
    special: "!@#$%&*()-_=+[]{}<>:?",
} as const;

/** A class of characters. */
export type CharacterClass = keyof typeof CLASSES;

/** Which classes a text is drawn from, and how many characters of each it has at least. */
export interface TextRecipe {
    length: number;
    /** Classes that are switched on. A `least` draws from its class even if that is off. */
    classes: Record<CharacterClass, boolean>;
    least: Record<CharacterClass, number>;
    /** Replaces the special characters; "" is as if it were not there. */
    special?: string;
}

/** Draws a text; throws if the recipe cannot be met. `below(n)` gives a number from 0 to n - 1, each equally likely. */
export function randomText(recipe: TextRecipe, below: (limit: number) => number = randomInt): string {
    const { length, classes, least } = recipe;
    const names = Object.keys(CLASSES) as CharacterClass[];
    const characters = (name: CharacterClass) =>
        Array.from(name === "special" && recipe.special ? recipe.special : CLASSES[name]);
    const all = names.filter((name) => classes[name]).flatMap(characters);
    const required = names.reduce((sum, name) => sum + least[name], 0);
    if (length < required) {
        throw new Error(`length: ${length} is too small for the ${required} characters that the minimums ask for`);
    }
    if (length > required && all.length === 0) {
        throw new Error("special, upper, lower, numeric: all are false, so there is no character to draw from");
    }
    const draw = (from: string[], count: number) => Array.from({ length: count }, () => from[below(from.length)] ?? "");
    const drawn = [...names.flatMap((name) => draw(characters(name), least[name])), ...draw(all, length - required)];
    return shuffled(drawn, below).join("");
}

/** Fisher–Yates, so that the required characters stand anywhere. */
function shuffled(items: string[], below: (limit: number) => number): string[] {
    const result = [...items];
    for (let last = result.length - 1; last > 0; last--) {
        const other = below(last + 1);
        [result[last], result[other]] = [result[other] ?? "", result[last] ?? ""];
    }
    return result;
}
