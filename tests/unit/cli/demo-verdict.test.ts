import { beyond, brokenByPair, brokenBySql, hold, late, legend, shown } from "../../../cli/demo/verdict";
import type { Seen } from "../../../cli/demo/verdict";

const seen: Seen = { title: "power", promisedSeconds: 3, gapSeconds: 3, lateSeconds: 0.02, sent: 100, lost: 90 };
const writes = { ...seen, acknowledged: 20, missing: 0 };
const well = { title: "power off", doubled: { mounted: 0, address: 0 }, untouched: true };
const kept = { lost: [], disordered: 0, writers: ["app1", "app2"] };

test("what holds ends without an error", () => {
    hold([...brokenBySql([writes]), ...brokenByPair([well, { ...well, untouched: undefined }], 20, kept)]);
});

test("fails: rows that are lost, with the fault at which", () => {
    const broken = brokenBySql([writes, { ...writes, title: "hang", missing: 2 }]);
    expect(() => hold(broken)).toThrow("what was promised did not hold: hang: 2 of 20 acknowledged rows are lost");
});

test.each<[what: string, pair: Partial<typeof well>, file: Partial<typeof kept> | { lost: number[] }, words: string]>([
    ["a record that is lost", {}, { lost: [7] }, "1 of 20 acknowledged records are lost"],
    ["two that write", {}, { disordered: 3 }, "3 records were written out of order: two machines wrote at once"],
    [
        "two that have mounted it",
        { doubled: { mounted: 1, address: 0 } },
        {},
        "power off: both machines had the file system mounted (seen 1 times)",
    ],
    ["two owners", { doubled: { mounted: 0, address: 2 } }, {}, "both machines had the address (seen 2 times)"],
    ["a second writer that wrote on", { untouched: false }, {}, "power off: the lost machine's second writer changed"],
])("fails: %s", (_what, pair, file, words) => {
    const broken = brokenByPair([{ ...well, ...pair }], 20, { ...kept, ...file });
    expect(broken).toHaveLength(1);
    expect(() => hold(broken)).toThrow(words);
});

test("all that is broken is said in one line", () =>
    expect(() => hold(["one thing", "another"])).toThrow(/^what was promised did not hold: one thing; another$/));

test.each<[what: string, more: Partial<Seen>, isLate: boolean]>([
    ["within the promise", {}, false],
    ["within its room", { gapSeconds: 3.75 }, false],
    ["beyond it by no more than the client asks too rarely", { gapSeconds: 3.76 }, false],
    ["beyond it", { gapSeconds: 3.8 }, true],
    ["without a promise", { gapSeconds: 60, promisedSeconds: undefined }, false],
    ["with every question answered", { gapSeconds: 3.8, lost: 0 }, false],
])("a gap %s", (_what, more, isLate) => expect(late({ ...seen, ...more })).toBe(isLate));

test("what took too long is marked, and the mark explained where there is one", () => {
    expect([beyond(2, 1, 1.5), beyond(1.5, 1, 1.5), beyond(9, undefined, 1)]).toEqual([true, false, false]);
    const rows = [["power", shown(3, 3, false), shown(3.8, 3, true)]];
    expect(rows).toEqual([["power", "3.000 s", "3.800 s !"]]);
    expect(legend(rows, 1.25)).toMatch(/^\n! {2}more than 1\.25 times what was computed: /);
    expect(legend([["power", "3.000 s"]], 1.25)).toBe("");
});
