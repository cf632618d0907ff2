import fc from "fast-check";
import { Fault, faultSeconds, followed, slower, sum } from "../../../../components/shared/failover";
import type { FaultSeconds } from "../../../../components/shared/failover";

const term = (name: string, seconds: number, detects = true) => ({ name, seconds, detects, source: "test" });
const stall = faultSeconds(Fault.Power, [term("suspect timeout", 3), term("view change", 0.75, false)]);
const checks = faultSeconds(Fault.Power, [term("2 x check", 1)]);

test("of two that happen side by side the slower one counts, with the terms of both", () => {
    const formula = "max(suspect timeout (3 s) + view change (0.75 s), 2 x check (1 s))";
    expect(slower(stall, checks)).toEqual({ ...stall, formula, sums: [...stall.sums, ...checks.sums] });
    expect(slower(checks, stall)).toMatchObject({ detectSeconds: 3, actSeconds: 0.75, totalSeconds: 3.75 });
});

const seconds = fc.integer({ min: 0, max: 100_000 }).map((n) => n / 1000);
const promise: fc.Arbitrary<FaultSeconds> = fc
    .tuple(seconds, seconds)
    .map(([detect, act]) => faultSeconds(Fault.Power, [term("a", detect), term("b", act, false)]));

test("what is composed is the sum of its parts, and no less than either of the two", () => {
    fc.assert(
        fc.property(promise, promise, (a, b) => {
            const both = slower(a, b);
            expect(both.totalSeconds).toBe(Math.max(a.totalSeconds, b.totalSeconds));
            expect(both.detectSeconds + both.actSeconds).toBeCloseTo(both.totalSeconds, 6);
            expect(slower(b, a).totalSeconds).toBe(both.totalSeconds);
        }),
    );
});

test("what follows counts on top, whichever of those before was slower", () => {
    const moved = followed(slower(stall, checks), [term("passed checks", 1.5, false)]);
    expect(moved).toMatchObject({ detectSeconds: 3, actSeconds: 2.25, totalSeconds: 5.25 });
    expect(moved.formula).toBe(`${slower(stall, checks).formula} + passed checks (1.5 s)`);
    expect(moved.sums.map(sum)).toEqual([5.25, 2.5]);
});

const total = ({ totalSeconds }: FaultSeconds) => totalSeconds;

test("the total is the largest of the sums, however promises are composed", () => {
    fc.assert(
        fc.property(promise, promise, promise, seconds, (a, b, c, later) => {
            const all = slower(followed(slower(a, b), [term("later", later)]), c);
            expect(total(all)).toBeCloseTo(Math.max(...all.sums.map(sum)), 6);
            expect(total(all)).toBeCloseTo(Math.max(total(a) + later, total(b) + later, total(c)), 6);
        }),
    );
});

test("side by side is no sequence: order and grouping count for nothing, and a thing beside itself is itself", () => {
    fc.assert(
        fc.property(promise, promise, promise, (a, b, c) => {
            expect(total(slower(slower(a, b), c))).toBe(total(slower(a, slower(b, c))));
            expect(total(slower(a, a))).toBe(total(a));
        }),
    );
});

test("a slower term never makes a promise faster", () => {
    fc.assert(
        fc.property(promise, promise, seconds, seconds, (a, b, before, more) => {
            const composed = (first: FaultSeconds) => total(slower(followed(first, [term("then", before)]), b));
            const slowed = faultSeconds(Fault.Power, [...(a.sums[0] ?? []), term("more", more)]);
            expect(composed(slowed)).toBeGreaterThanOrEqual(composed(a));
        }),
    );
});
