import type { Command } from "commander";
import { paths } from "../components/pacemaker-cluster/paths";
import { exportStack } from "./pulumi";
import { asRoot, runOn } from "./ssh";
import { deployedUnits } from "./state";
import type { DeployedUnit, Deployment } from "./state";

interface Flags {
    stack?: string;
    cwd: string;
    cluster?: string;
}

const SCRIPT = paths.script;
const MEMBER = "PacemakerCluster";
/** The script's own deadline is 280 s at most. */
const SECONDS = 330;

/** Adds `pulumi-ha node …`. */
export function addNodeCommands(program: Command): void {
    const node = program
        .command("node")
        .description("put a node of a Pacemaker cluster aside or leave it alone, and let it in again");
    add(node, "standby", "move everything away from a node, and wait until it runs nothing");
    add(
        node,
        "maintenance",
        "leave what runs on a node as it is: the cluster neither watches it, nor starts or stops it",
    );
    add(node, "online", "let a node take part again, after either, and wait until the cluster has settled");
    node.command("roll <cluster> <command...>")
        .description(
            "run a command on each node of a cluster in turn, while it is put aside; those that run less first",
        )
        .option("--stack <stack>", "the stack that has the cluster (default: the selected one)")
        .option("--cwd <folder>", "the folder of the Pulumi project", ".")
        .option("--minutes <minutes>", "how long the command may take on one node", Number, 30)
        .action(async (cluster: string, command: string[], flags: Flags & { minutes: number }) => {
            const members = membersOf(cluster, deployedUnits((await exportStack(flags)) as Deployment));
            const say = (line: string): void => void process.stderr.write(`${line}\n`);
            process.exitCode = await roll(members, command.join(" "), flags.minutes * 60, say);
        });
}

const add = (parent: Command, verb: "standby" | "maintenance" | "online", description: string): Command =>
    parent
        .command(`${verb} <node>`)
        .description(description)
        .option("--stack <stack>", "the stack that has the cluster (default: the selected one)")
        .option("--cwd <folder>", "the folder of the Pulumi project", ".")
        .option("--cluster <name>", "the cluster, where the node's name is in several")
        .action(async (name: string, flags: Flags) => {
            const units = deployedUnits((await exportStack(flags)) as Deployment);
            const say = (line: string): void => void process.stderr.write(`${line}\n`);
            const { code } = await answer(membersBeside(name, units, flags.cluster), `${verb} ${name}`, say);
            process.exitCode = code === 0 ? 0 : 1;
        });

const allMembers = (units: DeployedUnit[]): DeployedUnit[] =>
    units.filter(
        ({ component, manifest, nodes }) =>
            component.type === MEMBER && manifest.unit === `pacemaker-${component.name}` && nodes.length > 0,
    );

/**
 * The members of a cluster.
 *
 * @throws Error when the stack has no cluster of that name.
 */
export function membersOf(cluster: string, units: DeployedUnit[]): DeployedUnit[] {
    const all = allMembers(units);
    const members = all.filter(({ component }) => component.name === cluster);
    const there = [...new Set(all.map(({ component }) => component.name))].sort().join(", ") || "none";
    if (members.length === 0) throw new Error(`${cluster} is no PacemakerCluster of this stack: there are ${there}`);
    return members;
}

/**
 * The members of a node's cluster, the others first: one that is put aside may be about to be switched off.
 *
 * @throws Error when no cluster of the stack has the node, or several do.
 */
export function membersBeside(node: string, units: DeployedUnit[], cluster?: string): DeployedUnit[] {
    const all = allMembers(units);
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

type Say = (line: string) => void;

/** What the script on a member says of a verb, by the first member that can be reached. */
async function answer(members: DeployedUnit[], verb: string, say: Say): Promise<{ code: number; stdout: string }> {
    for (const { node, connection } of members) {
        if (connection === undefined) continue;
        const command = asRoot(connection.user, `${SCRIPT} ${verb}`);
        try {
            return await runOn(connection, { command, stdin: "", seconds: SECONDS, onLine: say });
        } catch (error) {
            say(`${node} cannot be asked: ${error instanceof Error ? error.message : String(error)}`);
        }
    }
    throw new Error(`no member of ${members[0]?.component.name ?? "the cluster"} can be asked`);
}

/**
 * A command on each member in turn, while it is aside; the cluster says in which order. Ends with the first that fails: its node stays aside, and nothing has
 * been done to the others.
 */
async function roll(members: DeployedUnit[], command: string, seconds: number, say: Say): Promise<number> {
    const { code, stdout } = await answer(members, "order", say);
    if (code !== 0) return 1;
    for (const node of stdout.split("\n").filter(Boolean)) {
        const member = members.find((one) => one.node === node);
        if (member?.connection === undefined) throw new Error(`${node} is not of this stack: nothing was done there`);
        const others = [...members.filter((one) => one !== member), member];
        say(`${node}: putting it aside`);
        if ((await answer(others, `standby ${node}`, say)).code !== 0) return 1;
        const shell = asRoot(member.connection.user, "bash -eu -o pipefail -s");
        const onLine = (line: string): void => say(`${node}: ${line}`);
        const job = { command: shell, stdin: `{\nexec </dev/null >&2\n${command}\n}\n`, seconds, onLine };
        const done = await runOn(member.connection, job);
        if (done.code !== 0) {
            say(
                `${node}: the command failed with status ${done.code}: the node stays in standby, and the others were not touched; then: pulumi-ha node online ${node}`,
            );
            return 1;
        }
        if ((await answer(others, `online ${node}`, say)).code !== 0) return 1;
    }
    return 0;
}
