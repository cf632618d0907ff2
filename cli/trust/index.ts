import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import type { Command } from "commander";
import type { UserStack } from "../pulumi";
import { table } from "../table";
import { configuredNodes, pin } from "./config";
import type { ConfiguredNode } from "./config";
import { Outcome, judge, statusOf } from "./decide";
import type { Finding, Source } from "./decide";
import { knownKeys, keysIn } from "./keys";
import { presentedKey } from "./present";

interface Flags extends UserStack {
    console?: string;
    knownHosts?: string;
    firstUse?: boolean;
}

/** Adds `pulumi-ha trust`. */
export function addTrustCommand(program: Command): void {
    program
        .command("trust [nodes...]")
        .description(
            "pin the hosts' keys in the stack's config; without a source, compare what is pinned with what answers",
        )
        .option(
            "--console <file>",
            "a node's console: its ssh_host_*_key.pub, or cloud-init's output; - reads what is pasted",
        )
        .option("--known-hosts <file>", "a known_hosts file that you trust, e.g. ~/.ssh/known_hosts")
        .option("--first-use", "take the keys of whoever answers now: only on a network that you trust")
        .option("--stack <stack>", "the stack whose config has the nodes (default: the selected one)")
        .option("--cwd <folder>", "the folder of the Pulumi project", ".")
        .addHelpText(
            "after",
            "\nends with 0: all pinned, or as pinned; 2: a key has changed, or is revoked; 3: of some nothing is known; 1: failed",
        )
        .action(async (names: string[], flags: Flags) => {
            process.exitCode = await trust(names, flags);
        });
}

async function trust(names: string[], flags: Flags): Promise<number> {
    const config = await configuredNodes(flags);
    const nodes = chosen(config.nodes, names);
    const source = sourceOf(nodes, flags);
    const findings = await Promise.all(nodes.map(async (node) => judge(node, await source(node))));
    const looksOnly = flags.console === undefined && flags.knownHosts === undefined && flags.firstUse !== true;
    for (const { node, pin: key } of findings)
        if (key !== undefined && !looksOnly) await pin(flags, config, node as ConfiguredNode, key);
    process.stdout.write(
        `${table(
            ["node", "", "key"],
            findings.map((finding) => row(finding, looksOnly)),
        )}\n`,
    );
    if (looksOnly && findings.some(({ outcome }) => outcome === Outcome.New))
        process.stdout.write(
            "\nCompare with the hosts' consoles, then pin: --console FILE, --known-hosts FILE or --first-use\n",
        );
    if (findings.some(({ outcome }) => outcome === Outcome.Alarm))
        process.stdout.write(
            "\nSomebody else may be answering. If a host was reinstalled: look at its console, take its hostKey out of the config, and run this again\n",
        );
    return statusOf(findings);
}

const row = ({ node, outcome, words }: Finding, looksOnly: boolean): string[] => [
    node.name,
    { same: "ok", new: looksOnly ? "not pinned" : "pinned", unknown: "unknown", alarm: "ALARM" }[outcome],
    words,
];

function chosen(nodes: ConfiguredNode[], names: string[]): ConfiguredNode[] {
    const strangers = names.filter((name) => !nodes.some((node) => node.name === name));
    if (strangers.length > 0)
        throw new Error(
            `the stack's config has no node ${strangers.join(", ")}: it has ${nodes.map((n) => n.name).join(", ")}`,
        );
    return names.length === 0 ? nodes : nodes.filter((node) => names.includes(node.name));
}

/** Where the keys of a node come from. */
function sourceOf(nodes: ConfiguredNode[], flags: Flags): (node: ConfiguredNode) => Promise<Source> {
    const given = [flags.console, flags.knownHosts, flags.firstUse].filter((flag) => flag !== undefined);
    if (given.length > 1)
        throw new Error("give one of --console, --known-hosts and --first-use: each is another reason to trust a key");
    if (flags.console !== undefined) {
        if (nodes.length !== 1)
            throw new Error(
                "--console is the text of one host: name its node, as in `pulumi-ha trust lb1 --console -`",
            );
        const keys = keysIn(text(flags.console));
        return () =>
            Promise.resolve({
                keys,
                missing: "the text has no Ed25519 or ECDSA host key: `cat /etc/ssh/ssh_host_ed25519_key.pub`",
            });
    }
    if (flags.knownHosts !== undefined) {
        const file = text(flags.knownHosts);
        return (node) =>
            Promise.resolve({
                ...knownKeys(file, [node.address, node.name], node.port),
                missing: `${flags.knownHosts} knows neither ${node.address} nor ${node.name}`,
            });
    }
    return answering;
}

async function answering(node: ConfiguredNode): Promise<Source> {
    if (node.behindBastion) return { keys: [], missing: "behind a bastion: take its key from its console (--console)" };
    try {
        return { keys: [await presentedKey(node.address, node.port, node.hostKey?.split(" ")[0])] };
    } catch (error) {
        return { keys: [], missing: error instanceof Error ? error.message : String(error) };
    }
}

const text = (file: string): string =>
    readFileSync(file === "-" ? process.stdin.fd : file.replace(/^~(?=\/)/, homedir()), "utf8");
