import { rules } from "../../../../components/keepalived-vip/rules";
import { violations } from "../../../../components/shared/rules";
import { full, ipv6, lb1, lb2, lb3, spec, version2 } from "./specs";

const found = (parts: Parameters<typeof spec>[0], name?: string) => violations(spec(parts, name), rules);
const web = { tcp: { port: 80 } };

test.each([
    ["defaults", spec()],
    ["one of everything", { ...full, track: { ...full.track } }],
    ["IPv6", ipv6],
    ["version 2", version2],
])("%s: nothing to refuse", (_title, vip) =>
    expect(violations(vip, rules).filter((v) => v.level === "refuse")).toEqual([]),
);

type Case = [title: string, parts: Parameters<typeof spec>[0], path: string, words: string];

const cases: Case[] = [
    ["one node", { nodes: [lb1] }, "nodes", "needs two nodes or more, and there is one"],
    ["no node", { nodes: [] }, "nodes", "there is none"],
    ["two nodes of one name", { nodes: [lb1, { ...lb2, name: "lb1" }] }, "nodes[1].name", "lb1 is listed twice"],
    [
        "two nodes with one address",
        { nodes: [lb1, { ...lb2, address: "10.77.0.11" }] },
        "nodes[1].address",
        "the address of lb1 too",
    ],
    [
        "a node outside the network",
        { nodes: [lb1, { ...lb2, address: "10.78.0.12" }] },
        "nodes[1].address",
        "not in the network of 10.77.0.100/24",
    ],
    ["a prefix too long for the nodes", { address: "10.77.0.100/28" }, "nodes[0].address", "check its prefix length"],
    [
        "a node address with prefix",
        { nodes: [lb1, { ...lb2, address: "10.77.0.12/24" }] },
        "nodes[1].address",
        "is no IP address",
    ],
    [
        "a node with IPv6 alone",
        { nodes: [lb1, { ...lb2, address: "fd77::12" }] },
        "nodes[1].address",
        "fd77::12 of node lb2 is no IPv4 address",
    ],
    [
        "a node without IPv6",
        { address: "fd77::64/64", nodes: [lb1, { ...lb2, address6: undefined }] },
        "nodes[1].address",
        "give its address6",
    ],
    [
        "a node without interface",
        { nodes: [lb1, { ...lb2, interface: undefined }] },
        "nodes[1].interface",
        "which interface of lb2",
    ],
    ["an unsafe interface", { interface: "eth0 {" }, "nodes[0].interface", "no name of an interface"],
    ["an address without prefix", { address: "10.77.0.100" }, "address", "no address with prefix length"],
    ["no address", { address: "front.example" }, "address", "no address with prefix length"],
    ["an address with two prefixes", { address: "10.77.0.100/24/8" }, "address", "no address with prefix length"],
    ["a prefix out of range", { address: "10.77.0.100/33" }, "address", "no address with prefix length"],
    ["the network's address", { address: "10.77.0.0/24" }, "address", "the network itself or its broadcast"],
    ["the broadcast address", { address: "10.77.0.255/24" }, "address", "the network itself or its broadcast"],
    ["an IPv6 subnet-router address", { address: "fd77::/64" }, "address", "the network itself"],
    ["a node's address", { address: "10.77.0.12/24" }, "address", "the address of node lb2"],
    ["mixed families", { extraAddresses: ["fd77::64/64"] }, "extraAddresses[0]", "make a second KeepalivedVip"],
    ["an address twice", { extraAddresses: ["10.77.0.100/24"] }, "extraAddresses[0]", "listed twice"],
    ["an extra that a node has", { extraAddresses: ["10.77.0.11/24"] }, "extraAddresses[0]", "the address of node lb1"],
    ["a priority of no node", { priorities: { lb9: 7 } }, "priorities.lb9", "no node lb9: the nodes are lb1, lb2"],
    ["priority 255", { priorities: { lb1: 255 } }, "priorities.lb1", "from 1 to 254"],
    ["priority 0", { priorities: { lb1: 0 } }, "priorities.lb1", "from 1 to 254"],
    ["half a priority", { priorities: { lb1: 1.5 } }, "priorities.lb1", "whole number"],
    ["one priority for two", { priorities: { lb2: 254 } }, "priorities.lb2", "the priority of lb1 too"],
    ["a standby of no node", { standby: ["lb9"] }, "standby[0]", "no node lb9"],
    ["all stand by", { standby: ["lb1", "lb2"] }, "standby", "every node stands by"],
    ["virtual router id 0", { virtualRouterId: 0 }, "virtualRouterId", "from 1 to 255"],
    ["virtual router id 256", { virtualRouterId: 256 }, "virtualRouterId", "from 1 to 255"],
    [
        "a sub-second interval with version 2",
        { version: 2, advertIntervalSeconds: 0.5 },
        "advertIntervalSeconds",
        "needs VRRP version 3",
    ],
    [
        "an interval too long for version 2",
        { version: 2, advertIntervalSeconds: 256 },
        "advertIntervalSeconds",
        "from 1 to 255",
    ],
    ["an interval too short", { advertIntervalSeconds: 0.005 }, "advertIntervalSeconds", "from 0.01 to 40.95"],
    ["an interval too long", { advertIntervalSeconds: 41 }, "advertIntervalSeconds", "from 0.01 to 40.95"],
    ["an interval between hundredths", { advertIntervalSeconds: 0.125 }, "advertIntervalSeconds", "hundredths"],
    ["no interval", { advertIntervalSeconds: NaN }, "advertIntervalSeconds", "hundredths"],
    ["an interval in a text", { advertIntervalSeconds: "1" as never }, "advertIntervalSeconds", '"1" s is no interval'],
    ["a number in a text", { virtualRouterId: "51" as never }, "virtualRouterId", '"51" is no virtual router id'],
    ["a port in a text", { track: { web: { tcp: { port: "80" as never } } } }, "track.web.tcp.port", '"80" is no port'],
    ["version 2 with IPv6", { version: 2, address: "fd77::64/64" }, "version", "knows no IPv6"],
    ["a version that is none", { version: 4 as 3 }, "version", "2 or 3"],
    ["a delay without preempt", { preemptDelaySeconds: 5 }, "preemptDelaySeconds", "without preempt delays nothing"],
    [
        "two words on a return",
        { preempt: true, timerExpiredBackup: true },
        "timerExpiredBackup",
        "leave one of the two",
    ],
    ["a delay too long", { preempt: true, preemptDelaySeconds: 1001 }, "preemptDelaySeconds", "from 0 to 1000"],
    ["a weight without preempt", { track: { web: { ...web, weight: -20 } } }, "track.web.weight", "does not preempt"],
    [
        "a weight that does not outdo the gap",
        { preempt: true, track: { web: { ...web, weight: -2 } } },
        "track.web.weight",
        "differ by up to 2",
    ],
    [
        "a weight beyond the top",
        { preempt: true, track: { web: { ...web, weight: 20 } } },
        "track.web.weight",
        "leaves 1 to 254",
    ],
    [
        "a timeout not below the interval",
        { track: { web: { ...web, timeoutSeconds: 1 } } },
        "track.web.timeoutSeconds",
        "must be less than the interval, 1 s",
    ],
    ["no timeout", { track: { web: { ...web, timeoutSeconds: 0 } } }, "track.web.timeoutSeconds", "must be less"],
    [
        "half an interval",
        { track: { web: { ...web, intervalSeconds: 0.5 } } },
        "track.web.intervalSeconds",
        "whole seconds",
    ],
    ["no falls", { track: { web: { ...web, fall: 0 } } }, "track.web.fall", "from 1 up"],
    ["no rises", { track: { web: { ...web, rise: 0 } } }, "track.web.rise", "from 1 up"],
    ["nothing to check", { track: { web: {} } }, "track.web", "nothing is checked"],
    [
        "an unsafe unit",
        { track: { web: { systemdUnit: "a; reboot" } } },
        "track.web.systemdUnit",
        "no name of a systemd unit",
    ],
    ["a port out of range", { track: { web: { tcp: { port: 70000 } } } }, "track.web.tcp.port", "from 1 to 65535"],
    [
        "a name instead of an address",
        { track: { web: { tcp: { port: 80, address: "db.example" } } } },
        "track.web.tcp.address",
        "name service",
    ],
    [
        "https",
        { track: { web: { http: { url: "https://127.0.0.1/" } } } },
        "track.web.http.url",
        "for https use command",
    ],
    [
        "a page by name",
        { track: { web: { http: { url: "http://example.com/" } } } },
        "track.web.http.url",
        "name service",
    ],
    ["no URL", { track: { web: { http: { url: "/healthz" } } } }, "track.web.http.url", "cannot be checked"],
    [
        "a status that is none",
        { track: { web: { http: { url: "http://127.0.0.1/", status: 42 } } } },
        "track.web.http.status",
        "from 100 to 599",
    ],
    ["an empty command", { track: { web: { command: " " } } }, "track.web.command", "checks nothing"],
    ["an unsafe name of a service", { track: { "../x": web } }, "track.../x", "becomes a file name"],
    ["an unsafe user", { notify: { user: "root; id" } }, "notify.user", "no name of a user"],
    ["no burst", { garp: { repeat: 0 } }, "garp.repeat", "from 1 to 100"],
    ["half a refresh", { garp: { refreshSeconds: 0.5 } }, "garp.refreshSeconds", "whole seconds"],
    ["a startup delay of an hour", { startupDelaySeconds: 3600 }, "startupDelaySeconds", "from 0 to 600"],
];

test.each(cases)("fails: %s", (_title, parts, path, words) =>
    expect(found(parts)).toContainEqual({ path, message: expect.stringContaining(words), level: "refuse" }),
);

test.each(["Front", "a_b", "-x", "x".repeat(41), "a/b"])("fails: the name %s", (name) =>
    expect(found({}, name)).toContainEqual({
        path: "name",
        message: expect.stringContaining("file name"),
        level: "refuse",
    }),
);

test("a weight that outdoes the gap and stays in range is taken", () =>
    expect(
        found({ preempt: true, priorities: { lb1: 150, lb2: 140 }, track: { web: { ...web, weight: -20 } } }),
    ).toEqual([]));

test.each<[string, Parameters<typeof spec>[0], string]>([
    ["no refresh", { garp: { refreshSeconds: 0 } }, "garp.refreshSeconds"],
    ["one node alone", { nodes: [lb1, lb2, lb3], standby: ["lb1", "lb3"] }, "standby"],
])("warns of %s", (_title, parts, path) =>
    expect(found(parts)).toEqual([{ path, message: expect.any(String), level: "warn" }]),
);

test("all violations are found at once", () =>
    expect(found({ nodes: [lb1], address: "x", virtualRouterId: 0, track: { web: {} } }).map((v) => v.path)).toEqual(
        expect.arrayContaining(["nodes", "address", "virtualRouterId", "track.web"]),
    ));
