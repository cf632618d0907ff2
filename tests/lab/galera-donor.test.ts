import { setTimeout as pause } from "node:timers/promises";
import type { Stack } from "@pulumi/pulumi/automation";
import { CertificateAuthority, Fault, GaleraCluster, HaproxyFrontend } from "../../components";
import type { FaultSeconds } from "../../components";
import type { LabHost } from "../../lab";
import { monotonicMs } from "../../lab";
import { asRoot, missing } from "./members";
import { SequenceWriter } from "./sequence";
import type { SequenceReport } from "./sequence";
import type { SqlAccess } from "./sql";
import { figure, upOk } from "./stack";
import { Bench, onHost, until } from "./support";

jest.setTimeout(400_000);

const MEMBERS = ["db1", "db2"];
const other = (name: string) => (name === "db1" ? "db2" : "db1");
/** What the load balancer's own seconds may exceed the computed ones by: this machine runs all hosts and the client. */
const ROOM = 1.5;

/** Copies go out at 6 MiB a second, as those of a large database last: what the script of MariaDB pipes a copy through. */
const SLOW = `cat >/usr/local/bin/slow <<'PERL'
#!/usr/bin/perl
$| = 1;
while (sysread STDIN, my $part, 65536) { print $part; select undef, undef, undef, length($part) / (6 << 20) }
PERL
chmod 0755 /usr/local/bin/slow
printf '[sst]\\ncompressor = /usr/local/bin/slow\\n' >/etc/mysql/mariadb.conf.d/90-slow.cnf`;

let bench: Bench;
let stack: Stack;

beforeAll(async () => {
    bench = await Bench.up("t-gdonor", "10.124.1.0/24", [...MEMBERS, "third", "lb1"]);
    stack = await bench.stack("sql", () => {
        const ca = new CertificateAuthority("ca", { organization: "Example" });
        const cluster = new GaleraCluster("orders", {
            nodes: MEMBERS.map((name) => bench.node(name)),
            arbitrator: bench.node("third"),
            issuer: ca.issuer,
            clientAddresses: [bench.host("lb1").inventory.address],
            databases: [{ name: "shop" }],
            users: [{ name: "shop", database: "shop", grants: ["ALL"] }],
        });
        const nodes = [bench.node("lb1")];
        const sql = new HaproxyFrontend("sql", { nodes, bind: { port: 3306 }, galera: cluster.backend });
        new HaproxyFrontend("readers", { nodes, bind: { port: 3307 }, galera: cluster.readers });
        return Promise.resolve({ ca: cluster.ca, passwords: cluster.passwords, failover: sql.failover });
    });
    figure("first up of two members, an arbitrator and a load balancer", (await upOk(stack)).seconds);
    for (const host of members()) await onHost(host, SLOW);
    await asRoot(bench.host("db1"), "CREATE TABLE shop.bulk (id INT PRIMARY KEY, text LONGBLOB)");
    for (const from of [1, 26, 51, 76])
        await asRoot(
            bench.host("db1"),
            `USE shop; INSERT INTO bulk SELECT seq, REPEAT('x', 1000000) FROM seq_${from}_to_${from + 24}`,
        );
});
afterAll(() => bench.down());

const members = (): LabHost[] => MEMBERS.map((name) => bench.host(name));

async function access(): Promise<SqlAccess> {
    const { ca, passwords } = await stack.outputs();
    const password = (passwords?.value as Record<string, string>).shop ?? "";
    const { address } = bench.host("lb1").inventory;
    return { host: address, port: 3306, user: "shop", password, database: "shop", ca: String(ca?.value) };
}

/** What the load balancer says of the members: `sql/db1 UP`. */
async function balanced(): Promise<string[]> {
    const ask = `use Socket; socket(my $s, AF_UNIX, SOCK_STREAM, 0); connect($s, pack_sockaddr_un("/run/haproxy/admin.sock")) or die; syswrite $s, "show stat\\n"; print <$s>`;
    const rows = (await onHost(bench.host("lb1"), `perl -e '${ask}'`)).split("\n").map((row) => row.split(","));
    return rows
        .filter(([, server]) => MEMBERS.includes(server ?? ""))
        .map((row) => `${row[0]}/${row[1]} ${row[17]?.split(" ")[0]}`)
        .sort();
}

const state = async (name: string): Promise<string> =>
    (await bench.host(name).exec(["sed", "-n", "s/^status=//p", "/run/pulumi-ha-galera/state"])).stdout.trim();
const becomes = (name: string, wanted: string, seconds: number) =>
    until(
        `${name} is ${wanted}`,
        seconds,
        () => state(name),
        (status) => status === wanted,
    );

/** The whole cluster, with the first member as the writer. */
const atEase = () =>
    until(
        "both members serve",
        120,
        balanced,
        (servers) => servers.join() === ["readers/db1 UP", "readers/db2 UP", "sql/db1 UP", "sql/db2 UP"].join(),
    );

/** The server stops and its disk is a new one; when it starts it asks for a whole copy. */
const losesDisk = (name: string) =>
    onHost(
        bench.host(name),
        `systemctl stop mariadb
        find /var/lib/mysql -mindepth 1 -delete
        systemctl start --no-block mariadb`,
    );

interface Copied {
    report: SequenceReport;
    /** Seconds for which the other member was a donor. */
    copySeconds: number;
    /** When it was. */
    fromMs: number;
    toMs: number;
}

/**
 * What a client that writes through the load balancer gets while a member is filled by a copy of the other one. That one alone has the clients meanwhile,
 * those that write and those that read.
 */
async function copied(name: string, table: string): Promise<Copied> {
    await atEase();
    const writer = await SequenceWriter.start(await access(), { table, timeoutMs: 5000 });
    await losesDisk(name);
    await becomes(other(name), "donor", 120);
    await until(
        `the load balancer knows that ${name} is away`,
        30,
        balanced,
        (servers) => servers.filter((server) => server.endsWith(`/${name} DOWN`)).length === 2,
    );
    const fromMs = monotonicMs();
    const seen = new Set<string>();
    while ((await state(other(name))) === "donor") {
        for (const server of await balanced()) seen.add(server);
        await pause(200);
    }
    const toMs = monotonicMs();
    await becomes(name, "synced", 120);
    await atEase();
    const report = await writer.stop();
    const at = (way: string) => [`${way}/${name} DOWN`, `${way}/${other(name)} UP`];
    expect([...seen].sort()).toEqual([...at("readers"), ...at("sql")].sort());
    return { report, copySeconds: (toMs - fromMs) / 1000, fromMs, toMs };
}

/** The longest time without a write that began while the copy was made. */
const longestDuring = ({ report, fromMs, toMs }: Copied): number =>
    Math.max(
        0,
        ...report.gaps.filter((gap) => gap.fromMs >= fromMs && gap.fromMs <= toMs).map(({ seconds }) => seconds),
    );

async function complete({ report }: Copied, table: string): Promise<void> {
    expect(await missing(report.acknowledged, `shop.${table}`, members())).toEqual({ db1: [], db2: [] });
}

test("while the second member gets a whole copy from the writer, the writer goes on, and serves readers too", async () => {
    const run = await copied("db2", "second");
    figure("db2 gets a whole copy from db1, the only other member, in", run.copySeconds);
    figure(
        `the same: ${run.report.acknowledged.length} writes, the longest time without one`,
        run.report.longestSeconds,
    );
    expect(run.report.errors).toEqual({});
    expect(run.copySeconds).toBeGreaterThan(10);
    expect(run.report.longestSeconds).toBeLessThan(run.copySeconds / 3);
    await complete(run, "second");
});

test("while the writer gets a whole copy from the one that stands in for it, that one goes on", async () => {
    const { failover } = await stack.outputs();
    const promised = (failover?.value as FaultSeconds[]).find(({ fault }) => fault === Fault.Process)?.totalSeconds;
    const run = await copied("db1", "first");
    figure("db1 gets a whole copy from db2, the only other member, in", run.copySeconds);
    figure("the same: the longest time without a write during the copy", longestDuring(run));
    figure(`the same: the longest time without a write at all, ${promised} s promised`, run.report.longestSeconds);
    expect(run.copySeconds).toBeGreaterThan(10);
    expect(longestDuring(run)).toBeLessThan(run.copySeconds / 3);
    expect(run.report.longestSeconds).toBeLessThan(Math.max(promised ?? 0, run.copySeconds / 3) * ROOM);
    await complete(run, "first");
});

test("a member that catches up from the only other one takes no client from it", async () => {
    await atEase();
    const writer = await SequenceWriter.start(await access(), { table: "again", timeoutMs: 5000 });
    await onHost(bench.host("db2"), "systemctl restart mariadb");
    await becomes("db2", "synced", 120);
    await atEase();
    const { acknowledged, errors, longestSeconds } = await writer.stop();
    figure("db2 restarts and catches up from db1: the longest time without a write", longestSeconds);
    expect(errors).toEqual({});
    expect(await missing(acknowledged, "shop.again", members())).toEqual({ db1: [], db2: [] });
});
