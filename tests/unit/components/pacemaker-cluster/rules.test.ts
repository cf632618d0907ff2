import { rules } from "../../../../components/pacemaker-cluster/rules";
import { violations } from "../../../../components/shared/rules";
import { bmc, diskless, full, ipmi, kvm, libvirt, n1, n2, n3, spec, third, tie, vip, virtual, web } from "./specs";

type Parts = Parameters<typeof spec>[0];
type Case = [title: string, parts: Parts, path: string, words: string];

const alone: Parts = { clones: {}, orders: [], colocations: [] };
const n4 = { name: "n4", address: "192.0.2.14" };
const resources = (parts: object): Parts => ({ ...alone, resources: { vip: { ...vip, ...parts } } });
const device = (parts: object): Parts => ({ ipmi: { ...ipmi, n2: { ...bmc(112), ...parts } } });
const hypervisor = (parts: object): Parts => ({
    ipmi: undefined,
    libvirt: { ...libvirt, n2: { ...kvm(122), ...parts } },
});
const sbd = (parts: object): Parts => ({ ipmi: undefined, sbd: parts });

test.each([
    ["a pair", spec()],
    ["one of everything", full],
    ["a watchdog and a witness", diskless],
    ["two nodes that fence", tie],
    ["virtual machines", virtual],
    ["a machine of its own and a virtual one", spec({ ipmi: { n1: bmc(111) }, libvirt: { n2: kvm(122) } })],
    ["numbers other than the places", spec({ nodeIds: { n1: 2, n2: 1 } })],
    ["a number as the place would give it", spec({ nodeIds: { n2: 2 } })],
    ["three nodes", spec({ nodes: [n1, n2, n3], witness: undefined, ipmi: { ...ipmi, n3: bmc(113) } })],
    ["a risk that is said", spec({ ipmi: undefined, witness: undefined, acceptSplitBrainRisk: "a demo" })],
])("%s: nothing to refuse", (_title, cluster) =>
    expect(violations(cluster, rules).filter((v) => v.level === "refuse")).toEqual([]),
);

const cases: Case[] = [
    ["one node", { nodes: [n1], ipmi: { n1: bmc(111) } }, "nodes", "there is one"],
    ["four nodes", { nodes: [n1, n2, n3, n4], witness: undefined }, "nodes", "two equal parts"],
    ["a witness of three", { nodes: [n1, n2, n3] }, "witness", "have a majority without it"],
    ["a witness on a member", { witness: { ...third, node: "n2" } }, "witness.node", "lost with it"],
    [
        "a witness at a member's address",
        { witness: { ...third, address: "192.0.2.12" } },
        "nodes[1].address",
        "its own witness",
    ],
    ["a node twice", { nodes: [n1, { ...n2, name: "n1" }] }, "nodes[1].name", "listed twice"],
    ["a node of a part's name", { nodes: [n1, { ...n2, name: "reload" }] }, "nodes[1].name", "name of a part"],
    ["a node's name in capitals", { nodes: [n1, { ...n2, name: "N2" }] }, "nodes[1].name", "no name for a node"],
    [
        "an address twice",
        { nodes: [n1, { ...n2, address: "192.0.2.11" }] },
        "nodes[1].address",
        "the address of n1 too",
    ],
    ["a host name", { nodes: [n1, { ...n2, address: "n2.example" }] }, "nodes[1].address", "is no IP address"],
    ["a link of one node", { links: { n1: "198.51.100.11" } }, "links.n2", "is missing"],
    [
        "a link of a stranger",
        { links: { n1: "198.51.100.11", n2: "198.51.100.12", n9: "198.51.100.13" } },
        "links.n9",
        "no node",
    ],
    ["a link on the same address", { links: { n1: "198.51.100.11", n2: "192.0.2.12" } }, "links.n2", "is used already"],
    ["a stranger's number", { nodeIds: { n9: 9 } }, "nodeIds.n9", "no node of this cluster"],
    ["the number zero", { nodeIds: { n1: 0 } }, "nodeIds.n1", "a whole one from 1 to 65535"],
    ["half a number", { nodeIds: { n2: 2.5 } }, "nodeIds.n2", "a whole one from 1 to 65535"],
    ["a number beyond the link's", { nodeIds: { n2: 65536 } }, "nodeIds.n2", "a whole one from 1 to 65535"],
    ["a number by another node's place", { nodeIds: { n1: 2 } }, "nodeIds.n1", "of n2 too, by its place in nodes"],
    ["a number twice", { nodeIds: { n1: 7, n2: 7 } }, "nodeIds.n2", "7 is the number of n1 too"],
    ["two_node without fencing", { witness: undefined, ipmi: undefined }, "fencing", "two_node without fencing"],
    ["a witness without fencing", { ipmi: undefined }, "fencing", "started a second time"],
    ["a risk without a reason", { acceptSplitBrainRisk: " " }, "acceptSplitBrainRisk", "is empty"],
    ["a node without a controller", { ipmi: { n1: bmc(111) } }, "fencing.ipmi.n2", "is missing"],
    ["a stranger's controller", { ipmi: { ...ipmi, n9: bmc(119) } }, "fencing.ipmi.n9", "no node of this cluster"],
    [
        "one controller of two nodes",
        device({ address: "192.0.2.111" }),
        "fencing.ipmi.n2.address",
        "also the controller of n1",
    ],
    ["a node's own address", device({ address: "192.0.2.12" }), "fencing.ipmi.n2.address", "node's own address"],
    ["a controller's name", device({ address: "bmc2" }), "fencing.ipmi.n2.address", "no IP address"],
    ["a controller's port", device({ port: 0 }), "fencing.ipmi.n2.port", "0 is no port"],
    ["a user with blanks", device({ user: "a b" }), "fencing.ipmi.n2.user", "no user"],
    ["no time at all", device({ answerSeconds: 0 }), "fencing.ipmi.n2.answerSeconds", "as measured"],
    ["more than a minute", device({ answerSeconds: 61 }), "fencing.ipmi.n2.answerSeconds", "61 s is no time"],
    [
        "a hypervisor that takes no time",
        hypervisor({ answerSeconds: -1 }),
        "fencing.libvirt.n2.answerSeconds",
        "as measured",
    ],
    ["a wait below nothing", device({ powerWaitSeconds: -1 }), "fencing.ipmi.n2.powerWaitSeconds", "no wait"],
    ["no encryption", device({ cipher: 0 }), "fencing.ipmi.n2.cipher", "3, 8, 12 or 17"],
    ["a node without a hypervisor", { ipmi: undefined, libvirt: { n1: kvm(121) } }, "fencing.libvirt.n2", "is missing"],
    ["a node that nothing switches off", { ipmi: {}, libvirt: { n1: kvm(121) } }, "fencing.ipmi.n2", "is missing"],
    ["a stranger's hypervisor", { libvirt: { n9: kvm(129) } }, "fencing.libvirt.n9", "no node of this cluster"],
    ["a controller and a hypervisor", { libvirt: { n2: kvm(122) } }, "fencing.libvirt.n2", "in fencing.ipmi too"],
    ["a hypervisor's name", hypervisor({ address: "kvm2" }), "fencing.libvirt.n2.address", "no IP address"],
    ["a node as hypervisor", hypervisor({ address: "192.0.2.12" }), "fencing.libvirt.n2.address", "node's own address"],
    ["a hypervisor's port", hypervisor({ port: 70000 }), "fencing.libvirt.n2.port", "70000 is no port"],
    ["a user that is an option", hypervisor({ user: "-oProxyCommand=x" }), "fencing.libvirt.n2.user", "no login name"],
    ["an RSA host key", hypervisor({ hostKey: "ssh-rsa AAAA" }), "fencing.libvirt.n2.hostKey", "no host key"],
    ["a machine with a blank", hypervisor({ domain: "a b" }), "fencing.libvirt.n2.domain", "give its UUID"],
    ["a machine's number", hypervisor({ domain: "3" }), "fencing.libvirt.n2.domain", "is a number"],
    [
        "one machine of two nodes",
        hypervisor({ address: "192.0.2.121", domain: "n1" }),
        "fencing.libvirt.n2.domain",
        "n1 on 192.0.2.121:22 is also n1",
    ],
    [
        "msgwait below twice the watchdog",
        sbd({ disk: "/dev/sda", messageWaitSeconds: 19 }),
        "fencing.sbd.messageWaitSeconds",
        "use 20 or more",
    ],
    [
        "msgwait beyond what systemd waits for SBD",
        sbd({ disk: "/dev/sda", watchdogTimeoutSeconds: 40, messageWaitSeconds: 80 }),
        "fencing.sbd.messageWaitSeconds",
        "systemd gives it 90 s; 75 or less",
    ],
    [
        "a watchdog as short as the witness's answer",
        sbd({ watchdogTimeoutSeconds: 3 }),
        "fencing.sbd.watchdogTimeoutSeconds",
        "3 x tokenSeconds",
    ],
    [
        "a watchdog alone without a witness",
        { ...sbd({}), witness: undefined },
        "fencing.sbd",
        "add a witness, or a disk",
    ],
    ["SBD on a replicated disk", sbd({ disk: "/dev/drbd0" }), "fencing.sbd.disk", "replicated by the nodes"],
    ["a disk that is no device", sbd({ disk: "sda" }), "fencing.sbd.disk", "is no device"],
    ["a watchdog that is no device", sbd({ watchdog: "softdog" }), "fencing.sbd.watchdog", "is no device"],
    ["a token too short", { tokenSeconds: 0.1 }, "tokenSeconds", "from 0.5 to 60"],
    [
        "an attribute that has no name",
        { attributeLocations: [{ resource: "vip", attribute: "a b" }] },
        "attributeLocations[0].attribute",
        "is no name of an attribute",
    ],
    ["a deadline too long", { settleSeconds: 900 }, "settleSeconds", "10 to 280"],
    ["no agent", resources({ agent: "nginx" }), "resources.vip.agent", "is no agent"],
    [
        "a fence device as a resource",
        resources({ agent: "stonith:fence_ipmilan" }),
        "resources.vip.agent",
        "given as fencing",
    ],
    ["an attribute's name", resources({ meta: { "a b": "1" } }), "resources.vip.meta.a b", "no name of an attribute"],
    [
        "an unknown operation",
        resources({ operations: [{ name: "restart", timeoutSeconds: 9 }] }),
        "resources.vip.operations[3].name",
        "no operation",
    ],
    [
        "no timeout",
        resources({ operations: [{ name: "stop", timeoutSeconds: 0 }] }),
        "resources.vip.operations[2].timeoutSeconds",
        "1 s or more",
    ],
    [
        "two monitors with one interval",
        resources({
            operations: [1, 1].map((intervalSeconds) => ({ name: "monitor", intervalSeconds, timeoutSeconds: 9 })),
        }),
        "resources.vip.operations",
        "stated twice",
    ],
    [
        "an address of two resources",
        { ...alone, resources: { vip, other: vip } },
        "resources.other.parameters.ip",
        "another resource",
    ],
    [
        "a node's address as a resource",
        resources({ parameters: { ip: "192.0.2.11" } }),
        "resources.vip.parameters.ip",
        "cannot move",
    ],
    ["a file without a path", { files: { "etc/a.conf": "" } }, "files.etc/a.conf", "is no path: absolute"],
    ["a file of the cluster's own", { files: { "/etc/corosync/a": "" } }, "files./etc/corosync/a", "cluster's own"],
    ["a check of nothing", { checks: { "it is well": " " } }, "checks.it is well", "has a command"],
    ["a group's stranger", { groups: { g: ["vip", "nix"] } }, "groups.g[1]", '"nix" is no resource'],
    ["an empty group", { groups: { g: [] } }, "groups.g", "has no members"],
    [
        "a clone's stranger",
        { ...alone, clones: { c: { resource: "nix" } } },
        "clones.c.resource",
        "no resource or group",
    ],
    ["a resource in two places", { groups: { g: ["web"] } }, "resources.web", "another group or clone already"],
    ["a name twice", { groups: { vip: ["vip"] } }, "groups.vip", "used twice"],
    [
        "a name of the cluster's own",
        { ...alone, resources: { watchdog: web } },
        "resources.watchdog",
        "the cluster itself uses",
    ],
    ["a name with a dot", { ...alone, resources: { "a.b": web } }, "resources.a.b", "is no name"],
    ["an order with a stranger", { orders: [{ first: "vip", then: "nix" }] }, "orders[0].then", '"nix" is no'],
    ["an order with itself", { orders: [{ first: "vip", then: "vip" }] }, "orders[0]", "cannot wait for itself"],
    [
        "a colocation with a stranger",
        { colocations: [{ resource: "vip", with: "nix" }] },
        "colocations[0].with",
        '"nix" is no',
    ],
    [
        "a location on a stranger",
        { locations: [{ resource: "vip", node: "n9", score: 1 }] },
        "locations[0].node",
        "has n1, n2",
    ],
    [
        "a score beyond infinity",
        { locations: [{ resource: "vip", node: "n1", score: 2e6 }] },
        "locations[0].score",
        "no score",
    ],
];

test.each(cases)("fails: %s", (_title, parts, path, words) => {
    const found = violations(spec(parts), rules).filter((v) => v.level === "refuse");
    expect(found).toContainEqual({ path, message: expect.stringContaining(words) as string, level: "refuse" });
});

test("fails: a name in capitals", () => expect(violations(spec({}, "Pair"), rules)[0]?.path).toBe("name"));

test.each([
    [
        "a disk without a witness",
        { ...sbd({ disk: "/dev/sda" }), witness: undefined },
        "fencing.sbd",
        "healthy one may be fenced",
    ],
    [
        "a controller that is lost with its node's power, and no other way",
        device({ independentPower: false }),
        "fencing",
        "stonith_admin --confirm n2",
    ],
    ["a hypervisor that fails, and no other way", hypervisor({}), "fencing.libvirt", "stonith_admin --confirm n1"],
    [
        "both on one hypervisor",
        hypervisor({ address: "192.0.2.121" }),
        "fencing.libvirt.n2.address",
        "the hypervisor of n1 and n2",
    ],
    [
        "two nodes that shoot at each other",
        { witness: undefined },
        "fencing",
        "the one that runs more wins by a delay, or n1 where",
    ],
    ["one link and no witness", { witness: undefined }, "links", "give a second link"],
    ["a risk that fencing has removed", { acceptSplitBrainRisk: "a demo" }, "acceptSplitBrainRisk", "leave it out"],
] as Case[])("warns: %s", (_title, parts, path, words) =>
    expect(violations(spec(parts), rules)).toContainEqual({
        path,
        message: expect.stringContaining(words) as string,
        level: "warn",
    }),
);

test("with SBD beside it, or on hypervisors of which no one has half of the members, nothing is warned of", () => {
    const warned = (parts: Parts) => violations(spec(parts), rules).filter(({ path }) => path.startsWith("fencing"));
    expect(warned({ ...hypervisor({}), sbd: {} })).toEqual([]);
    const five = ["n1", "n2", "n3", "n4", "n5"];
    const placed = {
        nodes: five.map((name, i) => ({ name, address: `192.0.2.${i + 11}` })),
        witness: undefined,
        ipmi: undefined,
        libvirt: Object.fromEntries(five.map((name, i) => [name, kvm(121 + Math.floor(i / 2))])),
        sbd: {},
    };
    expect(warned(placed)).toEqual([]);
});
