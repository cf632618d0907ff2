import { applied, change, hostWith, removal } from "../../../../cli/plan/changes";
import type { Change } from "../../../../cli/plan/changes";
import { diffOf, visible } from "../../../../cli/plan/diff";
import { Impact, manifest, reload, restart, run } from "../../../../remote/manifest";
import type { Manifest } from "../../../../remote/manifest";
import { file, running } from "./previews";

const VIP = "keepalived.service";
const LB = "haproxy.service";
const conf = (content: string, parts = {}) =>
    file("/etc/keepalived/front.conf", content, { onChange: [reload(VIP)], ...parts });

/** `front.conf changes; reload keepalived.service: reload, 0`. */
const short = ({ files, actions }: Change): string =>
    [
        ...files.map(({ path, how }) => `${path.split("/").at(-1)} ${how}`),
        ...actions.map(({ what, impact, seconds }) => `${what}: ${impact}, ${seconds}`),
    ].join("; ");

type Case = [
    what: string,
    before: Manifest | undefined,
    after: Manifest,
    expected: string,
    others?: Manifest[],
    rotates?: boolean,
];

const old = running(VIP, { files: [conf("advert_int 1\n")] });
const web = (parts = {}) =>
    manifest({ unit: "haproxy-web", services: [{ name: LB, enabled: true, running: true }], ...parts });
const dropIn = file("/etc/systemd/drop-in.conf", "[Service]\n", { shared: true, onChange: [restart(LB, 1)] });

/** What keeps that file on its host, and does not write it. */
const holds = manifest({ unit: "held", files: [{ ...dropIn, content: "", held: true }] });

test.each<Case>([
    ["nothing", old, old, ""],
    ["a file that another unit holds stays", web({ files: [dropIn] }), web(), "", [holds]],
    ["what another unit writes is not changed by who holds it", undefined, holds, "", [web({ files: [dropIn] })]],
    [
        "and leaves with what holds it",
        holds,
        manifest({ unit: "held" }),
        "drop-in.conf leaves; restart haproxy.service: restart, 1",
        [web()],
    ],
    [
        "a line",
        old,
        running(VIP, { files: [conf("advert_int 2\n")] }),
        "front.conf changes; reload keepalived.service: reload, 0",
    ],
    [
        "a mode alone",
        old,
        running(VIP, { files: [conf("advert_int 1\n", { mode: "0600" })] }),
        "front.conf changes; reload keepalived.service: reload, 0",
    ],
    [
        "what a change activates, but no file",
        old,
        running(VIP, { files: [conf("advert_int 1\n", { onChange: [] })] }),
        "",
    ],
    [
        "a file that leaves is told to the service by the old manifest",
        old,
        running(VIP),
        "front.conf leaves; reload keepalived.service: reload, 0",
    ],
    [
        "a restart goes before a reload, and each counts once",
        running(VIP, { files: [file("/a", "1"), file("/b", "1"), file("/c", "1")] }),
        running(VIP, {
            files: [
                file("/a", "2", { onChange: [reload(VIP)] }),
                file("/b", "2", { onChange: [restart(VIP, 5)] }),
                file("/c", "2", { onChange: [restart(VIP, 7, Impact.Failover)] }),
            ],
        }),
        "a changes; b changes; c changes; restart keepalived.service: failover, 7",
    ],
    [
        "commands go first; of a long one its first telling line is shown",
        running(VIP, { files: [file("/a", "1")] }),
        running(VIP, {
            files: [file("/a", "2", { onChange: [reload(VIP), run("set -eu\nconverge\ndone", Impact.Outage, 3)] })],
        }),
        "a changes; run converge …: outage, 3; reload keepalived.service: reload, 0",
    ],
    [
        "a service that comes",
        old,
        running(VIP, { files: old.files, services: [...old.services, { name: LB, enabled: true, running: true }] }),
        "start haproxy.service: none, 0",
    ],
    [
        "a service that is to stand still",
        old,
        running(VIP, { files: old.files, services: [{ name: VIP, enabled: true, running: false }] }),
        "stop keepalived.service: failover, 0",
    ],
    [
        "a service that nobody states any more",
        old,
        running(VIP, { files: old.files, services: [] }),
        "stop keepalived.service: failover, 0",
    ],
    [
        "but that another unit needs",
        old,
        running(VIP, { files: old.files, services: [] }),
        "",
        [running(VIP, { unit: "vip-back" })],
    ],
    [
        "what stands still is not told of its files",
        running(VIP, { files: [conf("1")], services: [{ name: VIP, enabled: false, running: false }] }),
        running(VIP, { files: [conf("2")], services: [{ name: VIP, enabled: false, running: false }] }),
        "front.conf changes",
    ],
    [
        "a new unit starts its service, which reads its files then",
        undefined,
        old,
        "front.conf comes; start keepalived.service: none, 0",
    ],
    [
        "a new unit beside another one of the same service has it reloaded",
        undefined,
        web({ files: [file("/w", "1", { onChange: [reload(LB)] }), dropIn] }),
        "w comes; reload haproxy.service: reload, 0",
        [web({ unit: "haproxy-sql", files: [dropIn] })],
    ],
    [
        "commands of a new unit disturb nobody",
        undefined,
        running(VIP, { files: [file("/a", "1", { onChange: [run("converge", Impact.Restart, 10)] })] }),
        "a comes; run converge: none, 0; start keepalived.service: none, 0",
    ],
    [
        "but data may have been there before",
        undefined,
        running(VIP, { files: [file("/a", "1", { onChange: [run("mkfs", Impact.Data)] })] }),
        "a comes; run mkfs: data, 0; start keepalived.service: none, 0",
    ],
    [
        "a shared file that another unit has brought already",
        web({ files: [dropIn] }),
        web({ files: [{ ...dropIn, content: "[Service]\nNice=1\n" }] }),
        "",
        [web({ unit: "haproxy-sql", files: [{ ...dropIn, content: "[Service]\nNice=1\n" }] })],
    ],
    [
        "other credentials touch the files that hold some",
        running(VIP, {
            files: [
                conf("1"),
                file("/key", "", { credential: "key", onChange: [reload(LB)] }),
                file("/sql", "@@", { fill: ["p"] }),
            ],
        }),
        running(VIP, {
            files: [
                conf("1"),
                file("/key", "", { credential: "key", onChange: [reload(LB)] }),
                file("/sql", "@@", { fill: ["p"] }),
            ],
        }),
        "key rotates; sql rotates; reload haproxy.service: reload, 0",
        [],
        true,
    ],
])("%s", (...[, before, after, expected, others = [], rotates = false]: Case) => {
    const host = hostWith([...(before ? [before] : []), ...others]);
    expect(short(change(host, after, rotates))).toBe(expected);
});

test.each<[what: string, leaves: Manifest, others: Manifest[], expected: string]>([
    ["its service stops", old, [], "front.conf leaves; stop keepalived.service: failover, 0"],
    [
        "another unit's is told, and shared files stay",
        web({ files: [file("/w", "1", { onChange: [reload(LB), run("never")] }), dropIn] }),
        [web({ unit: "haproxy-sql", files: [dropIn] })],
        "w leaves; reload haproxy.service: reload, 0",
    ],
])("a unit leaves: %s", (_, leaves, others, expected) => {
    expect(short(removal(hostWith([leaves, ...others]), leaves))).toBe(expected);
});

test("what changes besides is named, without a word of what stays", () => {
    const gate = { name: "answers", command: "true", withinSeconds: 5 };
    const before = running(VIP, { packages: ["keepalived"], gates: [gate] });
    const after = running(VIP, {
        packages: ["keepalived", "dbus"],
        gates: [{ ...gate, withinSeconds: 9 }],
        users: ["vip"],
    });
    expect(change(hostWith([before]), after, false).notes).toEqual([
        "package dbus comes",
        "system user vip comes",
        "gate answers changes",
    ]);
});

test("a host after a unit was applied, and after it has left", () => {
    const next = running(VIP, { files: [file("/new", "1"), dropIn] });
    const other = web({ files: [dropIn] });
    const host = applied(hostWith([old, other]), old.unit, next);
    expect([...host.files.keys()].sort()).toEqual(["/etc/systemd/drop-in.conf", "/new"]);
    expect([...applied(host, old.unit, undefined).files.keys()]).toEqual(["/etc/systemd/drop-in.conf"]);
});

describe("lines", () => {
    const lines = (before: string, after: string) =>
        diffOf({ path: "/f", how: "changes", before: file("/f", before), after: file("/f", after) });

    test("that change, with two around them", () => {
        const text = Array.from({ length: 9 }, (_, n) => `${n}\n`).join("");
        expect(lines(text, text.replace("5", "five"))).toEqual([
            "@@ -4,5 +4,5 @@",
            " 3",
            " 4",
            "-5",
            "+five",
            " 6",
            " 7",
        ]);
    });

    test("a last one without an end is told from one with", () => {
        expect(lines("a", "a\n")).toEqual(["@@ -1,1 +1,1 @@", "-a", "\\ No newline at end of file", "+a"]);
    });

    test("so many that a shortest script would take long", () => {
        const all = (mark: string) => Array.from({ length: 5000 }, (_, n) => `${mark}${n}\n`).join("");
        expect(lines(all("a"), all("b"))).toHaveLength(10_000);
    });

    test("never steer a terminal", () => {
        expect(visible("a\u001b[2J\u202eb\u0000\r")).toBe("a<U+001B>[2J<U+202E>b<U+0000><U+000D>");
    });
});
