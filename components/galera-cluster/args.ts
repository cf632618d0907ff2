import type * as pulumi from "@pulumi/pulumi";
import type { NodeArgs } from "../../remote/node";
import type { Issuer } from "../shared/issuer";

/** How fast a lost member is given up: the shorter, the shorter the stall, and the sooner a slow network or a busy host passes for a lost one. */
export const GaleraTiming = {
    /** For hosts on one local network: a lost member stalls writes for 3.55 seconds at most. */
    Standard: "standard",
    /** For hosts on one quiet local network, never overcommitted: 2.3 seconds at most. */
    Fast: "fast",
    /** Galera's own defaults, for members in several places: 7 seconds at most. */
    Wide: "wide",
} as const;
export type GaleraTiming = (typeof GaleraTiming)[keyof typeof GaleraTiming];

/** A database of the cluster. It is made when it is missing, and never dropped. */
export interface GaleraDatabaseArgs {
    /** Letters, digits, `_` and `-`, at most 64. */
    name: pulumi.Input<string>;
    /** Character set of new tables. Default: `utf8mb4`. */
    characterSet?: pulumi.Input<string>;
    /** Collation of new tables. Default: that of the character set. */
    collation?: pulumi.Input<string>;
}

/** A user of the cluster. One that leaves the program is dropped. */
export interface GaleraUserArgs {
    /** Name, at most 80 characters; of each name one user. */
    name: string;
    /** The database that `grants` are for; `*` for all. Default: none, the user may log in only. */
    database?: pulumi.Input<string>;
    /** Privileges on `database`. Default: SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, DROP, REFERENCES, CREATE VIEW, SHOW VIEW, TRIGGER, EXECUTE, CREATE TEMPORARY TABLES, LOCK TABLES. */
    grants?: pulumi.Input<pulumi.Input<string>[]>;
    /** From where it may log in, as MariaDB writes it: an address, `10.0.0.0/255.255.255.0`, `%`. Default: `%`. */
    host?: pulumi.Input<string>;
    /** Its password, of 12 characters or more: a secret. Default: one of 32 characters is generated, in the output `passwords`. */
    password?: pulumi.Input<string>;
    /** A further password that still lets it in, while its clients move to the new one: a secret. Default: none. */
    previousPassword?: pulumi.Input<string>;
    /** Generates another password when it changes. Default: 1. */
    passwordVersion?: pulumi.Input<number>;
    /** Connections at once, at most. Default: 0, no limit of its own. */
    maxConnections?: pulumi.Input<number>;
    /** May log in without TLS: says why. Only together with `acceptClearText` of the cluster. Default: TLS is required. */
    acceptClearText?: pulumi.Input<string>;
}

/**
 * How much data changes, and for how long a member may be away and still catch up from the others' write-set cache (IST) instead of a whole copy (SST):
 * the cache gets the product of the two and half as much again, at least 128 mebibytes.
 */
export interface GaleraCacheArgs {
    /** Replicated mebibytes per second at peak (wsrep_replicated_bytes + wsrep_received_bytes). */
    writeMebibytesPerSecond: pulumi.Input<number>;
    /** Seconds that a member may be away. */
    outageSeconds: pulumi.Input<number>;
}

/** Where and how members say that they are healthy. */
export interface GaleraHealthArgs {
    /** Port of the endpoint, 1 to 65535. Default: 9200. */
    port?: pulumi.Input<number>;
    /**
     * A member that is copying its data to another one still serves readers where others could. As the writer, and as the only one left, it goes on in any
     * case. Default: false.
     */
    donorServes?: pulumi.Input<boolean>;
}

/** What a `GaleraCluster` is made from. */
export interface GaleraClusterArgs {
    /**
     * The members. The first is the writer while it is healthy, the next ones take over in this order; changes reach the last one first, and a cluster
     * that does not exist yet begins there. Two with an `arbitrator`, or an odd number from three.
     */
    nodes: NodeArgs[];
    /** A host without data that votes: for two members, or to make an even number odd. Default: none. */
    arbitrator?: NodeArgs;
    /** Port of the arbitrator, 1 to 65535: one for each cluster on that host. Default: 4567. */
    arbitratorPort?: pulumi.Input<number>;
    /** Signs the members' certificates: `ca.issuer`. All traffic between members, copies of the data and clients is over TLS. */
    issuer: Issuer;
    /** Further addresses under which clients reach the cluster, such as a virtual one, for the members' certificates. Default: none. */
    clientAddresses?: pulumi.Input<pulumi.Input<string>[]>;
    /** Names under which clients reach the cluster, for the members' certificates. Default: none, the nodes' own names alone. */
    clientHostNames?: pulumi.Input<pulumi.Input<string>[]>;
    /** Databases. Default: none. */
    databases?: pulumi.Input<pulumi.Input<GaleraDatabaseArgs>[]>;
    /** Users. Default: none. */
    users?: GaleraUserArgs[];
    /** Memory for InnoDB's buffer pool, in mebibytes; half to two thirds of a host that does nothing else. Default: 128. */
    bufferPoolMebibytes?: pulumi.Input<number>;
    /** Size of the write-set cache from the load. Default: 128 mebibytes, unless `cacheMebibytes` says otherwise. */
    cache?: GaleraCacheArgs;
    /** Size of the write-set cache, in mebibytes. Not together with `cache`. Default: 128. */
    cacheMebibytes?: pulumi.Input<number>;
    /** Cores of the smallest member: four threads for each apply what other members wrote. Default: 2. */
    cores?: pulumi.Input<number>;
    /** Connections at most, of each member. Default: 200. */
    maxConnections?: pulumi.Input<number>;
    /** How fast a lost member is given up. Default: `GaleraTiming.Standard`. */
    timing?: pulumi.Input<GaleraTiming>;
    /**
     * Server variables of your own, by name: `{ max_allowed_packet: "64M" }`. Those that take effect in a running server are set there, without a restart.
     * They go before the component's defaults: `innodb_snapshot_isolation` ON, and `wsrep_mode` STRICT_REPLICATION, by which no table of another engine
     * than InnoDB can be made, as it would not be replicated. With `wsrep_sync_wait` 1 no read is older than what was acknowledged before it, at the
     * price of a round trip; with 0, the server's own default, readers may lag by a moment. Default: none.
     */
    settings?: pulumi.Input<Record<string, pulumi.Input<string>>>;
    /** Options of the Galera provider of your own, by name: `{ "gcs.fc_limit": "200" }`. Changed by a restart of each member in turn. Default: none. */
    providerOptions?: pulumi.Input<Record<string, pulumi.Input<string>>>;
    /** The health endpoint of the members. Default: port 9200. */
    health?: GaleraHealthArgs;
    /** Port of SQL, 1 to 65535. Default: 3306. */
    port?: pulumi.Input<number>;
    /** Seconds for clients to finish before a member is restarted, once load balancers send it no new ones. Default: 10. */
    drainSeconds?: pulumi.Input<number>;
    /**
     * Seconds for which `up` waits for a member that joins, by a whole copy of the data where it needs one, at most 2400. A copy that takes longer goes
     * on: that `up` fails, and the next one finds it done or waits again. Default: 900.
     */
    joinSeconds?: pulumi.Input<number>;
    /** Names what is risked by settings that can lose acknowledged transactions (`innodb_flush_log_at_trx_commit` other than 1, …), and allows them. Default: they are refused. */
    acceptDataLossRisk?: pulumi.Input<string>;
    /** Says why clients may connect without TLS, and allows it. Default: it is refused by every member. */
    acceptClearText?: pulumi.Input<string>;
}
