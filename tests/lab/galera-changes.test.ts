import type { Stack } from "@pulumi/pulumi/automation";
import { CertificateAuthority, GaleraCluster } from "../../components";
import type { Issuer } from "../../components";
import type { LabHost } from "../../lab";
import { serverRuns } from "./galera-bench";
import { asRoot, fingerprints, missing } from "./members";
import { SequenceWriter } from "./sequence";
import { connect, rows } from "./sql";
import type { SqlAccess } from "./sql";
import { destroy, figure, up, upOk } from "./stack";
import type { Outcome } from "./stack";
import { Bench, onHost, until } from "./support";

jest.setTimeout(400_000);

const HOSTS = ["db1", "db2", "db3", "db4"];
const FIRST = ["db1", "db2", "db3"];

interface Wish {
    nodes: string[];
    /** Whose certificates the members have, and who else is trusted. */
    authority: "old" | "old, the new one trusted" | "new, the old one trusted" | "new";
    settings?: Record<string, string>;
    /** What becomes of the issuer. */
    issuer?: (issuer: Issuer, other: Issuer) => Issuer;
}

let bench: Bench;
let stack: Stack;
let wanted: Wish = { nodes: FIRST, authority: "old" };
const before: Record<string, string> = {};

function authorities(): [Issuer, Issuer] {
    const make = (name: string, alsoTrusted: CertificateAuthority[]) =>
        new CertificateAuthority(name, {
            organization: "Example",
            alsoTrusted: alsoTrusted.map((other) => other.certificatePem),
        });
    if (wanted.authority.startsWith("old")) {
        const next = make("next", []);
        return [make("ca", wanted.authority === "old" ? [] : [next]).issuer, next.issuer];
    }
    const old = make("ca", []);
    return [make("next", wanted.authority === "new" ? [] : [old]).issuer, old.issuer];
}

beforeAll(async () => {
    bench = await Bench.up("t-gchange", "10.81.0.0/24", HOSTS);
    for (const host of bench.lab.hosts) before[host.name] = await ours(host);
    stack = await bench.stack("sql", () => {
        const [issuer, other] = authorities();
        const cluster = new GaleraCluster("orders", {
            nodes: wanted.nodes.map((name) => bench.node(name)),
            issuer: wanted.issuer?.(issuer, other) ?? issuer,
            databases: [{ name: "shop" }],
            users: [{ name: "shop", database: "shop", grants: ["ALL"] }],
            settings: wanted.settings ?? {},
            joinSeconds: 120,
            drainSeconds: 1,
        });
        const { ca, passwords } = cluster;
        return Promise.resolve({ ca, passwords, certificate: issuer.certificatePem, key: issuer.privateKeyPem });
    });
    figure("first up of three members", (await upOk(stack)).seconds);
});
afterAll(() => bench.down());

const hosts = (names = wanted.nodes): LabHost[] => names.map((name) => bench.host(name));

/** What bears our name, but for the engine's own. */
const ours = (host: LabHost): Promise<string> =>
    onHost(
        host,
        "find /etc /usr/local /run /var/lib -path /run/pulumi-ha -prune -o -path /var/lib/pulumi-ha -prune -o -name '*pulumi-ha*' -print; ls /var/lib/pulumi-ha/units 2>/dev/null || :",
    );

const served = () =>
    Promise.all(
        hosts().map((host, n) => fingerprints(hosts()[(n + 1) % hosts().length] ?? host, host.inventory.address)),
    );

async function access(host = "db1"): Promise<SqlAccess> {
    const { ca, passwords } = await stack.outputs();
    const password = (passwords?.value as Record<string, string>).shop ?? "";
    const { address } = bench.host(host).inventory;
    return { host: address, port: 3306, user: "shop", password, database: "shop", ca: String(ca?.value) };
}

const reaches = async (from: SqlAccess): Promise<unknown> => {
    const connection = await connect(from);
    const [row] = await rows(connection, "SELECT @@wsrep_node_name AS member");
    await connection.end();
    return row?.member;
};

/** Waits until these members, and no others, are in the cluster. */
const whole = (names = wanted.nodes): Promise<string> =>
    until(
        `${names.join(", ")} make the cluster`,
        60,
        () =>
            asRoot(
                bench.host("db1"),
                "SELECT GROUP_CONCAT(node_name ORDER BY node_name) FROM mysql.wsrep_cluster_members",
            ),
        (text) => text.trim() === names.join(","),
    );

/** What a client of the writer saw while something happened: each error is one too many. */
async function unnoticed(table: string, happens: () => Promise<unknown>): Promise<void> {
    const writer = await SequenceWriter.start(await access(), { table, timeoutMs: 5000 });
    try {
        await happens();
    } catch (error) {
        await writer.stop();
        throw error;
    }
    const { acknowledged, errors, longestSeconds } = await writer.stop();
    figure(
        `${table}: ${acknowledged.length} writes acknowledged meanwhile, the longest time without one`,
        longestSeconds,
    );
    expect(errors).toEqual({});
    const nothing = Object.fromEntries(hosts().map(({ name }) => [name, []]));
    expect(await missing(acknowledged, `shop.${table}`, hosts())).toEqual(nothing);
}

/** An `up` that fails, after which all servers are those that ran before. */
async function refused(wish: Partial<Wish>): Promise<Outcome> {
    const runs = await serverRuns(hosts());
    const [was, serving] = [wanted, await served()];
    wanted = { ...wanted, ...wish };
    const outcome = await up(stack);
    wanted = was;
    expect(outcome).toMatchObject({ ok: false });
    expect(await serverRuns(hosts())).toEqual(runs);
    expect(await served()).toEqual(serving);
    return outcome;
}

test("only those who are meant to get in are in the list of accounts", async () => {
    for (const host of hosts()) {
        const accounts = "SELECT CONCAT(User, '@', Host) FROM mysql.global_priv WHERE User <> 'PUBLIC' ORDER BY 1";
        expect((await asRoot(host, accounts)).trim().split("\n")).toEqual([
            "galera-health@localhost",
            "mariadb.sys@localhost",
            "mysql@localhost",
            "root@localhost",
            "shop@%",
        ]);
        expect(await asRoot(host, "SHOW DATABASES LIKE 'test'; SELECT * FROM mysql.db WHERE User = ''")).toBe("");
        expect(await asRoot(host, "SHOW GRANTS FOR mysql@localhost")).toBe(
            "GRANT RELOAD, PROCESS, LOCK TABLES, BINLOG MONITOR ON *.* TO `mysql`@`localhost` IDENTIFIED VIA unix_socket\n",
        );
        expect(await asRoot(host, "SHOW GRANTS FOR `galera-health`@localhost")).toBe(
            "GRANT USAGE ON *.* TO `galera-health`@`localhost` IDENTIFIED VIA unix_socket\n",
        );
        expect(await asRoot(host, "SHOW GRANTS FOR root@localhost")).toMatch(/IDENTIFIED VIA unix_socket WITH GRANT/);
        expect(await onHost(host, "runuser -u nobody -- mariadb -u root -e 'SELECT 1' 2>&1 || :")).toContain("1698");
    }
});

test("a backup by mariabackup can be made and prepared with these settings", async () => {
    const [host] = hosts(["db2"]);
    await asRoot(host!, "CREATE TABLE shop.kept (id INT PRIMARY KEY); INSERT INTO shop.kept VALUES (7)");
    const said = await onHost(
        host!,
        `{ mariabackup --backup --target-dir=/var/backups/orders && mariabackup --prepare --target-dir=/var/backups/orders; } 2>&1
        ls /var/backups/orders/shop/kept.ibd`,
    );
    expect(said.match(/completed OK!/g)).toHaveLength(2);
    await onHost(host!, "rm -rf /var/backups/orders");
});

describe("certificates", () => {
    test("an authority is exchanged while everything runs", async () => {
        const runs = await serverRuns(hosts());
        const old = await served();
        const oldAccess = await access();
        expect(new Set(old.map(({ sql, replication }) => (sql === replication ? sql : ""))).size).toBe(3);

        await unnoticed("rotation", async () => {
            wanted = { ...wanted, authority: "old, the new one trusted" };
            const trusting = await upOk(stack);
            figure("up by which all trust a second authority", trusting.seconds);
            expect(await served()).toEqual(old);

            const overlap = await access();
            wanted = { ...wanted, authority: "new, the old one trusted" };
            const exchanging = await upOk(stack);
            figure("up by which all have certificates of another authority", exchanging.seconds);
            const now = await served();
            for (const [n, { sql, replication }] of now.entries()) {
                expect(sql).toMatch(/^[0-9A-F:]{95}$/);
                expect(replication).toBe(sql);
                expect(sql).not.toBe(old[n]?.sql);
            }
            expect(await reaches(overlap)).toBe("db1");

            wanted = { ...wanted, authority: "new" };
            figure("up by which all forget the first authority", (await upOk(stack)).seconds);
            expect(await served()).toEqual(now);
        });
        expect(await reaches(await access())).toBe("db1");
        await expect(reaches(oldAccess)).rejects.toThrow(/self-signed certificate|unable to/);
        expect(await serverRuns(hosts())).toEqual(runs);
    });

    test("fails: another authority all at once, with which members would no longer trust each other", async () => {
        const { output } = await refused({ authority: "old" });
        expect(output).toContain("let both authorities be trusted first");
    });

    test("fails: certificates of an authority that is not trusted", async () => {
        const { output } = await refused({
            issuer: (issuer, other) => ({ ...other, trustedPem: issuer.trustedPem }),
        });
        expect(output).toContain("the certificate is not of an authority in /etc/mysql/pulumi-ha/ca.pem");
    });

    test("fails: one that has expired is refused before it is used, and called by its name where a member is shut out by it", async () => {
        const [host] = hosts(["db3"]);
        const { certificate, key } = await stack.outputs();
        await onHost(
            host!,
            `cd /etc/mysql/pulumi-ha && cp -a cert.pem cert.pem.kept && umask 077
            echo '${certificate?.value}' >/run/signer.pem
            echo '${key?.value}' >/run/signer.key
            openssl req -new -key key.pem -subj /CN=db3 | openssl x509 -req -CA /run/signer.pem -CAkey /run/signer.key -days -1 -out /run/expired.pem
            cat /run/expired.pem >cert.pem
            rm /run/signer.* /run/expired.pem`,
        );
        const validator = `sed -n '/^validate the certificate/,/^[^|v]/{s/^| \\{0,1\\}//p}' /var/lib/pulumi-ha/units/galera-orders/manifest | bash -eu 2>&1 || :`;
        expect(await onHost(host!, validator)).toMatch(/^the certificate has expired: notAfter=/);

        await host!.exec(["systemctl", "restart", "--no-block", "mariadb"]);
        await until("it is out", 30, () => whole(["db1", "db2"]), Boolean);
        const { stderr } = await host!.exec(["/usr/local/lib/pulumi-ha/galera/member", "converge"], {
            timeoutSeconds: 200,
        });
        process.stdout.write(stderr);
        expect(stderr).toMatch(/the certificate in .* has expired/);
        await onHost(
            host!,
            "cd /etc/mysql/pulumi-ha && mv cert.pem.kept cert.pem && /usr/local/lib/pulumi-ha/galera/member converge",
        );
        await whole();
    });
});

test("fails: a setting with which the server does not start stops the roll at the first member, which gets its old one back", async () => {
    const [one, two, three] = await serverRuns(hosts());
    const was = wanted;
    wanted = { ...wanted, settings: { innodb_page_size: "8192" } };
    const { ok, output, seconds } = await up(stack);
    wanted = was;
    figure("an up that fails at the first member and puts it back", seconds);
    expect(ok).toBe(false);
    expect(output).toContain("innodb_page_size");
    expect((await serverRuns(hosts())).slice(0, 2)).toEqual([one, two]);
    expect((await serverRuns(hosts()))[2]).not.toBe(three);
    await whole();
    await upOk(stack);
});

test("one machine is exchanged for another, and back, and the writer's clients do not notice", async () => {
    await unnoticed("exchange", async () => {
        for (const nodes of [["db1", "db2", "db4"], FIRST]) {
            const runs = await serverRuns(hosts(["db1", "db2"]));
            wanted = { ...wanted, nodes };
            figure(`up by which ${nodes.at(-1)} comes and another one leaves`, (await upOk(stack)).seconds);
            await whole();
            expect(await serverRuns(hosts(["db1", "db2"]))).toEqual(runs);
            const allowed = nodes.map((name) => bench.host(name).inventory.address);
            const list = await asRoot(bench.host("db2"), "SELECT ip FROM mysql.wsrep_allowlist ORDER BY ip");
            expect(list.trim().split("\n")).toEqual(allowed);
            expect((await asRoot(bench.host("db1"), "SELECT @@GLOBAL.wsrep_sst_donor")).trim()).toBe(
                `${nodes[2]},db2,`,
            );
            const left = HOSTS.find((name) => !nodes.includes(name)) ?? "";
            const { address } = bench.host("db1").inventory;
            // The connection ends before a certificate is shown.
            await expect(fingerprints(bench.host(left), address)).rejects.toThrow(`-connect ${address}:4567`);
        }
    });
});

test("destroy leaves the data, and nothing else of its own", async () => {
    const { ok, output, seconds } = await destroy(stack);
    figure("destroy", seconds);
    expect({ ok, output: ok ? "" : output }).toEqual({ ok: true, output: "" });
    for (const host of hosts(HOSTS)) {
        expect(await ours(host)).toBe(before[host.name]);
        expect(await onHost(host, "ls /var/lib/mysql/shop/kept.ibd")).toBe("/var/lib/mysql/shop/kept.ibd\n");
        expect(await onHost(host, "systemctl is-active mariadb || :; getent passwd galera-health || :")).toBe(
            "inactive\n",
        );
    }
});
