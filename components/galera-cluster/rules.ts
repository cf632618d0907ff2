import { family } from "../shared/addresses";
import { hostRules } from "../shared/node-rules";
import { each, one, portRules } from "../shared/rules";
import type { ItemRule, Rule, Rules } from "../shared/rules";
import { HOST_NAME, isAddress, quoted, shown, whole } from "../shared/syntax";
import { databaseRules, userRules } from "./account-rules";
import { GaleraTiming } from "./args";
import { providerRules } from "./provider-rules";
import { settingRules } from "./setting-rules";
import { LEAST_CACHE_MEBIBYTES, MEMBER_PORTS, voters } from "./spec";
import type { GaleraNode, GaleraSpec } from "./spec";
import type { Timing } from "./timing";

/** Galera keeps 32 bytes for a member's name, and MariaDB's manual allows as many for a cluster's. */
const CLUSTER = /^[a-z0-9][a-z0-9-]{0,30}$/;
const NODE = { form: /^[A-Za-z0-9][A-Za-z0-9.-]{0,30}$/, allowed: 'at most 31 letters, digits, "-" and "."' };
/** The names of resources end in these, or in a node's name. */
const TAKEN = /^(arbitrator|accounts|.*-member)$/;

const MOST_CACHE_MEBIBYTES = 1024 * 1024;

/** Whole numbers in a range, in several places. */
const ranges = (
    fields: Record<string, { of: (spec: GaleraSpec) => number; least: number; most: number; unit: string }>,
): Rule<GaleraSpec>[] =>
    Object.entries(fields).map(([path, { of, least, most, unit }]) => ({
        path,
        refuses: (spec) => !whole(of(spec), least, most),
        because: (spec) => `${shown(of(spec))} is no number of ${unit}: a whole one from ${least} to ${most}`,
    }));

const reasons = (fields: Record<string, (spec: GaleraSpec) => string | undefined>): Rule<GaleraSpec>[] =>
    Object.entries(fields).map(([path, of]) => ({
        path,
        refuses: (spec) => of(spec)?.trim() === "",
        because: () => "is empty: say in words what is accepted and why, or leave it out",
    }));

const nodeRules: ItemRule<GaleraSpec, GaleraNode>[] = [
    ...hostRules<GaleraSpec>({ among: voters, names: NODE, taken: TAKEN }),
    {
        path: "address",
        refuses: (node, spec) =>
            isAddress(node.address) && family(node.address) !== family(spec.nodes[0]?.address ?? ""),
        because: (node, spec) =>
            `${node.address} and ${spec.nodes[0]?.address ?? ""} are of two families: members reach each other by IPv4 or by IPv6`,
    },
];

const size = (spec: GaleraSpec): string =>
    `${spec.nodes.length} member${spec.nodes.length === 1 ? "" : "s"}${spec.arbitrator ? " and an arbitrator" : ""}`;

/** Who votes: a part goes on only with more than half of the votes. */
const votes: Rule<GaleraSpec>[] = [
    {
        path: "nodes",
        refuses: (spec) => spec.nodes.length < 2,
        because: (spec) =>
            `${size(spec)}: a cluster that outlives one of them needs three members, or two and an arbitrator`,
    },
    {
        path: "nodes",
        refuses: (spec) => spec.nodes.length === 2 && spec.arbitrator === undefined,
        because: () =>
            "two members: when one is lost, the other one has half of the votes and stops as well; give a third one, or an arbitrator on a host of its own",
    },
    {
        path: "nodes",
        refuses: (spec) => voters(spec).length > 2 && voters(spec).length % 2 === 0,
        because: (spec) =>
            `${size(spec)} make ${voters(spec).length} votes: cut in half, both halves stop; ${
                spec.arbitrator ? "leave the arbitrator out" : "add an arbitrator or a member, or take one away"
            }`,
    },
    {
        path: "nodes",
        level: "warn",
        refuses: (spec) => spec.nodes.length > 9,
        because: (spec) =>
            `${spec.nodes.length} members: each commit goes to all of them and waits for the slowest; readers beyond a few are better served by replicas`,
    },
];

const portsApart: Rule<GaleraSpec>[] = [
    {
        path: "port",
        refuses: (spec) => Object.values<number>(MEMBER_PORTS).includes(spec.port),
        because: (spec) => `${spec.port} is what members use among themselves (4444, 4567, 4568): 3306 is usual`,
    },
    {
        path: "health.port",
        refuses: (spec) => [spec.port, ...Object.values<number>(MEMBER_PORTS)].includes(spec.health.port),
        because: (spec) =>
            `${spec.health.port} is taken on a member by ${spec.health.port === spec.port ? "SQL" : "replication"}: 9200 is usual`,
    },
];

/** The least that Galera takes for a timing. */
const SHORTEST_SECONDS = 0.1;

const shortest = (fields: Record<string, (timing: Timing) => number>): Rule<GaleraSpec>[] =>
    Object.entries(fields).map(([option, of]) => ({
        path: `providerOptions.${option}`,
        refuses: ({ timing }) => of(timing) < SHORTEST_SECONDS,
        because: ({ timing }) =>
            `${of(timing)} s is shorter than ${SHORTEST_SECONDS} s, the least: the server would not start`,
    }));

/** The ranges of Galera 26.4, gcomm/src/evs_proto.cpp: `check_range`. */
const timings: Rule<GaleraSpec>[] = [
    {
        path: "timing",
        refuses: (spec) => !Object.values(GaleraTiming).includes(spec.profile),
        because: (spec) => `${quoted(spec.profile)} is no timing: ${Object.values(GaleraTiming).join(", ")}`,
    },
    {
        path: "providerOptions.evs.inactive_check_period",
        refuses: ({ timing }) => timing.inactiveCheckSeconds > timing.suspectSeconds / 2,
        because: ({ timing }) =>
            `${timing.inactiveCheckSeconds} s is more than half of evs.suspect_timeout, ${timing.suspectSeconds} s: the server would not start`,
    },
    {
        path: "providerOptions.evs.keepalive_period",
        refuses: ({ timing }) => timing.keepaliveSeconds > timing.suspectSeconds / 3,
        because: ({ timing }) =>
            `${timing.keepaliveSeconds} s is more than a third of evs.suspect_timeout, ${timing.suspectSeconds} s: the server would not start`,
    },
    {
        path: "providerOptions.evs.install_timeout",
        refuses: ({ timing }) => timing.installSeconds > timing.inactiveSeconds,
        because: ({ timing }) =>
            `${timing.installSeconds} s is longer than evs.inactive_timeout, ${timing.inactiveSeconds} s: the server would not start`,
    },
    {
        path: "providerOptions.evs.install_timeout",
        refuses: ({ timing }) => timing.installSeconds < timing.keepaliveSeconds,
        because: ({ timing }) =>
            `${timing.installSeconds} s is shorter than evs.keepalive_period, ${timing.keepaliveSeconds} s: the server would not start`,
    },
    ...shortest({
        "evs.suspect_timeout": (timing) => timing.suspectSeconds,
        "evs.inactive_timeout": (timing) => timing.inactiveSeconds,
        "evs.keepalive_period": (timing) => timing.keepaliveSeconds,
        "evs.join_retrans_period": (timing) => timing.joinRetransmitSeconds,
    }),
    {
        path: "providerOptions.evs.suspect_timeout",
        refuses: ({ timing }) => timing.suspectSeconds > timing.inactiveSeconds,
        because: ({ timing }) =>
            `${timing.suspectSeconds} s is longer than evs.inactive_timeout, ${timing.inactiveSeconds} s: a member would be out before it is suspected`,
    },
    {
        path: "providerOptions.evs.suspect_timeout",
        level: "warn",
        refuses: ({ timing }) => timing.suspectSeconds < 2,
        because: ({ timing }) =>
            `${timing.suspectSeconds} s: a host that pauses for as long, as virtual ones do, passes for a lost one; GaleraTiming.Fast has 2 s`,
    },
];

const cache: Rule<GaleraSpec>[] = [
    {
        path: "cache",
        refuses: (spec) => spec.cacheGivenTwice,
        because: () => "cache and cacheMebibytes both say how large the cache is: give one of them",
    },
    {
        path: "cache.writeMebibytesPerSecond",
        refuses: ({ cache: load }) => load !== undefined && !(load.writeMebibytesPerSecond > 0),
        because: ({ cache: load }) =>
            `${load?.writeMebibytesPerSecond} is no rate: mebibytes per second at peak, more than 0`,
    },
    {
        path: "cache.outageSeconds",
        refuses: ({ cache: load }) => load !== undefined && !(load.outageSeconds > 0),
        because: ({ cache: load }) => `${load?.outageSeconds} s is no outage: more than 0`,
    },
    {
        path: "cacheMebibytes",
        refuses: (spec) =>
            spec.cache === undefined && !whole(spec.cacheMebibytes, LEAST_CACHE_MEBIBYTES, MOST_CACHE_MEBIBYTES),
        because: (spec) =>
            `${spec.cacheMebibytes} is no size of a cache: whole mebibytes from ${LEAST_CACHE_MEBIBYTES} to ${MOST_CACHE_MEBIBYTES}`,
    },
    {
        path: "cache",
        refuses: (spec) => spec.cache !== undefined && !(spec.cacheMebibytes <= MOST_CACHE_MEBIBYTES),
        because: (spec) =>
            `${spec.cacheMebibytes} MiB are needed for that, and ${MOST_CACHE_MEBIBYTES} is the most: after a longer outage a whole copy is quicker`,
    },
];

/** Everything that is refused about a cluster, and what is warned of. */
export const rules: Rules<GaleraSpec> = [
    {
        path: "name",
        refuses: (spec) => !CLUSTER.test(spec.name),
        because: (spec) =>
            `${quoted(spec.name)} is the cluster's name on every member: use at most 31 lower case letters, digits and -, not - first`,
    },
    ...votes,
    each("nodes", (spec) => spec.nodes, nodeRules),
    one("arbitrator", (spec) => spec.arbitrator, nodeRules),
    ...portRules<GaleraSpec>({
        port: (spec) => spec.port,
        "health.port": (spec) => spec.health.port,
        arbitratorPort: (spec) => spec.arbitrator?.port,
    }),
    ...portsApart,
    each("clientAddresses", (spec) => spec.clientAddresses, [
        {
            path: "",
            refuses: (address) => !isAddress(address),
            because: (address) => `${quoted(address)} is no IP address: a name belongs in clientHostNames`,
        },
    ]),
    each("clientHostNames", (spec) => spec.clientHostNames, [
        {
            path: "",
            refuses: (host) => !HOST_NAME.test(host.replace(/^\*\./, "")) || isAddress(host),
            because: (host) => `${quoted(host)} is no host name: an address belongs in clientAddresses`,
        },
    ]),
    ...ranges({
        bufferPoolMebibytes: { of: (s) => s.bufferPoolMebibytes, least: 32, most: 8 * 1024 * 1024, unit: "mebibytes" },
        cores: { of: (s) => s.cores, least: 1, most: 128, unit: "cores" },
        maxConnections: { of: (s) => s.maxConnections, least: 10, most: 100_000, unit: "connections" },
        drainSeconds: { of: (s) => s.drainSeconds, least: 0, most: 3600, unit: "seconds" },
        joinSeconds: { of: (s) => s.joinSeconds, least: 30, most: 2400, unit: "seconds" },
    }),
    ...cache,
    ...timings,
    ...providerRules,
    ...settingRules,
    ...databaseRules,
    ...userRules,
    ...reasons({
        acceptDataLossRisk: (spec) => spec.acceptDataLossRisk,
        acceptClearText: (spec) => spec.acceptClearText,
    }),
];
