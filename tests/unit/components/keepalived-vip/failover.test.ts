import * as fc from "fast-check";
import { failover, skewSeconds, wiring } from "../../../../components/keepalived-vip/failover";
import { VrrpVersion } from "../../../../components/keepalived-vip/args";
import { Fault, sum } from "../../../../components/shared/failover";
import { derivedRouterId } from "../../../../components/keepalived-vip/spec";
import { lb1, lb2, lb3, spec } from "./specs";

const total = (parts: Parameters<typeof spec>[0], fault: Fault) =>
    failover(spec(parts)).find((f) => f.fault === fault)?.totalSeconds;

const at100 = { priorities: { lb1: 101, lb2: 100 } };

describe("seconds of a failover", () => {
    test.each([
        ["version 3, 1 s, holder silent", at100, Fault.Power, 3.609],
        ["its link cut", at100, Fault.Link, 3.609],
        ["0.1 s, holder silent", { ...at100, advertIntervalSeconds: 0.1 }, Fault.Power, 0.361],
        ["version 2, holder silent", { ...at100, version: VrrpVersion.V2 }, Fault.Power, 3.609],
        [
            "version 2 does not scale the skew",
            { ...at100, version: VrrpVersion.V2, advertIntervalSeconds: 2 },
            Fault.Power,
            6.609,
        ],
        ["planned, 1 s", at100, Fault.Planned, 0.609],
        ["planned, 0.1 s", { ...at100, advertIntervalSeconds: 0.1 }, Fault.Planned, 0.061],
        ["default priorities: planned takes milliseconds", {}, Fault.Planned, 0.016],
        ["default priorities: power", {}, Fault.Power, 3.016],
        ["three nodes: the second best waits", { nodes: [lb1, lb2, lb3] }, Fault.Planned, 0.016],
        ["a standby does not count", { nodes: [lb1, lb2, lb3], standby: ["lb2"] }, Fault.Planned, 0.023],
        [
            "a tracked service: fall x interval + timeout + skew",
            { ...at100, track: { web: { tcp: { port: 80 }, intervalSeconds: 2, timeoutSeconds: 1 } } },
            Fault.Process,
            5.609,
        ],
        [
            "keepalived itself, where that takes longer than a tracked service",
            { ...at100, track: { web: { tcp: { port: 80 } } } },
            Fault.Process,
            3.609,
        ],
        [
            "a weight with preempt: the holder is outbid",
            { ...at100, preempt: true, track: { web: { tcp: { port: 80 }, weight: -50 } } },
            Fault.Process,
            6.109,
        ],
        [
            "a hang that an HTTP probe sees",
            { ...at100, track: { web: { http: { url: "http://127.0.0.1/" }, intervalSeconds: 3 } } },
            Fault.Hang,
            8.109,
        ],
        [
            "a hang that the trackers see: the slowest of them",
            {
                ...at100,
                track: {
                    web: { http: { url: "http://127.0.0.1/" } },
                    sql: { systemdUnit: "mariadb", command: "mariadb-admin ping", intervalSeconds: 3 },
                },
            },
            Fault.Hang,
            8.109,
        ],
    ])("%s", (_title, parts, fault, seconds) => expect(total(parts, fault)).toBeCloseTo(seconds, 3));

    // Measured with keepalived 2.2.7, in seconds: the longest of each.
    const tracked = { tcp: { port: 80 }, intervalSeconds: 1, fall: 2 };
    test.each<[string, Parameters<typeof spec>[0], Fault, number, number]>([
        ["holder silent", at100, Fault.Power, 0, 3.09],
        ["its card down", at100, Fault.Link, 0, 3.54],
        ["0.1 s, silent", { ...at100, advertIntervalSeconds: 0.1 }, Fault.Power, 0, 0.31],
        ["version 2, silent", { ...at100, version: VrrpVersion.V2 }, Fault.Power, 0, 2.72],
        ["a tracked service", { ...at100, track: { web: tracked } }, Fault.Process, 1, 1.65],
        [
            "one with a weight",
            { ...at100, preempt: true, track: { web: { ...tracked, weight: -100 } } },
            Fault.Process,
            1,
            4.63,
        ],
    ])("%s: no longer than computed", (_title, parts, fault, place, measured) => {
        const terms = failover(spec(parts)).find((f) => f.fault === fault)?.sums[place] ?? [];
        expect(sum(terms)).toBeGreaterThanOrEqual(measured);
        expect(sum(terms)).toBeLessThan(measured + 1.5);
    });

    test("name their terms", () =>
        expect(failover(spec()).map((f) => [f.fault, f.formula])).toEqual([
            ["process", "3 x advert interval (3 s) + skew at priority 252 (0.016 s)"],
            ["power", "3 x advert interval (3 s) + skew at priority 252 (0.016 s)"],
            ["link", "3 x advert interval (3 s) + skew at priority 252 (0.016 s)"],
            ["planned", "skew at priority 252 (0.016 s)"],
        ]));

    test("of several things that may die the slowest counts, and all are named", () => {
        const track = { web: { tcp: { port: 80 }, intervalSeconds: 3 } };
        expect(failover(spec({ track })).find((f) => f.fault === Fault.Process)).toMatchObject({
            totalSeconds: 7.516,
            formula:
                "max(3 x advert interval (3 s) + skew at priority 252 (0.016 s), web: 2 x check interval (6 s) + web: timeout (1.5 s) + skew at priority 252 (0.016 s))",
        });
    });

    const knobs = (parts: Parameters<typeof spec>[0], fault: Fault) =>
        failover(spec(parts))
            .find((f) => f.fault === fault)
            ?.sums.map((terms) => terms.map(({ knob }) => knob?.replace("front.", "")));

    test.each<[string, Parameters<typeof spec>[0], Fault, (string | undefined)[]]>([
        [
            "the interval, which makes the skew shorter too",
            {},
            Fault.Power,
            ["advertIntervalSeconds", "advertIntervalSeconds"],
        ],
        ["priorities, where they are low", at100, Fault.Planned, ["priorities"]],
        [
            "priorities, where the interval has no part in it",
            { version: VrrpVersion.V2 },
            Fault.Planned,
            ["priorities"],
        ],
    ])("what makes a term shorter: %s", (_title, parts, fault, expected) =>
        expect(knobs(parts, fault)).toEqual([expected]),
    );

    test.each([
        ["its interval", { intervalSeconds: 2 }, "track.web.intervalSeconds"],
        ["fewer of them, where the interval is the shortest", {}, "track.web.fall"],
        ["nothing, where one is enough already", { fall: 1 }, undefined],
    ])("what makes the checks of a tracked service faster: %s", (_title, track, expected) =>
        expect(knobs({ track: { web: { tcp: { port: 80 }, ...track } } }, Fault.Process)?.[1]?.[0]).toBe(expected),
    );

    test("all addresses move, and the preferred node takes nothing back unless it is to", () =>
        expect(wiring(spec({ extraAddresses: ["10.77.0.101/24"] }))).toEqual({
            moves: ["10.77.0.100", "10.77.0.101"],
        }));

    test.each([
        [0, 1.5],
        [30, 31],
    ])("with a delay of %d s it takes the address back after %d s at the earliest", (preemptDelaySeconds, least) =>
        expect(
            wiring(spec({ preempt: true, preemptDelaySeconds, advertIntervalSeconds: 0.5 })).takesBack,
        ).toMatchObject({ seconds: least, knob: "front.preemptDelaySeconds" }),
    );

    const http = { url: "http://127.0.0.1/" };
    test.each<[string, NonNullable<Parameters<typeof spec>[0]>["track"]]>([
        ["nothing is tracked", {}],
        ["only a port", { web: { tcp: { port: 80 } } }],
        ["only a systemd unit", { web: { systemdUnit: "nginx" } }],
        ["a page of one service, and a port of another", { web: { http }, sql: { tcp: { port: 3306 } } }],
    ])("a hang is not promised where it may go unnoticed: %s", (_title, track) =>
        expect(failover(spec({ track })).map((f) => f.fault)).toEqual(["process", "power", "link", "planned"]),
    );

    test("nothing is promised while one node alone takes the address", () =>
        expect(failover(spec({ standby: ["lb2"] }))).toEqual([]));

    const interval = fc.integer({ min: 1, max: 4095 }).map((hundredths) => hundredths / 100);
    const priority = fc.integer({ min: 1, max: 254 });

    test("skew lies between nothing and one interval, and falls with the priority", () =>
        fc.assert(
            fc.property(interval, priority, priority, (seconds, a, b) => {
                const [better, worse] = [Math.max(a, b), Math.min(a, b)].map((p) =>
                    skewSeconds(VrrpVersion.V3, seconds, p),
                );
                expect(better).toBeGreaterThan(0);
                expect(worse).toBeLessThan(seconds);
                expect(better).toBeLessThanOrEqual(worse ?? 0);
            }),
        ));

    test("a lost holder takes longer than a planned switch, by three intervals", () =>
        fc.assert(
            fc.property(interval, (advertIntervalSeconds) => {
                const [lost = 0, planned = 0] = [Fault.Power, Fault.Planned].map((f) =>
                    total({ advertIntervalSeconds }, f),
                );
                expect(lost - planned).toBeCloseTo(3 * advertIntervalSeconds, 2);
            }),
        ));
});

describe("the derived virtual router id", () => {
    test.each([
        ["10.77.0.100/24", 100],
        ["10.77.1.100/16", 101],
        ["10.77.0.255/16", 255],
        ["10.77.1.0/16", 1],
        ["fd77::64/64", 100],
    ])("of %s is %d", (address, id) => expect(derivedRouterId(address)).toBe(id));

    test("is in range, and differs for neighbours", () =>
        fc.assert(
            fc.property(fc.integer({ min: 1, max: 0xfffffffd }), (n) => {
                const ip = (value: number) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join(".");
                const [id, next] = [derivedRouterId(`${ip(n)}/8`), derivedRouterId(`${ip(n + 1)}/8`)];
                expect(id).toBeGreaterThanOrEqual(1);
                expect(id).toBeLessThanOrEqual(255);
                if ((n & 0xffff) !== 0xffff) expect(next).not.toBe(id);
            }),
        ));
});
