import { HEADER } from "../remote/manifest";
import type { Manifest } from "../remote/manifest";
import { parse } from "../remote/parse";
import { connectionOf } from "../toolchain/plugins/command/inputs";
import type { Connection } from "../toolchain/plugins/command/inputs";
import type { Properties } from "../toolchain/plugins/values";

/** A resource of a stack's state. */
interface Resource {
    urn: string;
    type: string;
    parent?: string;
    inputs?: Record<string, unknown>;
}

/** What `pulumi stack export` prints, as far as it is read here. */
export interface Deployment {
    deployment: { resources?: Resource[] };
}

/** A unit as a stack's state knows it. */
export interface DeployedUnit {
    /** Name of the node it is on. */
    node: string;
    /** Address of that node. */
    address: string;
    /** What was applied last. */
    manifest: Manifest;
    /** The way to the host, key included: only where the export shows secrets. Keep it in memory. */
    connection?: Connection;
    /** Names of all nodes of the component that the unit is of, in its order; empty where it does not say. */
    nodes: string[];
}

/** The units of a deployment that have been applied. Their manifests hold no credentials, so they are in clear. */
export function deployedUnits({ deployment }: Deployment): DeployedUnit[] {
    const resources = deployment.resources ?? [];
    const byUrn = new Map(resources.map((resource) => [resource.urn, resource]));
    return resources
        .filter((r) => r.type === "command:remote:Command" && r.urn.endsWith("-apply"))
        .flatMap(({ parent = "", inputs }) => {
            const unit = byUrn.get(parent);
            const stdin = inputs?.stdin;
            if (unit?.type !== "pulumi-ha:index:Unit" || typeof stdin !== "string") return [];
            return [
                {
                    node: String(unit.inputs?.node),
                    address: String(unit.inputs?.address),
                    manifest: parse(manifestText(stdin)),
                    connection: connectionIn(inputs?.connection),
                    nodes: nodesOf(byUrn.get(unit.parent ?? "")),
                },
            ];
        });
}

/** The manifest at the end of what a unit sends. */
function manifestText(stdin: string): string {
    const begin = stdin.lastIndexOf(`\n${HEADER}\n`) + 1;
    const end = stdin.indexOf("\n", stdin.lastIndexOf("\nend ") + 1) + 1;
    return stdin.slice(begin, end);
}

function nodesOf(component: Resource | undefined): string[] {
    const nodes = inClear(component?.inputs?.nodes);
    return Array.isArray(nodes)
        ? nodes.flatMap((node: unknown) => (isRecord(node) && typeof node.name === "string" ? [node.name] : []))
        : [];
}

function connectionIn(value: unknown): Connection | undefined {
    const connection = inClear(value);
    return isRecord(connection) && typeof connection.host === "string"
        ? connectionOf({ connection: connection as Properties })
        : undefined;
}

/** Marks what follows as a secret in a state: https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/properties.go */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/** A value with the secrets in it as they are; undefined for one that is encrypted. */
function inClear(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(inClear);
    if (!isRecord(value)) return value;
    if (value[SIGNATURE] === SECRET)
        return typeof value.plaintext === "string" ? inClear(JSON.parse(value.plaintext)) : undefined;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, inClear(inner)]));
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null && !Array.isArray(value);
