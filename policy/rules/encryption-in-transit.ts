import { UNKNOWN, at, entries, isMissing, items } from "../inputs";
import { ofManifests } from "../manifest";
import { later } from "../report";
import type { Finding } from "../report";
import type { Rule } from "../rule";
import type { Resource } from "../stack";

interface Settings {
    everyHop: boolean;
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

function ofFrontend({ inputs }: Resource, { everyHop }: Settings): Finding[] {
    const given = (key: string): boolean => !isMissing(at(inputs, key));
    const endsTls = given("issuer") || given("tls");
    // A Galera cluster's members refuse clients without TLS, and what a check by TLS reaches speaks it.
    const passesTls = given("galera") || (at(inputs, "mode") === "tcp" && at(inputs, "check", "tls") === true);
    const toClients: Finding[] =
        endsTls || passesTls || isLoopback(at(inputs, "bind", "address"))
            ? []
            : [
                  {
                      path: ["issuer"],
                      says: "is missing: clients would speak clear text; give issuer or tls, or check: { tls: true } where the servers end TLS",
                  },
              ];
    return everyHop ? [...toClients, ...(passesTls ? [] : toServers(inputs)), ...metrics(inputs)] : toClients;
}

function toServers(inputs: Resource["inputs"]): Finding[] {
    const servers = at(inputs, "servers");
    if (!isMissing(at(inputs, "serverTls"))) return [];
    if (servers === UNKNOWN) return [later(["servers"])];
    return items(servers).every(([, server]) => isLoopback(at(server, "address")))
        ? []
        : [{ path: ["serverTls"], says: "is missing: what clients send would go on to the servers in clear text" }];
}

const metrics = (inputs: Resource["inputs"]): Finding[] =>
    at(inputs, "metrics", "onNodeAddress") === true
        ? [{ path: ["metrics", "onNodeAddress"], says: "is true: the exporter has no TLS; leave it on loopback" }]
        : [];

const isLoopback = (address: unknown): boolean =>
    typeof address === "string" && /^(127\.|::1$|localhost$)/.test(address);

const ofClusters = ofManifests<Settings>(({ files }, _, { everyHop }) =>
    files.flatMap(({ path, content }) => {
        if (path === "/etc/corosync/corosync.conf" && !corosyncEncrypts(content))
            return [
                {
                    says: `writes ${path} without encryption: let it say crypto_cipher: aes256 and crypto_hash: sha256`,
                },
            ];
        if (
            everyHop &&
            path.startsWith("/etc/drbd.d/") &&
            /^\s*resource\s/m.test(content) &&
            !/\btls\s+yes\b/.test(content)
        )
            return [
                {
                    says: `writes ${path} without TLS: replicate over an encrypted network, or with DRBD 9.2 and tls yes`,
                },
            ];
        return [];
    }),
);

const corosyncEncrypts = (conf: string): boolean =>
    /^\s*secauth:\s*on\b/m.test(conf) || /^\s*crypto_cipher:\s*(?!none\b)\w/m.test(conf);
