import fc from "fast-check";
import { Fault, faultSeconds, slower } from "../../../../components/shared/failover";
import type { FaultSeconds } from "../../../../components/shared/failover";

const term = (name: string, seconds: number, detects = true) => ({ name, seconds, detects, source: "test" });
const stall = faultSeconds(Fault.Power, [term("suspect timeout", 3), term("view change", 0.75, false)]);
const checks = faultSeconds(Fault.Power, [term("2 x check", 1)]);

test("of two that happen side by side the slower one counts, with the terms of both", () => {
    const formula = "max(suspect timeout (3 s) + view change (0.75 s), 2 x check (1 s))";
    expect(slower(stall, checks)).toEqual({ ...stall, formula });
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
