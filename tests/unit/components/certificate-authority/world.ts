import { X509Certificate } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { resources } from "../../../../toolchain/plugins/tls/resources";
import type { ResourceHandler } from "../../../../toolchain/plugins/provider";
import { isProperties, mapProperties, withoutSecrets } from "../../../../toolchain/plugins/values";
import type { Properties, Value } from "../../../../toolchain/plugins/values";

const SIGNATURE = "4dabf18193072939515e22adb298388d";

/** A resource as the engine would get it: secrets with their mark, unknown values left out. */
export interface Registered {
    type: string;
    name: string;
    inputs: Record<string, unknown>;
}

/** What a program registered and what it returned. */
export interface Deployed<T> {
    registered: Registered[];
    named: (name: string) => Registered;
    result: T;
    protectedNames: string[];
}

/** Inputs as the plugin gets them, which takes no secrets. */
function unmarked(value: Value): Value {
    if (Array.isArray(value)) return value.map(unmarked);
    if (!isProperties(value)) return value;
    return SIGNATURE in value ? unmarked(value.value ?? null) : mapProperties(value, unmarked);
}

/** Runs a program against mocks that make real keys and certificates; in a preview they are unknown, as with the real plugin. */
export async function deploy<T>(
    preview: boolean,
    program: (opts: pulumi.ComponentResourceOptions) => T,
): Promise<Deployed<pulumi.Unwrap<T>>> {
    const registered: Registered[] = [];
    const protectedNames: string[] = [];
    await pulumi.runtime.setMocks(
        {
            newResource: ({ type, name, inputs }) => {
                registered.push({ type, name, inputs });
                return made(type, name, inputs, preview);
            },
            call: ({ inputs }) => inputs,
        },
        "project",
        "stack",
        preview,
    );
    const record: pulumi.ResourceTransformation = ({ name, opts }) => {
        if (opts.protect) protectedNames.push(name);
        return undefined;
    };
    const result = await settled(program, record);
    const named = (name: string) => {
        const found = registered.find((r) => r.name === name);
        if (!found) throw new Error(`no resource ${name} among ${registered.map((r) => r.name).join(", ")}`);
        return found;
    };
    return { registered, named, result, protectedNames };
}

const handlers: Record<string, ResourceHandler> = resources;

async function made(type: string, name: string, inputs: Properties, preview: boolean) {
    const handler = handlers[type];
    if (!handler || preview) return { id: `${name}-id`, state: inputs };
    const news = unmarked(inputs) as Properties;
    const call = {
        urn: `urn:pulumi:stack::project::${type}::${name}`,
        name,
        engine: { acceptSecrets: false, sendsOldInputs: true },
        signal: new AbortController().signal,
        log: () => Promise.resolve(),
    };
    const { failures = [] } = await handler.check({ ...call, olds: {}, news });
    if (failures.length > 0) throw new Error(JSON.stringify(failures));
    const { id, properties } = await handler.create({ ...call, inputs: news, preview });
    return { id, state: mapProperties(properties, withoutSecrets) };
}

/** What a program returns, with what is known of it; also where it fails, nothing is under way any more. */
async function settled<T>(
    program: (opts: pulumi.ComponentResourceOptions) => T,
    record: pulumi.ResourceTransformation,
): Promise<pulumi.Unwrap<T>> {
    try {
        const output = pulumi.output(program({ transformations: [record] })) as unknown as {
            promise(withUnknowns: true): Promise<pulumi.Unwrap<T>>;
        };
        return await output.promise(true);
    } finally {
        await pulumi.runtime.disconnect();
    }
}

/** Whether an input was sent as a secret. */
export const isSecret = (value: unknown): boolean => typeof value === "object" && value !== null && SIGNATURE in value;

/** All certificates of a bundle. */
export const certificates = (pem: string): X509Certificate[] =>
    (pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map((c) => new X509Certificate(c));
