import type { Stack } from "@pulumi/pulumi/automation";
import { CertificateAuthority, GaleraCluster, HaproxyFrontend } from "../../components";
import type { LabHost } from "../../lab";
import { serverRuns } from "./galera-bench";
import { asRoot, missing } from "./members";
import { SequenceWriter } from "./sequence";
import type { SqlAccess } from "./sql";
import { figure, up, upOk } from "./stack";
import { Bench, onHost, until } from "./support";

jest.setTimeout(400_000);

const THREE = ["db1", "db2", "db3"];
const FIVE = [...THREE, "db4", "db5"];

let bench: Bench;
let stack: Stack;
let wanted: { nodes: string[]; settings: Record<string, string> } = { nodes: THREE, settings: {} };

beforeAll(async () => {
    bench = await Bench.up("t-ggrow", "10.110.0.0/24", [...FIVE, "lb1"]);
    stack = await bench.stack("sql", () => {
        const ca = new CertificateAuthority("ca", { organization: "Example" });
        const cluster = new GaleraCluster("orders", {
            nodes: wanted.nodes.map((name) => bench.node(name)),
            issuer: ca.issuer,
            clientAddresses: [bench.host("lb1").inventory.address],
            databases: [{ name: "shop" }],
            users: [{ name: "shop", database: "shop", grants: ["ALL"] }],
            settings: wanted.settings,
            drainSeconds: 1,
        });
        new HaproxyFrontend("sql", { nodes: [bench.node("lb1")], bind: { port: 3306 }, galera: cluster.backend });
        return Promise.resolve({ ca: cluster.ca, passwords: cluster.passwords });
    });
    figure("first up of three members and a load balancer", (await upOk(stack)).seconds);
});
afterAll(() => bench.down());

const hosts = (names = wanted.nodes): LabHost[] => names.map((name) => bench.host(name));

async function access(): Promise<SqlAccess> {
    const { ca, passwords } = await stack.outputs();
    const password = (passwords?.value as Record<string, string>).shop ?? "";
    const { address } = bench.host("lb1").inventory;
    return { host: address, port: 3306, user: "shop", password, database: "shop", ca: String(ca?.value) };
}

/** Waits until these members, and no others, are in the cluster, as each of them sees it. */
async function whole(names = wanted.nodes): Promise<void> {
    for (const host of hosts(names))
        await until(
            `${names.join(", ")} make the cluster, says ${host.name}`,
            60,
            () =>
                asRoot(
                    host,
                    "SELECT GROUP_CONCAT(node_name ORDER BY node_name) FROM mysql.wsrep_cluster_members",
                ).catch(() => "no answer"),
            (text) => text.trim() === names.join(","),
        );
}

/** The servers that the load balancer leads to, with what its checks say of them. */
const balanced = async (): Promise<string[]> => {
    const ask = `use Socket; socket(my $s, AF_UNIX, SOCK_STREAM, 0); connect($s, pack_sockaddr_un("/run/haproxy/admin.sock")) or die; syswrite $s, "show stat\\n"; print <$s>`;
    const rows = (await onHost(bench.host("lb1"), `perl -e '${ask}'`)).split("\n").map((row) => row.split(","));
    return rows
        .filter(([proxy, server]) => proxy === "sql" && FIVE.includes(server ?? ""))
        .map((row) => `${row[1]} ${row[17]}`);
};

/** An `up` to these members while a client writes through the load balancer: none of its writes fails or is lost. */
async function unnoticed(nodes: string[]): Promise<void> {
    const stay = wanted.nodes.filter((name) => nodes.includes(name));
    const runs = await serverRuns(hosts(stay));
    const table = `with_${nodes.length}`;
    const writer = await SequenceWriter.start(await access(), { table, timeoutMs: 5000 });
    const before = wanted;
    wanted = { ...wanted, nodes };
    const { ok, diagnostics, seconds } = await up(stack);
    const { acknowledged, errors, longestSeconds } = await writer.stop();
    figure(`up from ${before.nodes.length} to ${nodes.length} members`, seconds);
    figure(`the same: ${acknowledged.length} writes, the longest time without one`, longestSeconds);
    expect({ ok, diagnostics: ok ? "" : diagnostics }).toEqual({ ok: true, diagnostics: "" });
    expect(errors).toEqual({});
    await whole();
    const nothing = Object.fromEntries(nodes.map((name) => [name, []]));
    expect(await missing(acknowledged, `shop.${table}`, hosts())).toEqual(nothing);
    expect(await serverRuns(hosts(stay))).toEqual(runs);
    await until("the load balancer leads to them alone, and finds all of them well", 30, balanced, (servers) => {
        return servers.join() === nodes.map((name) => `${name} UP`).join();
    });
}

test("three members become five by one up, and no client notices", () => unnoticed(FIVE));

test("five members become three again, and no client notices", async () => {
    await unnoticed(THREE);
    for (const host of hosts(["db4", "db5"])) {
        expect(await onHost(host, "systemctl is-active mariadb || :")).toBe("inactive\n");
        expect(await onHost(host, "ls -d /var/lib/mysql/shop")).toBe("/var/lib/mysql/shop\n");
    }
});

test("fails: a roll stops at a member that needs a whole copy, which it gets, and no other is restarted", async () => {
    // Outside of what the member's scripts look at: the state that it leaves behind is gone when it starts again.
    await onHost(
        bench.host("db3"),
        `mkdir -p /run/systemd/system/mariadb.service.d
        printf '[Service]\\nExecStopPost=/bin/rm -f /var/lib/mysql/grastate.dat\\n' >/run/systemd/system/mariadb.service.d/lose.conf
        systemctl daemon-reload`,
    );
    const [one, two, three] = await serverRuns(hosts());
    wanted = { ...wanted, settings: { performance_schema: "ON" } };
    const { ok, output, seconds } = await up(stack);
    figure("an up that stops at the first member", seconds);
    expect(ok).toBe(false);
    expect(output).toMatch(
        /db3: needs a whole copy of the data \(SST\), as it could not catch up .*: no other member is restarted/,
    );
    expect(output).toContain("now: the new files and services stay, and what has begun goes on");
    await whole();
    const after = await serverRuns(hosts());
    expect(after.slice(0, 2)).toEqual([one, two]);
    expect(after[2]).not.toBe(three);
    const values = hosts().map(async (host) => (await asRoot(host, "SELECT @@GLOBAL.performance_schema")).trim());
    expect(await Promise.all(values)).toEqual(["0", "0", "1"]);
});
