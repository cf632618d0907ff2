import { decide, sentence } from "../../../cli/recover/drbd/decision";
import type { Answer, Evidence } from "../../../cli/recover/drbd/evidence";
import { evidenceTable } from "../../../cli/recover/drbd/evidence";

const PARTED = "AAAAAAAAAAAAAAA0";

/** What a side knows of the other one. */
const knows = (node: string, connection: string): Answer["peers"] => ({
    [node === "app1" ? "app2" : "app1"]: { connection, disk: "DUnknown", changedKib: 2048 },
});

const side = (node: string, more: Partial<Answer> = {}): Evidence => ({
    node,
    answer: {
        up: true,
        role: "Secondary",
        disk: "UpToDate",
        peers: knows(node, "StandAlone"),
        generation: node === "app1" ? "1111111111111110" : "2222222222222220",
        history: [PARTED, "9999999999999990"],
        device: "/dev/vg0/files",
        deviceKib: 1_000_000,
        logicalVolume: "vg0/files",
        thin: false,
        freeKib: 2_000_000,
        mountedOn: "",
        pacemaker: false,
        ...more,
    },
});

const wish = { keep: "app1", withoutCopy: false };

test("both were written: the other side gives its data up, and a snapshot that cannot run full keeps it", () => {
    const decision = decide([side("app1"), side("app2")], wish);
    expect(decision).toMatchObject({
        do: "join",
        keep: { node: "app1", generation: "1111111111111110" },
        others: [{ do: "discard", node: "app2", generation: "2222222222222220", snapshot: { kib: 1_010_000 } }],
    });
    expect(sentence(decision)).toMatch(
        /app2 gives up what it has .* and takes the data of app1; a snapshot keeps it \(/,
    );
});

test.each<[string, Partial<Answer>, object | undefined]>([
    ["of a thin pool", { thin: true, freeKib: 0 }, { kib: 0 }],
    ["of what the volume group has, where that holds what is overwritten", { freeKib: 400_000 }, { kib: 400_000 }],
])("a snapshot %s", (_title, answer, snapshot) =>
    expect(decide([side("app1"), side("app2", answer)], wish)).toMatchObject({ others: [{ do: "discard", snapshot }] }),
);

test.each<[string, Partial<Answer>, string]>([
    ["no logical volume", { logicalVolume: "" }, "is no logical volume"],
    ["a full volume group", { freeKib: 100_000 }, "has 97 MiB free"],
])("fails: %s, and nobody said that no copy is needed", (_title, answer, words) => {
    const evidence = [side("app1"), side("app2", answer)];
    expect(sentence(decide(evidence, wish))).toMatch(new RegExp(`^nothing can be done: .*${words}.*--without-copy`));
    expect(decide(evidence, { ...wish, withoutCopy: true })).toMatchObject({
        others: [{ do: "discard", snapshot: undefined }],
    });
});

test.each<[string, Evidence[], string]>([
    ["a side that is silent", [side("app1"), { node: "app2", why: "timed out" }], "app2 can't be asked: timed out"],
    ["no such side", [side("web1"), side("app2")], "app1 is no side of the volume: it has web1 and app2"],
    ["a side without a replica", [side("app1"), side("app2", { generation: "" })], "app2 has no replica"],
    ["a volume that is down", [side("app1", { up: false }), side("app2")], "the volume is down on app1"],
    ["half a copy", [side("app1", { disk: "Inconsistent" }), side("app2")], "the disk of app1 is Inconsistent"],
    ["strangers", [side("app1", { history: [] }), side("app2")], "have no generation in common"],
    ["data in use", [side("app1"), side("app2", { mountedOn: "/srv/files" })], "app2 has the volume mounted"],
    [
        "the older side",
        [side("app1", { generation: PARTED }), side("app2")],
        "app2 went on from what app1 has, .* name app2 in --keep",
    ],
])("fails: %s", (_title, evidence, words) =>
    expect(sentence(decide(evidence, wish))).toMatch(new RegExp(`^nothing can be done: .*${words}`)),
);

test("sides that talk need nothing", () =>
    expect(
        decide(
            ["app1", "app2"].map((node) => side(node, { peers: knows(node, "Connected") })),
            wish,
        ),
    ).toEqual({
        do: "nothing",
        because: "the sides talk: there is nothing to decide",
    }));

test("a side that only lacks what the other one wrote is let talk again, and loses nothing", () =>
    expect(decide([side("app1"), side("app2", { generation: PARTED })], wish)).toMatchObject({
        do: "join",
        others: [{ do: "rejoin", node: "app2" }],
    }));

test("of three sides, the one that was written apart gives its data up, and the one that went along with what is kept loses nothing", () => {
    const [kept, along] = [side("app1"), side("app3", { generation: "1111111111111110" })];
    const decision = decide([kept, side("app2"), along], wish);
    expect(decision).toMatchObject({
        keep: { node: "app1" },
        others: [
            { do: "discard", node: "app2" },
            { do: "rejoin", node: "app3" },
        ],
    });
    expect(sentence(decision)).toMatch(/app2 gives up what it has.*\napp3 has nothing that app1 lacks: /);
});

test("the evidence, a line for each side", () =>
    expect(
        evidenceTable([side("app1", { role: "Primary", mountedOn: "/srv/files" }), { node: "app2", why: "no" }]),
    ).toBe(
        [
            "node  role       disk      connection  generation        from              changed  mounted on  device",
            "----  ---------  --------  ----------  ----------------  ----------------  -------  ----------  -----------------------------",
            "app1  Primary    UpToDate  StandAlone  1111111111111110  AAAAAAAAAAAAAAA0  2 MiB    /srv/files  /dev/vg0/files (LV vg0/files)",
            "app2  no answer",
            "app2: no",
        ].join("\n"),
    ));
