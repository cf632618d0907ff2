import { configuration } from "../../../../components/pacemaker-cluster/cib";
import { effect } from "../../../../components/pacemaker-cluster/effect";
import { Impact } from "../../../../remote/manifest";
import { bmc, full, ipmi, spec, vip, web } from "./specs";

type Parts = Parameters<typeof spec>[0];
const between = (before: Parts, after: Parts): Impact =>
    effect(configuration(spec(before)), configuration(spec(after)));

const monitored = (intervalSeconds: number, timeoutSeconds: number) => ({
    ...vip,
    operations: [{ name: "monitor", intervalSeconds, timeoutSeconds }],
});
const moved = { ...vip, parameters: { ...vip.parameters, ip: "192.0.2.101" } };
const backup = { agent: "systemd:backup" };
const preferred = [{ resource: "backup", node: "n2", score: 50 }];
const plain = { clones: {}, orders: [], colocations: [] };
const grouped = (members: string[]) => ({ ...plain, groups: { g: members } });

test.each<[what: string, before: Parts, after: Parts, expected: Impact]>([
    ["nothing", {}, {}, Impact.None],
    ["a time limit", {}, { resources: { vip: monitored(10, 60), web } }, Impact.None],
    [
        "how often it is looked",
        { resources: { vip: monitored(10, 20), web } },
        { resources: { vip: monitored(3, 20), web } },
        Impact.None,
    ],
    ["a new resource, bound to nothing", {}, { resources: { vip, web, backup } }, Impact.None],
    ["the same, with a place", {}, { resources: { vip, web, backup }, locations: preferred }, Impact.None],
    ["a new group", plain, { ...grouped(["backup"]), resources: { vip, web, backup } }, Impact.None],
    ["what an agent is told", {}, { resources: { vip: moved, web } }, Impact.Restart],
    [
        "the same in a group",
        grouped(["web", "vip"]),
        { ...grouped(["web", "vip"]), resources: { vip: moved, web } },
        Impact.Restart,
    ],
    ["the same and a new resource", {}, { resources: { vip: moved, web, backup } }, Impact.Restart],
    [
        "what a clone's agent is told",
        {},
        { resources: { vip, web: { ...web, parameters: { a: "1" } } } },
        Impact.Failover,
    ],
    ["how nodes are fenced", {}, { ipmi: { ...ipmi, n1: bmc(113) } }, Impact.Failover],
    ["another agent", {}, { resources: { vip, web: { agent: "systemd:apache2" } } }, Impact.Failover],
    ["a resource less", { resources: { vip, web, backup } }, {}, Impact.Failover],
    ["a place", {}, { locations: [{ resource: "vip", node: "n2", score: 50 }] }, Impact.Failover],
    ["an order less", {}, { orders: [] }, Impact.Failover],
    ["another stickiness", {}, { resourceDefaults: { "resource-stickiness": "1" } }, Impact.Failover],
    [
        "a new resource that one which was there is bound to",
        {},
        {
            resources: { vip, web, backup },
            colocations: [
                { resource: "vip", with: "web-clone" },
                { resource: "backup", with: "vip" },
            ],
        },
        Impact.Failover,
    ],
    [
        "a new member of a group",
        grouped(["web", "vip"]),
        { ...grouped(["web", "vip", "backup"]), resources: { vip, web, backup } },
        Impact.Failover,
    ],
    [
        "a new resource where those that run do not stick",
        { resourceDefaults: { "resource-stickiness": "0" } },
        { resourceDefaults: { "resource-stickiness": "0" }, resources: { vip, web, backup } },
        Impact.Failover,
    ],
    [
        "a new resource beside one that does not stick",
        { resources: { vip, web: { ...web, meta: { "resource-stickiness": "0" } } } },
        { resources: { vip, web: { ...web, meta: { "resource-stickiness": "0" } }, backup } },
        Impact.Failover,
    ],
])("a change of %s", (_what, before, after, expected) => expect(between(before, after)).toBe(expected));

test("the first configuration moves nothing, and one of everything is itself", () => {
    expect(effect(undefined, configuration(full))).toBe(Impact.None);
    expect(effect(configuration(full), configuration(full))).toBe(Impact.None);
});
