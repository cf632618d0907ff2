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

/**
 * The nodes under `PROJECT:nodes` of the stack's config.
 *
 * @throws Error when there are none there, with where else they are said to be.
 */
export async function configuredNodes(of: UserStack): Promise<ConfiguredNodes> {
    const config = z.record(z.string(), Value).parse(JSON.parse(await ofUser(of, ["config", "--json"])));
    const [key, value] = Object.entries(config).find(([name]) => name.endsWith(":nodes")) ?? [];
    if (key === undefined || value === undefined) throw new Error(noNodes(config));
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

function noNodes(config: Record<string, z.infer<typeof Value>>): string {
    const [inventory, file] = Object.entries(config).find(([name]) => name.endsWith(":inventory")) ?? [];
    return inventory === undefined
        ? "the stack's config names no nodes: list them under PROJECT:nodes first, each with name and address"
        : `the stack's nodes are in the file ${file?.value ?? ""} (${inventory}): who wrote it has pinned their keys there`;
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
