import { hostRules } from "../shared/node-rules";
import { each, portRules } from "../shared/rules";
import type { Finder, Rule, Rules } from "../shared/rules";
import { HOST_NAME, NAME, NAME_ALLOWED, isAddress, quoted, same, shown, whole } from "../shared/syntax";
import { HaproxyBalance, HaproxyMode } from "./args";
import { galeraRules } from "./galera";
import { HARD_STOP_SECONDS, HTTPS_PORT, HTTP_PORT, WRITER_HARD_STOP_SECONDS, endsTls } from "./spec";
import { serverRules } from "./server-rules";
import type { FrontendSpec } from "./spec";
import { COOKIE, LONGEST_SECONDS, PATH, isAuthority, isDuration, noDuration } from "./syntax";

/** Rules for the same kind of value in several places. */
function durations(fields: Record<string, (spec: FrontendSpec) => number>): Rule<FrontendSpec>[] {
    return Object.entries(fields).map(([path, value]) => ({
        path,
        refuses: (spec) => !isDuration(value(spec)),
        because: (spec) => noDuration(value(spec)),
    }));
}

function counts(
    fields: Record<string, (spec: FrontendSpec) => number | undefined>,
    least: number,
): Rule<FrontendSpec>[] {
    return Object.entries(fields).map(([path, value]) => ({
        path,
        refuses: (spec) => !whole(value(spec) ?? least, least, 1_000_000),
        because: (spec) => `${shown(value(spec))} is no number of them: a whole one, from ${least} up`,
    }));
}

/** Each bound address; the path tells the first one from the others. */
const boundAddresses: Finder<FrontendSpec> = (spec) =>
    spec.addresses.flatMap((address, place) => {
        const path = place === 0 ? "bind.address" : `bind.extraAddresses[${place - 1}]`;
        const twice = spec.addresses.findIndex((other) => same(other) === same(address)) < place;
        return [
            ...(isAddress(address)
                ? []
                : [`${quoted(address)} is no IP address: give the one that clients connect to, e.g. 192.0.2.10`]),
            ...(twice ? [`${address} is listed twice`] : []),
        ].map((message) => ({ path, message, level: "refuse" as const }));
    });

/** Everything that is refused about a frontend, and what is warned of. */
export const rules: Rules<FrontendSpec> = [
    {
        path: "name",
        refuses: (spec) => !NAME.test(spec.name),
        because: (spec) => `${quoted(spec.name)} becomes a file name on the hosts: ${NAME_ALLOWED}`,
    },
    {
        path: "nodes",
        refuses: (spec) => spec.nodes.length === 0,
        because: () => "no node: give one load balancer or more",
    },
    each("nodes", (spec) => spec.nodes, hostRules({ among: (spec) => spec.nodes })),
    boundAddresses,
    ...portRules<FrontendSpec>({
        "bind.port": (spec) => spec.port,
        "check.port": (spec) => spec.check.port,
        "metrics.port": (spec) => spec.metrics?.port,
    }),
    {
        path: "mode",
        refuses: (spec) => !Object.values(HaproxyMode).includes(spec.mode),
        because: (spec) => `${quoted(spec.mode)} is no mode: ${Object.values(HaproxyMode).join(" or ")}`,
    },
    {
        path: "balance",
        refuses: (spec) => !Object.values(HaproxyBalance).includes(spec.balance),
        because: (spec) =>
            `${quoted(spec.balance)} is no algorithm known here: ${Object.values(HaproxyBalance).join(", ")}`,
    },

    ...galeraRules,
    {
        path: "servers",
        refuses: (spec) => spec.servers.length === 0 && spec.sources.length === 1,
        because: () => "no server: clients would get errors alone",
    },
    {
        path: "servers",
        refuses: (spec) => spec.servers.length > 0 && spec.servers.every((server) => server.backup),
        because: () => "all servers are backups, and none is what they back up: leave out backup for at least one",
    },
    {
        path: "servers",
        refuses: (spec) => {
            const active = spec.servers.filter((server) => !server.backup);
            return active.length > 0 && active.every((server) => server.weight === 0);
        },
        because: () => "every server has weight 0, which takes no clients: give at least one a weight from 1 to 256",
    },
    {
        path: "servers",
        level: "warn",
        refuses: (spec) => spec.servers.length === 1,
        because: (spec) => `${spec.servers[0]?.name ?? ""} is the only server: nobody serves when it is lost`,
    },
    each("servers", (spec) => Object.fromEntries(spec.servers.map((server) => [server.name, server])), serverRules),

    {
        path: "tls",
        refuses: (spec) => spec.certificates.length > 1,
        because: () => "tls and issuer both say where the certificate comes from: give one of them",
    },
    {
        path: "bind.port",
        level: "warn",
        refuses: (spec) => spec.mode === HaproxyMode.Http && spec.port === HTTPS_PORT && !endsTls(spec),
        because: () =>
            "port 443 in mode http without a certificate speaks plain HTTP: give issuer or tls, or mode tcp where the servers end TLS",
    },
    {
        path: "hostNames",
        refuses: (spec) => spec.hostNames.length > 0 && !spec.certificates.includes("issuer"),
        because: () =>
            "host names are for the certificate of issuer, and there is none: leave them out, or give issuer",
    },
    {
        path: "hstsSeconds",
        refuses: (spec) => !whole(spec.hstsSeconds, 0, LONGEST_SECONDS * 1000),
        because: (spec) => `${spec.hstsSeconds} s is no lifetime of HSTS: whole seconds, from 0 up`,
    },
    {
        path: "hstsSeconds",
        refuses: (spec) => spec.hstsSeconds > 0 && !(endsTls(spec) && spec.mode === HaproxyMode.Http),
        because: () => "HSTS is a header that counts over TLS only: give issuer or tls, in mode http",
    },
    {
        path: "redirectHttp",
        refuses: (spec) =>
            spec.redirectHttp && !(endsTls(spec) && spec.port === HTTPS_PORT && spec.mode === HaproxyMode.Http),
        because: (spec) =>
            `there is nothing to redirect to: it goes to HTTPS on port 443, and this is ${endsTls(spec) ? "TLS" : "no TLS"} in mode ${spec.mode} on port ${spec.port}`,
    },
    {
        path: "serverTls.serverName",
        refuses: (spec) => spec.serverTls?.serverName !== undefined && !HOST_NAME.test(spec.serverTls.serverName),
        because: (spec) => `${quoted(spec.serverTls?.serverName ?? "")} is no host name`,
    },

    {
        path: "check",
        refuses: (spec) => spec.check.kinds.length > 1,
        because: (spec) => `${spec.check.kinds.join(" and ")} are asked for together: give one of http, tls, tcp`,
    },
    {
        path: "check.tcp",
        level: "warn",
        refuses: (spec) => spec.check.kinds.includes("tcp") && spec.check.kinds.length === 1,
        because: () =>
            "a process that hangs still passes a check by connection: where the servers have a page or speak TLS, check that",
    },
    {
        path: "check.http.path",
        refuses: (spec) => !PATH.test(spec.check.http.path),
        because: (spec) =>
            `${quoted(spec.check.http.path)} is no path that the configuration can hold: start with /, without blanks, quotes, #, %, $ or \\`,
    },
    {
        path: "check.http.host",
        refuses: (spec) => !isAuthority(spec.check.http.host),
        because: (spec) => `${quoted(spec.check.http.host)} is no host name, with or without a port`,
    },
    {
        path: "check.http.status",
        refuses: (spec) => !whole(spec.check.http.status, 100, 599),
        because: (spec) => `${spec.check.http.status} is no status: a whole number from 100 to 599`,
    },
    ...counts({ "check.fall": (spec) => spec.check.fall, "check.rise": (spec) => spec.check.rise }, 1),
    ...durations({
        "check.intervalSeconds": (spec) => spec.check.intervalSeconds,
        "check.fastIntervalSeconds": (spec) => spec.check.fastIntervalSeconds,
        "check.timeoutSeconds": (spec) => spec.check.timeoutSeconds,
    }),
    {
        path: "check.fastIntervalSeconds",
        refuses: (spec) => spec.check.fastIntervalSeconds > spec.check.intervalSeconds,
        because: ({ check }) =>
            `${check.fastIntervalSeconds} s is longer than the ordinary interval, ${check.intervalSeconds} s: it is for looking more often while a server changes`,
    },
    {
        path: "check.timeoutSeconds",
        refuses: (spec) => spec.check.timeoutSeconds > spec.check.intervalSeconds,
        because: ({ check }) =>
            `${check.timeoutSeconds} s is longer than the interval, ${check.intervalSeconds} s: the next check would be late while this one waits`,
    },

    {
        path: "stickyCookie",
        refuses: (spec) => spec.stickyCookie !== undefined && spec.mode === HaproxyMode.Tcp,
        because: () => "mode tcp sees no cookies: use balance source, or mode http",
    },
    {
        path: "stickyCookie.name",
        refuses: (spec) => spec.stickyCookie !== undefined && !COOKIE.test(spec.stickyCookie),
        because: (spec) =>
            `${quoted(spec.stickyCookie ?? "")} is no name for a cookie: use at most 64 of A-Z, a-z, 0-9, "_", "-"`,
    },
    {
        path: "retrySafeRequests",
        refuses: (spec) => spec.retrySafeRequests && spec.mode === HaproxyMode.Tcp,
        because: () => "mode tcp sees no requests: leave it out, or use mode http",
    },
    {
        path: "slowStartSeconds",
        refuses: (spec) => spec.slowStartSeconds !== 0 && !isDuration(spec.slowStartSeconds),
        because: (spec) => `${spec.slowStartSeconds} s is no duration: 0, or up to ${LONGEST_SECONDS} s`,
    },
    ...counts({ maxConnections: (spec) => spec.maxConnections }, 1),
    ...durations(
        Object.fromEntries(
            (
                [
                    "connectSeconds",
                    "clientSeconds",
                    "serverSeconds",
                    "httpRequestSeconds",
                    "keepAliveSeconds",
                    "queueSeconds",
                ] as const
            ).map((field) => [`timeouts.${field}`, (spec: FrontendSpec) => spec.timeouts[field]]),
        ),
    ),
    ...durations({ "timeouts.tunnelSeconds": (spec) => spec.timeouts.tunnelSeconds ?? LONGEST_SECONDS }),
    {
        path: "timeouts.tunnelSeconds",
        refuses: (spec) => spec.timeouts.tunnelSeconds !== undefined && spec.mode === HaproxyMode.Tcp,
        because: () =>
            "in mode tcp HAProxy takes every session for a tunnel, and minds clientSeconds and serverSeconds no more: give those instead",
    },
    {
        path: "hardStopAfterSeconds",
        refuses: (spec) => spec.hardStopAfterSeconds !== undefined && !isDuration(spec.hardStopAfterSeconds),
        because: (spec) => noDuration(spec.hardStopAfterSeconds ?? 0),
    },
    {
        path: "hardStopAfterSeconds",
        level: "warn",
        refuses: (spec) =>
            !spec.galera?.oneAtATime && (spec.hardStopAfterSeconds ?? HARD_STOP_SECONDS) < spec.timeouts.clientSeconds,
        because: (spec) =>
            `a reload cuts connections after ${spec.hardStopAfterSeconds ?? HARD_STOP_SECONDS} s that timeouts.clientSeconds lets idle for ${spec.timeouts.clientSeconds} s`,
    },
    {
        path: "hardStopAfterSeconds",
        level: "warn",
        refuses: (spec) =>
            spec.galera?.oneAtATime === true && (spec.hardStopAfterSeconds ?? 0) > WRITER_HARD_STOP_SECONDS,
        because: (spec) =>
            `sessions of before a reload stay with the member they write to for ${spec.hardStopAfterSeconds ?? 0} s, also when it is lost or another one writes by then: no failover is promised to them, and leaving this out cuts them after ${WRITER_HARD_STOP_SECONDS} s`,
    },
    {
        path: "metrics.port",
        refuses: (spec) =>
            spec.metrics !== undefined &&
            (spec.metrics.port === spec.port || (spec.redirectHttp && spec.metrics.port === HTTP_PORT)),
        because: (spec) => `port ${spec.metrics?.port} is for clients: give the metrics one of their own, e.g. 8405`,
    },
    ...counts({ minimumServers: (spec) => spec.minimumServers }, 0),
    {
        path: "minimumServers",
        refuses: (spec) => spec.sources.length > 0 && spec.minimumServers > spec.servers.length,
        because: (spec) =>
            `${spec.minimumServers} of ${spec.servers.length} servers can never pass: at most ${spec.servers.length}`,
    },
];
