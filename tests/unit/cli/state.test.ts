import { manifest, toText } from "../../../remote/manifest";
import { membersOf } from "../../../cli/recover/members";
import { deployedUnits } from "../../../cli/state";
import type { Deployment } from "../../../cli/state";

const SECRET = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };
const shown = (value: unknown) => ({ ...SECRET, plaintext: JSON.stringify(value) });
const KEY = "-----BEGIN OPENSSH PRIVATE KEY-----";

/** A cluster of `nodes` as its state is exported. */
const state = (nodes: string[], connection: (node: string) => unknown): Deployment => ({
    deployment: {
        resources: [
            {
                urn: "urn:cluster",
                type: "pulumi-ha:index:GaleraCluster",
                inputs: { nodes: ["db1", "db2", "db3"].map((name) => ({ name })) },
            },
            ...nodes.flatMap((node) => [
                {
                    urn: `urn:orders-${node}`,
                    type: "pulumi-ha:index:Unit",
                    parent: "urn:cluster",
                    inputs: { node, address: `10.0.0.${node.slice(2)}` },
                },
                {
                    urn: `urn:orders-${node}-apply`,
                    type: "command:remote:Command",
                    parent: `urn:orders-${node}`,
                    inputs: {
                        connection: connection(node),
                        stdin: toText(manifest({ unit: "galera-orders" })),
                    },
                },
            ]),
        ],
    },
});

const inClear = (node: string) =>
    shown({ host: `${node}.example`, user: "admin", hostKey: "ssh-ed25519 AAAA", privateKey: shown(KEY) });

test("a unit has the way to its host where the export shows secrets", () => {
    const [unit] = deployedUnits(state(["db1"], inClear));
    expect(unit).toMatchObject({ node: "db1", address: "10.0.0.1", manifest: { unit: "galera-orders" } });
    expect(unit?.connection).toMatchObject({
        host: "db1.example",
        port: 22,
        user: "admin",
        hostKey: "ssh-ed25519 AAAA",
        privateKey: KEY,
    });
});

test("and none where secrets are encrypted", () => {
    const [unit] = deployedUnits(state(["db1"], () => ({ ...SECRET, ciphertext: "v1:abc" })));
    expect(unit).toMatchObject({ node: "db1", connection: undefined });
});

test("members are in the order of the cluster's nodes, whatever was applied first", () => {
    const members = membersOf("orders", deployedUnits(state(["db3", "db1", "db2"], inClear)));
    expect(members.map(({ node }) => node)).toEqual(["db1", "db2", "db3"]);
});

test("fails for a cluster that the stack has not", () => {
    expect(() => membersOf("invoices", deployedUnits(state(["db1"], inClear)))).toThrow(
        'the stack has no Galera cluster "invoices"; it has: orders',
    );
});

test("fails without the connection in clear, and does not say more than that", () => {
    const units = deployedUnits(state(["db1"], () => ({ ...SECRET, ciphertext: "v1:abc" })));
    expect(() => membersOf("orders", units)).toThrow("no connection to db1 in clear");
});
