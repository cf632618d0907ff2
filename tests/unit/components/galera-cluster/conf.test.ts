import fc from "fast-check";
import { dynamicConf, membersConf, optionValue, serverConf, sized } from "../../../../components/galera-cluster/conf";
import { groupOptions, optionsText } from "../../../../components/galera-cluster/provider";
import { isDynamic, variableName } from "../../../../components/galera-cluster/variables";
import { fullSpec, nodes, spec } from "./specs";

const first = (s: ReturnType<typeof spec>) => s.nodes[0]!;

test.each([
    ["usual", spec()],
    ["every argument", fullSpec],
    ["IPv6", spec({ nodes: nodes(3).map(({ name }, place) => ({ name, address: `2001:db8:0:0::${place + 1}` })) })],
])("the files of a member: %s", (_, s) => {
    expect(membersConf(s, first(s))).toMatchSnapshot("members");
    expect(serverConf(s, first(s))).toMatchSnapshot("server");
    expect(dynamicConf(s)).toMatchSnapshot("dynamic");
});

test("who belongs to the cluster, with the arbitrator let in", () => {
    expect(membersConf(fullSpec, first(fullSpec))).toContain("wsrep_allowlist = 192.0.2.31,192.0.2.32,192.0.2.50\n");
    expect(membersConf(fullSpec, first(fullSpec))).toContain("wsrep_cluster_address = gcomm://192.0.2.31,192.0.2.32\n");
});

test("a member that lacks data asks the writer last", () => {
    const s = spec();
    const asked = s.nodes.map((node) => /^wsrep_sst_donor = (.*)$/m.exec(membersConf(s, node))?.[1]);
    expect(asked).toEqual(["db3,db2,", "db3,db1,", "db2,db1,"]);
});

test("a change of a variable that a running server takes is a change of the dynamic file alone", () => {
    const before = spec();
    const after = spec({ settings: { max_allowed_packet: "64M" } });
    expect(serverConf(after, first(after))).toBe(serverConf(before, first(before)));
    expect(dynamicConf(after)).not.toBe(dynamicConf(before));
});

test("a change of any other variable is a change of the static file alone", () => {
    const before = spec();
    const after = spec({ settings: { innodb_log_buffer_size: "32M" } });
    expect(serverConf(after, first(after))).toContain("innodb_log_buffer_size = 32M\n");
    expect(dynamicConf(after)).toBe(dynamicConf(before));
});

test("a value of the program's own goes before a default", () => {
    expect(dynamicConf(spec({ settings: { "wsrep-slave-threads": "2" } }))).toContain("wsrep_slave_threads = 2\n");
});

test.each([
    "max_connections",
    "innodb_buffer_pool_size",
    "require_secure_transport",
    "wsrep_slave_threads",
    "sql_mode",
])("%s changes without a restart", (name) => {
    expect(isDynamic(name)).toBe(true);
});

test.each(["binlog_format", "wsrep_on", "wsrep_provider_options", "port", "innodb_doublewrite", "tls_version"])(
    "%s changes with a restart",
    (name) => {
        expect(isDynamic(name)).toBe(false);
    },
);

test("names of variables are one in all their spellings", () => {
    expect(variableName(" Max-Allowed_packet ")).toBe("max_allowed_packet");
});

test.each([
    ["64M", "67108864"],
    ["1k", "1024"],
    ["8E", "9223372036854775808"],
    ["0.5", "0.5"],
    ["ON", "ON"],
    ["", ""],
    ["M", "M"],
    ["12 M", "12 M"],
])("SET GLOBAL takes %s as %s", (value, text) => {
    expect(sized(value)).toBe(text);
});

// What MariaDB does to a value (mysys/my_default.c): cut at `#` outside quotes, blanks at both ends, quotes of one kind at both ends, then escapes.
function read(text: string): string {
    const trimmed = text.trim();
    const quote = /^(["'])[^]*\1$/.exec(trimmed)?.[1];
    const inner = quote === undefined ? (trimmed.split("#")[0] ?? "").trim() : trimmed.slice(1, -1);
    return inner.replace(/\\(["'\\])/g, "$1");
}

test("a value is read back as it was given", () => {
    const char = fc.constantFrom("a", "1", " ", "#", ";", '"', "'", "\\", "=", "ä", ",");
    fc.assert(
        fc.property(fc.string({ unit: char, maxLength: 12 }), (value) => {
            expect(read(optionValue(value))).toBe(value);
        }),
    );
});

test("options of the provider are in one order, whatever the program's", () => {
    expect(optionsText({ b: "1", a: "2" })).toBe(optionsText({ a: "2", b: "1" }));
});

test("the arbitrator shares the timing of the members, not their cache", () => {
    const options = groupOptions(fullSpec);
    expect(options["evs.keepalive_period"]).toBe("PT0.4S");
    expect(Object.keys(options).filter((name) => !name.startsWith("evs."))).toEqual([]);
});
