import * as fc from "fast-check";
import ipaddr from "ipaddr.js";
import { freeSubnet, namesOf, overlaps, plan, Release, violations } from "../../../lab/plan";

const labName = fc.stringMatching(/^[a-z][a-z0-9-]{0,11}$/).filter((name) => name !== "hosts");
const hostName = fc.stringMatching(/^[a-z][a-z0-9-]{0,30}$/);

test("the plan of the default lab", () => {
    const lab = plan({ hosts: ["lb1", "lb2"] });
    expect(lab).toMatchObject({
        name: "lab",
        subnet: "10.77.0.0/24",
        gateway: "10.77.0.1",
        prefixLength: 24,
        link: "ha-lab",
    });
    expect(lab.hosts.map((host) => [host.name, host.address, host.namespace, host.port])).toEqual([
        ["lb1", "10.77.0.11", "ha-lab.lb1", "port11"],
        ["lb2", "10.77.0.12", "ha-lab.lb2", "port12"],
    ]);
    expect(lab.hosts[0]!.address6).toBe(lab.gateway6.replace(/::1$/, "::11"));
});

test("a count of hosts names them node1, node2, …", () => {
    expect(plan({ hosts: 3 }).hosts.map((host) => host.name)).toEqual(["node1", "node2", "node3"]);
});

test("hosts that exist keep their addresses, new ones fill what is free", () => {
    const existing = [
        { name: "b", number: 12 },
        { name: "d", number: 14 },
    ];
    const numbers = plan({ hosts: ["a", "b", "c", "e"] }, existing).hosts.map((host) => [host.name, host.number]);
    expect(numbers).toEqual([
        ["b", 12],
        ["d", 14],
        ["a", 11],
        ["c", 13],
        ["e", 15],
    ]);
});

test("every host's addresses are inside the lab's networks and nobody else's", () => {
    const subnet = fc
        .tuple(fc.integer({ min: 16, max: 25 }), fc.nat(255), fc.nat(255))
        .map(([length, second, third]) => {
            const network = ipaddr.IPv4.networkAddressFromCIDR(`10.${second}.${third}.0/${length}`);
            return `${network.toString()}/${length}`;
        });
    fc.assert(
        fc.property(labName, subnet, fc.uniqueArray(hostName, { maxLength: 89 }), (name, network, hosts) => {
            const lab = plan({ name, subnet: network, hosts });
            const addresses = [lab.gateway, ...lab.hosts.map((host) => host.address)];
            expect(new Set(addresses).size).toBe(addresses.length);
            for (const address of addresses) expect(ipaddr.parse(address).match(ipaddr.parseCIDR(network))).toBe(true);
            const addresses6 = [lab.gateway6, ...lab.hosts.map((host) => host.address6)];
            expect(new Set(addresses6).size).toBe(addresses6.length);
            for (const address of addresses6) {
                expect(ipaddr.parse(address).match(ipaddr.parseCIDR(lab.subnet6))).toBe(true);
                expect(ipaddr.parse(address).range()).toBe("uniqueLocal");
                expect(ipaddr.parse(address).toString()).toBe(address);
            }
        }),
    );
});

test("names fit the kernel's limits, and no two labs share one", () => {
    fc.assert(
        fc.property(labName, labName, hostName, (one, other, host) => {
            const [a, b] = [namesOf(one), namesOf(other)];
            expect(a.link.length).toBeLessThanOrEqual(15);
            expect(a.isHostNamespace(a.hostNamespace(host))).toBe(true);
            expect(a.isHostNamespace(a.namespace)).toBe(false);
            if (one === other) return;
            expect(b.isHostNamespace(a.hostNamespace(host))).toBe(false);
            expect([b.link, b.namespace, b.table, b.cgroup]).not.toEqual(expect.arrayContaining([a.link]));
            expect(a.table).not.toBe(b.table);
        }),
    );
});

test.each([
    ["10.77.0.0/24", "10.77.0.0/24", true],
    ["10.77.0.0/24", "10.77.0.128/25", true],
    ["10.0.0.0/8", "10.77.0.0/24", true],
    ["10.77.0.0/24", "10.77.1.0/24", false],
    ["192.168.77.5/32", "192.168.77.0/24", true],
])("%s and %s overlap: %s", (a, b, expected) => {
    expect(overlaps(a, b)).toBe(expected);
    expect(overlaps(b, a)).toBe(expected);
});

test("a free subnet is one that nothing occupies", () => {
    const by = "something";
    expect(freeSubnet([])).toBe("10.77.0.0/24");
    expect(freeSubnet([{ subnet: "10.77.0.1/24", by }])).toBe("10.78.0.0/24");
    expect(freeSubnet([{ subnet: "10.0.0.0/8", by }])).toBe("192.168.77.0/24");
    expect(freeSubnet([{ subnet: "0.0.0.0/0", by }])).toBeUndefined();
});

test.each([
    [{ name: "Lab" }, 'name: "Lab" must be lower-case'],
    [{ name: "a-name-too-long" }, "at most 12 characters"],
    [{ name: "hosts" }, 'name: "hosts" is taken'],
    [{ subnet: "10.77.0.0" }, "must be an IPv4 network such as 10.77.0.0/24"],
    [{ subnet: "fd00::/64" }, "must be an IPv4 network"],
    [{ subnet: "10.77.0.9/24" }, "did you mean 10.77.0.0/24?"],
    [{ subnet: "10.77.0.0/28" }, "prefix length between 16 and 25"],
    [{ hosts: ["lb1", "lb1"] }, '"lb1" is listed more than once'],
    [{ hosts: ["lb_1"] }, '"lb_1" must be lower-case'],
    [{ dir: "/tmp/a:b" }, 'dir: "/tmp/a:b" must not contain a comma, a colon'],
    [{ hosts: 90 }, "between 0 and 89"],
    [{ hosts: 1.5 }, "must be a whole number"],
    [{ release: "sid" as Release }, 'release: "sid" must be bookworm or trixie'],
    [{ release: Release.trixie, vms: 1 }, "vms: machines with a kernel of their own run bookworm alone"],
])("fails: %j", (options, message) => {
    expect(violations(options).join("\n")).toContain(message);
});

test("fails: all that is wrong is told at once", () => {
    expect(() => plan({ name: "LAB", subnet: "10.77.0.9/24", hosts: ["a", "a", "B"] })).toThrow(
        /name:[^]*subnet:[^]*"B"[^]*"a" is listed/,
    );
});

test("fails: more hosts than are free", () => {
    const existing = Array.from({ length: 88 }, (_, n) => ({ name: `old${n}`, number: 11 + n }));
    expect(() => plan({ hosts: ["new1", "new2"] }, existing)).toThrow("room for 1 more, not for 2");
});
