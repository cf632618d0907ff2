// The resource types of the random plugin.
import { randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import type * as Bcrypt from "bcryptjs";
import { bridgedResource } from "../bridged";
import type { ResourceType } from "../bridged";
import { flag, integerFrom, number, text, textMap } from "../property";
import type { Property } from "../property";
import type { Properties } from "../values";
import { randomText } from "./text";

/** The original's cost: 2^10 rounds. */
const BCRYPT_COST = 10;

// Loaded when the first hash is made: most runs of the plugin make none.
const load = createRequire(__filename);

interface TextInputs {
    length: number;
    lower: boolean;
    upper: boolean;
    numeric: boolean;
    special: boolean;
    minLower: number;
    minUpper: number;
    minNumeric: number;
    minSpecial: number;
    overrideSpecial?: string;
}

const keepers: Property = { type: textMap, input: "optional" };
const id: Property = { type: text };
const switchedOn: Property = { type: flag, input: "optional", default: true };
const least: Property = { type: number, input: "optional", default: 0, faults: integerFrom(0) };
const length: Property = { type: number, input: "required", faults: integerFrom(1) };

const textInputs: Record<string, Property> = {
    length,
    lower: switchedOn,
    upper: switchedOn,
    numeric: switchedOn,
    number: switchedOn,
    special: switchedOn,
    minLower: least,
    minUpper: least,
    minNumeric: least,
    minSpecial: least,
    overrideSpecial: { type: text, input: "optional" },
    keepers,
};

const password: ResourceType<TextInputs> = {
    schemaVersion: 3,
    properties: { ...textInputs, id, result: { type: text, secret: true }, bcryptHash: { type: text, secret: true } },
    complete: oneNumberSetting,
    faults: textFaults,
    create: async (inputs) => {
        const result = draw(inputs);
        return { id: "none", outputs: { result, bcryptHash: await bcryptHash(result) } };
    },
    import: (result) => ({ id: "none", length: Array.from(result).length, result }),
    // A state without a layout version is of a time when the hash was not, or wrongly, made.
    refresh: async ({ __meta, result }): Promise<Properties> =>
        __meta === undefined && typeof result === "string" ? { bcryptHash: await bcryptHash(result) } : {},
};

const string: ResourceType<TextInputs> = {
    schemaVersion: 2,
    properties: { ...textInputs, id, result: { type: text } },
    complete: oneNumberSetting,
    faults: textFaults,
    create: (inputs) => {
        const result = draw(inputs);
        return { id: result, outputs: { result } };
    },
    import: (result) => ({ id: result, length: Array.from(result).length, result }),
};

const identifier: ResourceType<{ byteLength: number; prefix?: string }> = {
    properties: {
        byteLength: { type: number, input: "required", faults: integerFrom(0) },
        prefix: { type: text, input: "optional" },
        keepers,
        id,
        b64Std: { type: text },
        b64Url: { type: text },
        dec: { type: text },
        hex: { type: text },
    },
    create: ({ byteLength, prefix }) => {
        const bytes = randomBytes(byteLength);
        return { id: bytes.toString("base64url"), outputs: writings(bytes, prefix) };
    },
    import: (given) => {
        const comma = given.lastIndexOf(",");
        const prefix = comma < 0 ? undefined : given.slice(0, comma);
        const bytes = decoded(given.slice(comma + 1), "base64url");
        return {
            id: bytes.toString("base64url"),
            byteLength: bytes.length,
            ...(prefix !== undefined && { prefix }),
            ...writings(bytes, prefix),
        };
    },
};

const bytes: ResourceType<{ length: number }> = {
    properties: { length, keepers, base64: { type: text, secret: true }, hex: { type: text, secret: true } },
    create: (inputs) => {
        const drawn = randomBytes(inputs.length);
        return {
            id: drawn.toString("base64"),
            outputs: { base64: drawn.toString("base64"), hex: drawn.toString("hex") },
        };
    },
    import: (base64) => {
        const known = decoded(base64, "base64");
        return { length: known.length, base64, hex: known.toString("hex") };
    },
    idOf: (state) => state.base64,
};

/** The handlers by type token. */
export const resources = {
    "random:index/randomPassword:RandomPassword": bridgedResource(password),
    "random:index/randomString:RandomString": bridgedResource(string),
    "random:index/randomId:RandomId": bridgedResource(identifier),
    "random:index/randomBytes:RandomBytes": bridgedResource(bytes),
};

/** `number` is the old name of `numeric`: either sets both. */
function oneNumberSetting({ number: old, numeric }: Properties): Properties {
    if (old !== undefined && numeric !== undefined && old !== numeric) {
        throw new Error("number, numeric: they are two names of one setting but differ; leave number out");
    }
    const setting = numeric ?? old;
    return setting === undefined ? {} : { number: setting, numeric: setting };
}

function textFaults(inputs: Properties): string[] {
    const classes = ["special", "upper", "lower", "numeric"];
    const leasts = ["minLower", "minUpper", "minNumeric", "minSpecial"];
    const required = leasts.map((name) => inputs[name]).filter((value) => typeof value === "number");
    const sum = required.reduce((total, value) => total + value, 0);
    return [
        ...(typeof inputs.length === "number" && inputs.length < sum
            ? [`length: ${inputs.length} is too small for the ${sum} characters that ${leasts.join(", ")} ask for`]
            : []),
        ...(classes.every((name) => inputs[name] === false)
            ? [`${classes.join(", ")}: all are false, at least one must be true`]
            : []),
    ];
}

function draw(inputs: TextInputs): string {
    const { lower, upper, numeric, special } = inputs;
    if (!Number.isInteger(inputs.length) || inputs.length < 1) {
        throw new Error(`length: ${inputs.length} is not a whole number from 1 up`);
    }
    return randomText({
        length: inputs.length,
        classes: { lower, upper, numeric, special },
        least: {
            lower: inputs.minLower,
            upper: inputs.minUpper,
            numeric: inputs.minNumeric,
            special: inputs.minSpecial,
        },
        special: inputs.overrideSpecial,
    });
}

/** In the form $2a$, of the first 72 bytes: bcrypt takes no more. */
async function bcryptHash(result: string): Promise<string> {
    const bcrypt = load("bcryptjs") as typeof Bcrypt;
    const salt = await bcrypt.genSalt(BCRYPT_COST);
    return bcrypt.hash(result, salt.replace(/^\$2b\$/, "$2a$"));
}

function decoded(value: string, encoding: "base64" | "base64url"): Buffer {
    const bytes = Buffer.from(value, encoding);
    if (bytes.toString(encoding) === value && value !== "") return bytes;
    throw new Error(`import: the id is not ${encoding} text`);
}

function writings(drawn: Buffer, prefix = ""): Properties {
    const hex = drawn.toString("hex");
    return {
        b64Std: prefix + drawn.toString("base64"),
        b64Url: prefix + drawn.toString("base64url"),
        dec: prefix + BigInt(`0x${hex || "0"}`).toString(),
        hex: prefix + hex,
    };
}
