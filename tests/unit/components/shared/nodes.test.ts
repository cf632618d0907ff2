import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { nodesFromConfig } from "../../../../components";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGbI5wMZb0Cn0nOXWnfEwYf3HZJfWAuBPWm2d0rUvHhD";
let dir: string;

beforeAll(async () => {
    dir = mkdtempSync(path.join(tmpdir(), "pulumi-ha-nodes-"));
    await pulumi.runtime.setMocks({
        newResource: ({ name, inputs }) => ({ id: name, state: inputs }),
        call: () => ({}),
    });
});
afterAll(() => rmSync(dir, { recursive: true }));

/** The stack's config, by keys without the project's name. */
function config(values: Record<string, unknown>, secrets: string[] = []): void {
    const text = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
    pulumi.runtime.setAllConfig(
        Object.fromEntries(Object.entries(values).map(([key, value]) => [`project:${key}`, text(value)])),
        secrets.map((key) => `project:${key}`),
    );
}

const file = (name: string, content: string): string => {
    writeFileSync(path.join(dir, name), content);
    return path.join(dir, name);
};
const valueOf = (input: pulumi.Input<string> | undefined) =>
    new Promise<string>((resolve) => pulumi.output(input ?? "").apply(resolve));

const lb1 = { name: "lb1", address: "192.0.2.11", interface: "eth0", hostKey: KEY };
const lb2 = { name: "lb2", address: "192.0.2.12", user: "ops", hostKey: KEY };

test("nodes of the config, by name", () => {
    config({ nodes: [lb1, lb2] });
    expect(nodesFromConfig()).toMatchObject({ lb1, lb2 });
});

test("the config's login key is a secret of every node; a node's own file goes before it", async () => {
    config({ nodes: [lb1, { ...lb2, privateKeyFile: file("own", "own key") }], privateKey: "login key" }, [
        "privateKey",
    ]);
    const nodes = nodesFromConfig("lb1", "lb2");
    expect(await valueOf(nodes.lb1.privateKey)).toBe("login key");
    expect(await valueOf(nodes.lb2.privateKey)).toBe("own key");
    expect(await pulumi.isSecret(pulumi.output(nodes.lb1.privateKey))).toBe(true);
    expect(await pulumi.isSecret(pulumi.output(nodes.lb2.privateKey))).toBe(true);
});

test("a bastion's key: its own file, else its node's, else the config's", async () => {
    const bastion = { address: "192.0.2.1", hostKey: KEY };
    config(
        {
            nodes: [
                { ...lb1, bastion: { ...bastion, privateKeyFile: file("bastion", "bastion key") } },
                { ...lb2, bastion, privateKeyFile: file("node", "node key") },
                { ...lb2, name: "lb3", bastion },
            ],
            privateKey: "login key",
        },
        ["privateKey"],
    );
    const nodes = nodesFromConfig("lb1", "lb2", "lb3");
    const keys = await Promise.all(Object.values(nodes).map((node) => valueOf(node.bastion?.privateKey)));
    expect(keys).toEqual(["bastion key", "node key", "login key"]);
});

test("fails: nodes of a project of another name", () => {
    pulumi.runtime.setAllConfig({ "web:nodes": JSON.stringify([lb1]) });
    expect(() => nodesFromConfig("lb1")).toThrow(
        /give project:nodes .*; web:nodes is of another project, and Pulumi.yaml names this one project$/,
    );
});

test("an inventory file, whose login key is all nodes'", async () => {
    const inventory = {
        lab: "lab",
        subnet: "192.0.2.0/24",
        loginKey: file("login", "lab key"),
        hosts: [{ number: 1, ...lb1 }],
    };
    config({ inventory: file("inventory.json", JSON.stringify(inventory)) });
    const { lb1: node } = nodesFromConfig("lb1");
    expect(node).toMatchObject(lb1);
    expect(await valueOf(node.privateKey)).toBe("lab key");
});

test.each<[string, Record<string, unknown>, RegExp]>([
    ["no nodes at all", {}, /names no nodes: give project:nodes \(a list\) or project:inventory \(a file\)/],
    ["a file that is not there", { inventory: "/nowhere/inventory.json" }, /there is no such file: start the lab/],
    ["a node that the program needs", { nodes: [lb1] }, /has no node lb2: it has lb1/],
    ["a name twice", { nodes: [lb1, lb1, lb2] }, /names node lb1 twice/],
    ["a key file that is not there", { nodes: [lb1, { ...lb2, privateKeyFile: "/nowhere/key" }] }, /\/nowhere\/key/],
    ["an unknown field", { nodes: [lb1, { ...lb2, adress: "x" }] }, /\[1\].*adress/s],
    [
        "an RSA host key of a bastion",
        { nodes: [lb1, { ...lb2, bastion: { address: "x", hostKey: "ssh-rsa AAAA" } }] },
        /\[1\]\.bastion\.hostKey/,
    ],
    [
        "an address that is none",
        {
            nodes: [
                { ...lb1, address: "lb1.example" },
                { ...lb2, name: "LB 2" },
            ],
        },
        /\[0\]\.address[\s\S]*\[1\]\.name/,
    ],
])("fails: %s", (_, values, message) => {
    config(values);
    expect(() => nodesFromConfig("lb1", "lb2")).toThrow(message);
});
