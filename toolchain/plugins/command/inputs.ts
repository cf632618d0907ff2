// What a remote.Command may be given: the fields as a table, and Check, which follows from it.
import { isProperties, mapProperties, Secret, Unknown, withoutSecrets } from "../values";
import type { Properties, Value } from "../values";
import type { CheckAnswer } from "../handler";

/** How to reach one SSH server and log in. */
export interface Endpoint {
    host: string;
    port: number;
    user: string;
    password?: string;
    privateKey?: string;
    privateKeyPassword?: string;
    agentSocketPath?: string;
    /** The server's public key as an authorized_keys line; without one any key is accepted. */
    hostKey?: string;
    /** Retries after the first attempt; below 0: without end. */
    dialErrorLimit: number;
    /** Seconds for one attempt to connect, and again for the log-in; 0: no limit. */
    perDialTimeout: number;
}

/** The server to run on, perhaps behind a bastion. */
export interface Connection extends Endpoint {
    proxy?: Endpoint;
}

type Kind = "string" | "float64" | "int" | "bool" | "[]interface {}" | "map[string]string" | Shape;

interface Field {
    kind: Kind;
    required?: boolean;
    /** Marked as a secret even if it was given bare. */
    secret?: boolean;
    default?: Value;
}

interface Shape {
    name: string;
    fields: Record<string, Field>;
}

const endpoint: Record<string, Field> = {
    agentSocketPath: { kind: "string" },
    dialErrorLimit: { kind: "int", default: 10 },
    host: { kind: "string", required: true },
    hostKey: { kind: "string" },
    password: { kind: "string", secret: true },
    perDialTimeout: { kind: "int", default: 15 },
    port: { kind: "float64", default: 22 },
    privateKey: { kind: "string", secret: true },
    privateKeyPassword: { kind: "string", secret: true },
    user: { kind: "string", default: "root" },
};
const proxy: Shape = { name: "remote.ProxyConnection", fields: endpoint };
const connection: Shape = { name: "remote.Connection", fields: { ...endpoint, proxy: { kind: proxy } } };
const commandInputs: Shape = {
    name: "remote.CommandInputs",
    fields: {
        addPreviousOutputInEnv: { kind: "bool" },
        connection: { kind: connection, required: true, secret: true },
        create: { kind: "string" },
        delete: { kind: "string" },
        environment: { kind: "map[string]string" },
        logging: { kind: "string" },
        stdin: { kind: "string" },
        triggers: { kind: "[]interface {}" },
        update: { kind: "string" },
    },
};

/** The names of all inputs of a remote.Command. */
export const inputNames: readonly string[] = Object.keys(commandInputs.fields);

/** Check: every fault at once, or the inputs with defaults filled in and secrets marked. */
export function check(news: Properties): CheckAnswer {
    const given = withoutNulls(news);
    const failures = faults(commandInputs, given);
    return failures.length === 0
        ? { inputs: completed(commandInputs, given) }
        : { inputs: mapProperties(given, (value, name) => (name === "connection" ? secret(value) : value)), failures };
}

/** The connection of a resource's inputs or state, in the clear and with defaults. */
export function connectionOf(properties: Properties): Connection {
    const given = withoutSecrets(properties.connection ?? {});
    // Check has seen to the types; the state holds what Check let through.
    return withoutSecrets(completed(connection, isProperties(given) ? given : {})) as unknown as Connection;
}

function withoutNulls(properties: Properties): Properties {
    const kept = Object.entries(properties).filter(([, value]) => value !== null);
    return mapProperties(Object.fromEntries(kept), withoutInnerNulls);
}

function withoutInnerNulls(value: Value): Value {
    if (value instanceof Secret) return new Secret(withoutInnerNulls(value.value));
    if (Array.isArray(value)) return value.map(withoutInnerNulls);
    return isProperties(value) ? withoutNulls(value) : value;
}

type Fault = { property: string; reason: string };

function faults(shape: Shape, given: Properties): Fault[] {
    const known = Object.entries(shape.fields).flatMap(([name, field]) => {
        const value = bare(given[name]);
        if (value !== undefined) return faultsOfValue(shape, name, field.kind, value);
        return field.required
            ? [{ property: name, reason: `Missing required field '${name}' on '${shape.name}'` }]
            : [];
    });
    const others = Object.keys(given).filter((name) => !Object.hasOwn(shape.fields, name));
    return [
        ...known,
        ...others.map((name) => ({ property: name, reason: `Unrecognized field '${name}' on '${shape.name}'` })),
    ];
}

function faultsOfValue(owner: Shape, label: string, kind: Kind, value: Value): Fault[] {
    if (value instanceof Unknown) return [];
    const mistyped = (expected: string): Fault[] => [
        {
            property: label,
            reason: `Field '${label}' on '${owner.name}' must be a '${expected}'; got '${typeName(value)}' instead`,
        },
    ];
    if (kind === "map[string]string") {
        if (!isProperties(value)) return mistyped(kind);
        return Object.entries(value).flatMap(([key, item]) =>
            faultsOfValue(owner, `${label}[${key}] value`, "string", bare(item) ?? ""),
        );
    }
    if (typeof kind === "object") {
        return isProperties(value) ? nested(owner, label, faults(kind, value)) : mistyped(kind.name);
    }
    return typeName(value) === (kind === "int" ? "float64" : kind) ? [] : mistyped(kind);
}

/** The faults inside one object, reported on the field that holds it. */
function nested(owner: Shape, field: string, inner: Fault[]): Fault[] {
    if (inner.length === 0) return [];
    const lines = inner.map(({ property, reason }) => `\n\t${property}: ${reason}`).join("");
    const path = `${owner.name.replace("remote.", "")}.${field}`;
    const reason = `An error occurred decoding '${path}': ${inner.length} failures decoding:${lines}`;
    return [{ property: field, reason }];
}

/** The name of a value's type as the original, written in Go, has it in its messages. */
function typeName(value: Value): string {
    if (Array.isArray(value)) return "[]interface {}";
    switch (typeof value) {
        case "string":
            return "string";
        case "number":
            return "float64";
        case "boolean":
            return "bool";
        default:
            return "map[string]interface {}";
    }
}

function completed(shape: Shape, given: Properties): Properties {
    const defaults = Object.entries(shape.fields).flatMap(([name, field]): [string, Value][] =>
        given[name] === undefined && field.default !== undefined ? [[name, field.default]] : [],
    );
    const values = mapProperties(given, (value, name) => {
        const field = shape.fields[name];
        return field === undefined ? value : completedValue(field, value);
    });
    return { ...values, ...Object.fromEntries(defaults) };
}

function completedValue({ kind, secret: marked }: Field, given: Value): Value {
    const inner = given instanceof Secret ? given.value : given;
    let value = inner;
    if (kind === "int" && typeof inner === "number") value = Math.trunc(inner);
    if (typeof kind === "object" && isProperties(inner)) value = completed(kind, inner);
    return marked === true || given instanceof Secret ? new Secret(value) : value;
}

function bare(value: Value | undefined): Value | undefined {
    return value instanceof Secret ? value.value : value;
}

function secret(value: Value): Secret {
    return value instanceof Secret ? value : new Secret(value);
}
