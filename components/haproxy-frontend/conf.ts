import { urlHost } from "../shared/addresses";
import { header } from "../shared/header";
import { HaproxyBalance, HaproxyMode } from "./args";
import { HARD_STOP_SECONDS, HTTP_PORT, endsTls, named } from "./spec";
import type { FrontendNode, FrontendServer, FrontendSpec } from "./spec";

/** Where things lie on a host. */
export const PATHS = {
    base: "/etc/haproxy/haproxy.cfg",
    frontends: "/etc/haproxy/conf.d",
    certificates: "/etc/haproxy/certs",
    socket: "/run/haproxy/admin.sock",
    /** Written each time that HAProxy has loaded its configuration and bound its addresses, and never when that failed. */
    pid: "/run/haproxy.pid",
} as const;

/** A frontend's own configuration file. */
export const frontendFile = (spec: FrontendSpec): string => `${PATHS.frontends}/${spec.name}.cfg`;
/** Its certificate with chain and key. */
export const certificateFile = (spec: FrontendSpec): string => `${PATHS.certificates}/${spec.name}.pem`;
/** The authorities that prove its servers. */
export const serversCaFile = (spec: FrontendSpec): string => `${PATHS.certificates}/${spec.name}-servers-ca.pem`;

const DEFAULTS = "pulumi-ha";

/** Mozilla's "intermediate", version 5.7 (ssl-config.mozilla.org). */
const TLS = {
    ciphers: [
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        "ECDHE-RSA-CHACHA20-POLY1305",
        "DHE-RSA-AES128-GCM-SHA256",
        "DHE-RSA-AES256-GCM-SHA384",
        "DHE-RSA-CHACHA20-POLY1305",
    ].join(":"),
    ciphersuites: "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256",
    options: "ssl-min-ver TLSv1.2 no-tls-tickets",
} as const;

const END_SESSIONS = "on-marked-down shutdown-sessions";
/** Clients that stayed on a reserve would write there while new ones write here. */
const END_BACKUP_SESSIONS = "on-marked-up shutdown-backup-sessions";

type Line = string | false | undefined;

const section = (head: string, lines: Line[]): string =>
    [head, ...lines.filter((line) => typeof line === "string").map((line) => `    ${line}`), ""].join("\n");

const file = (of: string, sections: (string | undefined)[]): string =>
    [header(of), ...sections.filter((text) => text !== undefined)].join("\n");

/** A duration as HAProxy reads it. */
const time = (seconds: number): string =>
    Number.isInteger(seconds) ? `${seconds}s` : `${Math.max(1, Math.round(seconds * 1000))}ms`;

/** Set while a file that HAProxy has read speaks for a cluster's writer. */
const WRITER_DECIDES = "PULUMI_HA_GALERA_WRITER";

/** Of several values HAProxy takes the last one it reads, unless a writer's came before: its sessions must not outlast their member's turn for longer. */
const hardStop = (spec: FrontendSpec, seconds: number): string[] => {
    const line = `hard-stop-after ${time(seconds)}`;
    return spec.galera?.oneAtATime
        ? [`setenv ${WRITER_DECIDES} 1`, line]
        : [`.if defined(${WRITER_DECIDES})`, ".else", line, ".endif"];
};

/** What all frontends of a host share. */
export const baseConf = file("HAProxy on this host", [
    section("global", [
        "log /dev/log local0",
        "chroot /var/lib/haproxy",
        "user haproxy",
        "group haproxy",
        `stats socket ${PATHS.socket} mode 600 level operator expose-fd listeners`,
        "stats timeout 30s",
        // A reload inherits the environment of the process before it.
        `unsetenv ${WRITER_DECIDES}`,
        `hard-stop-after ${time(HARD_STOP_SECONDS)}`,
        "tune.ssl.default-dh-param 2048",
        ...["bind", "server"].flatMap((side) => [
            `ssl-default-${side}-ciphers ${TLS.ciphers}`,
            `ssl-default-${side}-ciphersuites ${TLS.ciphersuites}`,
        ]),
        `ssl-default-bind-options prefer-client-ciphers ${TLS.options}`,
        `ssl-default-server-options ${TLS.options}`,
    ]),
    section(`defaults ${DEFAULTS}`, ["log global", "option dontlognull"]),
]);

/** One frontend with its backend on one node. */
export const frontendConf = (spec: FrontendSpec, node: FrontendNode): string =>
    file(`HaproxyFrontend ${spec.name}`, [
        spec.hardStopAfterSeconds === undefined
            ? undefined
            : section("global", hardStop(spec, spec.hardStopAfterSeconds)),
        spec.servers.some(named) ? section(`resolvers ${resolvers(spec)}`, ["parse-resolv-conf"]) : undefined,
        frontend(spec),
        backend(spec),
        ...successors(spec).map((successor) => successorBackend(spec, successor)),
        spec.redirectHttp ? redirect(spec) : undefined,
        spec.metrics && metrics(spec, spec.metrics, node),
    ]);

const proxy = (kind: "frontend" | "backend", name: string, lines: Line[]): string =>
    section(`${kind} ${name} from ${DEFAULTS}`, lines);

/** `address:port` for every bound address. */
const endpoints = (addresses: string[], port: number): string[] =>
    addresses.length === 0 ? [`*:${port}`] : addresses.map((address) => `${urlHost(address)}:${port}`);

function frontend(spec: FrontendSpec): string {
    const { timeouts } = spec;
    const http = spec.mode === HaproxyMode.Http;
    const tls = endsTls(spec) ? ` ssl crt ${certificateFile(spec)}${http ? " alpn h2,http/1.1" : ""}` : "";
    return proxy("frontend", spec.name, [
        `mode ${spec.mode}`,
        ...endpoints(spec.addresses, spec.port).map((endpoint) => `bind ${endpoint}${tls}`),
        spec.maxConnections !== undefined && `maxconn ${spec.maxConnections}`,
        `timeout client ${time(timeouts.clientSeconds)}`,
        ...(http ? httpRequests(spec) : ["option tcplog", "option clitcpka"]),
        !spec.logRequests && "option dontlog-normal",
        ...successors(spec).map((successor) => succession(spec, successor)),
        `default_backend ${spec.name}`,
    ]);
}

const httpRequests = (spec: FrontendSpec): Line[] => [
    ...clientLimits(spec),
    "option httplog",
    // What a client says about itself is not passed on: servers trust these headers.
    "http-request set-header X-Forwarded-For %[src]",
    `http-request set-header X-Forwarded-Proto ${endsTls(spec) ? "https" : "http"}`,
    spec.hstsSeconds > 0 && `http-response set-header Strict-Transport-Security max-age=${spec.hstsSeconds}`,
];

const clientLimits = ({ timeouts }: FrontendSpec): Line[] => [
    `timeout http-request ${time(timeouts.httpRequestSeconds)}`,
    `timeout http-keep-alive ${time(timeouts.keepAliveSeconds)}`,
    // After a reload an idle client is told to leave with its next answer, instead of being cut off while it sends.
    "option idle-close-on-response",
];

function backend(spec: FrontendSpec): string {
    return proxy("backend", spec.name, [
        ...forwarding(spec),
        ...(spec.retrySafeRequests
            ? [
                  "retry-on conn-failure empty-response",
                  "http-request disable-l7-retry unless { method GET HEAD OPTIONS }",
              ]
            : []),
        spec.stickyCookie !== undefined &&
            `cookie ${spec.stickyCookie} insert indirect nocache httponly${endsTls(spec) ? " secure" : ""} attr SameSite=Lax`,
        ...(spec.check.kinds.includes("http") ? httpCheck(spec) : []),
        `default-server ${serverDefaults(spec)}`,
        ...spec.servers.map((server) => serverLine(spec, server)),
    ]);
}

const forwarding = ({ mode, balance, galera, timeouts, check }: FrontendSpec): Line[] => [
    `mode ${mode}`,
    !galera?.oneAtATime && `balance ${balance}`,
    balance === HaproxyBalance.Source && "hash-type consistent",
    `timeout connect ${time(timeouts.connectSeconds)}`,
    `timeout server ${time(timeouts.serverSeconds)}`,
    `timeout queue ${time(timeouts.queueSeconds)}`,
    timeouts.tunnelSeconds !== undefined && `timeout tunnel ${time(timeouts.tunnelSeconds)}`,
    `timeout check ${time(check.timeoutSeconds)}`,
    "retries 3",
    "option redispatch 1",
    mode === HaproxyMode.Tcp && "option srvtcpka",
];

const httpCheck = ({ check: { http } }: FrontendSpec): Line[] => [
    "option httpchk",
    `http-check send meth GET uri ${http.path} ver HTTP/1.1 hdr Host ${http.host}`,
    `http-check expect status ${http.status}`,
];

function serverDefaults(spec: FrontendSpec): string {
    const { check, serverTls } = spec;
    const name = serverTls?.serverName;
    return [
        "check",
        check.port !== undefined && `port ${check.port}`,
        `inter ${time(check.intervalSeconds)} fastinter ${time(check.fastIntervalSeconds)}`,
        `rise ${check.rise} fall ${check.fall}`,
        spec.slowStartSeconds > 0 && `slowstart ${time(spec.slowStartSeconds)}`,
        spec.shutdownSessionsWhenDown && END_SESSIONS,
        serverTls && `ssl verify required ca-file ${serversCaFile(spec)}`,
        // A check on another port than the server's leaves TLS out unless told.
        serverTls && check.port !== undefined && "check-ssl",
        serverTls && name !== undefined && `sni str(${name}) check-sni ${name} verifyhost ${name}`,
        !serverTls && check.kinds.includes("tls") && "check-ssl verify none",
    ]
        .filter((word) => typeof word === "string")
        .join(" ");
}

const resolvers = (spec: FrontendSpec): string => `${spec.name}-names`;

const serverLine = (spec: FrontendSpec, server: FrontendServer): string =>
    [
        `server ${server.name} ${urlHost(server.address)}:${server.port}`,
        `weight ${server.weight}`,
        server.backup && "backup",
        spec.galera && !server.backup && END_BACKUP_SESSIONS,
        server.maxConnections !== undefined && `maxconn ${server.maxConnections}`,
        spec.stickyCookie !== undefined && `cookie ${server.name}`,
        // A name that nobody knows at the moment keeps its server down, not HAProxy.
        named(server) && `resolvers ${resolvers(spec)} init-addr last,libc,none`,
    ]
        .filter((word) => typeof word === "string")
        .join(" ");

/** A member that serves while all before it are down, and is not the first to do so. */
interface Successor {
    member: FrontendServer;
    before: FrontendServer[];
}

const successors = ({ galera, servers }: FrontendSpec): Successor[] =>
    servers
        .map((member, place) => ({ member, before: servers.slice(0, place) }))
        .filter(({ member, before }) => galera && member.backup && before.some((other) => other.backup));

const successorName = (spec: FrontendSpec, { member }: Successor): string => `${spec.name}.${member.name}`;

const succession = (spec: FrontendSpec, successor: Successor): string =>
    [
        `use_backend ${successorName(spec, successor)} if`,
        ...successor.before.map(({ name }) => `!{ srv_is_up(${spec.name}/${name}) }`),
        `{ srv_is_up(${spec.name}/${successor.member.name}) }`,
    ].join(" ");

/**
 * A server that comes up ends the sessions of backups only where it is no backup itself (HAProxy 2.6, src/server.c, srv_update_status). The second
 * reserve's clients therefore have a backend of their own, in which the first reserve is none: its return would otherwise leave two writers.
 */
const successorBackend = (spec: FrontendSpec, successor: Successor): string => {
    const server = ({ name, address, port }: FrontendServer, role: string): string =>
        `server ${name} ${urlHost(address)}:${port} track ${spec.name}/${name} ${role}`;
    return proxy("backend", successorName(spec, successor), [
        ...forwarding(spec),
        spec.shutdownSessionsWhenDown && `default-server ${END_SESSIONS}`,
        ...successor.before.map((other) => server(other, END_BACKUP_SESSIONS)),
        server(successor.member, "backup"),
    ]);
};

const redirect = (spec: FrontendSpec): string =>
    proxy("frontend", `${spec.name}-redirect`, [
        "mode http",
        ...endpoints(spec.addresses, HTTP_PORT).map((endpoint) => `bind ${endpoint}`),
        `timeout client ${time(spec.timeouts.clientSeconds)}`,
        ...clientLimits(spec),
        "option httplog",
        !spec.logRequests && "option dontlog-normal",
        `http-request redirect scheme https code 301`,
    ]);

const metrics = (spec: FrontendSpec, at: { port: number; onNodeAddress: boolean }, node: FrontendNode): string =>
    proxy("frontend", `${spec.name}-metrics`, [
        "mode http",
        `bind ${urlHost(at.onNodeAddress ? node.address : "127.0.0.1")}:${at.port}`,
        "timeout client 10s",
        "option dontlog-normal",
        "http-request use-service prometheus-exporter if { path /metrics }",
        "http-request return status 200 content-type text/plain string ok if { path /healthz }",
        "http-request return status 404",
    ]);
