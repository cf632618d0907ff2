import type { FaultSeconds } from "./failover";

/** A member of a Galera cluster, as a load balancer reaches it. */
export interface GaleraServerArgs {
    /** Name of the node. */
    name: string;
    /** IP address. */
    address: string;
    /** Gets clients only while all that come before it are down. */
    backup: boolean;
}

/**
 * What a load balancer needs to know of a Galera cluster: `backend` (the writer) or `readers` of a `GaleraCluster`, handed to a `HaproxyFrontend`. Plain
 * data, the same on every load balancer: two of them that disagreed about the writer would make two writers.
 */
export interface GaleraBackend {
    /** The members in the order of their preference. */
    servers: GaleraServerArgs[];
    /** Port of SQL. */
    port: number;
    /** Port of the members' health endpoint. */
    healthPort: number;
    /** Path of the health endpoint that answers with status 200 where clients of this kind may go. */
    healthPath: string;
    /** Seconds between checks. */
    intervalSeconds: number;
    /** Seconds between checks while a member is on its way up or down. */
    fastIntervalSeconds: number;
    /** Seconds for the answer to a check. */
    timeoutSeconds: number;
    /** Failed checks in a row before a member is down. */
    fall: number;
    /** Passed checks in a row before it is up again. */
    rise: number;
    /** The argument of the cluster that makes the checks faster: `orders.timing`. Default: none does. */
    timingKnob?: string;
    /** How long the cluster itself stands still after a fault of a member, at most: the load balancer waits for it beside its own checks. */
    failover: FaultSeconds[];
}
