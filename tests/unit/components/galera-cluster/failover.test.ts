import { GaleraTiming } from "../../../../components/galera-cluster/args";
import { readersBackend, writerBackend } from "../../../../components/galera-cluster/backend";
import { failover } from "../../../../components/galera-cluster/failover";
import { markedDownSeconds, period, periodSeconds, timing } from "../../../../components/galera-cluster/timing";
import { Fault } from "../../../../components/shared/failover";
import fc from "fast-check";
import { fullSpec, spec } from "./specs";

const profiles = Object.values(GaleraTiming);
const seconds = (s: ReturnType<typeof spec>, fault: Fault) => failover(s).find((f) => f.fault === fault)?.totalSeconds;

test.each<[GaleraTiming, Fault, number]>([
    [GaleraTiming.Standard, Fault.Process, 3.55],
    [GaleraTiming.Standard, Fault.Hang, 3.55],
    [GaleraTiming.Standard, Fault.Power, 3.55],
    [GaleraTiming.Standard, Fault.Link, 3.55],
    [GaleraTiming.Standard, Fault.Partition, 8.05],
    [GaleraTiming.Standard, Fault.Planned, 0.95],
    [GaleraTiming.Fast, Fault.Power, 2.3],
    [GaleraTiming.Wide, Fault.Power, 7],
])("%s, %s: %d s at most", (profile, fault, bound) => {
    expect(seconds(spec({ timing: profile }), fault)).toBe(bound);
});

// Bounds against what was measured with Galera 26.4.23, in seconds, for kill -9, SIGSTOP and a cut.
test.each([
    ["defaults", {}, 6.13, 6.47],
    ["suspect 2 s", { "evs.suspect_timeout": "PT2S" }, 3.06, 3.16],
    [
        "short check and retransmission",
        { "evs.inactive_check_period": "PT0.1S", "evs.join_retrans_period": "PT0.3S" },
        5.07,
        5.38,
    ],
])("Galera's defaults, %s: measured %s to %s", (_, providerOptions, least, most) => {
    const bound = seconds(spec({ timing: GaleraTiming.Wide, providerOptions }), Fault.Process) ?? 0;
    expect(bound).toBeGreaterThanOrEqual(most);
    expect(bound - 1).toBeLessThan(least);
});

test("the terms are part of the answer", () => {
    expect(failover(spec()).find((f) => f.fault === Fault.Hang)).toMatchObject({
        fault: Fault.Hang,
        detectSeconds: 3.25,
        actSeconds: 0.3,
        totalSeconds: 3.55,
        formula:
            "suspect timeout (3 s) + inactive check period (0.25 s) + join retransmission (0.2 s) + the others agree (0.1 s)",
    });
});

const knobs = (s: ReturnType<typeof spec>) =>
    failover(s)
        .find((f) => f.fault === Fault.Power)
        ?.sums.map((terms) => terms.map(({ knob }) => knob));

test.each<[string, Parameters<typeof spec>[0], (string | undefined)[]]>([
    ["the timing", {}, ["orders.timing", "orders.timing", "orders.timing", undefined]],
    [
        "an option that the program sets, before the timing",
        { providerOptions: { "evs.suspect_timeout": "PT10S" } },
        ["orders.providerOptions.evs.suspect_timeout", "orders.timing", "orders.timing", undefined],
    ],
    [
        "options where no timing is faster",
        { timing: GaleraTiming.Fast },
        [
            "orders.providerOptions.evs.suspect_timeout",
            "orders.providerOptions.evs.inactive_check_period",
            "orders.providerOptions.evs.join_retrans_period",
            undefined,
        ],
    ],
])("what makes a term shorter: %s", (_, parts, expected) => {
    expect(knobs(spec(parts))).toEqual([expected]);
});

test("no other timing makes the checks of the fastest one faster", () => {
    expect(writerBackend(spec({ timing: GaleraTiming.Fast })).timingKnob).toBeUndefined();
});

test("options of the program's own count", () => {
    expect(seconds(spec({ providerOptions: { "evs.suspect_timeout": "PT10S" } }), Fault.Power)).toBe(10.55);
});

test.each(profiles)("%s: a load balancer marks a silent member down while the others still agree", (profile) => {
    const s = spec({ timing: profile });
    const { fall, timeoutSeconds } = s.timing.check;
    const noticedSeconds = markedDownSeconds(s.timing) + fall * timeoutSeconds;
    expect(noticedSeconds).toBeLessThanOrEqual(seconds(s, Fault.Power) ?? 0);
    expect(markedDownSeconds(s.timing)).toBeLessThan(noticedSeconds);
});

test.each(profiles)("%s: what HAProxy and Galera ask of timings holds", (profile) => {
    const t = timing(profile, {});
    expect(t.check.timeoutSeconds).toBeLessThanOrEqual(t.check.intervalSeconds);
    expect(t.check.fastIntervalSeconds).toBeLessThanOrEqual(t.check.intervalSeconds);
    expect(t.check.greetingSeconds).toBeLessThan(t.check.timeoutSeconds);
    expect(t.inactiveCheckSeconds).toBeLessThanOrEqual(t.suspectSeconds / 2);
    expect(t.keepaliveSeconds).toBeLessThanOrEqual(t.suspectSeconds / 3);
    expect(t.installSeconds).toBeLessThanOrEqual(t.inactiveSeconds);
});

test.each([
    ["PT3S", 3],
    ["PT0.25S", 0.25],
    ["PT1M30S", 90],
    ["PT2H", 7200],
    ["P1D", 86400],
    ["P1DT1S", 86401],
])("%s is %d s", (text, value) => {
    expect(periodSeconds(text)).toBe(value);
});

test.each(["", "3", "3s", "P", "PT", "PTS", "PT3", "P1DT", "PT-3S", "PT3S ", "pt3s", "P1M"])(
    "fails: %j is no period",
    (text) => {
        expect(periodSeconds(text)).toBeUndefined();
    },
);

test("a period that is written is read back", () => {
    fc.assert(
        fc.property(fc.integer({ min: 1, max: 10_000_000 }), (milliseconds) => {
            expect(periodSeconds(period(milliseconds / 1000))).toBeCloseTo(milliseconds / 1000, 6);
        }),
    );
});

test("the writer is the first member, the others follow in order", () => {
    expect(writerBackend(spec())).toEqual({
        servers: [
            { name: "db1", address: "192.0.2.31", backup: false },
            { name: "db2", address: "192.0.2.32", backup: true },
            { name: "db3", address: "192.0.2.33", backup: true },
        ],
        port: 3306,
        healthPort: 9200,
        healthPath: "/writer",
        intervalSeconds: 1,
        fastIntervalSeconds: 0.5,
        timeoutSeconds: 1,
        fall: 2,
        timingKnob: "orders.timing",
        // 4 s: what hung has heard by then that it is out.
        rise: 9,
        failover: failover(spec()),
    });
});

test("readers are all but the writer, which serves while no other does", () => {
    expect(readersBackend(fullSpec)).toMatchObject({
        servers: [
            { name: "db2", backup: false },
            { name: "db1", backup: true },
        ],
        port: 3307,
        healthPort: 9300,
        healthPath: "/reader",
    });
});
