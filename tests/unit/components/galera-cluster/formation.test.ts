import { spawnSync } from "node:child_process";
import * as path from "node:path";
import fc from "fast-check";
import { MEMBER } from "../../../../components/galera-cluster/member";

const FOLDER = path.join(__dirname, "../../../../components/galera-cluster/host/member");
const OURS = "7718e808-e5b9-11f1-97c6-0fe041473012";
const THEIRS = "11111111-e5b9-11f1-97c6-0fe041473012";
const ZERO = "00000000-0000-0000-0000-000000000000";

/** Runs commands after the functions of the script, in which nothing else has happened. */
function bash(commands: string, input: string, ...args: string[]): string[] {
    const text = `set -euo pipefail; shopt -s extglob inherit_errexit
        for part in 1-base 2-evidence 3-decide; do . ${FOLDER}/$part.sh; done; ${commands}`;
    const { status, stdout, stderr } = spawnSync("bash", ["-c", text, "member", ...args], { input, encoding: "utf8" });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    return stdout.trimEnd().split("\n");
}

interface Own {
    founder?: boolean;
    /** A recovery has asked all members, and chosen this one. */
    named?: boolean;
    identity?: boolean;
    uuid?: string;
    databases?: string;
}

interface Other {
    silent?: boolean;
    running?: boolean;
    primary?: boolean;
    identity?: boolean;
    draining?: boolean;
    status?: string;
    uuid?: string;
    databases?: string;
    members?: string;
}

const word = (value: boolean | undefined) => (value === true ? "yes" : "no");

function row(name: string, other: Other): string {
    if (other.silent === true) return `${name} silent 10.0.0.9:9200: Connection refused`;
    const { running, primary, identity, draining, status = "-", uuid = "-", databases = "-", members = "-" } = other;
    return [
        name,
        "answers",
        word(running),
        word(primary),
        word(identity),
        word(draining),
        status,
        uuid,
        databases,
        members,
    ].join(" ");
}

const NAMES = ["db1", "db2"];
const rows = (others: Other[]) => others.map((other, n) => row(NAMES[n] ?? `db${n}`, other)).join("\n") + "\n";

const ownArgs = ({ founder, named, identity, uuid = ZERO, databases = "-" }: Own) => [
    "orders",
    named ? "named" : word(founder),
    word(identity),
    uuid,
    databases,
    ...NAMES,
];

const decide = (own: Own, others: Other[]) => bash('decide "$@"', rows(others), ...ownArgs(own));

const fresh: Other = {};
const silent: Other = { silent: true };
const stopped: Other = { identity: true };
const alone: Other = { databases: "shop" };
const member: Other = {
    running: true,
    primary: true,
    identity: true,
    status: "synced",
    uuid: OURS,
    members: "db1,db2",
};
const donor: Other = { ...member, status: "donor" };
const lost: Other = { ...member, primary: false, status: "connected" };
const foreign: Other = { ...member, uuid: THEIRS };
const plainServer: Other = { running: true };

const founder: Own = { founder: true };
const joiner: Own = {};
const old: Own = { identity: true, uuid: OURS };
const data: Own = { databases: "shop" };

describe("how a stopped server is started", () => {
    test.each<[string, Own, Other[], RegExp]>([
        ["the founder, and all others fresh", founder, [fresh, fresh], /^bootstrap$/],
        ["a fresh one, and a member", joiner, [member, fresh], /^join$/],
        ["a fresh one, a member and one that is down", joiner, [silent, member], /^join$/],
        ["a fresh one, and a donor", joiner, [donor, stopped], /^join$/],
        ["the founder on a fresh disk, and members", founder, [member, member], /^join$/],
        ["a former member, and members", old, [member, member], /^join$/],
        ["a named member, all others stopped", { ...old, named: true }, [stopped, stopped], /^bootstrap$/],
        ["a named member, and one is Primary", { ...old, named: true }, [member, stopped], /^join$/],
        ["a named member, and one not asked", { ...old, named: true }, [silent, stopped], /^join$/],
        ["a named member, and one runs without a Primary", { ...old, named: true }, [lost, stopped], /^join$/],
        [
            "a former member, its position unknown",
            { ...old, uuid: ZERO, databases: "shop" },
            [member, member],
            /^join$/,
        ],
        ["a former member, others not asked", old, [silent, silent], /^join$/],
        ["a former member, others without a Primary", old, [lost, stopped], /^join$/],
        ["the founder as a former member", { ...old, founder: true }, [silent, stopped], /^join$/],
        ["a former member of another cluster without data", { ...old, uuid: THEIRS }, [member, member], /^join$/],
    ])("%s", (_, own, others, verdict) => {
        expect(decide(own, others).join("\n")).toMatch(verdict);
    });

    test.each<[string, Own, Other[], RegExp]>([
        ["the founder, one not asked", founder, [fresh, silent], /bring up db2,[^]*db1: fresh[^]*db2: cannot be asked/],
        ["the founder, none asked", founder, [silent, silent], /bring up db1 db2/],
        ["the founder, one was a member", founder, [stopped, fresh], /start db1, or run `pulumi-ha recover galera`/],
        ["the founder, one runs without a Primary", founder, [lost, fresh], /no Primary was found/],
        ["the founder, one runs outside of a cluster", founder, [plainServer, fresh], /run outside of a cluster/],
        ["the founder, one has data of its own", founder, [alone, fresh], /db1: [^]*databases of its own: shop/],
        ["the founder, with data of its own", { ...founder, ...data }, [fresh, fresh], /databases here[^]*shop/],
        ["the founder, and a row is missing", founder, [fresh], /db2: cannot be asked/],
        ["the founder, and no rows", founder, [], /bring up db1 db2/],
        [
            "the founder was a member, and others are stopped",
            { ...old, founder: true },
            [stopped, fresh],
            /recover galera orders/,
        ],
        ["a fresh one, all others fresh", joiner, [fresh, fresh], /apply the founder first/],
        ["a fresh one, others not asked", joiner, [fresh, silent], /bring up db2/],
        ["a fresh one, others stopped", joiner, [stopped, stopped], /start db1 db2/],
        [
            "a former member, all stopped",
            old,
            [stopped, stopped],
            /nobody to join[^]*recover galera orders[^]*db1: is stopped/,
        ],
        ["data of its own, and a cluster", data, [member, member], /would discard the databases[^]*shop/],
        [
            "data of another cluster",
            { ...old, uuid: THEIRS, databases: "shop" },
            [member, member],
            /of another cluster/,
        ],
        ["two clusters", joiner, [member, foreign], /two clusters named orders/],
        ["two clusters, and a former member", old, [member, foreign], /two clusters named orders/],
    ])("fails for %s", (_, own, others, reason) => {
        const lines = decide(own, others);
        expect(lines[0]).toBe("refuse");
        expect(lines.slice(1).join("\n")).toMatch(reason);
        expect(lines.length).toBeLessThan(10);
    });
});

const databases = fc.constantFrom("-", "-", "shop", "a,b");
const uuid = fc.constantFrom(OURS, THEIRS, ZERO, "-");
const someone: fc.Arbitrary<Other> = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(fresh, silent, stopped, member, lost) },
    {
        weight: 2,
        arbitrary: fc.record({
            running: fc.boolean(),
            primary: fc.boolean(),
            identity: fc.boolean(),
            status: fc.constantFrom("-", "synced", "donor", "connected"),
            uuid,
            databases,
        }),
    },
);
const own: fc.Arbitrary<Own> = fc.record({ founder: fc.boolean(), identity: fc.boolean(), uuid, databases });

/** Many situations in one shell: each is a line of arguments, its rows, and an empty line. */
function decideAll(situations: [Own, Other[]][]): string[] {
    const input = situations.map(([mine, others]) => `${ownArgs(mine).join(" ")}\n${rows(others)}\n`).join("");
    const commands = `while read -ra args; do
        table=''; while read -r line && [[ -n $line ]]; do table+=$line$'\\n'; done
        decide "\${args[@]}" <<<"$table" | { read -r first; cat >/dev/null; echo "$first"; }
    done`;
    return bash(commands, input);
}

test("a cluster is begun by the fresh founder alone, where every other member is seen to be fresh", () => {
    const seen = new Set<string>();
    const clear = Array.from({ length: 40 }, (): [Own, [Other, Other]] => [
        { ...founder, databases: "-" },
        [fresh, fresh],
    ]);
    fc.assert(
        fc.property(
            fc.array(fc.tuple(own, fc.tuple(someone, someone)), { minLength: 40, maxLength: 40 }),
            (situations) => {
                const verdicts = decideAll(situations);
                situations.forEach(([mine, others], n) => {
                    seen.add(verdicts[n] ?? "");
                    const allFresh = others.every(
                        (other) =>
                            other.silent !== true &&
                            other.running !== true &&
                            other.primary !== true &&
                            other.identity !== true &&
                            (other.databases ?? "-") === "-",
                    );
                    const may = mine.founder === true && mine.identity !== true && mine.databases === "-" && allFresh;
                    expect([mine, others, verdicts[n] === "bootstrap"]).toEqual([mine, others, may]);
                });
            },
        ),
        {
            numRuns: 20,
            examples: [[clear]],
        },
    );
    expect([...seen].sort()).toEqual(["bootstrap", "join", "refuse"]);
}, 120_000);

describe("a restart", () => {
    const may = (primary: string, others: Other[]) =>
        bash('may_restart "$@"', rows(others), primary, OURS, "db3", ...NAMES);
    const with3: Other = { ...member, members: "db1,db2,db3" };

    test.each<[string, string, Other[]]>([
        ["of a healthy member among healthy ones", "yes", [with3, with3]],
        ["beside one that is no member yet", "yes", [with3, fresh]],
        ["of one that fell out", "no", [member, member]],
        ["of one that fell out, with another one down", "no", [member, silent]],
        ["of one that hangs and was given up", "unknown", [member, stopped]],
    ])("is let go: %s", (_, primary, others) => {
        expect(may(primary, others)).toEqual(["go"]);
    });

    test.each<[string, string, Other[], RegExp]>([
        ["one is stopped", "yes", [with3, stopped], /two members missing[^]*db2: is stopped/],
        ["one is not asked", "yes", [with3, silent], /two members missing/],
        ["one copies its data to another", "yes", [with3, { ...with3, status: "donor" }], /two members missing/],
        ["one leaves at this moment", "yes", [with3, { ...with3, draining: true }], /two members missing/],
        ["one fell out", "yes", [with3, lost], /two members missing/],
        ["one is in another cluster", "yes", [with3, foreign], /two members missing/],
        ["one hangs that is still counted", "unknown", [with3, stopped], /two members missing/],
        ["it is the only one", "yes", [fresh, fresh], /nobody who could let/],
        ["there is no Primary", "no", [lost, lost], /nobody who could let/],
        ["nobody is asked", "no", [silent, silent], /nobody who could let/],
        ["a row is missing", "yes", [with3], /two members missing/],
    ])("fails where %s", (_, primary, others, reason) => {
        const lines = may(primary, others);
        expect(lines[0]).toBe("refuse");
        expect(lines.join("\n")).toMatch(reason);
    });
});

describe("an answer of the health endpoint", () => {
    const facts = {
        node: "db1",
        cluster: "orders",
        running: true,
        status: "synced",
        primary: true,
        uuid: OURS,
        members: ["db1", "db2"],
        identity: true,
        databases: ["shop", "a b"],
        draining: false,
    };
    const answer = (value: object, head = "HTTP/1.0 200 OK") =>
        `${head}\r\nContent-Type: application/json\r\n\r\n${JSON.stringify(value)}\n`;
    const parse = (text: string) => bash('parse db1 orders "$1" || echo none', "", text)[0];

    test("becomes a row", () => {
        expect(parse(answer(facts))).toBe(`db1 answers yes yes yes no synced ${OURS} shop,ab db1,db2`);
        expect(parse(answer({ ...facts, running: false, status: "", uuid: "", members: [], databases: [] }))).toBe(
            "db1 answers no yes yes no - - - -",
        );
    });

    test("of somebody else is none", () => {
        expect(parse(answer({ ...facts, node: "db9" }))).toBe("db1 silent its address answers for the node db9");
        expect(parse(answer({ ...facts, cluster: "a b" }))).toBe("db1 silent its address answers for the cluster a?b");
    });

    test("cannot be made to say something else by a name", () => {
        const hostile = ['","running":false,"x":"', '],"identity":false,"x":["', "\\", "$(id)", "\u001b[31m"];
        expect(parse(answer({ ...facts, databases: hostile }))).toMatch(
            /^db1 answers yes yes yes no synced [^ ]+ [^ ]+ db1,db2$/,
        );
    });

    test.each(Object.keys(facts))("fails without %s", (key) => {
        expect(parse(answer({ ...facts, [key]: undefined }))).toBe("none");
        expect(parse(answer({ ...facts, [key]: 1 }))).toBe("none");
    });

    test("fails when it is cut, or not a 200", () => {
        const whole = answer(facts);
        for (let n = 0; n < whole.length - 2; n += 7) expect(parse(whole.slice(0, n))).toBe("none");
        expect(parse(answer(facts, "HTTP/1.0 503 Service Unavailable"))).toBe("none");
    });
});

test("fails with the address to ask from, where another member takes this one for a stranger", () => {
    const forbidden = "HTTP/1.0 403 Forbidden\r\n\r\nfor members alone\n";
    expect(bash(`NODE=db2 ADDRESS=([db2]=10.0.0.2); why_silent 0 "$(cat)"`, forbidden)).toEqual([
        "it takes this host for no member: what asks from here has another address than 10.0.0.2",
    ]);
});

test("the script is whole: it begins as one and ends with its call", () => {
    expect(MEMBER.startsWith("#!/bin/bash\n")).toBe(true);
    expect(MEMBER.trimEnd().endsWith('\nmain "$@"')).toBe(true);
});
