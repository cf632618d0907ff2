import { HOST_KEY, UNKNOWN } from "./support";
import type { Given } from "./support";

/** A rule with resources that break it, what it says of them, and resources that keep it. */
export interface Case {
    rule: string;
    fails: Given[];
    /** Parts of the one line that it says. */
    says: string[];
    passes: Given[];
    /** A value that the rule needs is known only at the update. */
    unknown?: Given[];
}

const node = (name: string, byte: number, labels?: Record<string, string>) => ({
    name,
    address: `192.0.2.${byte}`,
    hostKey: HOST_KEY,
    ...(labels ? { labels } : {}),
});
const nodes = (...names: string[]) => names.map((name, i) => node(name, i + 1));

/** A unit's commands with an engine and a manifest as the library sends them, and all that they belong to. */
export function applied(rows: string[], component: Given, nodeName = "a", engine = "ENGINE_VERSION=1"): Given[] {
    const unit: Given = {
        type: "Unit",
        name: `${component.name}-${nodeName}`,
        props: { node: nodeName, hostKey: HOST_KEY },
        of: component,
    };
    const text = ["pulumi-ha manifest 1", "unit x", ...rows, `end ${rows.length + 2}`].join("\n");
    const command = (verb: string, stdin: string): Given => ({
        type: "command:remote:Command",
        name: `${unit.name}-${verb}`,
        props: { connection: { host: "192.0.2.1", hostKey: HOST_KEY }, stdin },
        of: unit,
    });
    return [component, unit, command("engine", `${engine}\nsay() { :; }\n`), command("apply", `${text}\n`)];
}

const withFile = (path: string, ...content: string[]) => [
    `file ${path} 0644 root:root`,
    ...content.map((row) => `| ${row}`),
];
const later = (given: Given[]): Given[] =>
    given.map((one) => (one.props?.stdin === undefined ? one : { ...one, props: { ...one.props, stdin: UNKNOWN } }));

const vip = (name: string, id: number, address: string): Given[] =>
    applied(
        withFile(
            `/etc/keepalived/conf.d/${name}.conf`,
            `vrrp_instance ${name} {`,
            "    interface eth0",
            `    virtual_router_id ${id}`,
            "    virtual_ipaddress {",
            `        ${address} dev eth0`,
            "    }",
            "}",
        ),
        { type: "KeepalivedVip", name, props: { nodes: nodes("a", "b"), address } },
    );

const corosync = (...rows: string[]) =>
    applied(withFile("/etc/corosync/corosync.conf", ...rows), {
        type: "PacemakerCluster",
        name: "pair",
        props: { nodes: nodes("a", "b"), witness: { node: "w" }, fencing: { ipmi: {} } },
    });

const galeraConf = (memory: string | undefined, pool: string, cache: string) =>
    applied(
        [
            ...withFile(
                "/etc/mysql/mariadb.conf.d/71-pulumi-ha-server.cnf",
                `wsrep_provider_options = "gcache.recover=yes;gcache.size=${cache}"`,
            ),
            ...withFile("/etc/mysql/mariadb.conf.d/72-pulumi-ha-dynamic.cnf", `innodb_buffer_pool_size = ${pool}`),
        ],
        {
            type: "GaleraCluster",
            name: "orders",
            props: { nodes: [node("a", 1, memory === undefined ? undefined : { memory })] },
        },
    );

const own = (connection: unknown): Given => ({ type: "command:remote:Command", name: "own", props: { connection } });
const pair = (props: Record<string, unknown>, kind = "HaPair"): Given => ({
    type: kind,
    name: "files",
    props: { nodes: nodes("a", "b"), volume: { device: "/dev/drbd0" }, ...props },
});
const frontend = (props: Record<string, unknown>): Given => ({
    type: "HaproxyFrontend",
    name: "web",
    props: {
        bind: { address: "192.0.2.100", port: 443 },
        servers: { app: { address: "192.0.2.9", port: 8080 } },
        ...props,
    },
});
const certificate = (validityPeriodHours: unknown, earlyRenewalHours: unknown, isCaCertificate = false): Given => ({
    type: "tls:index/locallySignedCert:LocallySignedCert",
    name: "web-certificate",
    props: { validityPeriodHours, earlyRenewalHours, isCaCertificate, caPrivateKeyPem: UNKNOWN },
});
const promise = (totalSeconds: unknown): Given => ({
    type: "KeepalivedVip",
    name: "front",
    props: { failover: [{ fault: "power", totalSeconds, formula: "3 x advert interval (60 s)" }] },
});
const members = (name: string, ...racks: string[]): Given => ({
    type: "GaleraCluster",
    name,
    props: { nodes: racks.map((rack, i) => node(`db${i + 1}`, i + 1, { rack })) },
});

/** One failing and one passing stack for each rule. */
export const CASES: Case[] = [
    {
        rule: "host-keys-pinned",
        fails: [own({ host: "192.0.2.1" })],
        says: ['Command "own": connection.hostKey is missing'],
        passes: [own({ host: "192.0.2.1", hostKey: HOST_KEY })],
        unknown: [own(UNKNOWN)],
    },
    {
        rule: "no-password-login",
        fails: [own({ hostKey: HOST_KEY, password: "hidden" })],
        says: ['Command "own": connection.password is set: give privateKey'],
        passes: [own({ hostKey: HOST_KEY, privateKey: "hidden", proxy: { privateKey: "hidden" } })],
        unknown: [own({ proxy: UNKNOWN })],
    },
    {
        rule: "addresses-unique",
        fails: [
            { type: "KeepalivedVip", name: "front", props: { nodes: nodes("a", "b"), address: "192.0.2.100/24" } },
            { type: "HaPair", name: "files", props: { nodes: nodes("a", "b"), extraAddresses: ["192.0.2.100/24"] } },
        ],
        says: ['HaPair "files": extraAddresses[0] is 192.0.2.100', 'KeepalivedVip "front" too'],
        passes: [
            { type: "KeepalivedVip", name: "front", props: { nodes: nodes("a", "b"), address: "192.0.2.100/24" } },
            {
                type: "HaproxyFrontend",
                name: "web",
                props: { nodes: nodes("a", "b"), bind: { address: "192.0.2.100" } },
            },
        ],
        unknown: [{ type: "HaproxyFrontend", name: "web", props: { nodes: [{ ...node("a", 1), address: UNKNOWN }] } }],
    },
    {
        rule: "vrid-unique",
        fails: [...vip("front", 100, "192.0.2.100/24"), ...vip("back", 100, "192.0.2.200/24")],
        says: ['KeepalivedVip "back", node "a": virtualRouterId is 100', 'KeepalivedVip "front"', "192.0.2.0/24"],
        passes: [
            ...vip("front", 100, "192.0.2.100/24"),
            ...vip("back", 100, "198.51.100.1/24"),
            ...vip("side", 101, "192.0.2.101/24"),
        ],
        unknown: later(vip("front", 100, "192.0.2.100/24")),
    },
    {
        rule: "odd-votes",
        fails: [{ type: "GaleraCluster", name: "orders", props: { nodes: nodes("a", "b") } }],
        says: ['GaleraCluster "orders": nodes have 2 votes in all'],
        passes: [
            { type: "GaleraCluster", name: "orders", props: { nodes: nodes("a", "b"), arbitrator: node("c", 3) } },
            pair({ witness: UNKNOWN }),
            pair({ volume: undefined }),
            { type: "KeepalivedVip", name: "front", props: { nodes: nodes("a", "b") } },
        ],
    },
    {
        rule: "stateful-pair-fenced",
        fails: [pair({ acceptSplitBrainRisk: "a lab" })],
        says: ['HaPair "files": fencing is missing'],
        passes: [pair({ fencing: { sbd: { watchdog: "/dev/watchdog" } } }), pair({ volume: undefined })],
        unknown: later(corosync()),
    },
    {
        rule: "no-accepted-risk",
        fails: [pair({ acceptSplitBrainRisk: "a lab" })],
        says: ['HaPair "files": acceptSplitBrainRisk is set, and the stack is protected', "fencing and a witness"],
        passes: [pair({ fencing: { ipmi: {} } })],
    },
    {
        rule: "no-data-deletion",
        fails: [{ type: "DrbdVolume", name: "files", props: { deleteData: true } }],
        says: ['DrbdVolume "files": deleteData is set'],
        passes: [{ type: "DrbdVolume", name: "files", props: { deleteData: false } }],
        unknown: [{ type: "DrbdVolume", name: "files", props: { deleteData: UNKNOWN } }],
    },
    {
        rule: "data-protected",
        fails: [{ type: "DrbdVolume", name: "files" }],
        says: ['DrbdVolume "files": protect is not set'],
        passes: [
            { type: "DrbdVolume", name: "files", protect: true },
            { type: "KeepalivedVip", name: "front" },
        ],
    },
    {
        rule: "encryption-in-transit",
        fails: [frontend({})],
        says: ['HaproxyFrontend "web": issuer is missing'],
        passes: [
            frontend({ issuer: { certificatePem: UNKNOWN } }),
            frontend({ tls: { certificatePem: "PEM" } }),
            frontend({ galera: UNKNOWN }),
            frontend({ mode: "tcp", check: { tls: true } }),
            frontend({ bind: { address: "127.0.0.1", port: 80 } }),
            ...corosync("totem {", "    crypto_cipher: aes256", "}"),
        ],
        unknown: later(corosync()),
    },
    {
        rule: "database-checks",
        fails: [frontend({ mode: "tcp", servers: { pg1: { address: "192.0.2.9", port: 5432 } } })],
        says: ['HaproxyFrontend "web": servers.pg1.port is a database\'s'],
        passes: [
            frontend({
                mode: "tcp",
                servers: { pg1: { port: 5432 } },
                check: { http: { path: "/primary" }, port: 8008 },
            }),
            frontend({ mode: "tcp", galera: { port: 3306 }, servers: undefined }),
            frontend({ mode: "tcp", servers: { mail: { port: 25 } } }),
        ],
        unknown: [frontend({ mode: "tcp", servers: UNKNOWN })],
    },
    {
        rule: "failover-within-budget",
        fails: [promise(60)],
        says: [
            'KeepalivedVip "front": failover[0] takes 60 s after a fault of kind power, and 15 s are allowed by componentSeconds: 3 x advert interval',
        ],
        passes: [promise(3)],
        unknown: [promise(UNKNOWN)],
    },
    {
        rule: "members-apart",
        fails: [members("orders", "r1", "r2", "r1")],
        says: ['GaleraCluster "orders": nodes[2].labels.rack is "r1" of db1, db3, 2 of 3 members'],
        passes: [members("orders", "r1", "r2", "r3"), members("stock", "r1", "r1", "r2", "r2", "r3")],
    },
    {
        rule: "certificate-lifetime",
        fails: [certificate(20000, 10000)],
        says: ['LocallySignedCert "web-certificate": validityPeriodHours is 20000: 4800 are allowed'],
        passes: [certificate(2160, 720), certificate(26280, 8760, true)],
        unknown: [certificate(2160, UNKNOWN)],
    },
    {
        rule: "memory-fits",
        fails: galeraConf("16G", "17179869184", "128M"),
        says: [
            'GaleraCluster "orders", node "a": bufferPoolMebibytes is 16384 and the write-set cache 128, of 16384 MiB',
            "13107",
        ],
        passes: [...galeraConf("16 GiB", "8G", "2G"), ...galeraConf(undefined, "8G", "2G")],
        unknown: later(galeraConf("16G", "1G", "128M")),
    },
    {
        rule: "two-corosync-links",
        fails: corosync("nodelist {", "    ring0_addr: 192.0.2.1", "}"),
        says: ['PacemakerCluster "pair", node "a": links is missing'],
        passes: corosync("nodelist {", "    ring0_addr: 192.0.2.1", "    ring1_addr: 198.51.100.1", "}"),
        unknown: later(corosync()),
    },
    {
        rule: "no-raw-commands",
        fails: [{ type: "command:local:Command", name: "own" }],
        says: ['Command "own": is a local.Command beside the library'],
        passes: applied([], { type: "KeepalivedVip", name: "front" }),
    },
    {
        rule: "engine-version",
        fails: applied(["package haproxy"], { type: "HaproxyFrontend", name: "web" }, "a", "set -euo pipefail"),
        says: ['HaproxyFrontend "web", node "a": is applied by engine 0, and 1 is the oldest allowed'],
        passes: [
            ...applied([], { type: "HaproxyFrontend", name: "web" }),
            ...applied([], { type: "KeepalivedVip", name: "front" }, "a", "ENGINE_VERSION=12"),
        ],
        unknown: later(applied([], { type: "HaproxyFrontend", name: "web" })),
    },
    {
        rule: "packages-pinned",
        fails: applied(["package nginx-light", "package openssl>=3.0", "package socat=1.7.4.4-2"], {
            type: "shop:index:WebServer",
            name: "web",
        }),
        says: ['Unit "web-a", node "a": packages have no version for nginx-light, openssl>=3.0: state name=version'],
        passes: [
            ...applied(["package nginx-light=1.22.1-9"], { type: "shop:index:WebServer", name: "web" }),
            ...applied(["package haproxy"], { type: "HaproxyFrontend", name: "front" }),
        ],
        unknown: later(applied([], { type: "shop:index:WebServer", name: "web" })),
    },
];
