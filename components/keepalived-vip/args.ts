import type * as pulumi from "@pulumi/pulumi";
import type { NodeArgs } from "../../remote/node";

/** Versions of the VRRP protocol. */
export const VrrpVersion = {
    /** RFC 3768: IPv4 only, intervals in whole seconds. For peers that speak nothing newer. */
    V2: 2,
    /** RFC 5798 and 9568: IPv4 and IPv6, intervals in hundredths of a second. */
    V3: 3,
} as const;
export type VrrpVersion = (typeof VrrpVersion)[keyof typeof VrrpVersion];

/** A TCP port that must accept a connection. The kernel accepts for a process that hangs: `http` or `command` see that too. */
export interface TcpProbeArgs {
    /** IP address to connect to. Default: `127.0.0.1`. */
    address?: pulumi.Input<string>;
    /** Port to connect to, 1 to 65535. */
    port: pulumi.Input<number>;
}

/** A page that must answer over plain HTTP. */
export interface HttpProbeArgs {
    /** `http://` with an IP address or `localhost`, e.g. `http://127.0.0.1:8404/healthz`. */
    url: pulumi.Input<string>;
    /** The status that it must answer with. Default: 200. */
    status?: pulumi.Input<number>;
}

/**
 * A service that a node must serve to hold the address. At least one of `systemdUnit`, `tcp`, `http`, `command`; where there are several, all must
 * hold. They run as the user `keepalived_script`, which has no privileges.
 */
export interface TrackArgs {
    /**
     * A systemd unit that must be active, e.g. `haproxy`. It stays active when the process hangs: add `http` to see that. Only what systemd says counts:
     * where it gives no answer within half of `timeoutSeconds`, the unit passes for active, and `tcp` or `http` alone notice that the service is gone.
     */
    systemdUnit?: pulumi.Input<string>;
    /** A TCP port that must accept a connection. Default: not checked. */
    tcp?: TcpProbeArgs;
    /** A page that must answer. Default: not checked. */
    http?: HttpProbeArgs;
    /**
     * Bash commands; the exit status of the last one counts. They must hold no credential: they are in clear in the preview, in the state and on the
     * host.
     */
    command?: pulumi.Input<string>;
    /** Seconds from one check to the next, whole. Default: 1. */
    intervalSeconds?: pulumi.Input<number>;
    /** Seconds after which a check is cut off and counts as failed; less than the interval. Default: half the interval. */
    timeoutSeconds?: pulumi.Input<number>;
    /** Failed checks in a row before the service counts as lost. Default: 2. */
    fall?: pulumi.Input<number>;
    /** Passed checks in a row before it counts as back. Default: 2. */
    rise?: pulumi.Input<number>;
    /**
     * What the service adds to the node's priority while it is there (above 0) or takes from it while it is lost (below 0). Moves the address only with
     * `preempt`. Default: 0, which means that a node without the service never holds the address.
     */
    weight?: pulumi.Input<number>;
}

/**
 * Bash commands that run when a node's part changes. They follow the change and never hold it up. They must hold no credential: they are in clear in
 * the preview, in the state and on the host.
 */
export interface NotifyArgs {
    /** The node now holds the address. */
    onMaster?: pulumi.Input<string>;
    /** The node stands by. */
    onBackup?: pulumi.Input<string>;
    /** The node cannot hold the address: its link or a tracked service is down. */
    onFault?: pulumi.Input<string>;
    /** User that the commands run as, with a group of the same name. Default: `keepalived_script`, which has no privileges. */
    user?: pulumi.Input<string>;
}

/** How neighbours learn where the address is: gratuitous ARP, or unsolicited neighbour advertisements for IPv6. */
export interface GarpArgs {
    /** Messages in a burst, sent when a node takes the address. Default: 5. */
    repeat?: pulumi.Input<number>;
    /** Seconds until the burst is sent once more. Default: 5. */
    delaySeconds?: pulumi.Input<number>;
    /** Seconds from one message of the holder to the next, whole; heals what a lost burst or a switch forgot. 0: never. Default: 60. */
    refreshSeconds?: pulumi.Input<number>;
}

/** What a `KeepalivedVip` is made from. */
export interface KeepalivedVipArgs {
    /** The nodes that may hold the address: two or more, the preferred one first. */
    nodes: NodeArgs[];
    /** The address with its prefix length, `10.77.0.100/24`, in the network of the nodes' own addresses. */
    address: pulumi.Input<string>;
    /** Further addresses with prefix length that move along, of the same family. They are not advertised, so they may change at any time. */
    extraAddresses?: pulumi.Input<pulumi.Input<string>[]>;
    /** Interface that holds the address, on every node. Default: each node's `interface`. */
    interface?: pulumi.Input<string>;
    /** Default: `VrrpVersion.V3`. */
    version?: pulumi.Input<VrrpVersion>;
    /**
     * Number of the virtual router, 1 to 255, which no other VRRP router of the segment may have. Default: from the last two bytes of `address`, as
     * ((256 x + y − 1) mod 255) + 1; so `10.77.0.100` has 100 and `10.77.1.100` has 101.
     */
    virtualRouterId?: pulumi.Input<number>;
    /** Seconds between the holder's adverts, down to 0.01. The others wait for three of them: this decides how long a lost host is noticed. Default: 1. */
    advertIntervalSeconds?: pulumi.Input<number>;
    /**
     * Priorities by node name, 1 to 254, the highest preferred. Default: 254, 252, … in the order of `nodes`; high ones make a planned switch fast,
     * because the successor waits (256 − priority)/256 of the interval.
     */
    priorities?: Record<string, number>;
    /**
     * Nodes, by name, that do not take the address: for maintenance, or before they leave `nodes`. A node that holds it hands it over at once. To remove
     * a node, list it here, run `pulumi up`, then take it out of both lists: a standby that loses its peers would take the address. Default: none.
     */
    standby?: string[];
    /** A node of higher priority takes the address back when it returns: one more switch. Default: false, the holder keeps it. */
    preempt?: pulumi.Input<boolean>;
    /** Seconds for which a node of higher priority waits before it takes the address back. Only with `preempt`. Default: 0. */
    preemptDelaySeconds?: pulumi.Input<number>;
    /**
     * A holder that was paused for longer than the others wait, as a suspended virtual machine is, leaves the address to whoever took it, instead of taking
     * it back when it goes on. Needs keepalived 2.3 (Debian 13) on every node: an older one refuses the configuration, and nothing is changed there. Only
     * without `preempt`. Default: false, such a holder takes it back.
     */
    timerExpiredBackup?: pulumi.Input<boolean>;
    /** Services that the holder must serve, by name. Default: none, only link and host count. */
    track?: Record<string, TrackArgs>;
    /** Commands that run when a node's part changes. Default: none. */
    notify?: NotifyArgs;
    /** How neighbours learn where the address is. Default: the defaults of each setting. */
    garp?: GarpArgs;
    /** Seconds for which keepalived waits after it started, for switch ports that take long to forward. Costs that time at every boot. Default: 0. */
    startupDelaySeconds?: pulumi.Input<number>;
}
