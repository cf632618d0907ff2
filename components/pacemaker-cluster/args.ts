import type * as pulumi from "@pulumi/pulumi";
import type { NodeArgs } from "../../remote/node";
import type { Volume } from "../shared/volume";
import type { Vote } from "../shared/vote";

/** What a resource is on a node, as Pacemaker 2.1 says it. */
export const ClusterRole = {
    /** Runs; for all that is not promotable. */
    Started: "Started",
    /** The one that is written or leads. */
    Promoted: "Promoted",
    /** Runs beside the promoted one. */
    Unpromoted: "Unpromoted",
} as const;
export type ClusterRole = (typeof ClusterRole)[keyof typeof ClusterRole];

/** What is done to a resource. */
export const ClusterAction = {
    /** Brings it up, as unpromoted where it has roles. */
    Start: "start",
    /** Ends it. */
    Stop: "stop",
    /** Makes a running one the promoted one. */
    Promote: "promote",
    /** Makes the promoted one unpromoted again; it goes on running. */
    Demote: "demote",
} as const;
export type ClusterAction = (typeof ClusterAction)[keyof typeof ClusterAction];

/** How often and how long an agent is asked. */
export interface ClusterOperationArgs {
    /** `monitor`, `start`, `stop`, `promote`, `demote` or `notify`. Of one name several differ in interval and role. */
    name: pulumi.Input<string>;
    /** Seconds from one call to the next; for `monitor`. Default: 0, called when it is needed alone. */
    intervalSeconds?: pulumi.Input<number>;
    /** Seconds after which a call counts as failed. A `stop` that fails has its node fenced. */
    timeoutSeconds: pulumi.Input<number>;
    /** Called only where the resource has this role. Default: any. */
    role?: pulumi.Input<ClusterRole>;
}

/** Something that the cluster starts, stops and watches. */
export interface ClusterResourceArgs {
    /** Its agent: `ocf:heartbeat:IPaddr2`, `ocf:linbit:drbd`, `systemd:nginx`. */
    agent: pulumi.Input<string>;
    /** The agent's parameters, by name. They are in clear in the configuration: no passwords. Default: none. */
    parameters?: Record<string, pulumi.Input<string>>;
    /**
     * How often and how long it is asked. Default: a `monitor` every 2 seconds, and for `start`, `stop` and `monitor` the timeouts of the agent's
     * kind: 20 seconds each for an address, 60, 60 and 40 for a file system, 20, 20 and 10 for a systemd unit, 60, 60 and 30 for others. What is
     * given here goes before the default of the same name.
     */
    operations?: ClusterOperationArgs[];
    /** Meta attributes, by name: `{ "resource-stickiness": "200" }`. Default: none of its own. */
    meta?: Record<string, pulumi.Input<string>>;
    /** Seconds that its start takes as a rule, promotion included, for the computed failover. Default: by its agent's kind. */
    expectedStartSeconds?: pulumi.Input<number>;
    /** Seconds that its stop takes as a rule, demotion included, for the computed failover. Default: by its agent's kind. */
    expectedStopSeconds?: pulumi.Input<number>;
}

/** A resource that runs on several nodes at once. */
export interface ClusterCloneArgs {
    /** Name of the resource or group. */
    resource: string;
    /** One instance is promoted, as that of a replicated disk. Default: false. */
    promotable?: pulumi.Input<boolean>;
    /** Meta attributes of the clone, by name: `{ "notify": "true" }`. Default: `interleave` true. */
    meta?: Record<string, pulumi.Input<string>>;
}

/** Something happens before something else, and the reverse in reverse order. */
export interface ClusterOrderArgs {
    /** Name of the resource, group or clone that goes first. */
    first: string;
    /** Name of the one that waits for it. */
    then: string;
    /** What has to have happened to the first. Default: `ClusterAction.Start`. */
    firstAction?: pulumi.Input<ClusterAction>;
    /** What waits. Default: the same as `firstAction`. */
    thenAction?: pulumi.Input<ClusterAction>;
}

/** Something runs where something else does. */
export interface ClusterColocationArgs {
    /** Name of the resource, group or clone that follows. */
    resource: string;
    /** Name of the one it follows. */
    with: string;
    /** It follows only to where the other one has this role. Default: any. */
    withRole?: pulumi.Input<ClusterRole>;
    /** How strongly, -1000000 to 1000000; these two are without exception. Default: 1000000. */
    score?: pulumi.Input<number>;
}

/** Something prefers or avoids a node. */
export interface ClusterLocationArgs {
    /** Name of the resource, group or clone. */
    resource: string;
    /** Name of the node. */
    node: string;
    /** How strongly, -1000000 (never there) to 1000000. Against `resource-stickiness` (100 for each resource of a group) it decides whether it goes back. */
    score: pulumi.Input<number>;
}

/** Something prefers the node that has more of something, as an agent there says: how many addresses it reaches (`ocf:pacemaker:ping`). */
export interface ClusterAttributeLocationArgs {
    /** Name of the resource, group or clone. */
    resource: string;
    /** Name of the node attribute whose value is the score, as for a location. */
    attribute: pulumi.Input<string>;
}

/** A management controller (BMC) that takes a node's power away: fence_ipmilan over IPMI 2.0. */
export interface IpmiFencingArgs {
    /** Address at which the other nodes reach the controller. */
    address: pulumi.Input<string>;
    /** UDP port. Default: 623. */
    port?: pulumi.Input<number>;
    /** A user of the controller that may switch power, and no more: level operator. */
    user: pulumi.Input<string>;
    /** Its password: a secret. It lies on the nodes in a file of root's, and never in the cluster's configuration. */
    password: pulumi.Input<string>;
    /**
     * Seconds that the controller is given between a command and the question whether it was done, twice for each fence: off, then on. 0 only for one
     * whose answer is true at once. Default: 1.
     */
    powerWaitSeconds?: pulumi.Input<number>;
    /**
     * Seconds that the controller takes for the six calls of a fence together, without the waits, for the computed failover: many take four to ten. To be
     * measured, see docs/pacemaker.md. Default: 1, of one that answers at once.
     */
    answerSeconds?: pulumi.Input<number>;
    /**
     * Whether the controller keeps its power when its node loses its own: two supplies on feeds of their own, or a controller outside of the node. Where it does
     * not, it cannot say that the node is off, and after a loss of power nothing takes over until another way has made sure, or a person. Default: false;
     * without `sbd` there is then no promise for a loss of power.
     */
    independentPower?: pulumi.Input<boolean>;
    /** Cipher suite of IPMI 2.0: 3, which every controller has to know, or 17 where that one is switched off. Default: 3. */
    cipher?: pulumi.Input<number>;
}

/** The hypervisor of a node that is a virtual machine under libvirt: fence_virsh, over SSH, ends the machine there and starts it again. */
export interface LibvirtFencingArgs {
    /** Address at which the other nodes reach the hypervisor. */
    address: pulumi.Input<string>;
    /** Port of its SSH server. Default: 22. */
    port?: pulumi.Input<number>;
    /** A user there who may ask for the machine, end it and start it: one in the group libvirt, whose key is tied to a command that takes nothing else. */
    user: pulumi.Input<string>;
    /** The user's private key, in OpenSSH or PEM form and without a passphrase: a secret. It lies on the nodes in a file of root's. */
    privateKey: pulumi.Input<string>;
    /** The hypervisor's public host key, `ssh-ed25519 AAAA…` (`/etc/ssh/ssh_host_ed25519_key.pub` there). Nobody else is believed that the node is off. */
    hostKey: pulumi.Input<string>;
    /** The machine's name or UUID in libvirt, where it is defined persistently. Default: the node's name. */
    domain?: pulumi.Input<string>;
    /**
     * Seconds that the hypervisor takes for the login and the five calls of a fence together, for the computed failover: longer for a machine that takes its
     * time to end. To be measured, see docs/pacemaker.md. Default: 3, of one on the same network that is not busy.
     */
    answerSeconds?: pulumi.Input<number>;
}

/** Self-fencing by a watchdog (SBD): a node that is told to, or that loses its cluster, resets itself. */
export interface SbdFencingArgs {
    /** The watchdog. One of the hardware's own; softdog is a fallback. Default: `/dev/watchdog`. */
    watchdog?: pulumi.Input<string>;
    /**
     * A small disk that all nodes share, by its stable name (`/dev/disk/by-id/…`), 1 MiB or more: its content is overwritten when it has no SBD header.
     * Default: none; a node that loses quorum then resets itself within `watchdogTimeoutSeconds`, which with two nodes needs a witness.
     */
    disk?: pulumi.Input<string>;
    /** Seconds without a sign of life after which the watchdog resets its node. A disk's message counts as read after twice as long. Default: 10. */
    watchdogTimeoutSeconds?: pulumi.Input<number>;
    /** Seconds after which a message on the disk counts as read (`msgwait`). Default: twice `watchdogTimeoutSeconds`. */
    messageWaitSeconds?: pulumi.Input<number>;
}

/**
 * How the others make sure that a lost node does nothing any more: by a controller or a hypervisor of each node, by SBD, or both. SBD is then tried where
 * the former has failed.
 */
export interface FencingArgs {
    /** The controller of each node that is a machine of its own, by the node's name. */
    ipmi?: Record<string, IpmiFencingArgs>;
    /**
     * The hypervisor of each node that is a virtual machine, by the node's name. It says that the machine is off, and nobody does while it has no power itself:
     * for that add `sbd`.
     */
    libvirt?: Record<string, LibvirtFencingArgs>;
    /** A watchdog in each node, with or without a shared disk. */
    sbd?: SbdFencingArgs;
}

/** What a `PacemakerCluster` is made from. */
export interface PacemakerClusterArgs {
    /** The members: two, or an odd number from three. The configuration is applied on the first. New ones go to the end: see `nodeIds`. */
    nodes: NodeArgs[];
    /**
     * Corosync's number (`nodeid`) of nodes, by name, 1 to 65535: it stays the same for as long as a node is a member. Needed when one leaves `nodes` that is not
     * the last, as those after it move up: of n1, n2 and n3 without n2, `{ n3: 3 }`. An update that would give a member another number is refused on the hosts.
     * Default: a node's place in `nodes`, from 1.
     */
    nodeIds?: Record<string, pulumi.Input<number>>;
    /** Addresses of a second network between the members, by node: Corosync uses both. Default: one link, on the nodes' `address`. */
    links?: Record<string, pulumi.Input<string>>;
    /** A third vote for two nodes: `witness.vote`. Default: none; two nodes then decide by who fences first. */
    witness?: Vote;
    /** How a lost node is made sure of. Default: none, which `acceptSplitBrainRisk` has to allow. */
    fencing?: FencingArgs;
    /** Why this cluster may take over from a node that perhaps still runs: the same service on two nodes, and data written twice. */
    acceptSplitBrainRisk?: pulumi.Input<string>;
    /**
     * Seconds without Corosync's token after which a node counts as lost, 0.5 to 60; 1.2 times as long again until the others agree. A node that stands
     * still for longer is fenced: 1 suits hosts of their own, 3 and more virtual machines that are moved or overcommitted. Default: 1.
     */
    tokenSeconds?: pulumi.Input<number>;
    /** What the cluster runs, by name. A group, a clone and a resource share one set of names. */
    resources: Record<string, ClusterResourceArgs>;
    /** Resources that stay together, by the group's name; they start in this order and stop in the reverse. Default: none. */
    groups?: Record<string, string[]>;
    /** What runs on all nodes, by the clone's name. Default: none. */
    clones?: Record<string, ClusterCloneArgs>;
    /** What goes before what. Default: none. */
    orders?: ClusterOrderArgs[];
    /** What runs where something else does. Default: none. */
    colocations?: ClusterColocationArgs[];
    /** What prefers or avoids a node. Default: none. */
    locations?: ClusterLocationArgs[];
    /**
     * The replicated volumes that its resources promote: `volume` of a `DrbdVolume`. For the computed failover: a promotion waits until the volume has
     * noticed, too, that the other side is lost. Default: none.
     */
    volumes?: pulumi.Input<Volume>[];
    /** What prefers the node that has more of an attribute. Default: none. */
    attributeLocations?: ClusterAttributeLocationArgs[];
    /** Defaults for all resources' meta attributes. Default: `resource-stickiness` 100, `migration-threshold` 3, `failure-timeout` 120s, for two nodes without a witness `priority` 100; one given here goes before its default. */
    resourceDefaults?: Record<string, pulumi.Input<string>>;
    /**
     * Files that resources read, by path, with their content: the same on every node, and no passwords, as they are in the preview. A change of one goes to
     * the node that runs less first; then all moves there, and the other one follows. Default: none.
     */
    files?: pulumi.Input<Record<string, pulumi.Input<string>>>;
    /**
     * Bash commands that fail where `files` are wrong, by what they establish: `{ "nginx accepts its configuration": "nginx -t" }`. Run on every node, with the
     * new files in their places and before anything changes. Default: none.
     */
    checks?: pulumi.Input<Record<string, pulumi.Input<string>>>;
    /** Debian packages that the resources need on every node, `name` or `name=version`. Default: none. */
    packages?: pulumi.Input<pulumi.Input<string>[]>;
    /** Seconds for the members to find each other, and for the resources to be where they belong after a change. Default: 120. */
    settleSeconds?: pulumi.Input<number>;
}
