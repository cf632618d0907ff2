import { existsSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { ofUser } from "../pulumi";
import type { UserStack } from "../pulumi";
import type { HostKey } from "./keys";
import type { TrustedNode } from "./decide";

const Value = z.object({ objectValue: z.unknown().optional(), value: z.string().optional() });

const Node = z.object({
    name: z.string(),
    address: z.string(),
    sshAddress: z.string().optional(),
    port: z.number().optional(),
    hostKey: z.string().optional(),
    bastion: z.unknown().optional(),
});

/** The nodes of a stack's config, and where they stand in it. */
export interface ConfiguredNodes {
    /** `shop:nodes`. */
    key: string;
    nodes: ConfiguredNode[];
}

/** A node of the config. */
export interface ConfiguredNode extends TrustedNode {
    /** Place in the list. */
    index: number;
    /** Reached through another host. */
    behindBastion: boolean;
}

/** A stack's config, as `pulumi config --json` prints it. */
const Config = z.record(z.string(), Value);
type Config = z.infer<typeof Config>;

/**
 * The nodes under `PROJECT:nodes` of the stack's config.
 *
 * @throws Error when there are none there, with where else they are said to be.
 */
export async function configuredNodes(of: UserStack): Promise<ConfiguredNodes> {
    const config = Config.parse(JSON.parse(await ofUser(of, ["config", "--json"])));
    return nodesIn(config, projectName(of.cwd));
}

/** The nodes of a project in a stack's config. @throws Error as `configuredNodes`. */
export function nodesIn(config: Config, project: string): ConfiguredNodes {
    const key = `${project}:nodes`;
    const value = config[key];
    if (value === undefined) throw new Error(noNodes(config, project));
    const parsed = z.array(Node).safeParse(value.objectValue ?? json(value.value));
    if (!parsed.success)
        throw new Error(
            `${key} is no list of nodes: ${parsed.error.issues.map((i) => `${i.path.join(".")}: ${i.message}`).join("; ")}`,
        );
    return {
        key,
        nodes: parsed.data.map(({ name, address, sshAddress, port, hostKey, bastion }, index) => ({
            name,
            address: sshAddress ?? address,
            port: port ?? 22,
            hostKey,
            index,
            behindBastion: bastion !== undefined,
        })),
    };
}

function noNodes(config: Config, project: string): string {
    const other = Object.keys(config).find((name) => name.endsWith(":nodes"));
    const inventory = config[`${project}:inventory`];
    if (inventory !== undefined)
        return `the stack's nodes are in the file ${inventory.value ?? ""} (${project}:inventory): who wrote it has pinned their keys there`;
    return other === undefined
        ? `the stack's config names no nodes: list them under ${project}:nodes first, each with name and address`
        : `the stack's config names no nodes of ${project}: ${other} is of another project; the key for this one is ${project}:nodes`;
}

/** `name: shop` at the beginning of a line, with or without quotes. */
const NAME = /^name:[ \t]*(["']?)([^"'#\s]+)\1/m;

/** The name in the Pulumi.yaml of a folder, or of the nearest one above it that has one. @throws Error when there is none, or it has no name. */
export function projectName(cwd: string): string {
    const folder = path.resolve(cwd);
    const file = ["Pulumi.yaml", "Pulumi.yml"].map((name) => path.join(folder, name)).find((name) => existsSync(name));
    const above = path.dirname(folder);
    if (file === undefined && above !== folder) return projectName(above);
    const name = file === undefined ? undefined : NAME.exec(readFileSync(file, "utf8"))?.[2];
    if (name === undefined) throw new Error(`${file ?? cwd}: there is no project with a name here`);
    return name;
}

function json(text: string | undefined): unknown {
    try {
        return JSON.parse(text ?? "");
    } catch {
        return undefined;
    }
}

/** Pins a node's key in the stack's config: a line of `Pulumi.STACK.yaml` changes. */
export async function pin(
    of: UserStack,
    { key }: ConfiguredNodes,
    node: ConfiguredNode,
    hostKey: HostKey,
): Promise<void> {
    await ofUser(of, ["config", "set", "--path", `${key}[${node.index}].hostKey`, hostKey]);
}
