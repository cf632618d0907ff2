import type * as pulumi from "@pulumi/pulumi";
import type { GaleraBackend } from "../shared/galera-backend";
import type { Rule } from "../shared/rules";
import { HaproxyBalance, HaproxyMode } from "./args";
import type { PublicArgs } from "./public-args";
import type { FrontendSpec } from "./spec";

type Args = pulumi.Unwrap<PublicArgs>;

/** Whether all clients go to one member: the others are its reserve. */
export const oneAtATime = ({ servers }: GaleraBackend): boolean =>
    servers.filter((server) => !server.backup).length === 1;

/** An argument that does not go together with `galera`. */
interface Contradiction {
    path: string;
    given: (args: Args, galera: GaleraBackend) => boolean;
    because: string;
}

const HTTP_ONLY = "SQL is no HTTP, and has none of it: leave it out";
const CLIENTS_TLS =
    "clients' TLS goes through to the members, which prove themselves with certificates of their own: leave it out, and give the address that clients use to GaleraCluster as clientAddresses or clientHostNames";

const CONTRADICTIONS: Contradiction[] = [
    {
        path: "mode",
        given: ({ mode }) => mode !== undefined && mode !== HaproxyMode.Tcp,
        because: "SQL passes through in mode tcp alone: leave it out",
    },
    {
        path: "balance",
        given: ({ balance }, galera) => balance !== undefined && oneAtATime(galera),
        because: "one member serves at a time, and the others only in its stead: leave it out",
    },
    {
        path: "check",
        given: ({ check }) => check !== undefined,
        because:
            "the cluster states how its members are checked, the same for all load balancers: change timing or health of the GaleraCluster",
    },
    {
        path: "serverTls",
        given: ({ serverTls }) => serverTls !== undefined,
        because: `MariaDB's protocol begins in clear text before it turns to TLS, which HAProxy cannot do; ${CLIENTS_TLS}`,
    },
    { path: "issuer", given: ({ certificates }) => certificates.includes("issuer"), because: CLIENTS_TLS },
    { path: "tls", given: ({ certificates }) => certificates.includes("tls"), because: CLIENTS_TLS },
    { path: "hostNames", given: ({ hostNames }) => hostNames !== undefined, because: CLIENTS_TLS },
    { path: "stickyCookie", given: ({ stickyCookie }) => stickyCookie !== undefined, because: HTTP_ONLY },
    { path: "hstsSeconds", given: ({ hstsSeconds = 0 }) => hstsSeconds !== 0, because: HTTP_ONLY },
    { path: "redirectHttp", given: ({ redirectHttp = false }) => redirectHttp, because: HTTP_ONLY },
    { path: "retrySafeRequests", given: ({ retrySafeRequests = false }) => retrySafeRequests, because: HTTP_ONLY },
    {
        path: "shutdownSessionsWhenDown",
        given: ({ shutdownSessionsWhenDown = true }, galera) => !shutdownSessionsWhenDown && oneAtATime(galera),
        because: "sessions that outlast their member's turn would write beside those of the next one: leave it out",
    },
];

/** The arguments given that the cluster's statements contradict. */
export const contradicted = (args: Args, galera: GaleraBackend): string[] =>
    CONTRADICTIONS.filter(({ given }) => given(args, galera)).map(({ path }) => path);

/** The arguments with what the cluster states, which goes before what they say. */
export const stated = (args: Args, galera: GaleraBackend): Args => ({
    ...args,
    mode: HaproxyMode.Tcp,
    balance: oneAtATime(galera) ? HaproxyBalance.LeastConn : args.balance,
    certificates: [],
    serverTls: undefined,
    hostNames: undefined,
    stickyCookie: undefined,
    hstsSeconds: undefined,
    redirectHttp: undefined,
    retrySafeRequests: undefined,
    check: {
        http: { path: galera.healthPath },
        port: galera.healthPort,
        intervalSeconds: galera.intervalSeconds,
        fastIntervalSeconds: galera.fastIntervalSeconds,
        timeoutSeconds: galera.timeoutSeconds,
        fall: galera.fall,
        rise: galera.rise,
    },
});

/** How long a statement may wait for the cluster itself, in seconds: it goes on where the members that are left agree. */
const longestStall = ({ galera }: FrontendSpec): number =>
    Math.max(0, ...(galera?.failover ?? []).map(({ totalSeconds }) => totalSeconds));

/** What is refused about the source of the servers, and about arguments beside a cluster. */
export const galeraRules: Rule<FrontendSpec>[] = [
    {
        path: "servers",
        refuses: (spec) => spec.sources.length === 0,
        because: () => "no server: give servers by name, or galera with the backend or readers of a GaleraCluster",
    },
    {
        path: "galera",
        refuses: (spec) => spec.sources.length > 1,
        because: () =>
            "galera and servers both say who serves: give galera for a GaleraCluster, servers for everything else",
    },
    ...(["serverSeconds", "clientSeconds"] as const).map((field) => ({
        path: `timeouts.${field}`,
        refuses: (spec: FrontendSpec) => spec.timeouts[field] <= longestStall(spec),
        because: (spec: FrontendSpec) =>
            `${spec.timeouts[field]} s end sessions that only wait for the cluster, which stands still for up to ${longestStall(spec)} s after a fault: give more${spec.galera?.timingKnob === undefined ? "" : `, or change ${spec.galera.timingKnob}`}`,
    })),
    ...CONTRADICTIONS.map(({ path, because }) => ({
        path,
        refuses: (spec: FrontendSpec) => spec.galera?.contradicted.includes(path) ?? false,
        because: () => because,
    })),
];
