import { failover } from "../../../../components/pacemaker-cluster/failover";
import { Fault, sum } from "../../../../components/shared/failover";
import { bmc, diskless, full, spec, tie, vip, web } from "./specs";

const at = (wait: number) => ({ ipmi: { n1: { ...bmc(111), powerWaitSeconds: wait }, n2: bmc(112) } });
const total = (cluster: ReturnType<typeof spec>, fault: Fault) =>
    failover(cluster).find((f) => f.fault === fault)?.totalSeconds;

test.each([
    ["power: token, consensus, decision, off and on with their waits, the address", spec(), Fault.Power, 6.7],
    ["the slowest controller counts", spec(at(3)), Fault.Power, 10.7],
    ["a longer token counts 2.2 times", spec({ tokenSeconds: 3 }), Fault.Power, 11.1],
    ["two without a witness: the second one waits", tie, Fault.Power, 11.7],
    ["a watchdog alone", diskless, Fault.Power, 28.7],
    ["a disk: msgwait", spec({ ipmi: undefined, sbd: { disk: "/dev/sda" } }), Fault.Power, 23.7],
    ["nothing is made sure of", spec({ ipmi: undefined, acceptSplitBrainRisk: "a test" }), Fault.Power, 3.7],
    ["the least of the witness's heartbeats", spec({ tokenSeconds: 0.5 }), Fault.Power, 6],
    ["a planned move of the address alone", spec(), Fault.Planned, 0.7],
    ["a group moves whole", spec({ clones: {}, orders: [], groups: { g: ["web", "vip"] } }), Fault.Planned, 5.1],
    ["a chain: promotion, file system, address, service", full, Fault.Planned, 0.2 + 4.7 + 6.3],
    ["a crash takes what rests on it along", spec(), Fault.Process, 8.1],
    ["a crash of the cluster's own daemons, where that takes longer", diskless, Fault.Process, 28.7],
    ["links and partitions as power", spec(), Fault.Partition, 6.7],
])("%s", (_title, cluster, fault, seconds) => expect(total(cluster, fault)).toBeCloseTo(seconds, 3));

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

test("each total is the sum of its terms, and says which argument makes it shorter", () => {
    for (const { totalSeconds, sums } of failover(full)) expect(totalSeconds).toBe(sum(sums[0]!));
    expect(failover(full)[2]?.sums[0]?.[0]).toMatchObject({ name: "token", knob: "pair.tokenSeconds" });
});
