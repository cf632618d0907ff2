import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { promisify } from "node:util";
import type { ConfigMap, Stack } from "@pulumi/pulumi/automation";
import { PROJECT } from "../stack";
import { UNKNOWN } from "./support";

const PULUMI = path.join(PROJECT, ".pulumi-ha", "bin", "pulumi");

/** What releases made of the examples: a folder for each version, in it a file for each example. */
const STATES = path.join(__dirname, "states");

/** What is kept of a resource: what decides whether a later version would replace or delete it. */
interface Kept {
    urn: string;
    type: string;
    parent?: string;
    provider?: string;
    /** Only of keys, certificates and passwords: a command's never replace it. */
    inputs?: Record<string, unknown>;
}

/** A step of a preview. */
interface Step {
    op: string;
    urn: string;
    newState?: Kept & { custom: boolean };
}

const FAKE = "made up";
const CERTIFICATE = { certPem: `${FAKE}\n`, readyForRenewal: false, validityEndTime: "2199-01-01T00:00:00Z" };

/** Outputs that stand in for secrets, and for what would run out. */
const OUTPUTS: Record<string, Record<string, unknown>> = {
    "random:index/randomPassword:RandomPassword": { result: FAKE, bcryptHash: FAKE },
    "tls:index/privateKey:PrivateKey": { privateKeyPem: FAKE, publicKeyPem: FAKE },
    "tls:index/certRequest:CertRequest": { certRequestPem: FAKE },
    "tls:index/selfSignedCert:SelfSignedCert": CERTIFICATE,
    "tls:index/locallySignedCert:LocallySignedCert": CERTIFICATE,
};

/** Versions of which states are kept, and the examples that each had. */
export const RELEASED: [version: string, example: string][] = readdirSync(STATES).flatMap((version) =>
    readdirSync(path.join(STATES, version)).map((file): [string, string] => [version, path.parse(file).name]),
);

const fileOf = (version: string, example: string) => path.join(STATES, version, `${example}.json`);

/** What a version made of an example. What its config says is that of this run. */
export function released(version: string, example: string, config: ConfigMap): Kept[] {
    return filled(readFileSync(fileOf(version, example), "utf8"), config);
}

const filled = (text: string, config: ConfigMap): Kept[] =>
    JSON.parse(text, (_, value: unknown) => {
        const key = typeof value === "string" ? /^@@(\w+)@@$/.exec(value)?.[1] : undefined;
        return key === undefined ? value : (config[key]?.value ?? value);
    }) as Kept[];

/** Brings a stack to what a version made of it. */
export async function restore(stack: Stack, kept: Kept[]): Promise<void> {
    const providers = [...new Set(kept.flatMap(({ provider }) => provider ?? []))].map((reference) => {
        const [urn, id] = [reference.slice(0, reference.lastIndexOf("::")), reference.split("::").at(-1)];
        const version = urn.split("default_").at(-1)?.replaceAll("_", ".");
        return { urn, id, custom: true, type: urn.split("::").at(-2), inputs: { version }, outputs: { version } };
    });
    const resources = kept.map(({ inputs = {}, provider, ...of }) =>
        provider === undefined
            ? { ...of, custom: false }
            : { ...of, provider, custom: true, id: FAKE, inputs, outputs: { ...inputs, ...OUTPUTS[of.type] } },
    );
    const deployment = { manifest: { time: "2026-01-01T00:00:00Z" }, resources: [...providers, ...resources] };
    await stack.importStack({ version: 3, deployment });
}

/** What a preview would do, resource by resource; not to the providers, whose names have their versions. */
export async function steps(stack: Stack): Promise<Step[]> {
    const { workspace } = stack;
    const args = ["preview", "--json", "--show-secrets", "--non-interactive", "--stack", stack.name];
    // That the program is well typed is another test's to see, and takes longer than all the rest.
    const env = { ...process.env, ...workspace.envVars, PULUMI_NODEJS_TRANSPILE_ONLY: "true" };
    const options = { cwd: workspace.workDir, env, maxBuffer: 2 ** 28 };
    const { stdout } = await promisify(execFile)(PULUMI, args, options);
    const { steps: all } = JSON.parse(stdout) as { steps: Step[] };
    return all.filter(({ urn }) => !urn.includes("::pulumi:providers:"));
}

/** Those that lose what is there. */
export const losses = (all: Step[]): string[] =>
    all.filter(({ op }) => /replace|delete|discard/.test(op)).map(({ op, urn }) => `${op} ${urn}`);

/**
 * Keeps what this version makes of an example.
 *
 * @throws Error where a version is there already, and where the example would replace something of what is kept here.
 */
export async function record(version: string, example: string, stack: Stack, config: ConfigMap): Promise<void> {
    const file = fileOf(version, example);
    if (existsSync(file)) throw new Error(`${file} is there already: what was released does not change`);
    const made = (await steps(stack)).flatMap(({ newState }) => (newState ? [kept(newState, config)] : []));
    const text = `[\n${made.map((one) => JSON.stringify(one)).join(",\n")}\n]\n`;
    await restore(stack, filled(text, config));
    const lost = losses(await steps(stack));
    if (lost.length > 0) throw new Error(`${example} does not keep what it made itself: ${lost.join(", ")}`);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
}

function kept({ urn, type, parent, provider, inputs = {} }: Kept, config: ConfigMap): Kept {
    const values = Object.entries(inputs).map(([key, value]) => [key, valueOf(key, value, config)]);
    return {
        urn,
        type,
        parent,
        provider: provider?.replace(UNKNOWN, "made-up"),
        ...(/^(tls|random):/.test(type) ? { inputs: Object.fromEntries(values) } : {}),
    };
}

/** The input itself, the place of a value of the config, or what stands in for a secret and for what another resource makes. */
function valueOf(input: string, value: unknown, config: ConfigMap): unknown {
    const given = Object.keys(config).find((key) => config[key]?.value === value);
    if (given !== undefined) return `@@${given}@@`;
    if (value !== UNKNOWN && value !== "[secret]") return value;
    if (input === "caPrivateKeyPem" && config.caKey) return "@@caKey@@";
    return input === "caCertPem" ? CERTIFICATE.certPem : FAKE;
}
