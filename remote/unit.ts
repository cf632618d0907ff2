import { createHash } from "node:crypto";
import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { answersFirst } from "./answers";
import { NO_CREDENTIALS, credentialText, digest } from "./credentials";
import type { Credentials } from "./credentials";
import { ENGINE_SCRIPT } from "./engine";
import { launcher } from "./launcher";
import type { Verb } from "./launcher";
import { HEADER, toText } from "./manifest";
import type { Manifest } from "./manifest";
import { connection } from "./node";
import type { NodeArgs } from "./node";
import { reachFaults } from "./reach";
import { stackless } from "./stackless";

/** What a unit is made from. */
export interface UnitArgs {
    /** The host it is for. */
    node: NodeArgs;
    /** What the host shall be. Should be known at preview: then the preview shows it line by line. */
    manifest: pulumi.Input<Manifest>;
    /** Credentials that the manifest refers to, by name; treated as secrets. */
    credentials?: Record<string, pulumi.Input<string>>;
    /** Units that are applied, with their gates passed, before this one is. */
    after?: Unit[];
    /** Units that are prepared, too, before this one is applied: `together`. */
    beside?: Promise<Unit[]>;
}

/** Seconds for a host to answer once `prepare` has reached it. */
const REACHED_SECONDS = 10;
const DEFAULT_REACH_SECONDS = 60;

/**
 * One manifest on one host: `prepare` (packages, credentials; disturbs nothing, runs on all hosts at once) and `apply` (converges, then waits for
 * the gates). What both call on the host, the engine, is brought there by a command of its own, one for all units that a component has on a node. The only
 * user of `remote.Command` in this library.
 *
 * How long a lost host can hold an `up`: one whose packets vanish, `reachWithinSeconds` and 5 s for each dial (170 s with the default, 70 s in
 * `apply`); one that takes connections and stays silent, 15 seconds (on `up`; not on `destroy`, where no hook may run, and not behind a bastion); a link that is lost while a command runs, 150 seconds with the vendor's plugin (the TCP keepalive of its dial), 60 with the stand-in.
 * Two cases have no bound with the vendor's plugin, which has no keepalive of SSH itself: a host that hangs while a command runs and whose kernel goes
 * on answering, and a link lost behind a bastion (there it is the bastion's, two hours by default). What runs on the host ends by itself in any case,
 * and the next `up` finds it done or completes it.
 */
export class Unit extends pulumi.ComponentResource {
    static readonly __pulumiType = "pulumi-ha:index:Unit";
    /** The command that `after` waits for. */
    readonly applied: command.remote.Command;
    /** The command that `beside` waits for. */
    readonly prepared: command.remote.Command;

    constructor(name: string, args: UnitArgs, opts?: pulumi.ComponentResourceOptions) {
        const { node } = args;
        super(Unit.__pulumiType, name, { node: node.name, address: node.address, hostKey: node.hostKey }, opts);
        refuseUnreachable(node, this);
        const credentials = args.credentials && pulumi.secret(pulumi.all(args.credentials));
        const revision = credentials ? this.digest(name, credentials) : pulumi.output(NO_CREDENTIALS);
        const manifest = pulumi.output(args.manifest);
        // As a promise: as an output it would make the commands wait for the unit, which waits for them.
        const keeper = new Promise<string>((resolve) => this.urn.apply((urn) => resolve(keptBy(urn))));
        const user = pulumi.output(node.user ?? "root");
        const launch = (verb: Verb) => user.apply((login) => launcher(login, verb));
        const hooks = answersFirst(name, node);
        const reach = node.reachWithinSeconds ?? DEFAULT_REACH_SECONDS;
        const remove = pulumi.interpolate`${launch("remove")} ${keeper}`;

        const engine = once(opts?.parent ?? this, node.name, () =>
            this.command(`${name}-engine`, node, reach, {
                create: pulumi.interpolate`${launch("install")} ${keeper}`,
                stdin: ENGINE_SCRIPT,
                delete: pulumi.interpolate`${launch("uninstall")} ${keeper}`,
                hooks,
                dependsOn: opts?.dependsOn,
            }),
        );
        const prepared = (this.prepared = this.command(`${name}-prepare`, node, reach, {
            create: pulumi.interpolate`${launch("prepare")} ${revision} ${keeper}`,
            stdin: pulumi.all([manifest, credentials]).apply(([m, c]) => preparation(m, c ?? {})),
            delete: remove,
            hooks,
            dependsOn: [engine],
        }));
        this.applied = this.command(`${name}-apply`, node, REACHED_SECONDS, {
            create: pulumi.interpolate`${launch("apply")} ${revision} ${keeper}`,
            stdin: manifest.apply(toText),
            delete: remove,
            hooks,
            dependsOn: afterPreparing([prepared, ...(args.after ?? []).map((unit) => unit.applied)], args.beside),
        });
        this.registerOutputs({});
    }

    /** A digest of the credentials under a key of this unit's own: known without being a secret, so that an apply can carry it. */
    private digest(name: string, credentials: pulumi.Output<Credentials>): pulumi.Output<string> {
        // Not RandomBytes: its id, which is in clear in the state, is its value.
        const key = new random.RandomPassword(`${name}-digest-key`, { length: 43, special: false }, { parent: this });
        return pulumi.unsecret(pulumi.all([key.result, credentials]).apply(([k, values]) => digest(k, values)));
    }

    private command(
        name: string,
        node: NodeArgs,
        reachWithinSeconds: pulumi.Input<number>,
        run: {
            create: pulumi.Output<string>;
            delete: pulumi.Output<string>;
            stdin: pulumi.Input<string>;
            dependsOn: pulumi.ComponentResourceOptions["dependsOn"];
            hooks?: pulumi.ResourceHookBinding;
        },
    ): command.remote.Command {
        return new command.remote.Command(
            name,
            {
                connection: connection(node, reachWithinSeconds),
                create: run.create,
                delete: run.delete,
                stdin: run.stdin,
                // The engine writes progress, and never content, to stderr; its summary on stdout is for machines.
                logging: command.remote.Logging.Stderr,
                addPreviousOutputInEnv: false,
            },
            { parent: this, dependsOn: run.dependsOn, hooks: run.hooks },
        );
    }
}

/**
 * Units in the order given, each applied only when the one before has passed its gates: a roll that goes wrong stops with one host out.
 * List the least important host first.
 */
export function rolling(nodes: NodeArgs[], unit: (node: NodeArgs, after: Unit[]) => Unit): Unit[] {
    return nodes.reduce<Unit[]>((done, node) => [...done, unit(node, done.slice(-1))], []);
}

const afterPreparing = (
    others: command.remote.Command[],
    beside: Promise<Unit[]> | undefined,
): command.remote.Command[] | Promise<command.remote.Command[]> =>
    beside === undefined
        ? others
        : beside.then((units) => [...new Set([...others, ...units.map(({ prepared }) => prepared)])]);

/** Units of hosts that begin together: each is applied when all are prepared, so that none waits in a gate for the packages of another. */
export function together(nodes: NodeArgs[], unit: (node: NodeArgs, beside: Promise<Unit[]>) => Unit): Unit[] {
    const made: Unit[] = [];
    const all = Promise.resolve().then(() => made);
    for (const node of nodes) made.push(unit(node, all));
    return made;
}

/**
 * @throws pulumi.ResourceError when the node cannot be reached as it is given, or whoever answers at its address would get root's commands and nobody has
 * said that this is meant. Components have looked at all their nodes before.
 */
function refuseUnreachable(node: NodeArgs, unit: Unit): void {
    const found = reachFaults(node).map(({ path, message }) => `${path} ${message}`);
    if (found.length > 0)
        throw stackless(new pulumi.ResourceError(`node ${node.name}: ${found.join("; ")}`, unit, true));
}

/**
 * Who keeps the unit on its host: a stack and a resource of it. A resource that is renamed or moved is made anew before the old one is removed; the host
 * then sees by this that the removal is no longer meant for what runs there. And of two stacks with a component of one name, the second is refused.
 */
const keptBy = (urn: string): string =>
    `${pulumi.getProject()}/${pulumi.getStack()}/${createHash("sha256").update(urn).digest("hex").slice(0, 16)}`;

/** By component and node. Held by the component, so that programs of one process share nothing. */
const engines = new WeakMap<pulumi.Resource, Map<string, command.remote.Command>>();

/** The command that brings the engine to a node for the units of a component: that of its first unit there. */
function once(component: pulumi.Resource, node: string, make: () => command.remote.Command): command.remote.Command {
    const ofComponent = engines.get(component) ?? new Map<string, command.remote.Command>();
    const engine = ofComponent.get(node) ?? make();
    engines.set(component, ofComponent.set(node, engine));
    return engine;
}

/** What `prepare` needs of a manifest, and the credentials: a change of configuration leaves it as it is. */
function preparation(m: Manifest, credentials: Credentials): string {
    const lines = [HEADER, `unit ${m.unit}`, ...m.packages.map((p) => `package ${p}`), ...credentialText(credentials)];
    return [...lines, `end ${lines.length}`].join("\n") + "\n";
}
