import { judge } from "../../../../cli/plan/impact";
import { judgedIn, planOf } from "../../../../cli/plan/plan";
import type { Plan } from "../../../../cli/plan/plan";
import { readPreview } from "../../../../cli/plan/preview";
import { plannedSeconds } from "../../../../components/pacemaker-cluster/failover";
import { renderResources } from "../../../../components/pacemaker-cluster/render";
import { Impact, reload, restart, run } from "../../../../remote/manifest";
import type { Activation } from "../../../../remote/manifest";
import { UNKNOWN, file, previewJson, running, urnOf } from "./previews";
import type { WantedResource, WantedUnit } from "./previews";
import { spec, vip as address, web as server } from "../../components/pacemaker-cluster/specs";

const VIP = "keepalived.service";
const vip = (content: string, onChange: Activation[] = [reload(VIP)]) =>
    running(VIP, { files: [file("/etc/front.conf", content, { onChange })] });

const plan = (units: WantedUnit[], more: WantedResource[] = []): Plan => planOf(readPreview(previewJson(units, more)));

/** A unit whose file changes, with what that activates. */
const changing = (name: string, needs: string[] = [], onChange = [reload(VIP)]): WantedUnit => ({
    name,
    needs,
    before: vip("1", onChange),
    after: vip("2", onChange),
});
const staying = (name: string, needs: string[] = []): WantedUnit => ({ name, needs, op: "same", before: vip("1") });
const leaving = (name: string, needs: string[] = []): WantedUnit => ({ name, needs, op: "delete", before: vip("1") });

test("fails: a preview without a unit of ours", () => {
    expect(() => plan([], [{ name: "site", type: "aws:s3/bucket:Bucket", op: "create" }])).toThrow(
        "no unit of pulumi-ha",
    );
});

describe("the order", () => {
    const after = (found: Plan) => found.units.map(({ unit, after: before }) => [unit, ...before].join(" < "));

    test("is that of the commands, through what stays as it is", () => {
        const units = [changing("front-c"), staying("front-b", ["front-c"]), changing("front-a", ["front-b"])];
        expect(after(plan(units))).toEqual(["front-c", "front-a < front-c"]);
    });

    test("names the nearest only", () => {
        const units = [
            changing("front-a", ["front-b", "front-c"]),
            changing("front-b", ["front-c"]),
            changing("front-c"),
        ];
        expect(after(plan(units))).toEqual(["front-c", "front-b < front-c", "front-a < front-b"]);
    });

    test("has those that leave last, in the opposite order", () => {
        const units = [leaving("front-a", ["front-b"]), leaving("front-b"), changing("front-c")];
        expect(after(plan(units))).toEqual(["front-c", "front-a", "front-b < front-a"]);
    });
});

describe("what a unit still has that leaves or gives it up", () => {
    const web = (bind: string) =>
        running("haproxy.service", { files: [file("/etc/web.cfg", `    bind ${bind} ssl\n`)] });
    const front = (id: number, link = "eth0") =>
        running(VIP, { files: [file("/etc/f.conf", `    interface ${link}\n    virtual_router_id ${id}\n`)] });
    const goes = (name: string, it: ManifestOf): WantedUnit => {
        return { name, op: "delete", of: ["old", "It"], before: { ...it, unit: "old" } };
    };
    const comes = (name: string, it: ManifestOf): WantedUnit => {
        return { name, op: "create", of: ["new", "It"], after: { ...it, unit: "new" } };
    };
    type ManifestOf = ReturnType<typeof web>;
    const of = (units: WantedUnit[]) => plan(units).units.find(({ component }) => component === "new");

    test.each([
        ["a bind", web("10.0.0.1:443"), "10.0.0.1:443 is old-a's"],
        ["a number of a virtual router", front(100), "virtual router 100 of eth0 (IPv4) is old-a's"],
    ])("fails the update: %s", (_title, it, said) => {
        const found = plan([goes("old-a", it), comes("new-a", it)]);
        const unit = found.units.find(({ component }) => component === "new");
        expect(unit).toMatchObject({ impact: undefined, does: "is installed" });
        expect(unit?.alarms.join()).toContain(said);
        expect(unit?.alarms.join()).toContain("first pulumi destroy --target '**::old' --target-dependents");
        expect(judge(judgedIn(found), Impact.Outage, []).exceeded.join("\n")).toContain("new-a: not known: ");
    });

    test.each<[title: string, units: WantedUnit[]]>([
        ["other binds", [goes("old-a", web("10.0.0.1:443")), comes("new-a", web("10.0.0.2:443"))]],
        ["on another host", [goes("old-a", web("10.0.0.1:443")), comes("new-b", web("10.0.0.1:443"))]],
        ["a number on another interface", [goes("old-a", front(100)), comes("new-a", front(100, "eth1"))]],
    ])("is in nobody's way: %s", (_title, units) => expect(of(units)?.alarms).toEqual([]));

    /** Both stay, and a bind moves from the one to the other. */
    const moves = (name: string, from: ManifestOf, to: ManifestOf, needs?: string[]): WantedUnit => {
        const [unit = ""] = name.split("-");
        return { name, needs, of: [unit, "It"], before: { ...from, unit }, after: { ...to, unit } };
    };
    const gives = moves("web-a", web("10.0.0.1:443"), web("10.0.0.1:444"));
    const gets = (needs?: string[]) => moves("new-a", web("10.0.0.1:445"), web("10.0.0.1:443"), needs);

    test("fails the update: a bind that moves, where nothing says that it is given up first", () => {
        expect(of([gives, gets()])).toMatchObject({
            impact: undefined,
            alarms: [
                "10.0.0.1:443 is web-a's, which does not come first for certain, so that a may refuse this unit: name web in dependsOn of new",
            ],
        });
    });

    test("is in nobody's way: a bind that is given up first", () =>
        expect(of([gives, gets(["web-a"])])).toMatchObject({ impact: Impact.None, alarms: [] }));
});

describe("what is not rolled", () => {
    const twice = [restart(VIP, 2)];

    test("is an outage where it takes all hosts of a component", () => {
        const found = plan([changing("front-a", [], twice), changing("front-b", [], twice)]);
        expect(found.together).toEqual([{ component: "front", units: ["front-a", "front-b"], impact: Impact.Outage }]);
        expect(found.worst).toBe(Impact.Outage);
        expect(judge(judgedIn(found), Impact.Failover, []).exceeded).toEqual([
            "front-a, front-b: outage: all hosts of front at once, as none waits for another",
        ]);
    });

    test("is what it is where one host stays", () => {
        const found = plan([changing("front-a", [], twice), changing("front-b", [], twice), staying("front-c")]);
        expect(found.together).toMatchObject([{ impact: Impact.Restart }]);
    });

    test("is a reload where it reloads", () => {
        expect(plan([changing("front-a"), changing("front-b")]).worst).toBe(Impact.Reload);
    });

    test.each([
        ["one waits for the other", [changing("front-b", ["front-a"], twice), changing("front-a", [], twice)]],
        [
            "they are of two components",
            [changing("front-a"), { ...changing("back-b"), of: ["back", "KeepalivedVip"] as [string, string] }],
        ],
        ["they are on one host", [changing("front-a"), { ...changing("front-x"), node: "a" }]],
        ["nobody notices", [changing("front-a", [], []), changing("front-b", [], [])]],
    ])("is nothing where %s", (_, units) => {
        expect(plan(units).together).toEqual([]);
    });
});

describe("a unit that leaves", () => {
    const impact = (units: WantedUnit[]) => plan(units).units.map((unit) => [unit.impact, ...unit.alarms].join(": "));

    test("hands over to the other hosts", () => {
        expect(impact([leaving("front-a"), staying("front-b")])).toEqual([
            "failover: leaves a: what it serves there goes to the other hosts of front",
        ]);
    });

    test("is an outage where nothing remains", () => {
        const found = plan([leaving("front-a")]);
        expect(found.units).toMatchObject([{ impact: Impact.Outage, alarms: ["nothing of front remains"] }]);
        expect(found.leaving).toEqual(["front"]);
    });

    test("is a matter of data where its component keeps some", () => {
        expect(impact([{ ...leaving("orders-a"), of: ["orders", "GaleraCluster"] }])).toEqual([
            "data: nothing of orders remains, and it keeps data",
        ]);
    });

    test("or where a change of it would touch data", () => {
        const disk = vip("1", [run("mkfs", Impact.Data)]);
        expect(impact([{ name: "x-a", op: "delete", before: disk }])).toEqual([
            "data: nothing of front remains, and it keeps data",
        ]);
    });

    test("stays on its host where the stack forgets it", () => {
        const [unit] = plan([{ ...leaving("front-a"), retainOnDelete: true }]).units;
        expect(unit).toMatchObject({
            does: "is forgotten",
            impact: Impact.None,
            notes: ["stays on its host as it is"],
        });
    });
});

describe("what cannot be told", () => {
    test("is said to be unknown, with what it waits for, and is worse than anything that is allowed", () => {
        const address = urnOf("aws:ec2:Eip", "address");
        const unit = { ...changing("front-a"), after: `engine\n${UNKNOWN}`, madeFrom: [address] };
        const found = plan([unit], [{ name: "address", type: "aws:ec2:Eip", op: "create" }]);
        expect(found.units).toMatchObject([
            { does: "cannot be told", impact: undefined, alarms: ["not known before address"] },
        ]);
        expect(judge(judgedIn(found), Impact.Outage, []).exceeded).toEqual([
            "front-a: not known: not known before address",
        ]);
        expect(judge(judgedIn(found), Impact.Data, []).exceeded).toEqual([]);
    });

    test.each([
        ["a secret in the manifest", "[secret]", "holds a secret, so that a preview does not show it"],
        [
            "a manifest of another version",
            "pulumi-ha manifest 2\nend 1\n",
            "not readable here: this text is not a pulumi-ha manifest",
        ],
        ["one that was cut", "pulumi-ha manifest 1\nunit a\nend 9\n", "not readable here: this manifest was cut"],
    ])("%s", (_, text, alarm) => {
        for (const unit of [
            { ...changing("front-a"), before: text },
            { ...changing("front-a"), after: text },
        ])
            expect(plan([unit]).units).toMatchObject([
                { does: "cannot be told", alarms: [expect.stringContaining(alarm)] },
            ]);
    });

    test("whether a unit that is not touched could be read does not matter", () => {
        expect(plan([{ ...staying("front-a"), before: "[secret]" }])).toMatchObject({
            units: [],
            unchanged: ["front-a"],
        });
    });
});

describe("the same manifest", () => {
    const proof = running(VIP, { files: [file("/key", "", { credential: "key", onChange: [reload(VIP)] })] });

    test.each<[what: string, unit: Partial<WantedUnit>, expected: object]>([
        [
            "with other credentials",
            { before: proof, digests: ["a", "b"] },
            { does: "gets other credentials", impact: Impact.Reload },
        ],
        [
            "with credentials that are not known yet",
            { before: proof, digests: ["a", UNKNOWN] },
            { does: "gets other credentials" },
        ],
        [
            "on a host with another key",
            { hostKeys: ["ssh-ed25519 A", "ssh-ed25519 B"] },
            { does: "changes", notes: [expect.stringContaining("host key")] },
        ],
        ["in a resource that is replaced", { op: "replace" }, { does: "is replaced", impact: Impact.Outage }],
    ])("%s", (_, unit, expected) => {
        expect(plan([{ name: "front-a", before: vip("1"), ...unit }]).units).toMatchObject([expected]);
    });

    test("with another engine before it changes nothing, and is not counted", () => {
        expect(plan([{ name: "front-a", before: vip("1") }])).toMatchObject({
            units: [],
            again: ["front-a"],
            hosts: [],
        });
    });

    test("under another name is neither an installation nor a removal", () => {
        const found = plan([
            leaving("front-a"),
            { name: "edge-a", of: ["edge", "KeepalivedVip"], op: "create", after: vip("1") },
        ]);
        expect(found.units).toMatchObject([{ unit: "edge-a", does: "changes", impact: Impact.None, alarms: [] }]);
        expect(found.units[0]?.notes[0]).toContain("was front-a");
    });
});

describe("what a cluster runs", () => {
    type Parts = Parameters<typeof spec>[0];
    const found = (before: Parts | undefined, after: Parts): Plan =>
        plan([
            {
                name: "pair-resources-n1",
                op: before === undefined ? "create" : "update",
                of: ["pair", "PacemakerCluster"],
                ...(before && { before: renderResources(spec(before)) }),
                after: renderResources(spec(after)),
            },
        ]);
    const slow = { ...address, operations: [{ name: "monitor", timeoutSeconds: 60 }] };
    const other = { ...address, parameters: { ip: "192.0.2.101" } };
    const planned = (parts: Parts): number => plannedSeconds(spec(parts));

    test.each<[what: string, before: Parts | undefined, after: Parts, impact: Impact, seconds: number]>([
        [
            "where something may move, a failover of as long as a planned move",
            {},
            { orders: [] },
            Impact.Failover,
            planned({ orders: [] }),
        ],
        [
            "where an agent is told something else, a restart",
            {},
            { resources: { vip: other, web: server } },
            Impact.Restart,
            planned({}),
        ],
        ["where a time limit changes, nothing", {}, { resources: { vip: slow, web: server } }, Impact.None, 0],
        ["where the cluster is new, nothing", undefined, {}, Impact.None, 0],
    ])("%s", (_what, before, after, impact, seconds) => {
        expect(found(before, after)).toMatchObject({ worst: impact, seconds, units: [{ impact, seconds }] });
    });

    test("is within the threshold where nothing moves", () =>
        expect(judge(judgedIn(found({}, { resources: { vip: slow, web: server } })), Impact.None, []).exceeded).toEqual(
            [],
        ));
});

test("a file that two units share is put in place, and told of, once per host", () => {
    const shared = (content: string) =>
        file("/drop-in", content, { shared: true, onChange: [restart("haproxy.service", 1)] });
    const lb = (unit: string, content: string) => running("haproxy.service", { unit, files: [shared(content)] });
    const unit = (name: string, node: string): WantedUnit => ({
        name,
        node,
        before: lb(name, "1"),
        after: lb(name, "2"),
    });
    const found = plan([unit("sql-a", "a"), unit("web-a", "a"), unit("web-b", "b")]);
    expect(found.units.map(({ unit: name, seconds }) => [name, seconds])).toEqual([
        ["sql-a", 1],
        ["web-b", 1],
    ]);
    expect(found.again).toEqual(["web-a"]);
    expect(found.seconds).toBe(2);
});

test("promises are held against those of the state; the stack's own are told from those of components", () => {
    const before = readPreview(previewJson([changing("front-a")]));
    const promising = (power: number) => ({ failover: [{ fault: "power", totalSeconds: power }] });
    const steps = before.steps.map((step) => ({
        ...step,
        oldState: step.oldState && { ...step.oldState, outputs: promising(3) },
    }));
    const stack = urnOf("pulumi:pulumi:Stack", "shop-dev");
    const promises = new Map<string, Record<string, number>>([
        [urnOf("pulumi-ha:index:KeepalivedVip", "front"), { power: 1.5, link: 2 }],
        [stack, { power: 3 }],
    ]);
    expect(planOf({ ...before, steps }, { promises, violations: [] }).promises).toEqual([
        { component: "front", fault: "power", from: 3, to: 1.5 },
        { component: "front", fault: "link", from: undefined, to: 2 },
    ]);
});

test("certificates, keys and passwords of components are named, requests and digest keys are not, and the rest is counted", () => {
    const tls = (name: string, kind: string, op: string) => ({
        name,
        type: `tls:index/${kind}`,
        op,
        parent: "pulumi-ha:index:Certificate",
    });
    const password = (name: string) => ({ name, type: "random:index/randomPassword:RandomPassword", op: "create" });
    const engine = (unit: string, op: string) => ({
        name: `${unit}-engine`,
        type: "command:remote:Command",
        op,
        parent: "pulumi-ha:index:Unit",
    });
    const found = plan(
        [staying("front-a")],
        [
            tls("web-b-certificate", "locallySignedCert:LocallySignedCert", "replace"),
            tls("web-a-certificate", "locallySignedCert:LocallySignedCert", "replace"),
            tls("web-a-request", "certRequest:CertRequest", "replace"),
            { ...password("orders-shop-password"), parent: "pulumi-ha:index:GaleraCluster" },
            { ...password("web-a-digest-key"), parent: "pulumi-ha:index:Unit" },
            password("own-password"),
            engine("front-a", "update"),
            engine("front-b", "create"),
            { name: "site", type: "aws:s3/bucket:Bucket", op: "delete" },
            { name: "default", type: "pulumi:providers:aws", op: "create" },
        ],
    );
    expect(found.beside).toEqual([
        { what: "certificate renewed", names: ["web-a", "web-b"] },
        { what: "password made", names: ["orders-shop"] },
        { what: "engine of another version", names: ["front-a"] },
    ]);
    expect(found.others).toEqual({ create: 1, delete: 1 });
});

describe("a threshold", () => {
    const found = plan([changing("front-a"), { ...leaving("web-b"), of: ["web", "HaproxyFrontend"] }]);
    const outage = "web-b: outage: nothing of web remains";
    const reloads = "front-a: reload: reload keepalived.service, as /etc/front.conf differs";

    test.each<[allow: Impact, acknowledged: string[], exceeded: string[], unneeded?: string[]]>([
        [Impact.Data, [], []],
        [Impact.Outage, [], []],
        [Impact.Failover, [], [outage]],
        [Impact.None, [], [reloads, outage]],
        [Impact.Reload, ["outage:web"], []],
        [Impact.Reload, ["data:web-b"], []],
        [Impact.Reload, ["failover:web"], [outage], ["failover:web"]],
        [Impact.Reload, ["outage:front"], [outage], ["outage:front"]],
        [Impact.None, ["outage:web", "reload:front"], []],
    ])("%s with %j", (allow, acknowledged, exceeded, unneeded = []) => {
        const all = acknowledged.map((word) => word.split(":") as [Impact, string]);
        const by = all.map(([impact, name]) => ({ impact, name }));
        const verdict = judge(judgedIn(found), allow, by);
        expect(verdict.exceeded).toEqual(exceeded);
        expect(verdict.unneeded.map(({ impact, name }) => `${impact}:${name}`)).toEqual(unneeded);
    });
});
