import { isWithin } from "../addresses";
import { UNKNOWN, at, entries, isMissing, items } from "../inputs";
import type { Inputs } from "../inputs";
import { isCorosyncConf, ofManifests } from "../manifest";
import { later } from "../report";
import type { Finding } from "../report";
import type { Rule } from "../rule";
import type { Resource } from "../stack";

interface Settings {
    everyHop: boolean;
    encryptedNetworks: string[];
}

/**
 * What crosses the wire is encrypted: clients to a load balancer, clients and members of a database, members of a cluster. With `everyHop` also load
 * balancers to their servers, metrics, and replicated disks.
 */
export const encryptionInTransit: Rule<Settings> = {
    name: "encryption-in-transit",
    description: "What crosses the wire is encrypted.",
    severity: "high",
    remediationSteps:
        "Give a frontend an issuer or tls; leave acceptClearText out; let corosync use crypto_cipher aes256.",
    settings: {
        everyHop: {
            type: "boolean",
            default: false,
            description: "Also from load balancers to servers, metrics, and replication of disks.",
        },
        encryptedNetworks: {
            type: "array",
            items: { type: "string", pattern: "^[0-9a-fA-F.:]+/[0-9]{1,3}$" },
            default: [],
            description: "Networks whose traffic is encrypted below, such as WireGuard's: 10.9.0.0/24.",
        },
    },
    check: (resource, config, seen) => [
        ...clearTextAccepted(resource),
        ...(resource.kind === "HaproxyFrontend" ? ofFrontend(resource, config) : []),
        ...ofClusters(resource, config, seen),
    ],
};

const clearTextAccepted = ({ kind, inputs }: Resource): Finding[] =>
    kind === undefined
        ? []
        : entries(inputs)
              .filter(({ key, value }) => key === "acceptClearText" && !isMissing(value))
              .map(({ path }) => ({ path, says: "is set: leave it out, and let clients use TLS" }));

function ofFrontend({ inputs }: Resource, { everyHop, encryptedNetworks }: Settings): Finding[] {
    const given = (key: string): boolean => !isMissing(at(inputs, key));
    const endsTls = given("issuer") || given("tls");
    // A Galera cluster's members refuse clients without TLS, and what a check by TLS reaches speaks it.
    const passesTls = given("galera") || (at(inputs, "mode") === "tcp" && at(inputs, "check", "tls") === true);
    const toClients: Finding[] =
        endsTls || passesTls || bound(inputs).every((address) => isSafe(address, encryptedNetworks))
            ? []
            : [{ path: ["issuer"], says: `is missing: clients would speak clear text; ${CLIENT_FIX}` }];
    if (!everyHop) return toClients;
    return [...toClients, ...(passesTls ? [] : toServers(inputs, encryptedNetworks)), ...metrics(inputs)];
}

const CLIENT_FIX = "give issuer or tls, or check: { tls: true } where the servers end TLS";

/** The addresses that clients connect to; without one, all of the host's. */
const bound = (inputs: Inputs): unknown[] => [
    at(inputs, "bind", "address"),
    ...items(at(inputs, "bind", "extraAddresses")).map(([, address]) => address),
];

function toServers(inputs: Inputs, encryptedNetworks: string[]): Finding[] {
    const servers = at(inputs, "servers");
    if (!isMissing(at(inputs, "serverTls"))) return [];
    if (servers === UNKNOWN) return [later(["servers"])];
    return items(servers).every(([, server]) => isSafe(at(server, "address"), encryptedNetworks))
        ? []
        : [{ path: ["serverTls"], says: "is missing: what clients send would go on to the servers in clear text" }];
}

function metrics(inputs: Inputs): Finding[] {
    const path = ["metrics", "onNodeAddress"];
    const open = at(inputs, ...path);
    if (open === UNKNOWN) return [later(path)];
    return open === true ? [{ path, says: "is true: the exporter has no TLS; leave it on loopback" }] : [];
}

/** Whether what goes to an address stays on the host, or in a network that encrypts. */
const isSafe = (address: unknown, encryptedNetworks: string[]): boolean =>
    typeof address === "string" &&
    (address === "localhost" || isWithin(address, ["127.0.0.0/8", "::1/128", ...encryptedNetworks]));

const ofClusters = ofManifests<Settings>(({ files }, _, { everyHop, encryptedNetworks }) =>
    files.flatMap(({ path, content }) => {
        if (isCorosyncConf(path) && !corosyncEncrypts(content))
            return [
                { says: `writes ${path} without encryption: let it say crypto_cipher: aes256 and crypto_hash: sha256` },
            ];
        if (everyHop && path.startsWith("/etc/drbd.d/") && !replicaEncrypts(content, encryptedNetworks))
            return [
                {
                    says: `writes ${path}, which replicates in clear text: do it over one of encryptedNetworks, or with DRBD 9.2 and tls yes`,
                },
            ];
        return [];
    }),
);

const corosyncEncrypts = (conf: string): boolean =>
    /^\s*secauth:\s*on\b/m.test(conf) || /^\s*crypto_cipher:\s*(?!none\b)\w/m.test(conf);

function replicaEncrypts(conf: string, encryptedNetworks: string[]): boolean {
    if (!/^\s*resource\s/m.test(conf) || /\btls\s+yes\b/.test(conf)) return true;
    const addresses = [...conf.matchAll(/^\s*address\s+(?:ipv[46]\s+)?\[?([0-9a-fA-F.:]+?)\]?:\d+;/gm)].map(
        ([, address = ""]) => address,
    );
    return addresses.length > 0 && addresses.every((address) => isSafe(address, encryptedNetworks));
}
