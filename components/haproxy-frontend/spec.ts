import type * as pulumi from "@pulumi/pulumi";
import { family, withoutPrefix } from "../shared/addresses";
import type { FaultSeconds } from "../shared/failover";
import type { GaleraBackend } from "../shared/galera-backend";
import { HaproxyBalance, HaproxyMode } from "./args";
import type { HaproxyHttpCheckArgs, HaproxyServerArgs, HaproxyTimeoutsArgs } from "./args";
import { contradicted, oneAtATime, stated } from "./galera";
import type { PublicArgs } from "./public-args";

/** A load balancer as its configuration sees it. */
export interface FrontendNode {
    name: string;
    address: string;
}

/** A server with its defaults filled in. */
export interface FrontendServer {
    name: string;
    address: string;
    port: number;
    weight: number;
    backup: boolean;
    maxConnections: number | undefined;
}

/** The check of all servers with its defaults filled in. */
export interface FrontendCheck {
    /** The kinds asked for; exactly one unless the rules refuse it. */
    kinds: ("http" | "tls" | "tcp")[];
    http: Required<pulumi.Unwrap<HaproxyHttpCheckArgs>>;
    port: number | undefined;
    intervalSeconds: number;
    fastIntervalSeconds: number;
    timeoutSeconds: number;
    fall: number;
    rise: number;
}

/** What only a frontend of a Galera cluster has. */
export interface FrontendGalera {
    /** All clients go to one member, and to the next one only while it is down. */
    oneAtATime: boolean;
    /** The argument of the cluster that makes the checks faster. */
    timingKnob: string | undefined;
    /** Arguments that were given although the cluster states what they are about. */
    contradicted: string[];
    /** How long the cluster itself stands still. */
    failover: FaultSeconds[];
}

/** All that is said about one frontend and its backend, as plain data without keys. */
export interface FrontendSpec {
    name: string;
    nodes: FrontendNode[];
    /** Without prefix length; empty: all IPv4 addresses. */
    addresses: string[];
    port: number;
    mode: HaproxyMode;
    balance: HaproxyBalance;
    /** Where the certificate comes from; more than one is refused. */
    certificates: ("issuer" | "tls")[];
    hostNames: string[];
    hstsSeconds: number;
    redirectHttp: boolean;
    /** Where the servers come from; exactly one unless the rules refuse it. */
    sources: ("servers" | "galera")[];
    /** In the order of their preference. */
    servers: FrontendServer[];
    galera: FrontendGalera | undefined;
    serverTls: { serverName: string | undefined } | undefined;
    check: FrontendCheck;
    stickyCookie: string | undefined;
    slowStartSeconds: number;
    shutdownSessionsWhenDown: boolean;
    retrySafeRequests: boolean;
    maxConnections: number | undefined;
    /** No `tunnelSeconds` in mode tcp, where HAProxy goes by it from the first byte on, and no more by those of client and server (measured). */
    timeouts: Required<Omit<pulumi.Unwrap<HaproxyTimeoutsArgs>, "tunnelSeconds">> & {
        tunnelSeconds: number | undefined;
    };
    metrics: { port: number; onNodeAddress: boolean } | undefined;
    /** Undefined: what the shared configuration says. */
    hardStopAfterSeconds: number | undefined;
    logRequests: boolean;
    minimumServers: number;
}

/** Seconds that connections get after a reload unless a frontend says otherwise. */
export const HARD_STOP_SECONDS = 1800;
/**
 * The same on nodes where a cluster's writer is behind a frontend: a process that was replaced checks nothing, so that its sessions stay with a member
 * whose turn is over.
 */
export const WRITER_HARD_STOP_SECONDS = 60;
/** A server's weight unless it states another: leaves room below and above. */
const DEFAULT_WEIGHT = 100;
/** Where browsers start without a scheme, and get a redirect. */
export const HTTP_PORT = 80;
/** The port that URLs leave out for TLS. */
export const HTTPS_PORT = 443;

/** The spec of a frontend, with all defaults. */
export function toSpec(name: string, given: pulumi.Unwrap<PublicArgs>): FrontendSpec {
    const { galera } = given;
    const args = galera ? stated(given, galera) : given;
    const mode = args.mode ?? HaproxyMode.Http;
    const http = mode === HaproxyMode.Http;
    const idleSeconds = http ? 30 : 1800;
    const addresses = [args.bind.address, ...(args.bind.extraAddresses ?? [])];
    const hostNames = args.hostNames ?? [];
    return {
        name,
        nodes: args.nodes,
        addresses: addresses.filter((address) => address !== undefined).map(withoutPrefix),
        port: args.bind.port,
        mode,
        balance: args.balance ?? (http ? HaproxyBalance.RoundRobin : HaproxyBalance.LeastConn),
        certificates: args.certificates,
        hostNames,
        hstsSeconds: args.hstsSeconds ?? 0,
        redirectHttp: args.redirectHttp ?? (http && args.certificates.length > 0 && args.bind.port === HTTPS_PORT),
        sources: [...(given.servers ? ["servers" as const] : []), ...(galera ? ["galera" as const] : [])],
        servers: galera
            ? members(galera)
            : Object.entries(args.servers ?? {}).map(([key, value]) => server(key, value)),
        galera: galera && {
            oneAtATime: oneAtATime(galera),
            timingKnob: galera.timingKnob,
            contradicted: contradicted(given, galera),
            failover: galera.failover,
        },
        serverTls: args.serverTls && { serverName: args.serverTls.serverName },
        check: check(args, mode, hostNames[0] ?? "localhost"),
        stickyCookie: args.stickyCookie && (args.stickyCookie.name ?? "SERVER"),
        slowStartSeconds: args.slowStartSeconds ?? 0,
        shutdownSessionsWhenDown: args.shutdownSessionsWhenDown ?? true,
        retrySafeRequests: args.retrySafeRequests ?? http,
        maxConnections: args.maxConnections,
        timeouts: {
            connectSeconds: 0.5,
            clientSeconds: idleSeconds,
            serverSeconds: idleSeconds,
            httpRequestSeconds: 10,
            keepAliveSeconds: 10,
            queueSeconds: 5,
            tunnelSeconds: http ? 3600 : undefined,
            ...args.timeouts,
        },
        metrics: args.metrics && { onNodeAddress: false, ...args.metrics },
        hardStopAfterSeconds:
            args.hardStopAfterSeconds ?? (galera && oneAtATime(galera) ? WRITER_HARD_STOP_SECONDS : undefined),
        logRequests: args.logRequests ?? true,
        minimumServers: args.minimumServers ?? 1,
    };
}

const server = (name: string, args: pulumi.Unwrap<HaproxyServerArgs>): FrontendServer => ({
    name,
    address: args.address,
    port: args.port,
    weight: args.weight ?? DEFAULT_WEIGHT,
    backup: args.backup ?? false,
    maxConnections: args.maxConnections,
});

/** As a list: the keys of an object do not keep their order where they look like numbers. */
const members = ({ servers, port }: GaleraBackend): FrontendServer[] =>
    servers.map(({ name, address, backup }) => server(name, { address, port, backup }));

function check(args: pulumi.Unwrap<PublicArgs>, mode: HaproxyMode, host: string): FrontendCheck {
    const given = args.check ?? {};
    const asked: FrontendCheck["kinds"] = [
        ...(given.http ? ["http" as const] : []),
        ...(given.tls ? ["tls" as const] : []),
        ...(given.tcp ? ["tcp" as const] : []),
    ];
    const intervalSeconds = given.intervalSeconds ?? 1;
    return {
        kinds: asked.length > 0 ? asked : [mode === HaproxyMode.Http ? "http" : "tcp"],
        http: { path: "/", host, status: 200, ...given.http },
        port: given.port,
        intervalSeconds,
        fastIntervalSeconds: given.fastIntervalSeconds ?? intervalSeconds / 2,
        timeoutSeconds: given.timeoutSeconds ?? intervalSeconds,
        fall: given.fall ?? 3,
        rise: given.rise ?? 2,
    };
}

/** Whether clients speak TLS to the frontend. */
export const endsTls = (spec: FrontendSpec): boolean => spec.certificates.length > 0;

/** Whether a server is named by a name that must be resolved. */
export const named = (server: FrontendServer): boolean => family(server.address) === undefined;
