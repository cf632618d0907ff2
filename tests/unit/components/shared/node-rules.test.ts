import * as pulumi from "@pulumi/pulumi";
import { GaleraCluster } from "../../../../components/galera-cluster";
import { DrbdVolume } from "../../../../components/drbd-volume";
import { HaPair } from "../../../../components/ha-pair";
import { HaproxyFrontend } from "../../../../components/haproxy-frontend";
import { KeepalivedVip } from "../../../../components/keepalived-vip";
import { PacemakerCluster } from "../../../../components/pacemaker-cluster";
import type { Issuer } from "../../../../components/shared/issuer";
import { Witness } from "../../../../components/witness";
import type { NodeArgs } from "../../../../remote/node";
import { verified } from "../../../../remote/reach";
import { mocked } from "../mocked";

const KEY = "ssh-ed25519 AAAA";
const node = (number: number, parts: object = {}): NodeArgs => ({
    name: `n${number}`,
    address: `10.77.0.1${number}`,
    interface: "eth0",
    hostKey: KEY,
    ...parts,
});
const nodes = [node(1), node(2)];
const issuer = { trustedPem: "", certificatePem: "", privateKeyPem: "", chainPem: "" } as unknown as Issuer;
const later = (): pulumi.Output<string> => pulumi.output(Promise.resolve("10.77.0.100/24"));

const refusal = (program: () => unknown): Promise<string> =>
    mocked(true, program).then(
        () => "",
        (error: unknown) => String(error),
    );
const vipOf = (given: NodeArgs[], address: pulumi.Input<string> = "10.77.0.100/24") =>
    refusal(() => new KeepalivedVip("front", { nodes: given, address }));

test.each<[title: string, parts: object, said: string]>([
    ["no host key", { hostKey: undefined }, "hostKey: is missing: pin the host's own with npx pulumi-ha trust"],
    ["a word for a host key", { hostKey: "hello" }, 'hostKey: "hello" is no host key that can be pinned'],
    ["an RSA host key", { hostKey: "ssh-rsa AAAA" }, 'hostKey: "ssh-rsa AAAA" is no host key'],
    [
        "a host key as the documentation shortens it",
        { hostKey: "ssh-ed25519 AAAA…" },
        'hostKey: "ssh-ed25519 AAAA…" is no host key',
    ],
    ["a port in a text", { port: "22" }, 'port: "22" is no port: a whole number from 1 to 65535'],
    ["a port that is none", { port: 99999 }, "port: 99999 is no port"],
    ["a host that is not waited for", { reachWithinSeconds: -1 }, "reachWithinSeconds: -1 s is no time"],
    [
        "a host that is waited for all the time",
        { reachWithinSeconds: Infinity },
        "reachWithinSeconds: Infinity s is no time",
    ],
    ["a login with a blank", { user: "a b" }, 'user: "a b" is no login name'],
    ["a path for a name", { name: "../x" }, 'name: "../x" is no name for a node'],
    ["a name with an umlaut", { name: "lbü" }, 'name: "lbü" is no name for a node'],
    ["a bastion without host key", { bastion: { address: "192.0.2.1" } }, "bastion.hostKey: is missing"],
    ["a bastion's port", { bastion: { address: "192.0.2.1", hostKey: KEY, port: 0 } }, "bastion.port: 0 is no port"],
])("fails: %s", async (_title, parts, said) => {
    expect(await vipOf([node(1), node(2, parts)])).toContain(`  - nodes[1].${said}`);
});

test("fails: all nodes and all fields at once, with what else is refused", async () => {
    const found = await vipOf([node(1, { hostKey: undefined }), node(2, { hostKey: undefined, port: 0 })], "x");
    expect(found).toMatch(
        /4 things must change[^]*nodes\[0\]\.hostKey: [^]*nodes\[1\]\.hostKey: [^]*nodes\[1\]\.port: [^]*address: /,
    );
});

test("fails: all nodes at once where an address is known later", async () => {
    const unpinned = nodes.map((one) => ({ ...one, hostKey: undefined }));
    expect(await vipOf(unpinned, later())).toMatch(/2 things[^]*nodes\[0\]\.hostKey: [^]*nodes\[1\]\.hostKey: /);
});

test("fails: what was given for a host key by mistake is not repeated whole", async () => {
    const found = await vipOf([node(1), node(2, { hostKey: "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1r" })]);
    expect(found).toContain("is no host key");
    expect(found).not.toContain("b3BlbnNz");
});

test("fails: a host key that is known later only, without its value", () => {
    const look = () => verified(node(2), "hostKey", "hello");
    expect(look).toThrow("node n2: hostKey: what it came to is no host key");
    expect(look).not.toThrow("hello");
});

test.each<[title: string, hostKey: pulumi.Input<string>]>([
    ["with a comment", `${KEY} root@lb1\n`],
    ["of ECDSA", "ecdsa-sha2-nistp256 AAAA"],
    ["that is an output", pulumi.output(KEY)],
])("a host key %s is taken", async (_title, hostKey) => expect(await vipOf([node(1), node(2, { hostKey })])).toBe(""));

test("a node that may be unknown needs no host key", async () =>
    expect(await vipOf([node(1), node(2, { hostKey: undefined, acceptUnknownHostKey: "a lab" })])).toBe(""));

/** Each component with given nodes. */
const components: Record<string, (given: NodeArgs[]) => unknown> = {
    KeepalivedVip: (given) => new KeepalivedVip("it", { nodes: given, address: "10.77.0.100/24" }),
    HaproxyFrontend: (given) => new HaproxyFrontend("it", { nodes: given, bind: { port: 80 }, servers: {} }),
    GaleraCluster: (given) => new GaleraCluster("it", { nodes: given, issuer }),
    DrbdVolume: (given) => new DrbdVolume("it", { nodes: given, device: "/dev/vdb", mountPoint: "/srv/it" }),
    PacemakerCluster: (given) => new PacemakerCluster("it", { nodes: given, resources: {} }),
    HaPair: (given) => new HaPair("it", { nodes: given, address: "10.77.0.100/24" }),
};

describe.each(Object.entries(components))("%s", (_title, make) => {
    const made = (given: unknown) => refusal(() => make(given as NodeArgs[]));

    test("fails: how a node is reached", async () =>
        expect(await made([node(1), node(2, { hostKey: "hello" })])).toContain(
            '- nodes[1].hostKey: "hello" is no host key',
        ));

    test("fails: a name that no file can have", async () =>
        expect(await made([node(1), node(2, { name: "../x" })])).toContain(
            '- nodes[1].name: "../x" is no name for a node',
        ));

    test.each([
        [
            "a name that the config does not have",
            [node(1), undefined],
            "nodes[1]: is no node: has the config one of that name?",
        ],
        ["one node for a list", node(1), "nodes: is no list of nodes"],
        ["no nodes", undefined, "nodes: is no list of nodes"],
        ["a node without address", [node(1), { name: "n2" }], "nodes[1].address: is missing"],
    ])("fails: %s", async (_what, given, said) => expect(await made(given)).toContain(`  - ${said}`));
});

test("fails: a witness and an arbitrator that cannot be reached or are none", async () => {
    const bad = node(9, { port: 99999 });
    expect(await refusal(() => new Witness("w", { node: bad, issuer }))).toContain("- node.port: 99999 is no port");
    expect(await refusal(() => new Witness("w", { node: undefined as never, issuer }))).toContain("- node: is no node");
    expect(await refusal(() => new GaleraCluster("db", { nodes, arbitrator: bad, issuer }))).toContain(
        "- arbitrator.port: 99999 is no port",
    );
});
