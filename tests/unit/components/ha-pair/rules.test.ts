import { rules } from "../../../../components/ha-pair/rules";
import { violations } from "../../../../components/shared/rules";
import { app1, app2, safe, spec, volume } from "./specs";

type Parts = Parameters<typeof spec>[0];

test.each<[string, Parts]>([
    ["a web server that runs on both nodes", {}],
    ["a volume, fenced, with a witness", safe],
    ["a volume alone", { ...safe, services: {} }],
    ["a volume without fencing and witness, by somebody's word", { volume, acceptSplitBrainRisk: "a test bench" }],
    ["Pacemaker without a volume", { engine: "pacemaker", witness: true, fenced: true }],
    ["a unit without its suffix", { services: { web: { systemdUnit: "caddy" } } }],
])("%s: nothing to refuse", (_title, parts) => expect(violations(spec(parts), rules)).toEqual([]));

const web = { preset: "nginx" } as const;

test.each<[title: string, parts: Parts, path: string, words: string]>([
    ["one node", { nodes: [app1] }, "nodes", "1 nodes: a pair has two"],
    ["three nodes", { nodes: [app1, app2, { ...app2, name: "app3", address: "10.77.0.33" }] }, "nodes", "has two"],
    ["one node twice", { nodes: [app1, { ...app2, name: "app1" }] }, "nodes[0].name", "listed twice"],
    [
        "one host twice",
        { nodes: [app1, { ...app2, address: app1.address }] },
        "nodes[1].address",
        "address of app1 too",
    ],
    ["a node by name", { nodes: [app1, { ...app2, address: "app2" }] }, "nodes[1].address", "no IP address"],
    ["an address without prefix", { address: "10.77.0.101" }, "address", "no address with its prefix length"],
    ["a node's own address", { address: "10.77.0.31/24" }, "address", "a node's own address"],
    ["an address elsewhere", { address: "10.78.0.101/24" }, "address", "not in the network of 10.77.0.31"],
    ["nothing to run", { services: {} }, "services", "nothing runs behind the address"],
    ["a preference for a stranger", { preferred: "app3" }, "preferred", '"app3" is none of the nodes: app1, app2'],
    ["a service without a unit", { services: { web: {} } }, "services.web.systemdUnit", "is missing"],
    [
        "a unit that is no service",
        { services: { web: { systemdUnit: "web.socket" } } },
        "services.web.systemdUnit",
        "no service",
    ],
    ["a unit twice", { services: { web, other: web } }, "services.other.systemdUnit", "nginx.service is listed twice"],
    ["a name that is taken", { services: { address: web } }, "services.address", "choose another name"],
    ["a port out of range", { services: { web: { ...web, port: 0 } } }, "services.web.port", "0 is no port"],
    [
        "no time to start",
        { services: { web: { ...web, startTimeoutSeconds: 0 } } },
        "services.web.startTimeoutSeconds",
        "0 is no limit",
    ],
    [
        "one node at a time with keepalived",
        { services: { web: { ...web, placement: "active-node" } } },
        "services.web.placement",
        "engine: HaPairEngine.Pacemaker",
    ],
    ["a volume with keepalived", { ...safe, engine: "keepalived" }, "volume", "keepalived has no say in who writes"],
    ["fencing with keepalived", { fenced: true }, "fencing", "keepalived neither votes nor fences"],
    ["a witness with keepalived", { witness: true }, "witness", "keepalived neither votes nor fences"],
    ["numbers of nodes with keepalived", { nodeIds: { app1: 1 } }, "nodeIds", "they are Corosync's"],
    ["links with keepalived", { links: { app1: "10.78.0.31" } }, "links", "it is Corosync's"],
    [
        "a file of two services",
        {
            services: {
                web: { ...web, files: { "/etc/a": "" } },
                other: { systemdUnit: "b", files: { "/etc/a": "" } },
            },
        },
        "services.web.files",
        "/etc/a is given for another service too",
    ],
    ["a token with keepalived", { tokenSeconds: 2 }, "tokenSeconds", "With keepalived it is advertIntervalSeconds"],
    [
        "adverts with Pacemaker",
        { ...safe, advertIntervalSeconds: 2 },
        "advertIntervalSeconds",
        "With Pacemaker it is tokenSeconds",
    ],
    [
        "a start that takes less than no time",
        { services: { web: { ...web, expectedStartSeconds: -1 } } },
        "services.web.expectedStartSeconds",
        "-1 is no duration",
    ],
    ["a volume without fencing", { ...safe, fenced: false }, "fencing", "may still write"],
    ["a volume without a witness", { ...safe, witness: false }, "witness", "may fence the healthy one"],
    ["an empty reason", { volume, acceptSplitBrainRisk: " " }, "acceptSplitBrainRisk", "say in words"],
    [
        "a volume of other nodes",
        { ...safe, volume: { ...volume, nodes: ["app1", "db1"] } },
        "volume.nodes",
        "the volume is on app1 and db1, the pair on app1 and app2",
    ],
    [
        "a volume that is promoted by hand",
        { ...safe, volume: { ...volume, promotion: "manual" } },
        "volume.promotion",
        "promoted by hand",
    ],
    [
        "a mount over the system",
        { ...safe, volume: { ...volume, mountPoint: "/etc/files" } },
        "volume.mountPoint",
        "the system's own",
    ],
    ["a mount over /var", { ...safe, volume: { ...volume, mountPoint: "/var" } }, "volume.mountPoint", "system's own"],
])("fails: %s", (_title, parts, path, words) => {
    expect(violations(spec(parts), rules)).toContainEqual(
        expect.objectContaining({ path, message: expect.stringContaining(words) }),
    );
});
