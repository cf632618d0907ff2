import * as pulumi from "@pulumi/pulumi";
import { Fault, HaproxyFrontend, KeepalivedVip, faultSeconds, stackFailover } from "../../../../components";
import type { StackFailover } from "../../../../components";
import {
    failover as frontendFailover,
    wiring as frontendWiring,
} from "../../../../components/haproxy-frontend/failover";
import { failover as vipFailover, wiring as vipWiring } from "../../../../components/keepalived-vip/failover";
import { promised } from "../../../../components/stack-failover";
import { mocked, promised as valueOf } from "../mocked";
import { spec as frontendSpec, webArgs } from "../haproxy-frontend/specs";
import { spec as vipSpec } from "../keepalived-vip/specs";
import { term, vip as onAddress, web as balancer } from "./parts";

const node = (name: string, last: number) => ({
    name,
    address: `192.0.2.${last}`,
    interface: "eth0",
    hostKey: "ssh-ed25519 AAAA",
});
const nodes = [node("lb1", 11), node("lb2", 12)];
const servers = { app1: { address: "192.0.2.21", port: 8080 }, app2: { address: "192.0.2.22", port: 8080 } };

/** What a program says and makes, in a preview or an update. */
async function run<T>(preview: boolean, program: () => pulumi.Output<T>): Promise<T> {
    const { result } = await mocked(preview, () => {
        pulumi.runtime.setAllConfig({});
        return valueOf(program());
    });
    return result;
}

const vip = () => new KeepalivedVip("front", { nodes, address: "192.0.2.100/24" });
const web = (address: pulumi.Input<string>) =>
    new HaproxyFrontend("web", { nodes, bind: { address, port: 80 }, servers });

describe.each([
    ["preview", true],
    ["update", false],
])("in a %s", (_, preview) => {
    test("components take part as they are, under their names", async () => {
        const found = await run(preview, () => {
            const front = vip();
            return stackFailover([front, web(front.address)]);
        });
        expect(found.power).toMatchObject({
            totalSeconds: 3.5,
            service: "web",
            slowest: "web: 3 x connection attempt (1.5 s)",
            knob: "web.timeouts.connectSeconds",
            components: { front: 3.016, web: 3.5 },
        });
        expect(found.planned).toMatchObject({ totalSeconds: 0.016, slowest: "front: skew at priority 252 (0.016 s)" });
        expect(found.partition.unpromised).toContain("web: front promises nothing");
    });
});

const later = (name: string, seconds: number) => ({
    failover: Object.values(Fault).map((fault) => faultSeconds(fault, [term(name, seconds)])),
    address: `192.0.2.${100 + seconds}/24`,
});
const urn = (type: string, name: string) => `urn:pulumi:stack::project::pulumi-ha:index:${type}::${name}`;
const plain = (parts: Parameters<typeof stackFailover>[0]): Promise<StackFailover> =>
    run(false, () => stackFailover(parts));

test("anything with a promise takes part, by its address alone, also from another stack", async () => {
    const edge = { name: "edge", ...later("edge", 9) };
    const found = await run(true, () => stackFailover([edge, web("192.0.2.109")]));
    expect(found.link).toMatchObject({ totalSeconds: 9, service: "web", slowest: "edge: edge (9 s)" });
});

test("two of one name are told apart by their types", async () => {
    const pair = { ...later("files", 20), urn: urn("HaPair", "files") };
    const data = { failover: pair.failover, urn: urn("DrbdVolume", "files") };
    expect((await plain([pair, data])).hang.components).toEqual({ "files (HaPair)": 20, "files (DrbdVolume)": 20 });
});

test("fails: an empty list", () => expect(() => stackFailover([])).toThrow(/the list is empty/));

test("fails: more than the budget allows, all at once and with nothing but the message", () => {
    const refused = () => promised({ parts: [onAddress, balancer], budget: { power: 2, hang: 2.5 } });
    expect(refused).toThrow(pulumi.RunError);
    expect(refused).toThrow(
        /^stackFailover "stack": 2 things must change before any host is touched\n {2}- budget.hang: front, for which web waits, [^\n]*\n {2}- budget.power: front, for which web waits, [^\n]*change front.knob \(3 s now, 2 s at most\)$/,
    );
});

test("fails: an address that a fast node takes back before haproxy knows its servers", () => {
    const eager = vipSpec({ preempt: true, advertIntervalSeconds: 0.2 });
    const front = { name: "front", failover: vipFailover(eager), wiring: vipWiring(eager) };
    const frontend = frontendSpec(webArgs, { bind: { address: "10.77.0.100", port: 443 } });
    const balanced = { name: "web", failover: frontendFailover(frontend), wiring: frontendWiring(frontend) };
    expect(() => promised({ parts: [front, balanced], budget: {} })).toThrow(
        /front.preemptDelaySeconds: 0.6 s .* 2 s of web.check.intervalSeconds/,
    );
});

test("a budget that cannot be checked yet is told of", async () => {
    const warned = jest.spyOn(pulumi.log, "warn").mockResolvedValue();
    const unknown = Object.assign(pulumi.output([]), { isKnown: Promise.resolve(false) });
    await run(true, () => stackFailover([{ name: "later", failover: unknown }], { budget: { power: 1 } }));
    expect(warned.mock.calls.map(([message]) => message)).toEqual([expect.stringMatching(/budget is not checked yet/)]);
    warned.mockRestore();
});
