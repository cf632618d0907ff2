import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import type { NodeArgs } from "../../remote/node";
import { HOST_KEY } from "../../remote/reach";

const HostKey = z.string().regex(HOST_KEY, "give the host's Ed25519 or ECDSA key, as in `ssh-ed25519 AAAA…`");

const Bastion = z.strictObject({
    address: z.string().min(1),
    port: z.number().int().min(1).max(65535).optional(),
    user: z.string().min(1).optional(),
    privateKeyFile: z.string().min(1).optional(),
    hostKey: HostKey,
});

const fields = {
    name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, "use lower case letters, digits and -"),
    address: z.union([z.ipv4(), z.ipv6()]),
    address6: z.ipv6().optional(),
    interface: z.string().min(1).optional(),
    sshAddress: z.string().min(1).optional(),
    port: z.number().int().min(1).max(65535).optional(),
    user: z.string().min(1).optional(),
    hostKey: HostKey.optional(),
    acceptUnknownHostKey: z.string().min(1).optional(),
    privateKeyFile: z.string().min(1).optional(),
    reachWithinSeconds: z.number().positive().optional(),
    labels: z.record(z.string(), z.string()).optional(),
    bastion: Bastion.optional(),
};

const ConfiguredNode = z.strictObject(fields);
/** What is read of an inventory file; a lab's file holds more. */
const InventoryFile = z.object({ loginKey: z.string().min(1).optional(), hosts: z.array(z.object(fields)).min(1) });
type ConfiguredNode = z.infer<typeof ConfiguredNode>;

/**
 * The nodes of a stack's config, by name.
 *
 * Either `nodes`, a list of plain node arguments, or `inventory`, the path of a file with such a list, as `pulumi-ha lab up` writes it. The login
 * key of all nodes comes from the config's secret `privateKey`; a node's `privateKeyFile` (relative to the project, or `~/…`) goes before it; without
 * either the SSH agent's keys are used. A bastion's own `privateKeyFile` goes before its node's key.
 *
 * ```yaml
 * config:
 *   shop:nodes:
 *     - { name: lb1, address: 192.0.2.11, interface: eth0, hostKey: ssh-ed25519 AAAA… }
 *     - { name: lb2, address: 192.0.2.12, interface: eth0, hostKey: ssh-ed25519 AAAA… }
 * ```
 *
 * Without names these are all that there are, each of which the compiler takes for one that may be missing.
 *
 * @throws pulumi.RunError with every field of the config that is wrong.
 */
export function nodesFromConfig(): Record<string, NodeArgs | undefined>;
/**
 * The nodes of a stack's config that a program needs, by name, from the same places.
 *
 * @param names the nodes that the program needs; a missing one is an error that lists those there are.
 * @throws pulumi.RunError with every field of the config that is wrong.
 */
export function nodesFromConfig<Name extends string>(...names: Name[]): Record<Name, NodeArgs>;
export function nodesFromConfig(...names: string[]): Record<string, NodeArgs | undefined> {
    const config = new pulumi.Config();
    const nodes = configured(config);
    const duplicate = nodes.find((node, index) => nodes.findIndex((other) => other.name === node.name) < index);
    if (duplicate) throw new pulumi.RunError(`the stack's config names node ${duplicate.name} twice`);

    const login = config.getSecret("privateKey");
    const byName = Object.fromEntries(nodes.map((node) => [node.name, nodeArgs(node, login)]));
    const missing = names.filter((name) => !(name in byName));
    if (missing.length > 0) {
        throw new pulumi.RunError(
            `the stack's config has no node ${missing.join(", ")}: it has ${Object.keys(byName).join(", ")} (add it under ${config.name}:nodes)`,
        );
    }
    return byName;
}

function configured(config: pulumi.Config): ConfiguredNode[] {
    const nodes = config.getObject<unknown>("nodes");
    if (nodes !== undefined) return valid(z.array(ConfiguredNode).min(1), nodes, `${config.name}:nodes`);

    const file = config.get("inventory");
    if (file === undefined) throw new pulumi.RunError(noNodes(config.name));
    if (!existsSync(resolved(file)))
        throw new pulumi.RunError(
            `${config.name}:inventory is ${file}, and there is no such file: start the lab that writes it, or give ${config.name}:nodes`,
        );
    const inventory = valid(InventoryFile, json(file), file);
    return inventory.hosts.map((host) => ({ privateKeyFile: inventory.loginKey, ...host }));
}

function noNodes(project: string): string {
    const other = Object.keys(pulumi.runtime.allConfig()).find((key) => key.endsWith(":nodes"));
    const mistaken =
        other === undefined ? "" : `; ${other} is of another project, and Pulumi.yaml names this one ${project}`;
    return `the stack's config names no nodes: give ${project}:nodes (a list) or ${project}:inventory (a file)${mistaken}`;
}

function valid<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    const found = parsed.error.issues.map((issue) => `  - ${place(issue.path) || "value"}: ${issue.message}`);
    throw new pulumi.RunError([`${where} does not describe nodes:`, ...found].join("\n"));
}

const place = (steps: PropertyKey[]): string =>
    steps
        .map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`))
        .join("")
        .replace(/^\./, "");

function json(file: string): unknown {
    try {
        return JSON.parse(readFileSync(resolved(file), "utf8"));
    } catch (error) {
        throw new pulumi.RunError(
            `${file} cannot be read as JSON: ${error instanceof Error ? error.message : String(error)}`,
        );
    }
}

/** Relative to the project's folder: the program runs there. */
const resolved = (file: string): string => path.resolve(file.replace(/^~(?=\/)/, homedir()));

function nodeArgs(
    { privateKeyFile, bastion, ...node }: ConfiguredNode,
    login: pulumi.Output<string> | undefined,
): NodeArgs {
    const privateKey = keyFrom(privateKeyFile) ?? login;
    return {
        ...node,
        privateKey,
        bastion: bastion && { ...bastion, privateKey: keyFrom(bastion.privateKeyFile) ?? privateKey },
    };
}

function keyFrom(file: string | undefined): pulumi.Output<string> | undefined {
    if (file === undefined) return undefined;
    if (!existsSync(resolved(file))) throw new pulumi.RunError(`privateKeyFile is ${file}, and there is no such file`);
    return pulumi.secret(readFileSync(resolved(file), "utf8"));
}
