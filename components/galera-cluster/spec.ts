import type * as pulumi from "@pulumi/pulumi";
import type { NodeArgs } from "../../remote/node";
import { withoutPrefix } from "../shared/addresses";
import { GaleraTiming } from "./args";
import type { GaleraClusterArgs, GaleraDatabaseArgs, GaleraUserArgs } from "./args";
import { timing } from "./timing";
import type { Timing } from "./timing";
import { variableName } from "./variables";

/** A member as its configuration sees it. */
export interface GaleraNode {
    name: string;
    address: string;
}

/** A host without data that votes. */
export interface GaleraArbitrator extends GaleraNode {
    port: number;
}

/** A database with its defaults filled in. */
export interface GaleraDatabase {
    name: string;
    characterSet: string;
    /** Undefined: that of the character set. */
    collation: string | undefined;
}

/** A user without passwords. */
export interface GaleraUser {
    name: string;
    host: string;
    /** Undefined: may log in only. */
    database: string | undefined;
    grants: string[];
    maxConnections: number;
    passwordVersion: number;
    /** What is wrong with a password that is a plain value; one from elsewhere is checked when it is known, by `passwordFault`. */
    passwordFault: string | undefined;
    previousPasswordFault: string | undefined;
    /** Why it may log in without TLS. */
    acceptClearText: string | undefined;
}

/** A server variable of the user's own. */
export interface GaleraSetting {
    /** As the program names it. */
    given: string;
    /** As the server lists it. */
    name: string;
    value: string;
}

/** All that is said about one cluster, as plain data without secrets. */
export interface GaleraSpec {
    name: string;
    /** The first is the writer while it is healthy; the last begins a cluster that does not exist yet. */
    nodes: GaleraNode[];
    arbitrator: GaleraArbitrator | undefined;
    port: number;
    health: { port: number; donorServes: boolean };
    profile: GaleraTiming;
    timing: Timing;
    databases: GaleraDatabase[];
    users: GaleraUser[];
    clientAddresses: string[];
    clientHostNames: string[];
    bufferPoolMebibytes: number;
    cacheMebibytes: number;
    /** The load that the cache is made for. */
    cache: { writeMebibytesPerSecond: number; outageSeconds: number } | undefined;
    /** Both `cache` and `cacheMebibytes` were given. */
    cacheGivenTwice: boolean;
    cores: number;
    maxConnections: number;
    settings: GaleraSetting[];
    providerOptions: Record<string, string>;
    drainSeconds: number;
    joinSeconds: number;
    acceptDataLossRisk: string | undefined;
    acceptClearText: string | undefined;
}

/** Ports that members use among themselves. */
export const MEMBER_PORTS = { copy: 4444, replication: 4567, incremental: 4568 } as const;

/** What a user may do unless the program says otherwise: everything that an application with migrations of its own needs. */
const DEFAULT_GRANTS = [
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "CREATE",
    "ALTER",
    "INDEX",
    "DROP",
    "REFERENCES",
    "CREATE VIEW",
    "SHOW VIEW",
    "TRIGGER",
    "EXECUTE",
    "CREATE TEMPORARY TABLES",
    "LOCK TABLES",
];

/** The least size of the write-set cache, and the provider's own default. */
export const LEAST_CACHE_MEBIBYTES = 128;
/** The cache holds more than what is written: headers, and writes that come in bursts. */
const CACHE_RESERVE = 1.5;

/** Characters that a password must have at least. */
const PASSWORD_LENGTH = 12;

/** What is wrong with a password; undefined: nothing. The answer tells nothing of the password but that. */
export const passwordFault = (password: string): string | undefined =>
    [...password].length < PASSWORD_LENGTH
        ? `is shorter than ${PASSWORD_LENGTH} characters: leave it out to have one generated, or give a longer one`
        : undefined;

/** A user's arguments without its passwords. */
export interface PublicUser extends Omit<GaleraUserArgs, "password" | "previousPassword"> {
    passwordFault: string | undefined;
    previousPasswordFault: string | undefined;
}

/** The arguments without passwords, keys and logins: what a spec is made from never is a secret, nor unknown at preview for their sake. */
export interface PublicArgs extends Omit<GaleraClusterArgs, "nodes" | "arbitrator" | "issuer" | "users"> {
    nodes: { name: string; address: pulumi.Input<string> }[];
    arbitrator: { name: string; address: pulumi.Input<string> } | undefined;
    users: PublicUser[];
}

const publicNode = ({ name, address }: NodeArgs) => ({ name, address });

const publicUser = ({ password, previousPassword, ...user }: GaleraUserArgs): PublicUser => ({
    ...user,
    passwordFault: typeof password === "string" ? passwordFault(password) : undefined,
    previousPasswordFault: previousPassword === "" ? "is empty: leave it out where there is none" : undefined,
});

/** @see PublicArgs */
export const publicArgs = ({ issuer: _, nodes, arbitrator, users, ...args }: GaleraClusterArgs): PublicArgs => ({
    ...args,
    nodes: nodes.map(publicNode),
    arbitrator: arbitrator && publicNode(arbitrator),
    users: (users ?? []).map(publicUser),
});

/** The spec of a cluster, with all defaults. */
export function toSpec(name: string, args: pulumi.Unwrap<PublicArgs>): GaleraSpec {
    const profile = args.timing ?? GaleraTiming.Standard;
    const providerOptions = Object.fromEntries(
        Object.entries(args.providerOptions ?? {}).map(([option, value]) => [option.trim(), value.trim()]),
    );
    return {
        name,
        nodes: args.nodes,
        arbitrator: args.arbitrator && { ...args.arbitrator, port: args.arbitratorPort ?? MEMBER_PORTS.replication },
        port: args.port ?? 3306,
        health: { port: 9200, donorServes: false, ...args.health },
        profile,
        timing: timing(profile, providerOptions),
        databases: (args.databases ?? []).map(database),
        users: args.users.map(user),
        clientAddresses: (args.clientAddresses ?? []).map(withoutPrefix),
        clientHostNames: args.clientHostNames ?? [],
        bufferPoolMebibytes: args.bufferPoolMebibytes ?? 128,
        cacheMebibytes: args.cacheMebibytes ?? cacheMebibytes(args.cache),
        cache: args.cache,
        cacheGivenTwice: args.cache !== undefined && args.cacheMebibytes !== undefined,
        cores: args.cores ?? 2,
        maxConnections: args.maxConnections ?? 200,
        settings: Object.entries(args.settings ?? {}).map(([given, value]) => ({
            given,
            name: variableName(given),
            // A program without types gives a number where it is one.
            value: String(value).trim(),
        })),
        providerOptions,
        drainSeconds: args.drainSeconds ?? 10,
        joinSeconds: args.joinSeconds ?? 900,
        acceptDataLossRisk: args.acceptDataLossRisk,
        acceptClearText: args.acceptClearText,
    };
}

const database = (args: pulumi.Unwrap<GaleraDatabaseArgs>): GaleraDatabase => ({
    name: args.name,
    characterSet: args.characterSet ?? "utf8mb4",
    collation: args.collation,
});

const user = (args: pulumi.Unwrap<PublicUser>): GaleraUser => ({
    name: args.name,
    host: args.host ?? "%",
    database: args.database,
    grants: (args.grants ?? (args.database === undefined ? [] : DEFAULT_GRANTS)).map((grant) =>
        grant.trim().replace(/\s+/g, " ").toUpperCase(),
    ),
    maxConnections: args.maxConnections ?? 0,
    passwordVersion: args.passwordVersion ?? 1,
    passwordFault: args.passwordFault,
    previousPasswordFault: args.previousPasswordFault,
    acceptClearText: args.acceptClearText,
});

/** What is written during an outage, with a reserve. */
const cacheMebibytes = (load: GaleraSpec["cache"]): number =>
    load === undefined
        ? LEAST_CACHE_MEBIBYTES
        : Math.max(LEAST_CACHE_MEBIBYTES, Math.ceil(load.writeMebibytesPerSecond * load.outageSeconds * CACHE_RESERVE));

/** The member that clients write to while it is healthy. */
export const writer = (spec: GaleraSpec): GaleraNode | undefined => spec.nodes[0];

/**
 * Whom a member (or the arbitrator) asks for what it lacks, those first that serve the least: the one that writes gives only while no other could, and
 * goes on writing (see the health endpoint). The comma at the end lets it ask whoever is left (wsrep_sst_donor, garbd's `donor`).
 */
export const donors = (spec: GaleraSpec, asking?: GaleraNode): string =>
    [
        ...spec.nodes
            .filter((node) => node !== asking)
            .map(({ name }) => name)
            .reverse(),
        "",
    ].join(",");

/** The member that begins a cluster which does not exist yet: the first one that is rolled. */
export const founder = (spec: GaleraSpec): GaleraNode | undefined => spec.nodes.at(-1);

/** All that vote. */
export const voters = (spec: GaleraSpec): GaleraNode[] => [
    ...spec.nodes,
    ...(spec.arbitrator ? [spec.arbitrator] : []),
];

/** The node of that name. */
export function nodeOf(spec: GaleraSpec, name: string): GaleraNode {
    const node = spec.nodes.find((n) => n.name === name);
    if (node === undefined) throw new Error(`${name} is no node of ${spec.name}`);
    return node;
}

/** The arbitrator, where there is one. */
export function arbitratorOf({ name, arbitrator }: GaleraSpec): GaleraArbitrator {
    if (arbitrator === undefined) throw new Error(`${name} has no arbitrator`);
    return arbitrator;
}

/** Under what a member's certificate must hold. */
export const certificateNames = (
    spec: GaleraSpec,
    node: GaleraNode,
): { dnsNames: string[]; ipAddresses: string[] } => ({
    dnsNames: [...new Set([node.name, "localhost", ...spec.clientHostNames])],
    ipAddresses: [...new Set([node.address, "127.0.0.1", "::1", ...spec.clientAddresses])],
});
