import { HOST_KEY, UNKNOWN, says } from "./support";
import type { Given } from "./support";

const unit: Given = { type: "Unit", name: "web-lb1", of: { type: "HaproxyFrontend", name: "web" } };

/** What the rule says of one resource, as in a preview. */
const violations = (type: string, name: string, props: Record<string, unknown>, of?: Given): string[] =>
    says("host-keys-pinned", [{ type, name, props, of }]);

const connection = { host: "192.0.2.11", port: 22, user: "root", privateKey: "login key", hostKey: HOST_KEY };
const proxy = { host: "192.0.2.1", privateKey: "login key", hostKey: HOST_KEY };
const command = (given: unknown, type = "command:remote:Command") =>
    violations(type, "web-lb1-apply", { connection: given, create: "true", stdin: "script" }, unit);
const without = (inputs: Record<string, unknown>, key: string) =>
    Object.fromEntries(Object.entries(inputs).filter(([name]) => name !== key));

const node = { name: "lb1", address: "192.0.2.11", hostKey: HOST_KEY };
const component = (nodes: unknown) => violations("HaproxyFrontend", "web", { nodes, bind: { port: 443 } });

describe("a command", () => {
    test("with a pinned key passes, its bastion too", () => {
        expect(command(connection)).toEqual([]);
        expect(command({ ...connection, proxy })).toEqual([]);
    });

    test("fails: without a host key, by component, resource and field", () => {
        expect(command(without(connection, "hostKey"))).toEqual([
            expect.stringMatching(
                /^HaproxyFrontend > Unit > Command "web-lb1-apply": connection\.hostKey is missing: pin the key of that host, as in "ssh-ed25519/,
            ),
        ]);
    });

    test.each([
        ["an empty key", ""],
        ["no key", null],
    ])("fails: %s is none", (_, hostKey) => {
        expect(command({ ...connection, hostKey })).toHaveLength(1);
    });

    test("fails: the bastion's key is missing", () => {
        expect(command({ ...connection, proxy: without(proxy, "hostKey") })).toEqual([
            expect.stringContaining("connection.proxy.hostKey is missing"),
        ]);
    });

    test("fails: both are missing, both are named", () => {
        expect(command({ ...without(connection, "hostKey"), proxy: without(proxy, "hostKey") })).toHaveLength(2);
    });

    test.each(["command:remote:CopyToRemote", "command:remote:CopyFile"])("fails: %s without a host key", (type) => {
        expect(command(without(connection, "hostKey"), type)).toHaveLength(1);
    });

    test("on this machine, or of another kind, is not looked at", () => {
        expect(violations("command:local:Command", "x", { create: "true" })).toEqual([]);
        expect(violations("random:index:RandomString", "x", { connection: {} })).toEqual([]);
    });

    test("no value of the connection is told", () => {
        const secret = {
            ...without(connection, "hostKey"),
            host: "secret host",
            privateKey: "secret key",
            password: "secret word",
        };
        expect(command({ ...secret, proxy: secret }).join()).not.toContain("secret");
    });

    test("a host key that is known only later is one, and so is a host", () => {
        expect(command({ ...connection, hostKey: UNKNOWN, host: UNKNOWN, privateKey: UNKNOWN })).toEqual([]);
    });

    test("fails: without a host key, also where all else is known only later", () => {
        expect(command({ host: UNKNOWN, user: UNKNOWN, privateKey: UNKNOWN, proxy: UNKNOWN })).toHaveLength(1);
    });

    test("a connection that is known only later is left to the update, and the SDK says so", () => {
        expect(() => command(UNKNOWN)).toThrow(/can't be known during preview/);
    });
});

describe("a unit", () => {
    const unit = (props: Record<string, unknown>) => violations("Unit", "web-lb1", props);

    test("with a pinned key passes, also where the key is known only later", () => {
        expect(unit({ node: "lb1", address: UNKNOWN, hostKey: HOST_KEY })).toEqual([]);
        expect(unit({ node: "lb1", address: "192.0.2.11", hostKey: UNKNOWN })).toEqual([]);
    });

    test("fails: without one, by its node", () => {
        expect(unit({ node: "lb1", address: UNKNOWN })).toEqual([
            expect.stringMatching(/^Unit "web-lb1", node "lb1": hostKey is missing: pin the key of that node/),
        ]);
    });
});

test("fails: a unit once and not again for its commands, but for their bastion", () => {
    const unpinned = without(connection, "hostKey");
    const apply = (given: unknown, of: Given): Given => ({
        type: "command:remote:Command",
        name: "apply",
        props: { connection: given },
        of,
    });
    const refused: Given = { ...unit, props: { node: "lb1" } };
    const pinned: Given = { ...unit, name: "web-lb2", props: { node: "lb2", hostKey: HOST_KEY } };
    const bastion = { ...unpinned, proxy: without(proxy, "hostKey") };
    expect(says("host-keys-pinned", [refused, apply(unpinned, refused)])).toHaveLength(1);
    expect(says("host-keys-pinned", [refused, apply(bastion, refused)])).toEqual([
        expect.stringContaining('Unit "web-lb1"'),
        expect.stringContaining("connection.proxy.hostKey is missing"),
    ]);
    expect(says("host-keys-pinned", [pinned, apply(unpinned, pinned)])).toHaveLength(1);
});

describe("a component", () => {
    test("with pinned nodes passes", () => {
        expect(component([node, { ...node, name: "lb2", address: UNKNOWN }])).toEqual([]);
        expect(component(UNKNOWN)).toEqual([]);
    });

    test("fails: a node is accepted with any key, by component, node and field", () => {
        const risky = {
            ...without(node, "hostKey"),
            name: "lb2",
            acceptUnknownHostKey: "the reason, which may be private",
        };
        const found = component([node, risky]);
        expect(found).toEqual([
            expect.stringMatching(
                /^HaproxyFrontend "web", node "lb2": nodes\[1\]\.acceptUnknownHostKey is set: give hostKey/,
            ),
        ]);
        expect(found.join()).not.toContain("private");
    });

    test("fails: the one node of a component", () => {
        expect(violations("Witness", "third", { node: { ...node, acceptUnknownHostKey: "x" } })).toEqual([
            expect.stringContaining('node "lb1": node.acceptUnknownHostKey is set'),
        ]);
    });

    test("of somebody else may call its inputs as it likes", () => {
        expect(violations("other:index:Thing", "x", { acceptUnknownHostKey: "x" })).toEqual([]);
    });
});
