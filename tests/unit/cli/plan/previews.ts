import { manifest, toText } from "../../../../remote/manifest";
import type { ManagedFile, Manifest, ManifestParts } from "../../../../remote/manifest";

/** What a preview shows where a value is not known. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** A unit as a test wants it in a preview. */
export interface WantedUnit {
    /** Its resource's name; the node is what follows the last dash. */
    name: string;
    op?: string;
    /** Name and type of the component. */
    of?: [name: string, type: string];
    node?: string;
    before?: Manifest | string;
    after?: Manifest | string;
    /** Digests of the credentials. */
    digests?: [before: string, after: string];
    /** Names of the units that it waits for. */
    needs?: string[];
    /** Further resources that its manifest is made from. */
    madeFrom?: string[];
    hostKeys?: [before: string, after: string];
    retainOnDelete?: boolean;
}

/** Anything else in a preview. */
export interface WantedResource {
    name: string;
    type: string;
    op: string;
    parent?: string;
}

export const urnOf = (type: string, name: string): string => `urn:pulumi:dev::shop::${type}::${name}`;
const commandUrn = (name: string): string => urnOf("pulumi-ha:index:Unit$command:remote:Command", `${name}-apply`);

const stdin = (text: Manifest | string): string => (typeof text === "string" ? text : toText(text));

function unitSteps(unit: WantedUnit): Record<string, unknown>[] {
    const {
        name,
        op = "update",
        node = name.split("-").at(-1),
        of: [component, type] = ["front", "KeepalivedVip"],
    } = unit;
    const [oldDigest, newDigest] = unit.digests ?? ["-", "-"];
    const [oldKey, newKey] = unit.hostKeys ?? ["ssh-ed25519 A", "ssh-ed25519 A"];
    const common = { parent: urnOf("pulumi-ha:index:Unit", name), type: "command:remote:Command" };
    const command = (text: Manifest | string | undefined, digest: string) =>
        text && {
            ...common,
            urn: commandUrn(name),
            inputs: {
                create:
                    digest === UNKNOWN
                        ? UNKNOWN
                        : `bash /var/lib/pulumi-ha/engine/0123456789abcdef apply ${digest} shop/dev/1`,
                stdin: stdin(text),
            },
            dependencies: (unit.needs ?? []).map(commandUrn),
            propertyDependencies: { stdin: unit.madeFrom ?? [] },
            retainOnDelete: unit.retainOnDelete ?? false,
        };
    const whole = urnOf(`pulumi-ha:index:${type}`, component);
    const state = (key: string) => ({
        type: "pulumi-ha:index:Unit",
        parent: whole,
        inputs: { node, address: `10.0.0.${node}`, hostKey: key },
    });
    return [
        { op: "same", urn: whole, oldState: { type: `pulumi-ha:index:${type}`, parent: urnOf(STACK, "shop-dev") } },
        { op: "same", urn: common.parent, oldState: state(oldKey), newState: state(newKey) },
        {
            op,
            urn: commandUrn(name),
            oldState: op === "create" ? undefined : command(unit.before, oldDigest),
            newState: op === "delete" ? undefined : command(unit.after ?? unit.before, newDigest),
            diffReasons: ["stdin"],
        },
    ];
}

const STACK = "pulumi:pulumi:Stack";

/** A preview as `pulumi preview --json --show-sames` prints it. */
export function previewJson(
    units: WantedUnit[],
    more: WantedResource[] = [],
    rest: Record<string, unknown> = {},
): string {
    const others = more.map(({ name, type, op, parent = "" }) => ({
        op,
        urn: urnOf(parent === "" ? type : `${parent}$${type}`, name),
        [op === "delete" ? "oldState" : "newState"]: { type },
    }));
    const steps = [
        { op: "same", urn: urnOf(STACK, "shop-dev"), oldState: { type: STACK } },
        ...units.flatMap(unitSteps),
    ];
    return JSON.stringify({ steps: [...steps, ...others], ...rest });
}

/** A file of root's. */
export const file = (path: string, content: string, parts: Partial<ManagedFile> = {}): ManagedFile => ({
    path,
    mode: "0644",
    owner: "root:root",
    content,
    onChange: [],
    ...parts,
});

/** A manifest with one running service. */
export const running = (service: string, parts: Partial<ManifestParts> = {}): Manifest =>
    manifest({ unit: "vip-front", services: [{ name: service, enabled: true, running: true }], ...parts });
