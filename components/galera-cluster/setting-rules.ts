import { each } from "../shared/rules";
import type { ItemRule, Rules } from "../shared/rules";
import { quoted } from "../shared/syntax";
import { FIXED } from "./conf";
import type { GaleraSetting, GaleraSpec } from "./spec";
import { isDynamic, isOn } from "./variables";

const tls = "TLS comes from issuer";
const moved =
    "data, socket and programs lie where Debian's package has them: the host's scripts, copies and backups look there";
const cut = "a server that nobody reaches over the network is no member";
const start = "how a server starts is decided on the hosts, on evidence";
const login = "the hosts' scripts log in through the socket, as root and mysql";

/** Variables that belong to the component, and what to use instead. */
const OWNED: Record<string, string> = {
    bind_address: "members listen on all addresses: say from where with host of each user, or with a firewall",
    port: "use port",
    max_connections: "use maxConnections",
    innodb_buffer_pool_size: "use bufferPoolMebibytes",
    require_secure_transport: "use acceptClearText",
    ssl: tls,
    ssl_ca: tls,
    ssl_capath: tls,
    ssl_cert: tls,
    ssl_key: tls,
    ssl_crl: tls,
    ssl_crlpath: tls,
    tls_version: "TLS 1.2 and 1.3 are what members and clients speak",
    skip_name_resolve: "a login would wait for name servers: users are told apart by address",
    skip_networking: cut,
    skip_grant_tables: "everybody could do everything",
    skip_innodb: "InnoDB is what is replicated",
    innodb: "InnoDB is what is replicated",
    innodb_read_only: "a member has to write",
    basedir: moved,
    datadir: moved,
    socket: moved,
    pid_file: moved,
    chroot: moved,
    plugin_dir: moved,
    innodb_data_home_dir: moved,
    innodb_data_file_path: moved,
    innodb_log_group_home_dir: moved,
    innodb_undo_directory: moved,
    user: "Debian's unit runs the server as mysql",
    unix_socket: login,
    bootstrap: start,
    init_file: "it would run at each start of each member: use databases and users, or a migration of the application",
    flashback: start,
    tc_heuristic_recover: start,
    help: start,
    version: start,
    verbose: start,
    console: start,
    gdb: start,
    wsrep_provider_options: "use providerOptions",
    plugin_wsrep_provider: "with this plugin a running server takes no new certificate: use providerOptions",
    wsrep_cluster_name: "it is the name of the component",
    wsrep_osu_method: "RSU changes a table on one member alone: set it in the session of the migration",
};

/** Further variables of Galera that a program may set; they cost a restart. */
const WSREP = new Set([
    "wsrep_dirty_reads",
    "wsrep_gtid_mode",
    "wsrep_gtid_domain_id",
    "wsrep_debug",
    "wsrep_sst_donor_rejects_queries",
]);

/** Variables without a counterpart of the other meaning. */
const SKIP = new Set(["skip_external_locking", "skip_show_database", "skip_slave_start"]);

const is =
    (...allowed: string[]) =>
    (value: string): boolean =>
        allowed.includes(value.toLowerCase());

/** Values with which an acknowledged transaction can be lost or differ between members, unless that is accepted. */
const RISKS: Record<string, { safe: (value: string) => boolean; use: string; because: string }> = {
    innodb_flush_log_at_trx_commit: {
        safe: is("1"),
        use: "1",
        because: "members that lose power together lose what they acknowledged in the last second",
    },
    innodb_doublewrite: { safe: isOn, use: "ON", because: "a page that is half written when power goes is lost" },
    innodb_flush_method: {
        safe: is("fsync", "o_dsync", "o_direct", "0", "1", "4"),
        use: "O_DIRECT",
        because: "what is written is not flushed to the disk",
    },
    innodb_snapshot_isolation: {
        safe: isOn,
        use: "ON",
        because: "a transaction that reads, computes and writes overwrites what another one wrote meanwhile",
    },
    innodb_checksum_algorithm: {
        safe: (value) => !/none/i.test(value),
        use: "full_crc32",
        because: "a damaged page is not noticed",
    },
    innodb_force_recovery: { safe: is("0"), use: "0", because: "it drops what cannot be recovered" },
    wsrep_mode: {
        safe: (value) => value.toUpperCase().split(",").includes("STRICT_REPLICATION"),
        use: "STRICT_REPLICATION, with what else you need after a comma",
        because: "tables of other engines than InnoDB exist on one member alone",
    },
};

const RULED = Object.keys({ ...OWNED, ...FIXED, ...RISKS });

const abbreviates = (name: string): string | undefined =>
    RULED.includes(name) || isDynamic(name) ? undefined : RULED.find((ruled) => ruled.startsWith(name));

const risk = ({ name, value }: GaleraSetting) =>
    Object.hasOwn(RISKS, name) && !RISKS[name]?.safe(value) ? RISKS[name] : undefined;

const rules: ItemRule<GaleraSpec, GaleraSetting>[] = [
    {
        path: "",
        refuses: ({ name }) => !/^[a-z][a-z0-9_]*$/.test(name),
        because: ({ given }) => `${quoted(given)} is no name of a variable: letters, digits, "_" and "-"`,
    },
    {
        path: "",
        refuses: ({ name }, spec) => spec.settings.filter((other) => other.name === name).length > 1,
        because: ({ name }) => `${name} is set twice, in two spellings: "-" and "_", small and capital letters are one`,
    },
    {
        path: "",
        refuses: ({ value }) => /[\x00-\x1f\x7f]/.test(value),
        because: () => "has a line break or another control character: a value is one line",
    },
    {
        path: "",
        refuses: ({ name }) => Object.hasOwn(OWNED, name),
        because: ({ name }) => `${name} cannot be set: ${OWNED[name]}`,
    },
    {
        path: "",
        refuses: ({ name }) =>
            name.startsWith("wsrep_") &&
            ![OWNED, FIXED, RISKS].some((table) => Object.hasOwn(table, name)) &&
            !WSREP.has(name) &&
            !isDynamic(name),
        because: ({ name }) =>
            `${name} cannot be set: what makes a server a member comes from the component's arguments`,
    },
    {
        path: "",
        refuses: ({ name }) =>
            /^(loose|enable|disable|maximum|skip)_/.test(name) && !SKIP.has(name) && !(name in OWNED),
        because: ({ given, name }) =>
            `${given} is a way of the command line: name the variable ${name.replace(/^[a-z]+_/, "")} itself, with ON or OFF`,
    },
    {
        path: "",
        refuses: ({ name }) => abbreviates(name) !== undefined && !SKIP.has(name),
        because: ({ given, name }) => `${given} abbreviates ${abbreviates(name)}: write names in full`,
    },
    {
        path: "",
        refuses: ({ name, value }) => {
            const fixed = Object.hasOwn(FIXED, name) ? FIXED[name] : undefined;
            return (
                fixed !== undefined && value.toLowerCase() !== fixed.toLowerCase() && !(fixed === "ON" && isOn(value))
            );
        },
        because: ({ name, value }) =>
            `${quoted(value)}: a cluster works with ${name} = ${FIXED[name]} only; leave it out`,
    },
    {
        path: "",
        refuses: ({ name, value }) => /^(enforce_|default_tmp_)?storage_engine$/.test(name) && !is("innodb")(value),
        because: ({ value }) => `${quoted(value)}: only InnoDB's tables are replicated; leave it out`,
    },
    {
        path: "",
        refuses: (setting, spec) => risk(setting) !== undefined && spec.acceptDataLossRisk === undefined,
        because: (setting) =>
            `${quoted(setting.value)} puts data at risk: ${risk(setting)?.because}; use ${risk(setting)?.use}, or say in acceptDataLossRisk why it may be`,
    },
    {
        path: "",
        level: "warn",
        refuses: ({ name, value }) => name === "wsrep_dirty_reads" && isOn(value),
        because: () => "a member that has lost the majority answers reads with what it last knew",
    },
];

/** What is refused about server variables of the program's own; names that the server does not know are refused by the hosts. */
export const settingRules: Rules<GaleraSpec> = [
    each("settings", (spec) => Object.fromEntries(spec.settings.map((setting) => [setting.given, setting])), rules),
];
