import { compare } from "bcryptjs";
import * as fc from "fast-check";
import { resources } from "../../../../toolchain/plugins/random/resources";
import { CLASSES, randomText } from "../../../../toolchain/plugins/random/text";
import type { CharacterClass, TextRecipe } from "../../../../toolchain/plugins/random/text";
import { createCall, diffCall, readCall, texts, updateCall } from "./calls";

const password = resources["random:index/randomPassword:RandomPassword"];
const string = resources["random:index/randomString:RandomString"];
const identifier = resources["random:index/randomId:RandomId"];
const bytes = resources["random:index/randomBytes:RandomBytes"];

const names: CharacterClass[] = ["lower", "upper", "numeric", "special"];
const none = { lower: 0, upper: 0, numeric: 0, special: 0 };
const off = { lower: false, upper: false, numeric: false, special: false };

describe("random texts", () => {
    const perClass = <T>(value: fc.Arbitrary<T>) =>
        fc.record({ lower: value, upper: value, numeric: value, special: value });
    const recipes: fc.Arbitrary<TextRecipe> = fc
        .record({ classes: perClass(fc.boolean()), least: perClass(fc.nat(5)), more: fc.nat(30) })
        .map(({ classes, least, more }) => {
            const anyOn = names.some((name) => classes[name]);
            return { classes, least, length: names.reduce((sum, name) => sum + least[name], anyOn ? more : 0) };
        });

    test("have the length, the minimum of every class, and no character of a class that is off", () => {
        fc.assert(
            fc.property(recipes, (recipe) => {
                const text = randomText(recipe);
                expect(text).toHaveLength(recipe.length);
                for (const name of names) {
                    const found = Array.from(text).filter((character) => CLASSES[name].includes(character)).length;
                    expect(found).toBeGreaterThanOrEqual(recipe.least[name]);
                    if (!recipe.classes[name]) expect(found).toBe(recipe.least[name]);
                }
            }),
        );
    });

    test("are equally likely: every way the generator can choose leads to each text equally often", () => {
        const recipe = { length: 3, classes: { ...off, special: true }, least: none, special: "abc" };
        const counts = new Map<string, number>();
        for (const choices of waysToChoose((below) => randomText(recipe, below))) {
            counts.set(choices, (counts.get(choices) ?? 0) + 1);
        }
        expect(counts.size).toBe(27);
        expect(new Set(counts.values()).size).toBe(1);
    });

    test("place the required characters anywhere, equally often", () => {
        const recipe = { length: 3, classes: { ...off, special: true }, least: { ...none, numeric: 1 }, special: "a" };
        const places = [0, 0, 0];
        for (const text of waysToChoose((below) => randomText(recipe, below))) {
            const place = text.search(/\d/);
            places[place] = (places[place] ?? 0) + 1;
        }
        expect(new Set(places).size).toBe(1);
    });

    test("draw every character about as often as any other", () => {
        const rounds = 60_000;
        const text = randomText({ length: rounds, classes: { ...off, numeric: true }, least: none });
        const expected = rounds / 10;
        const chiSquare = Array.from(CLASSES.numeric)
            .map((digit) => text.split(digit).length - 1)
            .reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
        // Nine degrees of freedom: above 62 once in a billion runs.
        expect(chiSquare).toBeLessThan(62);
    });

    test("take the special characters by code point", () => {
        const recipe = { length: 20, classes: { ...off, special: true }, least: none, special: "€😀" };
        expect(Array.from(randomText(recipe))).toHaveLength(20);
        expect(randomText(recipe)).toMatch(/^(€|😀){20}$/u);
    });

    test("fails: minimums over the length", () => {
        expect(() => randomText({ length: 3, classes: off, least: { ...none, lower: 4 } })).toThrow(
            "length: 3 is too small for the 4 characters",
        );
    });
});

describe("RandomPassword", () => {
    test("its hash is bcrypt of the password, as bcrypt itself says", async () => {
        const { result = "", bcryptHash = "" } = texts((await password.create(createCall({ length: 24 }))).properties);
        expect(bcryptHash).toMatch(/^\$2a\$10\$/);
        expect(await compare(result, bcryptHash)).toBe(true);
    });

    test("a hash that the original made fits its password here too", async () => {
        const hash = "$2a$10$Yx7e07hlzhtMabMijBUOtu4nOolTrUXZnS7ZqTMSD0tiT7NlkKAw6";
        expect(await compare("!jJ)99B6bHH=ezIv", hash)).toBe(true);
    });

    test("a hash is of the first 72 bytes, and longer passwords are hashed all the same", async () => {
        const { result = "", bcryptHash = "" } = texts((await password.create(createCall({ length: 90 }))).properties);
        expect(await compare(result.slice(0, 72), bcryptHash)).toBe(true);
    });

    test("numbers among the keepers are stored as text, and then are no change", async () => {
        const inputs = { length: 8, keepers: { generation: 1, on: true } };
        const { properties } = await string.create(createCall(inputs));
        expect(properties.keepers).toEqual({ generation: "1", on: "true" });
        expect(await string.diff(diffCall(properties, inputs))).toMatchObject({ changes: "none" });
    });

    test("fields and layout version of a newer original stay in the state", async () => {
        const { properties } = await string.create(createCall({ length: 8 }));
        const newer = { __meta: '{"schema_version":"9"}', future: "kept" };
        const read = await string.read(readCall("x", { ...properties, ...newer }));
        expect(read.properties).toMatchObject(newer);
        expect(await string.update(updateCall(read.properties, { length: 8 }))).toMatchObject(newer);
    });

    test("fails: number and numeric differ", async () => {
        const create = async () => password.create(createCall({ length: 4, number: true, numeric: false }));
        await expect(create()).rejects.toThrow("number, numeric: they are two names of one setting but differ");
    });
});

describe("imports", () => {
    test("fails: an id that is not base64", async () => {
        await expect(async () => bytes.read(readCall("no base64!", {}))).rejects.toThrow(
            "import: the id is not base64 text",
        );
        await expect(async () => identifier.read(readCall("p-,a+b", {}))).rejects.toThrow("not base64url text");
    });
});

/** Runs `build` once for every sequence of choices that it can be given, and yields what it builds. */
function* waysToChoose(build: (below: (limit: number) => number) => string): Generator<string> {
    const choices: { taken: number; limit: number }[] = [];
    for (;;) {
        let position = 0;
        yield build((limit) => {
            choices[position] ??= { taken: 0, limit };
            return choices[position++]?.taken ?? 0;
        });
        while ((choices.at(-1)?.taken ?? 0) + 1 === choices.at(-1)?.limit) choices.pop();
        const last = choices.at(-1);
        if (last === undefined) return;
        last.taken++;
    }
}
