import type { Command } from "commander";
import { exportStack } from "./pulumi";
import { runOn } from "./ssh";
import { deployedUnits } from "./state";
import type { DeployedUnit, Deployment } from "./state";

interface Flags {
    stack?: string;
    cwd: string;
    cluster?: string;
}

const SCRIPT = "/usr/local/lib/pulumi-ha/pacemaker/cluster";
const MEMBER = "PacemakerCluster";
/** The script's own deadline is 280 s at most. */
const SECONDS = 330;

/** Adds `pulumi-ha node …`. */
export function addNodeCommands(program: Command): void {
    const node = program
        .command("node")
        .description("put a node of a Pacemaker cluster aside for maintenance, and let it in again");
    add(node, "standby", "move everything away from a node, and wait until it runs nothing");
    add(node, "online", "let a node take part again, and wait until the cluster has settled");
}

const add = (parent: Command, verb: "standby" | "online", description: string): Command =>
    parent
        .command(`${verb} <node>`)
        .description(description)
        .option("--stack <stack>", "the stack that has the cluster (default: the selected one)")
        .option("--cwd <folder>", "the folder of the Pulumi project", ".")
        .option("--cluster <name>", "the cluster, where the node's name is in several")
        .action(async (name: string, flags: Flags) => {
            const units = deployedUnits((await exportStack(flags)) as Deployment);
            process.exitCode = await tell(verb, name, membersBeside(name, units, flags.cluster), (line) =>
                process.stderr.write(`${line}\n`),
            );
        });

/**
 * The members of a node's cluster, the others first: one that is put aside may be about to be switched off.
 *
 * @throws Error when no cluster of the stack has the node, or several do.
 */
export function membersBeside(node: string, units: DeployedUnit[], cluster?: string): DeployedUnit[] {
    const all = units.filter(
        ({ component, manifest, nodes }) =>
            component.type === MEMBER && manifest.unit === `pacemaker-${component.name}` && nodes.length > 0,
    );
    const names = [...new Set(all.filter((u) => u.node === node).map((u) => u.component.name))];
    const wanted = cluster === undefined ? names : names.filter((name) => name === cluster);
    const there = [...new Set(all.map((u) => u.node))].sort().join(", ") || "none";
    const [only] = wanted;
    if (only === undefined)
        throw new Error(
            `${node} is no node of ${cluster === undefined ? "a PacemakerCluster" : cluster} in this stack: there are ${there}`,
        );
    if (wanted.length > 1) throw new Error(`${node} is in ${wanted.join(" and ")}: say which with --cluster`);
    const members = all.filter((u) => u.component.name === only);
    return [...members.filter((u) => u.node !== node), ...members.filter((u) => u.node === node)];
}

/** Has the first member that can be reached do it. */
async function tell(verb: string, node: string, members: DeployedUnit[], say: (line: string) => void): Promise<number> {
    for (const member of members) {
        const { connection } = member;
        if (connection === undefined) continue;
        const command = `sudo -n ${SCRIPT} ${verb} ${node}`;
        try {
            const end = await runOn(connection, {
                command: connection.user === "root" ? `${SCRIPT} ${verb} ${node}` : command,
                stdin: "",
                seconds: SECONDS,
                onLine: say,
            });
            return end.code === 0 ? 0 : 1;
        } catch (error) {
            say(`${member.node} cannot be asked: ${error instanceof Error ? error.message : String(error)}`);
        }
    }
    throw new Error(`no member of ${node}'s cluster can be asked`);
}
