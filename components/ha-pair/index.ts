import * as pulumi from "@pulumi/pulumi";
import type { NodeArgs } from "../../remote/node";
import { Unit, rolling } from "../../remote/unit";
import { KeepalivedVip } from "../keepalived-vip";
import type { TrackArgs } from "../keepalived-vip";
import { PacemakerCluster } from "../pacemaker-cluster";
import { urlHost, withoutPrefix } from "../shared/addresses";
import type { FaultSeconds } from "../shared/failover";
import { checkedOn } from "../shared/node-rules";
import { recorded } from "../shared/rules";
import type { Volume } from "../shared/volume";
import type { FailoverWiring } from "../shared/wiring";
import { Failback, HaPairEngine } from "./args";
import type { HaPairArgs } from "./args";
import { inOwnWords, wiringInOwnWords } from "./failover";
import { checks, files, packages, renderServices } from "./render";
import { pairResources } from "./resources";
import { rules } from "./rules";
import { engineOf, toSpec, wishesOf } from "./spec";
import type { PairSpec } from "./spec";

export { Failback, HaPairEngine, ServicePlacement, ServicePreset } from "./args";
export type { HaPairArgs, PairServiceArgs } from "./args";

/**
 * Two nodes and an address, behind which services run on the one or the other: when a node is lost, or its service, the other one serves.
 *
 * ```ts
 * const front = new HaPair("front", {
 *     nodes: [app1, app2],
 *     address: "10.77.0.101/24",
 *     services: { web: { preset: ServicePreset.Nginx } },
 * });
 * ```
 *
 * Services without state run on both nodes, and keepalived moves the address alone. What writes needs more, and gets it with a `volume`: Corosync and
 * Pacemaker run the file system, the address and the services on one node, a lost node is switched off (`fencing`) before the other takes over, and a
 * third host has the casting vote (`witness`).
 *
 * ```ts
 * const files = new HaPair("files", {
 *     nodes: [app1, app2],
 *     address: "10.77.0.102/24",
 *     volume: data.volume,
 *     services: { nfs: { preset: ServicePreset.NfsServer } },
 *     witness: witness.vote,
 *     fencing: { ipmi: { app1: { address: "10.0.9.11", user: "fence", password }, app2: { address: "10.0.9.12", user: "fence", password } } },
 * });
 * ```
 *
 * What it does not see: a service that runs and does not answer. And with Pacemaker nothing moves while a fencing device does not answer: a node that may
 * still write is worse than an outage.
 */
export class HaPair extends pulumi.ComponentResource {
    static readonly __pulumiType = "pulumi-ha:index:HaPair";
    /** The address without its prefix length. */
    readonly address: pulumi.Output<string>;
    /** `10.77.0.101:80` of each service whose port is known, by its name. */
    readonly endpoints: pulumi.Output<Record<string, string>>;
    /** The volume that moves along, as it was given: where it is mounted, and on which nodes it is. Undefined without one. */
    readonly volume: pulumi.Output<Volume | undefined>;
    /** How long clients are without the address and its services, at most, by kind of fault. */
    readonly failover: pulumi.Output<FaultSeconds[]>;
    /** Which address moves, for `stackFailover`. */
    readonly wiring: pulumi.Output<FailoverWiring>;

    constructor(name: string, args: HaPairArgs, opts?: pulumi.ComponentResourceOptions) {
        super(HaPair.__pulumiType, name, recorded(args), opts);
        const spec = checkedOn(
            this,
            name,
            { nodes: args.nodes },
            () => wishesOf(args),
            (a) => toSpec(name, a),
            rules,
        );
        const options = { parent: this, dependsOn: opts?.dependsOn };
        const mover =
            engineOf(args) === HaPairEngine.Keepalived
                ? vip(name, args, spec, options)
                : cluster(name, args, spec, options);

        this.address = spec.apply((s) => withoutPrefix(s.address));
        this.endpoints = spec.apply(endpoints);
        this.volume = spec.apply((s) => s.volume);
        this.failover = pulumi.all([spec, mover.failover]).apply(([s, promises]) => inOwnWords(s, promises));
        this.wiring = pulumi.all([spec, mover.wiring]).apply(([s, found]) => wiringInOwnWords(s, found));
        this.registerOutputs({
            address: this.address,
            endpoints: this.endpoints,
            volume: this.volume,
            failover: this.failover,
            wiring: this.wiring,
        });
    }
}

/** The services on both nodes, and the address by VRRP: a node on which one of them does not run cannot have it. */
function vip(
    name: string,
    args: HaPairArgs,
    spec: pulumi.Output<PairSpec>,
    options: pulumi.ComponentResourceOptions,
): KeepalivedVip {
    const isPreferred = (node: NodeArgs): boolean => node.name === (args.preferred ?? args.nodes[0]?.name);
    const nodes = [...args.nodes].sort((a, b) => Number(isPreferred(b)) - Number(isPreferred(a)));
    const services = rolling([...nodes].reverse(), (node, after) => {
        const manifest = spec.apply(renderServices);
        return new Unit(`${name}-${node.name}-services`, { node, manifest, after }, options);
    });
    return new KeepalivedVip(
        name,
        {
            nodes,
            address: spec.address,
            advertIntervalSeconds: args.advertIntervalSeconds,
            preempt: spec.apply((s) => s.failback === Failback.Automatic),
            track: Object.fromEntries(
                Object.keys(args.services ?? {}).map((service) => [service, tracked(service, spec)]),
            ),
        },
        { parent: options.parent, dependsOn: services.map((unit) => unit.applied) },
    );
}

const tracked = (name: string, spec: pulumi.Output<PairSpec>): TrackArgs => {
    const service = spec.apply((s) => s.services.find((one) => one.name === name)!);
    return { systemdUnit: service.unit, intervalSeconds: service.checkIntervalSeconds };
};

/** All of it by Corosync and Pacemaker. */
const cluster = (
    name: string,
    args: HaPairArgs,
    spec: pulumi.Output<PairSpec>,
    options: pulumi.ComponentResourceOptions,
): PacemakerCluster =>
    new PacemakerCluster(
        name,
        {
            nodes: args.nodes,
            links: args.links,
            nodeIds: args.nodeIds,
            witness: args.witness,
            fencing: args.fencing,
            acceptSplitBrainRisk: args.acceptSplitBrainRisk,
            tokenSeconds: args.tokenSeconds,
            settleSeconds: args.settleSeconds,
            volumes: args.volume === undefined ? [] : [args.volume],
            files: spec.apply(files),
            checks: spec.apply((s) => Object.fromEntries(checks(s).map(({ name: what, command }) => [what, command]))),
            packages: spec.apply(packages),
            ...pairResources(name, args, spec),
        },
        options,
    );

const endpoints = ({ address, services }: PairSpec): Record<string, string> =>
    Object.fromEntries(
        services
            .filter((service) => service.port !== undefined)
            .map((service) => [service.name, `${urlHost(address)}:${service.port}`]),
    );
