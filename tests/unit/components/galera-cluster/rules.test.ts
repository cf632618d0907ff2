import fc from "fast-check";
import { GaleraTiming } from "../../../../components/galera-cluster/args";
import type { GaleraTiming as Timing } from "../../../../components/galera-cluster/args";
import { FIXED } from "../../../../components/galera-cluster/conf";
import { rules } from "../../../../components/galera-cluster/rules";
import { settingRules } from "../../../../components/galera-cluster/setting-rules";
import { passwordFault, publicArgs } from "../../../../components/galera-cluster/spec";
import type { GaleraSpec } from "../../../../components/galera-cluster/spec";
import { violations } from "../../../../components/shared/rules";
import { fullSpec, node, nodes, spec, user, witness } from "./specs";

const found = (s: GaleraSpec, level: "refuse" | "warn") =>
    violations(s, rules)
        .filter((v) => v.level === level)
        .map((v) => v.path);
const messages = (s: GaleraSpec) => violations(s, rules).map((v) => v.message);

const setting = (name: string, value: string, more: object = {}) => spec({ settings: { [name]: value }, ...more });
const option = (name: string, value: string, more: object = {}) =>
    spec({ providerOptions: { [name]: value }, ...more });
const withUser = (more: object, name = "shop") => spec({ databases: [{ name: "orders" }], users: [user(name, more)] });
const withDatabase = (more: object) => spec({ databases: [{ name: "orders", ...more }] });

test.each<[string, GaleraSpec]>([
    ["three members", spec()],
    ["every argument", fullSpec],
    ["five members", spec({ nodes: nodes(5) })],
    ["two members and an arbitrator", spec({ nodes: nodes(2), arbitrator: witness })],
    ["four members and an arbitrator", spec({ nodes: nodes(4), arbitrator: witness })],
    ["an arbitrator's port like the members'", spec({ nodes: nodes(2), arbitrator: witness, arbitratorPort: 4567 })],
    ...Object.values(GaleraTiming).map((timing): [string, GaleraSpec] => [`timing ${timing}`, spec({ timing })]),
    ["IPv6", spec({ nodes: [1, 2, 3].map((n) => ({ name: `db${n}`, address: `2001:db8::${n}` })) })],
    ["a wildcard name for clients", spec({ clientHostNames: ["*.db.example.org"] })],
    ["a needed value, as it is", setting("binlog_format", "row")],
    ["a needed switch in another spelling", setting("wsrep_on", "1")],
    ["a value at risk as it should be", setting("innodb_flush_log_at_trx_commit", "1")],
    ["a further mode", setting("wsrep_mode", "REQUIRED_PRIMARY_KEY,STRICT_REPLICATION")],
    ["an empty value", setting("sql_mode", "")],
    ["quotes and comment signs in a value", setting("init_connect", "SET @a = '#;\"'")],
    ["a name that begins like one of ours", setting("log_bin", "ON")],
    ["a skip that is a variable", setting("skip-show-database", "ON")],
    ["a longer period", option("pc.wait_prim_timeout", "PT2M")],
    ["a number", option("gcs.fc_limit", "500")],
    ["a user without rights", withUser({})],
    ["a user on all databases", withUser({ database: "*", grants: ["PROCESS", "REPLICATION CLIENT"] })],
    ["privileges in small letters", withUser({ database: "orders", grants: ["select", "create  view"] })],
    ["all on one database", withUser({ database: "orders", grants: ["ALL PRIVILEGES"] })],
    ["a user in any alphabet", withUser({ database: "orders" }, "Żółw '`\"\\; --")],
    ["collation of its own name", withDatabase({ characterSet: "binary", collation: "binary" })],
])("%s is neither refused nor warned of", (_, s) => {
    expect(violations(s, rules)).toEqual([]);
});

test.each(["%", "localhost", "10.0.0.1", "10.0.%", "10.0.0._", "10.0.0.0/255.255.255.0", "2001:db8::1", "2001:db8:%"])(
    "a user may come from %s",
    (host) => {
        expect(found(withUser({ host }), "refuse")).toEqual([]);
    },
);

test.each<[string, string, GaleraSpec]>([
    ["a name with a slash", "name", spec({}, "../orders")],
    ["a name longer than Galera keeps", "name", spec({}, "o".repeat(32))],
    ["no member", "nodes", spec({ nodes: [] })],
    ["one member", "nodes", spec({ nodes: nodes(1) })],
    ["one member and an arbitrator", "nodes", spec({ nodes: nodes(1), arbitrator: witness })],
    ["two members alone", "nodes", spec({ nodes: nodes(2) })],
    ["four members", "nodes", spec({ nodes: nodes(4) })],
    ["three members and an arbitrator", "nodes", spec({ arbitrator: witness })],
    ["a member twice", "nodes[1].name", spec({ nodes: [node(1), { ...node(2), name: "db1" }, node(3)] })],
    ["an address twice", "nodes[2].address", spec({ nodes: [node(1), node(2), { ...node(1), name: "db3" }] })],
    [
        "an address twice, in two spellings",
        "nodes[1].address",
        spec({
            nodes: ["2001:db8::1", "2001:db8:0::1", "2001:db8::3"].map((address, n) => ({ name: `db${n}`, address })),
        }),
    ],
    [
        "a host name as address",
        "nodes[0].address",
        spec({ nodes: [{ name: "db1", address: "db1" }, node(2), node(3)] }),
    ],
    [
        "two families of addresses",
        "nodes[2].address",
        spec({ nodes: [node(1), node(2), { name: "db3", address: "2001:db8::3" }] }),
    ],
    [
        "a name that Galera would cut",
        "nodes[0].name",
        spec({ nodes: [{ ...node(1), name: "d".repeat(32) }, node(2), node(3)] }),
    ],
    [
        "a name with a slash for a member",
        "nodes[0].name",
        spec({ nodes: [{ ...node(1), name: "a/b" }, node(2), node(3)] }),
    ],
    [
        "a member called accounts",
        "nodes[0].name",
        spec({ nodes: [{ ...node(1), name: "accounts" }, node(2), node(3)] }),
    ],
    [
        "a member as arbitrator",
        "arbitrator.address",
        spec({ nodes: nodes(2), arbitrator: { ...node(1), name: "third" } }),
    ],
    [
        "an arbitrator called as a member",
        "arbitrator.name",
        spec({ nodes: nodes(2), arbitrator: { ...witness, name: "db1" } }),
    ],
    [
        "an arbitrator at no address",
        "arbitrator.address",
        spec({ nodes: nodes(2), arbitrator: { ...witness, address: "x" } }),
    ],
    ["port 0", "port", spec({ port: 0 })],
    ["half a port", "health.port", spec({ health: { port: 9200.5 } })],
    [
        "an arbitrator's port out of range",
        "arbitratorPort",
        spec({ nodes: nodes(2), arbitrator: witness, arbitratorPort: 65536 }),
    ],
    ["SQL on a port of replication", "port", spec({ port: 4567 })],
    ["health on the port of SQL", "health.port", spec({ health: { port: 3306 } })],
    ["health on the port of copies", "health.port", spec({ health: { port: 4444 } })],
    ["a name as client address", "clientAddresses[0]", spec({ clientAddresses: ["sql.example.org"] })],
    ["an address as client name", "clientHostNames[0]", spec({ clientHostNames: ["192.0.2.1"] })],
    ["a name with a blank", "clientHostNames[0]", spec({ clientHostNames: ["a b"] })],
    ["no buffer pool", "bufferPoolMebibytes", spec({ bufferPoolMebibytes: 0 })],
    ["half a core", "cores", spec({ cores: 0.5 })],
    ["too few connections", "maxConnections", spec({ maxConnections: 1 })],
    ["connections that are no number", "maxConnections", spec({ maxConnections: Number.NaN })],
    ["a negative drain", "drainSeconds", spec({ drainSeconds: -1 })],
    ["a join that an up cannot wait for", "joinSeconds", spec({ joinSeconds: 2401 })],
    [
        "two sizes of the cache",
        "cache",
        spec({ cacheMebibytes: 256, cache: { writeMebibytesPerSecond: 1, outageSeconds: 60 } }),
    ],
    ["a cache below the least", "cacheMebibytes", spec({ cacheMebibytes: 64 })],
    [
        "a rate of nothing",
        "cache.writeMebibytesPerSecond",
        spec({ cache: { writeMebibytesPerSecond: 0, outageSeconds: 60 } }),
    ],
    [
        "an outage of nothing",
        "cache.outageSeconds",
        spec({ cache: { writeMebibytesPerSecond: 1, outageSeconds: Number.NaN } }),
    ],
    ["a cache for months", "cache", spec({ cache: { writeMebibytesPerSecond: 100, outageSeconds: 1e7 } })],
    ["an unknown timing", "timing", spec({ timing: "slow" as Timing })],
    ["a reason of blanks for data loss", "acceptDataLossRisk", spec({ acceptDataLossRisk: " " })],
    ["an empty reason for clear text", "acceptClearText", spec({ acceptClearText: "" })],
])("fails: %s, at %s", (_, path, s) => {
    expect(found(s, "refuse")).toContain(path);
});

test.each<[string, string, string]>([
    ["checks rarer than half the suspect timeout", "evs.inactive_check_period", "PT1.6S"],
    ["signs of life rarer than a third of it", "evs.keepalive_period", "PT1.1S"],
    ["an install timeout beyond the inactive one", "evs.install_timeout", "PT10S"],
    ["an install timeout below the signs of life", "evs.install_timeout", "PT0.3S"],
    ["signs of life too often", "evs.keepalive_period", "PT0.05S"],
    ["proposals too often", "evs.join_retrans_period", "PT0.01S"],
    ["a suspect timeout beyond the inactive one", "evs.suspect_timeout", "PT10S"],
    ["a period without its form", "evs.suspect_timeout", "3"],
    ["a period of nothing", "gmcast.peer_timeout", "PT0S"],
    ["a minority that goes on", "pc.ignore_sb", "true"],
    ["a part without quorum that goes on", "pc.ignore_quorum", "true"],
    ["a bootstrap", "pc.bootstrap", "YES"],
    ["weights", "pc.weight", "2"],
    ["no recovery", "pc.recovery", "false"],
    ["the size of the cache", "gcache.size", "1G"],
    ["no TLS", "socket.ssl", "NO"],
    ["a mixture of TLS and clear text", "socket.dynamic", "true"],
    ["an address to listen on", "gmcast.listen_addr", "tcp://0.0.0.0:4567"],
    ["a segment for all", "gmcast.segment", "1"],
    ["an option that there is not", "gcs.fc_limt", "100"],
    ["an option of a group that there is not", "nothing", "1"],
    ["two options in one value", "gcs.fc_limit", "100;pc.ignore_sb=true"],
    ["quotes in a value", "gcs.fc_limit", '100"'],
    ["no value", "gcs.fc_limit", ""],
])("fails: %s in providerOptions (%s)", (_, name, value) => {
    expect(found(option(name, value), "refuse")).toContain(`providerOptions.${name}`);
});

test.each<[string, string, string]>([
    ["statements instead of rows", "binlog_format", "STATEMENT"],
    ["a lock mode that deadlocks", "innodb_autoinc_lock_mode", "1"],
    ["MyISAM", "default_storage_engine", "MyISAM"],
    ["Aria by its old name", "storage-engine", "Aria"],
    ["MyISAM by force", "enforce_storage_engine", "MyISAM"],
    ["no replication", "wsrep_on", "OFF"],
    ["another cluster", "wsrep_cluster_address", "gcomm://"],
    ["the provider's options", "wsrep_provider_options", "pc.ignore_sb=1"],
    ["a start position", "wsrep_start_position", "x:1"],
    ["another way to copy", "wsrep_sst_method", "rsync"],
    ["schema changes on one member", "wsrep_OSU_method", "RSU"],
    ["connections", "max-connections", "10"],
    ["the buffer pool", "innodb_buffer_pool_size", "1G"],
    ["clear text", "require_secure_transport", "OFF"],
    ["a certificate", "ssl-cert", "/tmp/x"],
    ["old TLS", "tls_version", "TLSv1.0"],
    ["nobody asked for a password", "skip-grant-tables", "ON"],
    ["no network", "skip_networking", "ON"],
    ["data elsewhere", "datadir", "/srv"],
    ["the socket elsewhere", "socket", "/tmp/s"],
    ["plugins elsewhere", "plugin-dir", "/tmp"],
    ["no login through the socket", "unix_socket", "OFF"],
    ["statements at each start", "init-file", "/tmp/x.sql"],
    ["an abbreviation", "innodb_flush_log_at", "0"],
    ["a form of the command line", "loose-binlog_format", "ROW"],
    ["another form of it", "skip-innodb_doublewrite", "1"],
    ["half of the pages written twice", "disable-innodb-doublewrite", "1"],
    ["a line break in a value", "init_connect", "a\nb"],
    ["a name with a blank", "max allowed", "1"],
    ["a name with a line break", "a\n[mariadbd]", "1"],
    ["no name", "", "1"],
])("fails: %s in settings (%s)", (_, name, value) => {
    expect(found(setting(name, value), "refuse")).toContain(`settings.${name}`);
});

test("fails: a variable twice, in two spellings", () => {
    expect(found(spec({ settings: { "max-allowed-packet": "1M", max_allowed_packet: "2M" } }), "refuse")).toEqual([
        "settings.max-allowed-packet",
        "settings.max_allowed_packet",
    ]);
});

test.each([
    ["innodb_flush_log_at_trx_commit", "0"],
    ["innodb_flush_log_at_trx_commit", "2"],
    ["innodb-doublewrite", "OFF"],
    ["innodb_flush_method", "nosync"],
    ["innodb_flush_method", "O_DIRECT_NO_FSYNC"],
    ["innodb_snapshot_isolation", "0"],
    ["innodb_checksum_algorithm", "strict_none"],
    ["innodb_force_recovery", "3"],
    ["wsrep_mode", ""],
])("fails: %s = %s, unless the risk is accepted", (name, value) => {
    expect(found(setting(name, value), "refuse")).toEqual([`settings.${name}`]);
    expect(found(setting(name, value, { acceptDataLossRisk: "a copy for tests" }), "refuse")).toEqual([]);
});

test("fails: what a cluster needs cannot be set otherwise, also not with an accepted risk", () => {
    for (const name of Object.keys(FIXED))
        expect(found(setting(name, "3", { acceptDataLossRisk: "all of it" }), "refuse")).toEqual([`settings.${name}`]);
});

test.each<[string, string, GaleraSpec]>([
    ["a database with a quote", "databases[0].name", withDatabase({ name: "a`b" })],
    ["a long database", "databases[0].name", withDatabase({ name: "a".repeat(65) })],
    ["a system database", "databases[0].name", withDatabase({ name: "MySQL" })],
    ["a database twice", "databases[1].name", spec({ databases: [{ name: "a" }, { name: "a" }] })],
    ["a character set with SQL in it", "databases[0].characterSet", withDatabase({ characterSet: "utf8; DROP" })],
    ["a collation with SQL in it", "databases[0].collation", withDatabase({ collation: "x'" })],
    ["a collation of another set", "databases[0].collation", withDatabase({ collation: "latin1_swedish_ci" })],
    ["an anonymous user", "users[0].name", withUser({}, "")],
    ["a long user", "users[0].name", withUser({}, "u".repeat(81))],
    ["a line break in a user", "users[0].name", withUser({}, "a\nb")],
    ["blanks around a user", "users[0].name", withUser({}, "a ")],
    ["root", "users[0].name", withUser({}, "root")],
    ["the server's own user", "users[0].name", withUser({}, "mariadb.sys")],
    ["a user twice", "users[1].name", spec({ users: [user("shop"), user("shop", { host: "10.0.0.1" })] })],
    ["a host name", "users[0].host", withUser({ host: "app1.example.org" })],
    ["a host with a quote", "users[0].host", withUser({ host: "%'" })],
    ["a prefix length", "users[0].host", withUser({ host: "10.0.0.0/8" })],
    ["a database with a blank", "users[0].database", withUser({ database: "a b" })],
    ["rights on the server's own database", "users[0].database", withUser({ database: "mysql", grants: ["SELECT"] })],
    ["grants for nothing", "users[0].grants", withUser({ grants: ["SELECT"] })],
    ["a database without grants", "users[0].grants", withUser({ database: "orders", grants: [] })],
    ["an unknown privilege", "users[0].grants", withUser({ database: "orders", grants: ["SELEKT"] })],
    ["SQL as privilege", "users[0].grants", withUser({ database: "orders", grants: ["SELECT ON *.* TO x; --"] })],
    [
        "a privilege of the server on a database",
        "users[0].grants",
        withUser({ database: "orders", grants: ["PROCESS"] }),
    ],
    ["everything everywhere", "users[0].grants", withUser({ database: "*", grants: ["all"] })],
    ["version 0 of a password", "users[0].passwordVersion", withUser({ passwordVersion: 0 })],
    ["half a connection", "users[0].maxConnections", withUser({ maxConnections: 0.5 })],
    ["clear text against the cluster's word", "users[0].acceptClearText", withUser({ acceptClearText: "old driver" })],
    [
        "clear text for no reason",
        "users[0].acceptClearText",
        spec({ users: [user("shop", { acceptClearText: "" })], acceptClearText: "tunnel" }),
    ],
])("fails: %s, at %s", (_, path, s) => {
    expect(found(s, "refuse")).toContain(path);
});

test.each<[string, string, GaleraSpec]>([
    ["many members", "nodes", spec({ nodes: nodes(11) })],
    [
        "a suspect timeout below that of Fast",
        "providerOptions.evs.suspect_timeout",
        spec({ timing: "fast", providerOptions: { "evs.suspect_timeout": "PT1.5S" } }),
    ],
    ["reads without a majority", "settings.wsrep_dirty_reads", setting("wsrep_dirty_reads", "ON")],
    ["a database of somebody else", "users[0].database", withUser({ database: "other" })],
    ["a user that can stop a member", "users[0].grants", withUser({ database: "*", grants: ["SUPER"] })],
    ["more connections than there are", "users[0].maxConnections", withUser({ maxConnections: 300 })],
])("warns of %s, at %s", (_, path, s) => {
    expect(found(s, "warn")).toEqual([path]);
    expect(found(s, "refuse")).toEqual([]);
});

test("fails with all that is wrong at once, in order", () => {
    const s = spec({ nodes: nodes(2), port: 4567, settings: { binlog_format: "MIXED" }, users: [user("root")] });
    expect(found(s, "refuse")).toEqual(["nodes", "port", "settings.binlog_format", "users[0].name"]);
});

const cluster = (password: unknown, more: object = {}) =>
    publicArgs({
        nodes: nodes(3),
        issuer: { certificatePem: "c", privateKeyPem: "secret key", chainPem: "", trustedPem: "c", terms: {} as never },
        users: [{ name: "shop", password: password as string, ...more }],
    });

test("neither passwords nor keys are part of what a spec is made from", () => {
    const args = cluster("correct horse battery", { previousPassword: "another long one" });
    expect(JSON.stringify(args)).not.toMatch(/horse|another|secret/);
});

test("a password may hold whatever it likes", () => {
    fc.assert(
        fc.property(fc.string({ unit: "binary", minLength: 12, maxLength: 40 }), (password) => {
            expect(passwordFault(password)).toBeUndefined();
        }),
    );
});

test("fails: a password of eleven characters, without a word of it", () => {
    const s = spec({ users: cluster("ä'\"\\;-- 456").users as never });
    expect(found(s, "refuse")).toEqual(["users[0].password"]);
    expect(messages(s).join()).not.toContain("456");
});

test("fails: an empty previous password", () => {
    const s = spec({ users: cluster("correct horse battery", { previousPassword: "" }).users as never });
    expect(found(s, "refuse")).toEqual(["users[0].previousPassword"]);
});

// Whatever a program sets, it is refused or one line of the file.
test("names and values never break out of their line", () => {
    const text = fc.string({
        unit: fc.constantFrom("a", "_", "-", "\n", "\r", "[", "]", "=", "#", '"', " "),
        maxLength: 8,
    });
    fc.assert(
        fc.property(text, text, (name, value) => {
            const s = setting(name, value);
            if (violations(s, settingRules).length > 0) return;
            expect(s.settings[0]?.name).toMatch(/^[a-z][a-z0-9_]*$/);
            expect(s.settings[0]?.value).not.toMatch(/[\r\n]/);
        }),
    );
});
