import * as pulumi from "@pulumi/pulumi";
import type { GaleraClusterArgs } from "../../../../components/galera-cluster";
import { GaleraCluster } from "../../../../components/galera-cluster";
import { mocked, promised } from "../mocked";

const PASSWORD = `it's a "pass\\word`;
const node = (name: string, number: number) => ({
    name,
    address: `192.0.2.${number}`,
    hostKey: "ssh-ed25519 AAAA",
    privateKey: pulumi.secret("-----BEGIN OPENSSH PRIVATE KEY-----\nabc"),
});
const [db1, db2, db3, third] = [node("db1", 31), node("db2", 32), node("db3", 33), node("third", 41)];
const issuer = {
    certificatePem: "certificate",
    privateKeyPem: "key of the authority",
    chainPem: "",
    trustedPem: "trusted",
    terms: { algorithm: "ECDSA-P256", lifetimeHours: 2160, earlyRenewalHours: 720, longestLifetimeHours: 8000 },
} satisfies GaleraClusterArgs["issuer"];

async function made(preview: boolean, args: () => GaleraClusterArgs) {
    const { registered, commands, applies, result } = await mocked(preview, async () => {
        const cluster = new GaleraCluster("orders", args());
        return {
            endpoints: await promised(cluster.endpoints),
            writer: await promised(cluster.writer),
            backend: await promised(cluster.backend),
            readers: await promised(cluster.readers),
            failover: await promised(cluster.failover),
            health: await promised(cluster.health),
            passwordsAreSecret: await pulumi.isSecret(cluster.passwords),
        };
    });
    return { registered, commands, applies, outputs: result };
}

const three = (): GaleraClusterArgs => ({
    nodes: [db1, db2, db3],
    issuer,
    databases: [{ name: "orders" }],
    users: [{ name: "shop", database: "orders", password: PASSWORD }],
});

describe.each([
    ["preview", true],
    ["update", false],
])("in a %s", (_title, preview) => {
    test("all let a member in before the first one starts, and the writer comes last", async () => {
        const { applies: order } = await made(preview, three);
        expect(order.slice(0, 3).sort()).toEqual([
            "orders-db1-member-apply",
            "orders-db2-member-apply",
            "orders-db3-member-apply",
        ]);
        expect(order.slice(3)).toEqual([
            "orders-db3-apply",
            "orders-db2-apply",
            "orders-db1-apply",
            "orders-accounts-apply",
        ]);
    });

    test("the arbitrator votes once the members are there", async () => {
        const { applies: order } = await made(preview, () => ({ nodes: [db1, db2], arbitrator: third, issuer }));
        expect(order.indexOf("orders-arbitrator-apply")).toBeGreaterThan(order.indexOf("orders-db1-apply"));
    });

    test("what is built on the cluster is known at preview", async () => {
        const { outputs } = await made(preview, three);
        expect(outputs).toMatchObject({
            endpoints: { db1: "192.0.2.31:3306", db2: "192.0.2.32:3306", db3: "192.0.2.33:3306" },
            writer: "db1",
            backend: { healthPath: "/writer", servers: [{ name: "db1" }, { name: "db2" }, { name: "db3" }] },
            readers: { healthPath: "/reader" },
            health: { port: 9200, writerPath: "/writer" },
            passwordsAreSecret: true,
        });
        expect(outputs.failover.map((f) => f.fault)).toContain("power");
    });

    test("what is sent in clear holds no password and no key", async () => {
        const { registered } = await made(preview, three);
        const component = registered.find((r) => r.type === GaleraCluster.__pulumiType);
        expect(JSON.stringify(component?.inputs)).not.toContain("word");
        const applies = registered.filter((r) => r.name.endsWith("-apply")).map((r) => String(r.inputs.stdin));
        expect(applies.length).toBeGreaterThan(0);
        for (const stdin of applies) {
            expect(stdin).not.toContain(PASSWORD);
            expect(stdin).not.toContain("key of the authority");
        }
    });
});

test("fails with all that is wrong before a command is made", async () => {
    const wrong = () => ({ nodes: [db1, db1], issuer, settings: { innodb_flush_log_at_trx_commit: "0" } });
    await expect(made(true, wrong)).rejects.toThrow(/nodes[\s\S]*innodb_flush_log_at_trx_commit/);
});
