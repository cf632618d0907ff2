import type * as pulumi from "@pulumi/pulumi";
import type { NodeArgs } from "../../remote/node";
import type { GaleraBackend } from "../shared/galera-backend";
import type { Issuer } from "../shared/issuer";

/** What HAProxy understands of what passes through. */
export const HaproxyMode = {
    /** Requests and answers: headers, cookies, retries, HTTP/2. */
    Http: "http",
    /** Bytes of connections: databases, TLS that the servers end themselves. */
    Tcp: "tcp",
} as const;
export type HaproxyMode = (typeof HaproxyMode)[keyof typeof HaproxyMode];

/** Which server gets the next connection or request. */
export const HaproxyBalance = {
    /** Each in turn, by weight. */
    RoundRobin: "roundrobin",
    /** The one with the fewest connections, by weight: for sessions that last. */
    LeastConn: "leastconn",
    /** Always the same one for a client's address, by consistent hashing. */
    Source: "source",
} as const;
export type HaproxyBalance = (typeof HaproxyBalance)[keyof typeof HaproxyBalance];

/** Where clients connect. */
export interface HaproxyBindArgs {
    /**
     * IP address, as a rule a virtual one: every node binds it, whether it holds it or not. Another frontend may have the same port on all addresses:
     * clients of this one come here. Default: all IPv4 addresses of the node.
     */
    address?: pulumi.Input<string>;
    /** Further addresses with the same port. Default: none. */
    extraAddresses?: pulumi.Input<pulumi.Input<string>[]>;
    /** Port of all the addresses, 1 to 65535. */
    port: pulumi.Input<number>;
}

/** A certificate of the user's own. */
export interface HaproxyTlsArgs {
    /** The certificate, then its intermediates, PEM. */
    certificatePem: pulumi.Input<string>;
    /** Its private key, PEM, not encrypted: a secret. */
    privateKeyPem: pulumi.Input<string>;
}

/** A server behind the frontend. */
export interface HaproxyServerArgs {
    /** IP address, or a name that the node's resolvers know (asked again while running). */
    address: pulumi.Input<string>;
    /** Port that it serves on, 1 to 65535. */
    port: pulumi.Input<number>;
    /** Its share of the load beside that of the others, 0 to 256; 0 takes no new clients. Default: 100. */
    weight?: pulumi.Input<number>;
    /** Gets clients only while all others are down. Default: false. */
    backup?: pulumi.Input<boolean>;
    /** Connections at most; further ones queue. Default: no limit. */
    maxConnections?: pulumi.Input<number>;
}

/** TLS from HAProxy to the servers. Their certificates are always verified. */
export interface HaproxyServerTlsArgs {
    /** Authorities that prove the servers' certificates, PEM. */
    caCertificatePem: pulumi.Input<string>;
    /** Name that their certificates must carry and that is sent as SNI. Default: any name that the authorities vouch for. */
    serverName?: pulumi.Input<string>;
}

/** A page that a healthy server serves. */
export interface HaproxyHttpCheckArgs {
    /** Path that is asked for, with its query. Default: `/`. */
    path?: pulumi.Input<string>;
    /** The Host header. Default: the frontend's first host name, or `localhost`. */
    host?: pulumi.Input<string>;
    /** The status that it must answer with. Default: 200. */
    status?: pulumi.Input<number>;
}

/** How servers are checked: `http`, `tls` or `tcp`, at most one of them. Default: `http` in mode http, `tcp` in mode tcp. */
export interface HaproxyCheckArgs {
    /** A GET must answer. */
    http?: HaproxyHttpCheckArgs;
    /** A TLS handshake must succeed; the certificate counts only with `serverTls`. */
    tls?: pulumi.Input<boolean>;
    /** A connection must be accepted. The kernel accepts for a process that hangs: `http` and `tls` notice that too. */
    tcp?: pulumi.Input<boolean>;
    /** Port of the check where it is not the server's own. */
    port?: pulumi.Input<number>;
    /** Seconds between checks of a server that is up or down. Default: 1. */
    intervalSeconds?: pulumi.Input<number>;
    /** Seconds between checks while a server is on its way up or down. Default: half of `intervalSeconds`. */
    fastIntervalSeconds?: pulumi.Input<number>;
    /** Seconds for the answer once connected. Default: `intervalSeconds`. */
    timeoutSeconds?: pulumi.Input<number>;
    /** Failed checks in a row before a server is down. Default: 3. */
    fall?: pulumi.Input<number>;
    /** Passed checks in a row before it is up again. Default: 2. */
    rise?: pulumi.Input<number>;
}

/** Time limits, in seconds. */
export interface HaproxyTimeoutsArgs {
    /**
     * To connect to a server; then another one is tried. A lost server is noticed the sooner, and the fewer requests fail with it, the less this is;
     * three round trips are the least. Default: 0.5.
     */
    connectSeconds?: pulumi.Input<number>;
    /** For a client that is to send or take data. Default: 30 in mode http, 1800 in mode tcp. */
    clientSeconds?: pulumi.Input<number>;
    /** For a server that is to answer or take data. Default: 30 in mode http, 1800 in mode tcp. */
    serverSeconds?: pulumi.Input<number>;
    /** For a client's whole request header. Default: 10. */
    httpRequestSeconds?: pulumi.Input<number>;
    /** For the next request on a connection. After a reload the old process waits this long for idle clients. Default: 10. */
    keepAliveSeconds?: pulumi.Input<number>;
    /** In the queue of a server or the backend. Default: 5. */
    queueSeconds?: pulumi.Input<number>;
    /** Idle time of WebSockets and other tunnels, only in mode http. Default: 3600. */
    tunnelSeconds?: pulumi.Input<number>;
}

/** A cookie that keeps a client at its server. */
export interface HaproxyStickyCookieArgs {
    /** Name of the cookie; its value is the server's name. Default: `SERVER`. */
    name?: pulumi.Input<string>;
}

/** HAProxy's own Prometheus exporter (`/metrics`) and a page for health checks of HAProxy itself (`/healthz`). */
export interface HaproxyMetricsArgs {
    /** Port that the exporter listens on, 1 to 65535. */
    port: pulumi.Input<number>;
    /** Listen on the node's address, without authentication, instead of on loopback. Default: false. */
    onNodeAddress?: pulumi.Input<boolean>;
}

/** What a `HaproxyFrontend` is made from. */
export interface HaproxyFrontendArgs {
    /** The load balancers. Changes reach the last one first: list the one that usually serves first. */
    nodes: NodeArgs[];
    /** Where clients connect. */
    bind: HaproxyBindArgs;
    /** The servers, by name. These or `galera`. */
    servers?: pulumi.Input<Record<string, pulumi.Input<HaproxyServerArgs>>>;
    /**
     * The members of a Galera cluster as servers: `backend` of a `GaleraCluster` for its writer, `readers` to read from. The cluster states servers,
     * order, mode, check and timing; TLS of clients goes through to the members.
     */
    galera?: pulumi.Input<GaleraBackend>;
    /** What HAProxy understands of what passes through. Default: `HaproxyMode.Http`; `HaproxyMode.Tcp` with `galera`. */
    mode?: pulumi.Input<HaproxyMode>;
    /** Which server gets the next connection or request. Default: `RoundRobin` in mode http, `LeastConn` in mode tcp. */
    balance?: pulumi.Input<HaproxyBalance>;
    /** Ends TLS with certificates from this authority, one for each node, for `hostNames` and the bound addresses. Not together with `tls`. */
    issuer?: Issuer;
    /** Ends TLS with this certificate. */
    tls?: HaproxyTlsArgs;
    /** Names under which clients reach the frontend, for the certificate of `issuer`. Default: none, its addresses alone. */
    hostNames?: pulumi.Input<pulumi.Input<string>[]>;
    /** Seconds for which browsers must use HTTPS alone (HSTS); hard to take back. Default: 0, not sent. */
    hstsSeconds?: pulumi.Input<number>;
    /** Answers on port 80 of the same addresses with a redirect to HTTPS. Default: true with TLS on port 443 in mode http. */
    redirectHttp?: pulumi.Input<boolean>;
    /** TLS to the servers. Default: none. */
    serverTls?: HaproxyServerTlsArgs;
    /** How servers are checked. Default: `http` in mode http, `tcp` in mode tcp, each second. */
    check?: HaproxyCheckArgs;
    /** Keeps clients at their server by a cookie. Only in mode http. Default: none. */
    stickyCookie?: HaproxyStickyCookieArgs;
    /** Seconds over which a server that came back gets its full share. Default: 0. */
    slowStartSeconds?: pulumi.Input<number>;
    /**
     * Ends the sessions of a server once it is down: clients of one that hangs are let go, and safe requests answered by another server, instead of
     * waiting for `timeouts.serverSeconds`. Costs what the server would still have answered, and the requests that are just connecting to it: as many as
     * come for it in `timeouts.connectSeconds`. Default: true.
     */
    shutdownSessionsWhenDown?: pulumi.Input<boolean>;
    /**
     * Sends GET, HEAD and OPTIONS requests to another server when the first one breaks off without an answer; other methods are sent again only where
     * no connection was made. Only in mode http. Default: true.
     */
    retrySafeRequests?: pulumi.Input<boolean>;
    /** Connections at most for the frontend; further ones wait in the kernel. Default: what HAProxy derives from its limit of open files. */
    maxConnections?: pulumi.Input<number>;
    /** Time limits. Default: the defaults of each. */
    timeouts?: HaproxyTimeoutsArgs;
    /** Prometheus exporter of HAProxy. One shows all frontends of a node: one of them is enough. Default: none. */
    metrics?: HaproxyMetricsArgs;
    /**
     * Seconds after a reload when connections that still last are cut. Until then they stay with their server, which nobody checks any more. Applies to the
     * node's HAProxy as a whole: a frontend with the writer of a cluster (`galera`) decides, or else, of several with different values, the one whose
     * name sorts last. Default: 60 with the writer of a cluster, else 1800.
     */
    hardStopAfterSeconds?: pulumi.Input<number>;
    /** Logs every request or connection to the journal, not failed ones alone. The journal drops what exceeds its rate limit. Default: true. */
    logRequests?: pulumi.Input<boolean>;
    /**
     * Servers that must pass their check on a node, within a minute, before the next node is changed; 0 where the servers come later. Default: 1.
     */
    minimumServers?: pulumi.Input<number>;
}
