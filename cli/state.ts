import { isIP } from "node:net";
import { ENGINE_FILE, engineIn } from "../remote/engine";
import { launched } from "../remote/launcher";
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
    /** Replaced, and still to be removed. */
    delete?: boolean;
    /** URNs of what it waits for. */
    dependencies?: string[];
    inputs?: Record<string, unknown>;
    outputs?: Record<string, unknown>;
}

/** What `pulumi stack export` prints, as far as it is read here. */
export interface Deployment {
    deployment: { resources?: Resource[]; pending_operations?: unknown[] };
}

/** The component that a unit is of, as a stack's state knows it. */
export interface DeployedComponent {
    /** Its name in the program. */
    name: string;
    /** Its class: `KeepalivedVip`. */
    type: string;
    /** Addresses that it gives to clients and that may move between its nodes. */
    addresses: string[];
}

/** The host side of units, as a stack's state knows it. */
export interface DeployedEngine {
    /** Its file on the host, as the unit's commands call it. */
    path: string;
    /** Name of the command that brought it there. */
    command: string;
    /** What that file holds. */
    text: string;
}

/** A unit as a stack's state knows it. */
export interface DeployedUnit {
    /** Name of the node it is on. */
    node: string;
    /** Address of that node. */
    address: string;
    /** What was applied last. */
    manifest: Manifest;
    /** The same as it was sent, which is what its host has on record. */
    text: string;
    /** The way to the host, key included: only where the export shows secrets. Keep it in memory. */
    connection?: Connection;
    /** Names of all nodes of the component that the unit is of, in its order; empty where it does not say. */
    nodes: string[];
    /** The component that it is of; the unit itself where it stands alone. */
    component: DeployedComponent;
    /** Name of the unit in the program, with which its commands' names begin. */
    resource: string;
    /** The host side that applied it. */
    engine: DeployedEngine;
    /** Digest of its credentials, as it was sent; `-` without any. */
    digest: string;
    /** Who keeps it, as it was sent; `-` where nobody in particular. */
    keeper: string;
}

/** The units of a deployment that have been applied. Their manifests hold no credentials, so they are in clear. */
export function deployedUnits({ deployment }: Deployment): DeployedUnit[] {
    const resources = deployment.resources ?? [];
    const byUrn = new Map(resources.map((resource) => [resource.urn, resource]));
    return resources
        .filter((r) => r.type === COMMAND && r.urn.endsWith("-apply") && r.delete !== true)
        .flatMap((applied) => {
            const { parent = "", inputs } = applied;
            const unit = byUrn.get(parent);
            const text = inputs?.stdin;
            if (unit?.type !== UNIT || typeof text !== "string") return [];
            const { engine: path, digest, keeper } = launched(String(inputs?.create));
            return [
                {
                    component: componentOf(unit, byUrn),
                    resource: nameOf(unit),
                    engine: { path, ...engineOf(applied, byUrn) },
                    digest,
                    keeper,
                    node: String(unit.inputs?.node),
                    address: String(unit.inputs?.address),
                    manifest: parse(text),
                    text,
                    connection: connectionIn(inputs?.connection),
                    nodes: nodesOf(byUrn.get(unit.parent ?? "")),
                },
            ];
        });
}

/** What `prepare`, for which an apply waits, has waited for itself. Of a state without it: what would be sent now. */
function engineOf(applied: Resource, byUrn: Map<string, Resource>): Omit<DeployedEngine, "path"> {
    const neededBy = ({ dependencies = [] }: Resource) => dependencies.flatMap((urn) => byUrn.get(urn) ?? []);
    const engine = neededBy(applied)
        .flatMap(neededBy)
        .find(({ urn }) => urn.endsWith("-engine"));
    return {
        command: engine === undefined ? "" : nameOf(engine),
        text: engineIn(String(engine?.inputs?.stdin)) ?? ENGINE_FILE,
    };
}

/** A unit that a stack's state has, or should have, and that is not applied: a first `up` or a `destroy` that stopped half-way. */
export interface MissingUnit {
    node: string;
    component: DeployedComponent;
    why: string;
}

/** What a deployment lacks of what it says it has. */
export function missingUnits({ deployment }: Deployment): MissingUnit[] {
    const resources = (deployment.resources ?? []).filter((r) => r.delete !== true);
    const byUrn = new Map(resources.map((resource) => [resource.urn, resource]));
    const applied = new Set(resources.flatMap((r) => (r.type === COMMAND && r.urn.endsWith("-apply") ? r.parent : [])));
    const units = resources.filter(({ type }) => type === UNIT);
    const hasUnits = new Map<Resource, Set<string>>();
    for (const unit of units) {
        const component = byUrn.get(unit.parent ?? "");
        if (component && nodesOf(component).length > 0)
            hasUnits.set(component, (hasUnits.get(component) ?? new Set()).add(String(unit.inputs?.node)));
    }
    return [
        ...units
            .filter(({ urn }) => !applied.has(urn))
            .map((unit) => ({
                node: String(unit.inputs?.node),
                component: componentOf(unit, byUrn),
                why: `${nameOf(unit)} is in the stack and was never applied, or is half destroyed`,
            })),
        ...[...hasUnits].flatMap(([component, there]) =>
            nodesOf(component)
                .filter((node) => !there.has(node))
                .map((node) => ({
                    node,
                    component: asComponent(component),
                    why: `${nameOf(component)} lists ${node}, and has no unit there`,
                })),
        ),
    ];
}

const COMMAND = "command:remote:Command";
const UNIT = "pulumi-ha:index:Unit";

const nameOf = ({ urn }: Resource): string => urn.split("::").at(-1) ?? urn;

/** The nearest parent that is of this library, or the unit itself. */
function componentOf(unit: Resource, byUrn: Map<string, Resource>): DeployedComponent {
    const parent = byUrn.get(unit.parent ?? "");
    return asComponent(parent === undefined || parent.type === "pulumi:pulumi:Stack" ? unit : parent);
}

const asComponent = (resource: Resource): DeployedComponent => ({
    name: nameOf(resource),
    type: resource.type.split(":").at(-1) ?? resource.type,
    addresses: movingAddresses(resource),
});

/** A node has an address of its own, and a unit says that of its node: what a component states besides may move. */
function movingAddresses({ type, inputs = {}, outputs = {} }: Resource): string[] {
    if (type === UNIT) return [];
    const stated = [inputs.address, outputs.address, inputs.addresses, outputs.addresses, inputs.extraAddresses];
    const addresses = stated
        .flatMap((value) => inClear(value))
        .filter((value) => typeof value === "string")
        .map((value) => value.split("/")[0] ?? value);
    return [...new Set(addresses)].filter((address) => isIP(address) !== 0);
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
