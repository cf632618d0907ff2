import fc from "fast-check";
import { Fault, faultSeconds } from "../../../../components/shared/failover";
import { compose, servicesOf } from "../../../../components/stack-failover/compose";
import type { Part } from "../../../../components/stack-failover/compose";
import { SQL, VIP, part, term, vip, web } from "./parts";

const power = (...parts: Part[]) => compose(parts).power;
const names = (...parts: Part[]) => servicesOf(parts).map(({ part: { name } }) => name);

test("what is bound to an address that moves waits for the slower of the two", () => {
    expect(power(vip, web)).toEqual({
        totalSeconds: 3,
        service: "web",
        formula: "max(front: front (3 s), web: web (2 s))",
        slowest: "front: front (3 s)",
        knob: "front.knob",
        services: { web: 3 },
        components: { front: 3, web: 2 },
        unpromised: [],
    });
    expect(power(part("front", 1, vip.wiring), web)).toMatchObject({ totalSeconds: 2, slowest: "web: web (2 s)" });
});

test("the order of the list counts for nothing", () => {
    expect(power(web, vip)).toEqual(power(vip, web));
});

const readmits = { ...term("2 passed checks", 1.5), detects: false };

test("a server at an address that moves is back only when its checks pass again: both count", () => {
    const pair = part("files", 20, { moves: ["192.0.2.101"] });
    const nfs = part("nfs", 4, { boundTo: [VIP], servers: ["192.0.2.101:2049"], readmits });
    expect(power(vip, pair, nfs)).toMatchObject({
        totalSeconds: 21.5,
        service: "nfs",
        formula: "max(front: front (3 s), files: files (20 s) + 2 passed checks (1.5 s), nfs: nfs (4 s))",
        slowest: "files: files (20 s)",
        services: { nfs: 21.5 },
    });
});

test("a cluster stands still while a load balancer checks its members: the slower one counts", () => {
    const orders = part("orders", 6, { serves: [SQL] });
    const sql = part("sql", 2, { boundTo: [VIP], servers: [SQL], readmits });
    expect(power(vip, orders, sql)).toMatchObject({ totalSeconds: 6, services: { sql: 6 } });
});

test("the service whose clients wait longest counts for the stack", () => {
    const sql = part("sql", 5, { boundTo: [VIP] });
    expect(power(vip, web, sql)).toMatchObject({ totalSeconds: 5, service: "sql", services: { web: 3, sql: 5 } });
});

test("a service is what no other component rests on", () => {
    const pair = part("files", 20, { moves: ["192.0.2.101"] });
    expect(names(vip, web, pair)).toEqual(["web", "files"]);
    expect(names(vip, pair)).toEqual(["front", "files"]);
    expect(names(part("orders", 1, { serves: [SQL] }), part("sql", 1, { boundTo: [VIP], servers: [SQL] }))).toEqual([
        "sql",
    ]);
});

test("addresses are the same however they are spelled", () => {
    const six = part("six", 9, { moves: ["2001:db8::64"] });
    expect(names(six, part("web", 1, { boundTo: ["2001:DB8:0::0064"] }))).toEqual(["web"]);
    expect(names(six, part("web", 1, { boundTo: [VIP], servers: ["[2001:db8:0::64]:80"] }))).toEqual(["web"]);
});

test("nothing is promised for a kind of fault where one of the components promises nothing", () => {
    const blind = part("front", 3, vip.wiring, [Fault.Power]);
    const { hang, power: lost } = compose([blind, web]);
    expect(hang).toEqual({ services: {}, components: { web: 2 }, unpromised: ["web: front promises nothing"] });
    expect(lost.totalSeconds).toBe(3);
});

test("a service without a promise leaves the others theirs, and the stack none", () => {
    const alone = part("files", 1, {}, []);
    expect(power(vip, web, alone)).toEqual({
        services: { web: 3 },
        components: { front: 3, web: 2 },
        unpromised: ["files: files promises nothing"],
    });
});

test.each([
    ["an address that no listed component moves", [VIP], "web: no listed component moves 192.0.2.100"],
    ["all addresses of its nodes", [], "web: no listed component moves the address of a node"],
])("nothing is promised for a load balancer on %s", (_, boundTo, reason) => {
    expect(power(part("web", 1, { boundTo }))).toEqual({
        services: {},
        components: { web: 1 },
        unpromised: [reason],
    });
});

const seconds = fc.integer({ min: 0, max: 60_000 }).map((n) => n / 1000);
/** Times of a pair, a virtual address, a cluster, three load balancers in front of them, and a term that all but the load balancers have on top. */
const times = fc.tuple(seconds, seconds, seconds, seconds, seconds, seconds, seconds);

const stack = ([pair, address, cluster, a, b, c, back]: number[]): Part[] => [
    part("pair", pair ?? 0, { moves: ["192.0.2.101"] }),
    part("front", address ?? 0, { moves: [VIP] }),
    part("orders", cluster ?? 0, { serves: [SQL] }),
    part("web", a ?? 0, { boundTo: [VIP], servers: ["192.0.2.21:80"] }),
    part("sql", b ?? 0, { boundTo: [VIP], servers: [SQL] }),
    part("nfs", c ?? 0, {
        boundTo: [VIP],
        servers: ["192.0.2.101:2049"],
        readmits: { ...term("passed checks", back ?? 0), detects: false },
    }),
];

test("side by side is the largest, one after the other the sum", () => {
    fc.assert(
        fc.property(times, (all) => {
            const [pair, address, cluster, a, b, c, back] = all;
            const { services: found, totalSeconds = -1 } = power(...stack(all));
            expect(found.web).toBe(Math.max(address, a));
            expect(found.sql).toBe(Math.max(address, cluster, b));
            expect(found.nfs).toBeCloseTo(Math.max(address, pair + back, c), 6);
            expect(totalSeconds).toBe(Math.max(...Object.values(found)));
        }),
    );
});

test("a slower component never makes the stack faster", () => {
    fc.assert(
        fc.property(times, fc.nat({ max: 6 }), seconds, (all, which, more) => {
            const slowed = all.map((value, place) => (place === which ? value + more : value));
            const [before = 0, after = 0] = [all, slowed].map((of) => power(...stack(of)).totalSeconds);
            expect(after).toBeGreaterThanOrEqual(before);
        }),
    );
});

test("a component that promises less never gives the stack a promise that it had not", () => {
    fc.assert(
        fc.property(fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }), (promises) => {
            const parts = stack([1, 1, 1, 1, 1, 1, 1]).map((p, place) =>
                promises[place] ? p : { ...p, failover: [] },
            );
            expect(power(...parts).totalSeconds !== undefined).toBe(promises.every(Boolean));
        }),
    );
});

test("the slowest term is one of the largest sum", () => {
    const both = [
        faultSeconds(Fault.Power, [term("one long", 4)]),
        faultSeconds(Fault.Power, [term("short", 3), term("shorter", 2)]),
    ];
    const [one, two] = both.map((promise, n) => ({ name: `p${n}`, failover: [promise], wiring: {} }));
    expect(power(one!, two!)).toMatchObject({ totalSeconds: 5, slowest: "p1: short (3 s)", knob: "short.knob" });
});
