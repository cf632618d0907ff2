import { failover, wiring } from "../../../../components/pacemaker-cluster/failover";
import { Fault, faultSeconds, formula, sum } from "../../../../components/shared/failover";
import { repair } from "../../../../components/stack-failover/budget";
import { bmc, diskless, full, kvm, libvirt, spec, tie, vip, virtual, web } from "./specs";

const at = (wait: number) => ({ ipmi: { n1: { ...bmc(111), powerWaitSeconds: wait }, n2: bmc(112) } });
const total = (cluster: ReturnType<typeof spec>, fault: Fault) =>
    failover(cluster).find((f) => f.fault === fault)?.totalSeconds;

test.each([
    ["power: token, consensus, decision, off and on with their waits, the address", spec(), Fault.Power, 6.7],
    ["the slowest controller counts", spec(at(3)), Fault.Power, 10.7],
    [
        "a controller that takes its time",
        spec({ ipmi: { n1: { ...bmc(111), answerSeconds: 8 }, n2: bmc(112) } }),
        Fault.Power,
        13.7,
    ],
    [
        "of controllers the one that takes longest in all",
        spec({ ipmi: { n1: { ...bmc(111), answerSeconds: 4 }, n2: { ...bmc(112), powerWaitSeconds: 3 } } }),
        Fault.Power,
        10.7,
    ],
    [
        "a hypervisor that takes its time",
        spec({ ipmi: undefined, libvirt: { n1: kvm(121), n2: { ...kvm(122), answerSeconds: 9 } } }),
        Fault.Power,
        12.7,
    ],
    [
        "two without a witness and a slow controller: the second one waits for that",
        spec({ witness: undefined, ipmi: { n1: { ...bmc(111), answerSeconds: 8 }, n2: bmc(112) } }),
        Fault.Power,
        23.7,
    ],
    ["a longer token counts 2.2 times", spec({ tokenSeconds: 3 }), Fault.Power, 11.1],
    ["two without a witness: the second one waits", tie, Fault.Power, 11.7],
    ["a watchdog alone", diskless, Fault.Power, 31.7],
    ["a disk: msgwait", spec({ ipmi: undefined, sbd: { disk: "/dev/sda" } }), Fault.Power, 23.7],
    ["a hypervisor: a login, destroy and start", virtual, Fault.Power, 6.7],
    ["the same with SBD for when the hypervisor fails", spec({ ipmi: undefined, libvirt, sbd: {} }), Fault.Power, 6.7],
    [
        "a controller and a hypervisor: the slower one",
        spec({ ipmi: { n1: { ...bmc(111), powerWaitSeconds: 0 } }, libvirt: { n2: kvm(122) } }),
        Fault.Power,
        6.7,
    ],
    ["nothing is made sure of", spec({ ipmi: undefined, acceptSplitBrainRisk: "a test" }), Fault.Power, 3.7],
    ["the least of the witness's heartbeats", spec({ tokenSeconds: 0.5 }), Fault.Power, 6],
    ["a planned move of the address alone", spec(), Fault.Planned, 0.7],
    ["a group moves whole", spec({ clones: {}, orders: [], groups: { g: ["web", "vip"] } }), Fault.Planned, 5.1],
    ["a chain: promotion, file system, address, service", full, Fault.Planned, 0.2 + 4.7 + 6.3],
    ["a crash takes what rests on it along", spec(), Fault.Process, 8.1],
    ["a crash of the cluster's own daemons, where that takes longer", diskless, Fault.Process, 31.7],
    ["links and partitions as power", spec(), Fault.Partition, 6.7],
])("%s", (_title, cluster, fault, seconds) => expect(total(cluster, fault)).toBeCloseTo(seconds, 3));

describe("a controller that is lost with its node's power", () => {
    const dependent = { ipmi: { n1: { ...bmc(111), independentPower: false }, n2: bmc(112) } };

    test("alone: nothing is promised for that, and as much as before for all else", () => {
        expect(total(spec(dependent), Fault.Power)).toBeUndefined();
        const others = (cluster: ReturnType<typeof spec>) => failover(cluster).filter((f) => f.fault !== Fault.Power);
        expect(others(spec(dependent))).toEqual(others(spec()));
    });

    test("with SBD beside it: it is given up first", () => {
        const both = spec({ ...dependent, sbd: { disk: "/dev/sda" } });
        expect(total(both, Fault.Power)).toBeCloseTo(2.2 + 1.2 + 22 + 20 + 0.3, 3);
        expect(total(both, Fault.Partition)).toBeCloseTo(6.7, 3);
        const { sums } = failover(both).find(({ fault }) => fault === Fault.Power)!;
        expect(repair(sums[0]!, 25)).toBe("change pair.fencing.ipmi.n1.independentPower (22 s now, 1.3 s at most)");
    });
});

test("of two chains the slower one counts", () => {
    const slow = { ...web, expectedStartSeconds: 9 };
    const cluster = spec({ resources: { vip, web, slow }, groups: { g: ["web", "vip"] }, clones: {}, orders: [] });
    expect(total(cluster, Fault.Power)).toBeCloseTo(6.4 + 9, 3);
});

test("orders that run in a circle end", () => {
    const orders = [
        { first: "vip", then: "web-clone" },
        { first: "web-clone", then: "vip" },
    ];
    expect(total(spec({ orders }), Fault.Planned)).toBeGreaterThan(0);
});

test("a volume has to notice the loss too; writes wait for its hanging disk", () => {
    const silent = {
        name: "ping interval",
        seconds: 6,
        detects: true,
        source: "test",
        knob: "files.timing.pingSeconds",
    };
    const stuck = { ...silent, name: "7 x timeout", seconds: 28, knob: "files.timing.koCount" };
    const says = [faultSeconds(Fault.Hang, [stuck]), faultSeconds(Fault.Power, [silent])];
    const cluster = { ...full, volumes: [says] };
    const [starting, known] = [6.3, 2.2 * 1.5 + 1.2 + 1 + 2];
    expect(total(full, Fault.Power)).toBeCloseTo(known + starting);
    expect(total(cluster, Fault.Power)).toBeCloseTo(known + starting);
    const slow = { ...cluster, volumes: [[faultSeconds(Fault.Power, [{ ...silent, seconds: 10 }])]] };
    expect(total(slow, Fault.Power)).toBeCloseTo(10 + starting);
    expect(total(cluster, Fault.Hang)).toBe(28);
    const terms = failover(slow).find(({ fault }) => fault === Fault.Partition)!.sums[1]!;
    expect(formula(terms)).toMatch(/^ping interval \(10 s\) \+ start of disk \(1.5 s\) \+ start of fs/);
});

test.each([
    ["a shorter token", spec(), 6, "change pair.tokenSeconds (2.2 s now, 1.5 s at most)"],
    [
        "shorter waits for the slowest controller",
        spec(at(3)),
        8,
        "change pair.fencing.ipmi.n1.powerWaitSeconds (6 s now, 3.3 s at most)",
    ],
    ["a witness", tie, 9, "change pair.witness (5 s now, 2.3 s at most)"],
    ["a faster watchdog", diskless, 20, "change pair.fencing.sbd.watchdogTimeoutSeconds (28 s now, 16.3 s at most)"],
    [
        "nothing, where the witness is the slowest",
        spec({ tokenSeconds: 0.5, ...at(0) }),
        1,
        /^no argument makes up for it/,
    ],
])("what repairs a promise for a lost node: %s", (_title, cluster, limit, words) => {
    const { sums } = failover(cluster).find(({ fault }) => fault === Fault.Power)!;
    expect(repair(sums[0]!, limit)).toEqual(typeof words === "string" ? words : expect.stringMatching(words));
});

test("a controller's time is what was measured, and no argument makes it shorter", () => {
    const slow = spec({ ipmi: { n1: bmc(111), n2: { ...bmc(112), answerSeconds: 20 } } });
    const { sums } = failover(slow).find(({ fault }) => fault === Fault.Power)!;
    expect(sums[0]).toContainEqual(
        expect.objectContaining({ seconds: 20, source: "measured: fencing.ipmi.n2.answerSeconds" }),
    );
    expect(repair(sums[0]!, 15)).toMatch(/^no argument makes up for it/);
});

test("what repairs a planned move: a service that starts faster", () => {
    const moves = spec({ clones: {}, orders: [], colocations: [], groups: { g: ["vip", "web"] } });
    const { sums } = failover(moves).find(({ fault }) => fault === Fault.Planned)!;
    expect(repair(sums[0]!, 3.5)).toMatch(/^change pair.resources.web.expectedSt/);
});

test("a second link: who cannot be reached by clients is found out, or nothing is promised", () => {
    const { sums } = failover(full).find(({ fault }) => fault === Fault.Link)!;
    expect(formula(sums[0]!)).toMatch(
        /^monitor of reach \(2 s\) \+ attempts \(2 s\) \+ dampen \(6 s\) \+ decision \(0.2 s\) \+ stop of app/,
    );
    expect(total({ ...full, attributeLocations: [] }, Fault.Link)).toBeUndefined();
});

test("the addresses that move", () => {
    expect(wiring(spec())).toEqual({ moves: ["192.0.2.100"] });
    expect(wiring(spec({ resources: { web } }))).toEqual({ moves: [] });
});

test("each total is the sum of its terms, and says which argument makes it shorter", () => {
    for (const { totalSeconds, sums } of failover(full)) expect(totalSeconds).toBe(sum(sums[0]!));
    expect(failover(full)[2]?.sums[0]?.[0]).toMatchObject({ name: "token", knob: "pair.tokenSeconds" });
});
