import { failover, wiring } from "../../../../components/haproxy-frontend/failover";
import { returnSeconds } from "../../../../components/shared/check-timing";
import { HaproxyMode } from "../../../../components/haproxy-frontend";
import { Fault } from "../../../../components/shared/failover";
import { galeraArgs, spec, webArgs, writer } from "./specs";

const timed = (check: object, more: object = {}) => spec(webArgs, { check, timeouts: { connectSeconds: 2 }, ...more });
const seconds = (s: ReturnType<typeof spec>, fault: Fault) => failover(s).find((f) => f.fault === fault)?.detectSeconds;

// Bounds against what was measured with HAProxy 2.6: inter 2 fall 3 refused 4.1 to 5.5 s; hung or cut 10.1 to 11.5 s; fastinter 0.5 with timeout
// check 1, hung, 4.1 to 5.5 s.
test.each([
    ["refused", { intervalSeconds: 2, fastIntervalSeconds: 2 }, Fault.Process, 6],
    [
        "hung, the check's timeout as long as the interval",
        { intervalSeconds: 2, fastIntervalSeconds: 2 },
        Fault.Hang,
        12,
    ],
    [
        "cut, the check's timeout as long as the interval",
        { intervalSeconds: 2, fastIntervalSeconds: 2 },
        Fault.Link,
        12,
    ],
    ["hung", { intervalSeconds: 2, fastIntervalSeconds: 0.5, timeoutSeconds: 1 }, Fault.Hang, 6],
    ["one failed check is enough", { fall: 1 }, Fault.Process, 1],
])("%s: down after %j at most", (_, check, fault, bound) => {
    expect(seconds(timed(check), fault)).toBe(bound);
});

test("a server whose host is lost fails its checks at the time limit for connecting", () => {
    const quick = spec(webArgs, { check: {}, timeouts: { connectSeconds: 0.1 } });
    expect([seconds(quick, Fault.Power), seconds(quick, Fault.Link)]).toEqual([2.3, 2.3]);
});

test("the terms are part of the answer", () => {
    expect(failover(spec(webArgs)).find((f) => f.fault === Fault.Hang)).toMatchObject({
        fault: Fault.Hang,
        detectSeconds: 5,
        actSeconds: 0,
        totalSeconds: 5,
        formula: "check interval (1 s) + 3 x check timeout (3 s) + 2 x fast interval (1 s) + its sessions end (0 s)",
    });
});

const knobs = (s: ReturnType<typeof spec>, fault: Fault) =>
    failover(s)
        .find((f) => f.fault === fault)
        ?.sums.map((terms) => terms.flatMap(({ knob }) => knob ?? []));

test.each<[string, object, Fault, string[]]>([
    ["hang", {}, Fault.Hang, ["check.intervalSeconds", "check.timeoutSeconds", "check.fastIntervalSeconds"]],
    ["loss", {}, Fault.Power, ["check.intervalSeconds", "timeouts.connectSeconds", "check.fastIntervalSeconds"]],
    [
        "sessions that last",
        { shutdownSessionsWhenDown: false, timeouts: { connectSeconds: 5 } },
        Fault.Link,
        ["check.intervalSeconds", "check.intervalSeconds", "check.fastIntervalSeconds", "timeouts.serverSeconds"],
    ],
    ["refusal", {}, Fault.Process, ["check.intervalSeconds", "check.fastIntervalSeconds"]],
])("what makes terms shorter: %s", (_, changes, fault, expected) => {
    expect(knobs(spec(webArgs, changes), fault)).toEqual([expected.map((field) => `web.${field}`)]);
});

test("checks that a cluster states are made faster there", () => {
    const sql = spec(galeraArgs({ ...writer, timingKnob: "orders.timing" }));
    expect(knobs(sql, Fault.Hang)?.[1]).toEqual(["orders.timing", "orders.timing", "orders.timing"]);
    expect(knobs(spec(galeraArgs(writer)), Fault.Hang)?.[1]).toEqual([]);
});

test("where clients come from and go to", () => {
    expect(wiring(spec(webArgs))).toMatchObject({
        boundTo: ["192.0.2.100"],
        servers: ["192.0.2.21:8080", "192.0.2.22:8080"],
        readmits: { seconds: 1.5, knob: "web.check.rise" },
        knowsServers: { seconds: 2, knob: "web.check.intervalSeconds" },
    });
});

test("what a cluster says of its members is not said again", () => {
    expect(wiring(spec(galeraArgs(writer))).servers).toEqual([]);
});

test("sessions that are not ended wait for the server's timeout", () => {
    const patient = spec(webArgs, { shutdownSessionsWhenDown: false });
    expect(failover(patient).find((f) => f.fault === Fault.Hang)?.totalSeconds).toBe(35);
});

test("no promise for a hang that the check cannot see", () => {
    const blind = spec(webArgs, { mode: HaproxyMode.Tcp, certificates: [], check: {} });
    expect(failover(blind).map((f) => f.fault)).not.toContain(Fault.Hang);
});

test("a planned stop costs nothing", () => {
    expect(failover(spec(webArgs)).find((f) => f.fault === Fault.Planned)?.totalSeconds).toBe(0);
});

test("a server is used again after its interval and one fast interval for each further check", () => {
    expect(returnSeconds(timed({ intervalSeconds: 2, fastIntervalSeconds: 0.5, rise: 3 }).check)).toBe(3);
});
