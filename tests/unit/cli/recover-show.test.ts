import { decide } from "../../../cli/recover/decision";
import { evidenceTable, sentence } from "../../../cli/recover/show";
import { crashed, fresh, halfCopied, left, lost, primary } from "./recover-members";

test("the evidence is a line for each member, then what is too long for a line", () => {
    const silent = { ...crashed("db6", 1), position: undefined, positionError: "no space left on device" };
    const members = [left("db1", 12, true), crashed("db2", 11), fresh("db3"), halfCopied("db4"), lost("db5"), silent];
    expect(evidenceTable(members).split("\n")).toEqual([
        "node  server     position     grastate.dat  left last  last view  data",
        "----  ---------  -----------  ------------  ---------  ---------  ------------",
        "db1   stopped    83128996:12  83128996:12   yes        none       orders",
        "db2   stopped    83128996:11  83128996:?    no         none       orders",
        "db3   stopped    none         none          no         none       empty",
        "db4   stopped    -            none          no         none       copy cut off",
        "db5   no answer",
        "db6   stopped    unknown      83128996:?    no         none       orders",
        "83128996 = 83128996-e5b0-11f1-9a51-6b6fe5b6a2d5",
        "db5: connection refused",
        "db6: no space left on device",
    ]);
});

test("a decision is a sentence that says who, then who, and why", () => {
    const decision = decide([crashed("db1", 9), crashed("db2", 10)], { without: [] });
    expect(sentence(decision)).toBe(
        "db2 would begin the cluster at 83128996-e5b0-11f1-9a51-6b6fe5b6a2d5:10, then db1 would join it one after the other: db2 is at 10, further than any other",
    );
});

test("whoever is left out costs whole copies, and the sentence says so", () => {
    const decision = decide([crashed("db1", 9), lost("db2")], { without: ["db2"] });
    expect(sentence(decision)).toMatch(/what only db2 may have is given up\. The history gets a new name/);
});

test("a refusal is a line for each reason", () => {
    expect(sentence(decide([lost("db1"), lost("db2")], { without: [] })).split("\n")).toHaveLength(3);
    expect(sentence(decide([primary("db1", 1)], { without: [] }))).toBe("nothing to recover: db1 is Primary");
});
