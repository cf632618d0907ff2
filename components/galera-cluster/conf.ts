import { urlHost } from "../shared/addresses";
import { header } from "../shared/header";
import { same } from "../shared/syntax";
import { COPY_METHOD, PATHS } from "./paths";
import { memberOptions, optionsText } from "./provider";
import { MEMBER_PORTS, donors, voters } from "./spec";
import type { GaleraNode, GaleraSpec } from "./spec";
import { isDynamic } from "./variables";

type Variables = Record<string, string | number>;

/** Values that a cluster cannot do without; the rules refuse others. */
export const FIXED: Record<string, string> = {
    binlog_format: "ROW",
    default_storage_engine: "InnoDB",
    innodb_autoinc_lock_mode: "2",
    wsrep_on: "ON",
};

/** Values of variables that a program may set otherwise; some of them only with `acceptDataLossRisk`. */
const defaults = (spec: GaleraSpec): Variables => ({
    innodb_doublewrite: "ON",
    innodb_flush_log_at_trx_commit: 1,
    // Without it a transaction that reads, computes and writes loses what another one wrote meanwhile, on the same member too.
    innodb_snapshot_isolation: "ON",
    wsrep_log_conflicts: "ON",
    // A table of another engine would exist on one member alone. A primary key is not asked for: temporary tables would need one too.
    wsrep_mode: "STRICT_REPLICATION",
    wsrep_slave_threads: 4 * spec.cores,
});

/** Values that come from arguments of the component. */
const argued = (spec: GaleraSpec): Variables => ({
    innodb_buffer_pool_size: spec.bufferPoolMebibytes * 1024 * 1024,
    max_connections: spec.maxConnections,
    port: spec.port,
    require_secure_transport: spec.acceptClearText === undefined ? "ON" : "OFF",
});

/** What makes a server a member of this cluster. */
const membership = (spec: GaleraSpec, node: GaleraNode): Variables => ({
    bind_address: "*",
    // MariaDB 11.8 has a plugin that takes `wsrep_provider_options` from a running server, and with it the way to new certificates (`socket.ssl_reload`).
    // 10.11 does not know it: `loose`.
    loose_plugin_wsrep_provider: "OFF",
    skip_name_resolve: "ON",
    ssl_ca: PATHS.ca,
    ssl_cert: PATHS.certificate,
    ssl_key: PATHS.key,
    tls_version: "TLSv1.2,TLSv1.3",
    wsrep_cluster_name: spec.name,
    wsrep_node_address: urlHost(node.address),
    wsrep_node_name: node.name,
    wsrep_notify_cmd: PATHS.notify,
    wsrep_provider: "/usr/lib/galera/libgalera_smm.so",
    wsrep_provider_options: optionsText(memberOptions(spec, node.address)),
    wsrep_sst_auth: "mysql:",
    wsrep_sst_method: COPY_METHOD,
    wsrep_sst_receive_address: `${urlHost(node.address)}:${MEMBER_PORTS.copy}`,
    wsrep_status_file: PATHS.statusFile,
});

/** Copies of the data are encrypted, and refused where a certificate is missing. */
const copies: Variables = {
    // For a minute, which is longer than the pause that `copyScript` leaves out: the receiving side may be busy.
    sockopt: "retry=600,interval=0.1",
    "ssl-mode": "VERIFY_CA",
    tca: PATHS.ca,
    tcert: PATHS.certificate,
    tkey: PATHS.key,
};

/** Everything that is set, by name; what the program sets goes before our defaults. */
const variables = (spec: GaleraSpec): Variables => ({
    ...defaults(spec),
    ...Object.fromEntries(spec.settings.map(({ name, value }) => [name, value])),
    ...argued(spec),
    ...FIXED,
});

/** Those that a running server takes, or those that it does not. */
const part = (all: Variables, dynamic: boolean): Variables =>
    Object.fromEntries(Object.entries(all).filter(([name]) => isDynamic(name) === dynamic));

/** A value that an option file would read otherwise stands in quotes. */
export const optionValue = (value: string | number): string => {
    const text = String(value);
    return /^[^\s#;"'\\](?:[^#;"'\\]*[^\s#;"'\\])?$/.test(text) ? text : `"${text.replace(/["\\]/g, "\\$&")}"`;
};

const group = (name: string, values: Variables): string =>
    [
        `[${name}]`,
        ...Object.keys(values)
            .sort()
            .map((key) => `${key} = ${optionValue(values[key] ?? "")}`),
        "",
    ].join("\n");

const file = (spec: GaleraSpec, ...groups: string[]): string =>
    [header(`GaleraCluster ${spec.name}`), ...groups].join("\n");

/**
 * Who belongs to the cluster, and whom a member asks for what it lacks: changed without a restart.
 *
 * The server itself is not told whom to let in: with `wsrep_allowlist` it aborts when somebody else connects to the port at which it waits for write
 * sets (IST), be it a member that leaves the program or a port scan. The member script keeps the table from which a running server reads it.
 */
export const membersConf = (spec: GaleraSpec, node: GaleraNode): string =>
    file(
        spec,
        group("mariadbd", {
            wsrep_cluster_address: `gcomm://${spec.nodes.map(({ address }) => urlHost(address)).join(",")}`,
            wsrep_sst_donor: donors(spec, node),
        }),
        group("pulumi-ha", {
            wsrep_allowlist: voters(spec)
                .map(({ address }) => same(address))
                .join(","),
        }),
    );

/** What a server reads when it starts. */
export const serverConf = (spec: GaleraSpec, node: GaleraNode): string =>
    file(spec, group("mariadbd", { ...part(variables(spec), false), ...membership(spec, node) }), group("sst", copies));

const UNITS = "KMGTPE";

/** A size as a number: `SET GLOBAL` knows no `64M`. */
export function sized(value: string | number): string {
    const [, digits = "", unit = ""] = /^(\d+)([KMGTPE])$/i.exec(String(value)) ?? [];
    if (unit === "") return String(value);
    return String(BigInt(digits) * 1024n ** BigInt(UNITS.indexOf(unit.toUpperCase()) + 1));
}

/** What a running server takes too: each value as `SET GLOBAL` takes it. */
export const dynamicConf = (spec: GaleraSpec): string =>
    file(
        spec,
        group(
            "mariadbd",
            Object.fromEntries(
                Object.entries(part(variables(spec), true)).map(([name, value]) => [name, sized(value)]),
            ),
        ),
    );
