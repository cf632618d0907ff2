import * as fc from "fast-check";
import { report, type Sample } from "../../../lab/probe";

const answered = (sentMs: number, endedMs = sentMs + 1): Sample => ({ sentMs, endedMs });
const lost = (sentMs: number, endedMs: number, failure = "ECONNREFUSED"): Sample => ({ sentMs, endedMs, failure });

test("a gap runs from the last answer before to the first answer after", () => {
    const seen = report([answered(0), answered(20), lost(40, 540), lost(60, 560), answered(80), answered(100)]);
    expect(seen.gaps).toEqual([{ fromMs: 21, toMs: 81, lengthMs: 60, lost: 2 }]);
    expect(seen).toMatchObject({ sent: 6, answered: 4, lost: 2, longestGapMs: 60, failures: { ECONNREFUSED: 2 } });
});

test("an outage that is still on at the end counts to the last sample", () => {
    expect(report([answered(0), lost(20, 520)]).gaps).toEqual([{ fromMs: 1, toMs: 520, lengthMs: 519, lost: 1 }]);
});

test("a lost question counts towards the outage, not towards the answer that came while it waited", () => {
    const seen = report([answered(0), answered(10, 35), lost(20, 520), answered(600)]);
    expect(seen.gaps).toEqual([{ fromMs: 35, toMs: 601, lengthMs: 566, lost: 1 }]);
});

test("where all is answered there is no gap, and the longest time between answers is told", () => {
    expect(report([answered(0), answered(20), answered(40)])).toMatchObject({
        gaps: [],
        lost: 0,
        longestGapMs: 20,
        resolutionMs: 20,
    });
});

test("nothing asked, nothing answered and nothing lost", () => {
    expect(report([])).toMatchObject({ sent: 0, answered: 0, lost: 0, gaps: [], longestGapMs: 0, resolutionMs: 0 });
});

test("every lost question is in exactly one gap", () => {
    const sample = fc.record({ sent: fc.nat(2000), took: fc.nat(500), fails: fc.boolean() });
    fc.assert(
        fc.property(fc.array(sample), (drawn) => {
            const samples = drawn.map(({ sent, took, fails }) =>
                fails ? lost(sent, sent + took) : answered(sent, sent + took),
            );
            const seen = report(samples);
            expect(seen.gaps.reduce((sum, gap) => sum + gap.lost, 0)).toBe(seen.lost);
            expect(seen.answered + seen.lost).toBe(samples.length);
        }),
    );
});
