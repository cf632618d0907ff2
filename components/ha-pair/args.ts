import type * as pulumi from "@pulumi/pulumi";
import type { NodeArgs } from "../../remote/node";
import type { FencingArgs } from "../pacemaker-cluster";
import type { Volume } from "../shared/volume";
import type { Vote } from "../shared/vote";

/** What moves a pair's address and services. */
export const HaPairEngine = {
    /** VRRP: for services without state, that run on both nodes and can be asked on either. Seconds, and nothing is fenced. */
    Keepalived: "keepalived",
    /** Corosync and Pacemaker: what may run on one node only, such as a file system, does so, and a lost node is switched off before the other takes over. */
    Pacemaker: "pacemaker",
} as const;
export type HaPairEngine = (typeof HaPairEngine)[keyof typeof HaPairEngine];

/** Where a service of a pair runs. */
export const ServicePlacement = {
    /** On the node that has the address, and the volume: started there after a move. */
    ActiveNode: "active-node",
    /** On both nodes all the time, and the address is only where it runs: a planned move does not wait for its start. Its data is not on the volume. */
    EveryNode: "every-node",
} as const;
export type ServicePlacement = (typeof ServicePlacement)[keyof typeof ServicePlacement];

/** Services whose unit, packages, port and time limits are known here. */
export const ServicePreset = {
    /** nginx.service, port 80. */
    Nginx: "nginx",
    /** mariadb.service, port 3306: point `datadir` at the volume. */
    Mariadb: "mariadb",
    /** postgresql@15-main.service (Debian 12; for Debian 13 give `systemdUnit: "postgresql@17-main"`), port 5432: point `data_directory` at the volume. */
    Postgresql: "postgresql",
    /** nfs-server.service, port 2049: keep /var/lib/nfs on the volume if locks are to outlive a move; clients wait for the server's grace time, which the promise counts (90 s, `grace-time` of nfs.conf). */
    NfsServer: "nfs-server",
} as const;
export type ServicePreset = (typeof ServicePreset)[keyof typeof ServicePreset];

/** What happens when the preferred node comes back. */
export const Failback = {
    /** Nothing: all stays where it is until somebody moves it. */
    Manual: "manual",
    /** All moves back: one more interruption, at an hour that nobody chose. */
    Automatic: "automatic",
} as const;
export type Failback = (typeof Failback)[keyof typeof Failback];

/** A service of a pair: a systemd unit, named or from a preset. */
export interface PairServiceArgs {
    /** The unit, e.g. `nginx.service`; `.service` may be left out. Default: the preset's. */
    systemdUnit?: pulumi.Input<string>;
    /** A service that is known here: fills in what is not given. */
    preset?: pulumi.Input<ServicePreset>;
    /**
     * Files of its configuration, by path, with their content: the same on both nodes, and no passwords, as they are in the preview. With Pacemaker a change
     * goes to the node without the address first, then all moves there, and the other node follows; with keepalived the service is restarted on one node
     * after the other. Default: none.
     */
    files?: pulumi.Input<Record<string, pulumi.Input<string>>>;
    /** A bash command that fails where `files` are wrong: run on each node with the new ones in their places, before anything changes. Default: the preset's, else none. */
    check?: pulumi.Input<string>;
    /** Debian packages it needs, `name` or `name=version`. Default: the preset's, else none. */
    packages?: pulumi.Input<pulumi.Input<string>[]>;
    /** Default: `EveryNode` with the engine keepalived, else `ActiveNode`. */
    placement?: ServicePlacement;
    /** TCP port that clients use, for `endpoints`. Default: the preset's. */
    port?: pulumi.Input<number>;
    /** Seconds after which a start counts as failed. Default: the preset's, else 60. */
    startTimeoutSeconds?: pulumi.Input<number>;
    /** Seconds after which a stop counts as failed, and the node is fenced. Default: the preset's, else 60. */
    stopTimeoutSeconds?: pulumi.Input<number>;
    /** With Pacemaker: seconds that its start takes as a rule, for the computed failover. Default: the preset's, else 2.2, what Pacemaker takes for a unit that starts at once. */
    expectedStartSeconds?: pulumi.Input<number>;
    /** The same for its stop. Default: 2.2. */
    expectedStopSeconds?: pulumi.Input<number>;
    /** Seconds from one look at the unit to the next. Default: 2 with Pacemaker, 1 with keepalived. */
    checkIntervalSeconds?: pulumi.Input<number>;
}

/** What a `HaPair` is made from. */
export interface HaPairArgs {
    /** The two nodes. */
    nodes: NodeArgs[];
    /** The address with its prefix length, `10.77.0.101/24`, in the network of the nodes' own addresses. */
    address: pulumi.Input<string>;
    /** What runs behind the address, by name, in the order in which it starts. Default: none, which needs a `volume`. */
    services?: Record<string, PairServiceArgs>;
    /** A replicated file system that moves along: `volume` of a `DrbdVolume`. Default: none. */
    volume?: pulumi.Input<Volume>;
    /** Default: Pacemaker with a volume, else keepalived. */
    engine?: HaPairEngine;
    /** Name of the node that has the address when both are well at the start. Default: the first. */
    preferred?: string;
    /** Default: `Manual`. */
    failback?: pulumi.Input<Failback>;
    /** A third vote: `vote` of a `Witness`. Needed with Pacemaker unless the risk is accepted. */
    witness?: Vote;
    /** How a node that is lost is made sure not to write any more. Needed with Pacemaker unless the risk is accepted. */
    fencing?: FencingArgs;
    /** Addresses of a second link between the nodes, by node, for Corosync. Default: none, all goes over the nodes' own addresses. */
    links?: Record<string, pulumi.Input<string>>;
    /** Corosync's numbers of the nodes, by name, where they are other than the places in `nodes`: as those of a `PacemakerCluster`. Default: the first is 1, the other one 2. */
    nodeIds?: Record<string, pulumi.Input<number>>;
    /**
     * Seconds without a sign of life after which Pacemaker's node counts as lost, 0.5 to 60: 1 suits hosts of their own, 3 and more virtual machines that are
     * moved or overcommitted. Default: 1.
     */
    tokenSeconds?: pulumi.Input<number>;
    /** Seconds between keepalived's signs of life, 0.01 to 40: after three that are missed the other node takes the address. Default: 1. */
    advertIntervalSeconds?: pulumi.Input<number>;
    /** Seconds for Pacemaker's members to find each other, and for the services to be where they belong after a change. Default: 120. */
    settleSeconds?: pulumi.Input<number>;
    /** Why both nodes may write at once, in words: only then a pair with Pacemaker goes without fencing or without a witness. Default: refused. */
    acceptSplitBrainRisk?: pulumi.Input<string>;
}
