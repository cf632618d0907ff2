import { decide } from "../../../cli/recover/decision";
import type { Decision, Permissions } from "../../../cli/recover/decision";
import { ServerState } from "../../../cli/recover/evidence";
import type { MemberEvidence } from "../../../cli/recover/evidence";
import {
    NO_UUID,
    OTHER_UUID,
    UUID,
    crashed,
    fresh,
    halfCopied,
    inView,
    left,
    lost,
    primary,
    running,
} from "./recover-members";

/** Taken with a rest parameter: jest would pass a callback for one that a row leaves out. */
type Situation = [what: string, evidence: MemberEvidence[], expected: Expected, permissions?: Partial<Permissions>];
type Expected = string | RegExp | RegExp[];

/** The decision in short: `bootstrap db1, then db2 db3`, `re-form`, `stop db1`, `nothing`. */
const short = (decision: Decision): string => {
    switch (decision.do) {
        case "bootstrap":
            return `bootstrap ${decision.node}, then ${decision.joins.join(" ") || "nobody"}`;
        case "stop":
            return `stop ${decision.nodes.join(" ")}`;
        case "refuse":
            return `refuse: ${decision.reasons.join("\n")}`;
        default:
            return decision.do;
    }
};

const made = (evidence: MemberEvidence[], permissions: Partial<Permissions> = {}): Decision =>
    decide(evidence, { without: [], ...permissions });

describe("a cluster of which every member is down", () => {
    test.each<Situation>([
        [
            "the last to leave has the most",
            [left("db1", 10), left("db2", 11), left("db3", 12, true)],
            "bootstrap db3, then db2 db1",
        ],
        [
            "the last to leave is level with the others",
            [left("db1", 12), left("db2", 12, true), left("db3", 12)],
            "bootstrap db2, then db1 db3",
        ],
        [
            "all died, one is ahead",
            [crashed("db1", 104), crashed("db2", 105), crashed("db3", 103)],
            "bootstrap db2, then db1 db3",
        ],
        [
            "all died, two are level and ahead",
            [crashed("db1", 103), crashed("db2", 105), crashed("db3", 105)],
            "bootstrap db2, then db3 db1",
        ],
        [
            "all died, all are level",
            [crashed("db1", 7), crashed("db2", 7), crashed("db3", 7)],
            "bootstrap db1, then db2 db3",
        ],
        [
            "one left long ago, the others died",
            [left("db1", 50), crashed("db2", 99), crashed("db3", 98)],
            "bootstrap db2, then db3 db1",
        ],
        [
            "at the very first transaction",
            [crashed("db1", 0), crashed("db2", 1), crashed("db3", 0)],
            "bootstrap db2, then db1 db3",
        ],
        [
            "alone after a start of its own, then dead",
            [crashed("db1", 8), crashed("db2", 9, { savedState: { uuid: UUID, seqno: -1, safeToBootstrap: true } })],
            "bootstrap db2, then db1",
        ],
        ["one has a new disk", [fresh("db1"), crashed("db2", 9), crashed("db3", 8)], "bootstrap db2, then db3 db1"],
        [
            "only one is left that is not new",
            [fresh("db1"), fresh("db2"), crashed("db3", 8)],
            "bootstrap db3, then db1 db2",
        ],
        [
            "one was receiving a full copy",
            [halfCopied("db1"), crashed("db2", 9), crashed("db3", 9)],
            "bootstrap db2, then db3 db1",
        ],
        [
            "what an unfinished copy says of its position is not asked",
            [{ ...halfCopied("db1"), position: { uuid: OTHER_UUID, seqno: 999 } }, crashed("db2", 9)],
            "bootstrap db2, then db1",
        ],
        [
            "an inconsistent one is not ahead",
            [
                crashed("db1", 9, { savedState: { uuid: NO_UUID, seqno: -1, safeToBootstrap: false } }),
                crashed("db2", 9),
            ],
            "bootstrap db2, then db1",
        ],
        [
            "one without grastate.dat is not ahead",
            [crashed("db1", 4, { savedState: undefined }), crashed("db2", 9)],
            "bootstrap db2, then db1",
        ],
        [
            "the missing one is named",
            [crashed("db1", 9), crashed("db2", 10), lost("db3")],
            "bootstrap db2, then db1",
            { without: ["db3"] },
        ],
        [
            "all but one are missing and named",
            [lost("db1"), crashed("db2", 10), lost("db3")],
            "bootstrap db2, then nobody",
            { without: ["db1", "db3"] },
        ],
        ["a single member", [crashed("db1", 10)], "bootstrap db1, then nobody"],
    ])("%s", (...[, evidence, expected, permissions]: Situation) => {
        expect(short(made(evidence, permissions))).toBe(expected);
    });
});

describe("members that are not simply down", () => {
    const view = inView([crashed("db1", 7), crashed("db2", 8), crashed("db3", 9)]);
    test.each<Situation>([
        ["all have the view in which they died", view, "re-form"],
        [
            "so with servers that wait for each other",
            view.map((m) => ({ ...m, server: ServerState.Starting, position: undefined })),
            "re-form",
        ],
        ["unless the operator wants it by position", view, "bootstrap db3, then db2 db1", { noReform: true }],
        [
            "but not when one is missing",
            [view[0]!, view[1]!, lost("db3")],
            "bootstrap db2, then db1",
            { without: ["db3"] },
        ],
        [
            "nor when somebody else was in the view",
            inView([crashed("db1", 7), crashed("db2", 8)], "v7", ["s-arbitrator"]),
            "bootstrap db2, then db1",
        ],
        [
            "nor when one died in an earlier view",
            [view[0]!, view[1]!, { ...view[2]!, savedView: { ...view[2]!.savedView!, id: "v6" } }],
            "bootstrap db3, then db2 db1",
        ],
        ["nor when one left in order", [view[0]!, view[1]!, left("db3", 5)], "bootstrap db2, then db1 db3"],
        [
            "nor when one was receiving a full copy",
            [view[0]!, view[1]!, { ...view[2]!, interruptedCopy: true }],
            "bootstrap db2, then db1 db3",
        ],
        [
            "nor when they are of different clusters",
            [view[0]!, { ...view[1]!, savedState: { uuid: OTHER_UUID, seqno: -1, safeToBootstrap: false } }],
            /^refuse/,
        ],
        ["one starts again and again", [running("db1", ServerState.Starting), crashed("db2", 9)], "stop db1"],
        [
            "one runs without a quorum, one is stopping",
            [running("db1", ServerState.NonPrimary), running("db2", ServerState.Stopping), crashed("db3", 9)],
            "stop db1 db2",
        ],
        ["all are Primary", [primary("db1", 3), primary("db2", 3), primary("db3", 3)], "nothing"],
        ["all that answer are Primary", [primary("db1", 2), primary("db2", 2), lost("db3")], "nothing"],
        ["a stopped one beside an arbitrator", [primary("db1", 2)], "nothing"],
        [
            "one takes its copy, and can't be asked yet in which cluster it is",
            [primary("db1", 2), running("db2", ServerState.Primary)],
            "nothing",
        ],
    ])("%s", (...[, evidence, expected, permissions]: Situation) => {
        const decision = short(made(evidence, permissions));
        if (typeof expected === "string") expect(decision).toBe(expected);
        else expect(decision).toMatch(expected as RegExp);
    });
});

describe("fails", () => {
    test.each<Situation>([
        [
            "beside a live Primary",
            [primary("db1", 1), crashed("db2", 99), crashed("db3", 9)],
            [/there is a cluster \(db1 Primary\)/, /let db2, db3 join it, with "systemctl restart mariadb"/],
        ],
        [
            "beside a live Primary from which another one takes its copy",
            [primary("db1", 2), running("db2", ServerState.Primary), crashed("db3", 9)],
            [/there is a cluster \(db1, db2 Primary\)/, /let db3 join it/],
        ],
        [
            "beside a live Primary, whoever is left out",
            [primary("db1", 1), crashed("db2", 99), lost("db3")],
            /there is a cluster/,
            { without: ["db3"] },
        ],
        ["two clusters", [primary("db1", 1), primary("db2", 1, OTHER_UUID)], /more than one primary component/],
        ["one cluster in two parts", [primary("db1", 1), primary("db2", 1)], /more than one primary component/],
        [
            "one can't be asked",
            [crashed("db1", 9), crashed("db2", 10), lost("db3")],
            [/db3 can't be asked \(connection refused\)/, /--without db3 --reason/],
        ],
        [
            "another can't be asked than the one named",
            [lost("db1"), crashed("db2", 10), lost("db3")],
            /db1 can't be asked/,
            { without: ["db3"] },
        ],
        ["nobody can be asked", [lost("db1"), lost("db2")], [/db1 can't/, /db2 can't/]],
        ["nobody is left", [lost("db1"), lost("db2")], /no member answers/, { without: ["db1", "db2"] }],
        [
            "a named one answers",
            [crashed("db1", 9), crashed("db2", 10)],
            /--without db1: it answers/,
            { without: ["db1"] },
        ],
        [
            "a named one is no member",
            [crashed("db1", 9), crashed("db2", 10)],
            /--without db9: no such member; there are db1, db2/,
            { without: ["db9"] },
        ],
        [
            "a member is connected with the one named",
            [crashed("db1", 9, { peers: ["db3"] }), crashed("db2", 10), lost("db3")],
            /db1 has a connection with its server/,
            { without: ["db3"] },
        ],
        [
            "a server hangs",
            [running("db1", ServerState.Silent), crashed("db2", 10)],
            /db1: its server runs and can't be asked \(no answer\)/,
        ],
        [
            "different clusters",
            [
                crashed("db1", 9),
                crashed("db2", 10, {
                    savedState: { uuid: OTHER_UUID, seqno: -1, safeToBootstrap: false },
                    position: { uuid: OTHER_UUID, seqno: 10 },
                }),
            ],
            /different clusters \(db1 8312.*:9, db2 aca1.*:10\)/,
        ],
        [
            "the last to leave is behind",
            [left("db1", 9, true), crashed("db2", 10)],
            /db1 was the last to leave, at 9, and another is at 10/,
        ],
        [
            "two were the last to leave",
            [left("db1", 9, true), left("db2", 9, true)],
            /db1, db2 each were the last to leave/,
        ],
        [
            "grastate.dat and data are of different clusters",
            [crashed("db1", 9), crashed("db2", 10, { position: { uuid: OTHER_UUID, seqno: 10 } })],
            /db2: grastate.dat says/,
        ],
        [
            "grastate.dat and data are at different places",
            [left("db1", 9), { ...left("db2", 10), position: { uuid: UUID, seqno: 8 } }],
            /db2: grastate.dat says .*:10 and the data .*:8/,
        ],
        [
            "a server can't say its position",
            [crashed("db1", 9), crashed("db2", 0, { position: undefined, positionError: "no space left on device" })],
            /db2: its server could not say its position: no space left on device/,
        ],
        [
            "a position without a number",
            [crashed("db1", 9), crashed("db2", -1)],
            /db2: its server knows its cluster, .*, and no position/,
        ],
        [
            "an inconsistent one is ahead",
            [
                crashed("db1", 9),
                crashed("db2", 12, { savedState: { uuid: NO_UUID, seqno: -1, safeToBootstrap: false } }),
            ],
            /db2 is at 12 and the best of the others at 9, but grastate.dat says that its data was given up/,
        ],
        [
            "one without grastate.dat is ahead",
            [crashed("db1", 9), crashed("db2", 12, { savedState: undefined })],
            /db2 is at 12 .* but grastate.dat is missing or empty/,
        ],
        [
            "databases that were never in a cluster",
            [crashed("db1", 9), { ...fresh("db2"), databases: ["orders"] }],
            /db2: it holds orders, and was in no cluster/,
        ],
        ["all are new", [fresh("db1"), fresh("db2"), fresh("db3")], /has ever been in a cluster.*pulumi up/s],
        [
            "all were receiving a full copy",
            [halfCopied("db1"), halfCopied("db2")],
            /no member has data .* restore a backup/s,
        ],
        [
            "only an inconsistent one is left",
            [crashed("db1", 9, { savedState: { uuid: NO_UUID, seqno: -1, safeToBootstrap: false } }), fresh("db2")],
            /no member has data/,
        ],
    ])("%s", (...[, evidence, expected, permissions]: Situation) => {
        const decision = made(evidence, permissions);
        expect(decision.do).toBe("refuse");
        for (const pattern of [expected].flat()) expect(short(decision)).toMatch(pattern);
    });

    test("when the arbitrator has a connection with the one named", () => {
        const witnesses = [{ node: "arb", peers: ["db3"] }];
        const decision = made([crashed("db1", 9), crashed("db2", 10), lost("db3")], { without: ["db3"], witnesses });
        expect(short(decision)).toMatch(/^refuse: --without db3: arb has a connection with its server/);
    });

    test("with all reasons at once", () => {
        const decision = made([lost("db1"), running("db2", ServerState.Silent), crashed("db3", 9)], {
            without: ["db3"],
        });
        expect(decision.do === "refuse" && decision.reasons).toHaveLength(3);
    });
});

test("the sentence says what is given up", () => {
    const decision = made([crashed("db1", 9), crashed("db2", 10), lost("db3")], { without: ["db3"] });
    expect(decision).toMatchObject({ leftOut: ["db3"], position: { uuid: UUID, seqno: 10 } });
    expect(decision.do === "bootstrap" && decision.because).toBe(
        "db2 is at 10, further than any other; what only db3 may have is given up",
    );
});
