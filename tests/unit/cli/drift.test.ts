import fc from "fast-check";
import { placeholder, reload, restart } from "../../../remote/manifest";
import type { ManagedFile, ManifestParts } from "../../../remote/manifest";
import { evidenceIn } from "../../../cli/fleet/answer";
import { fleetOf } from "../../../cli/fleet/hosts";
import { findingsOf } from "../../../cli/drift/findings";
import { marked } from "../../../cli/drift/mark";
import { foundShown } from "../../../cli/drift/mask";
import { repairPlan, upCommand } from "../../../cli/drift/repair";
import { EXIT, driftReport, hostReport } from "../../../cli/drift/report";
import { hostText, plain, summaryText } from "../../../cli/drift/text";
import { hostile } from "../../hostile";
import { END, KEEPER, inOrder, onlyUnit, stateOf, told } from "./fleet-state";

const CONF = "/etc/front/front.conf";
const SERVICE = "front.service";
const UNIT = "vip-front";
const TOUCHED = Date.parse("2026-11-21T10:00:00Z") / 1000;

const conf = (parts: Partial<ManagedFile> = {}): ManagedFile => ({
    path: CONF,
    mode: "0640",
    owner: "root:root",
    content: "a\nb\nc\n",
    onChange: [reload(SERVICE)],
    ...parts,
});
const parts: ManifestParts = {
    unit: UNIT,
    packages: ["front", "pinned=1.2-3"],
    directories: [{ path: "/etc/front", mode: "0755", owner: "root:root" }],
    files: [conf()],
    services: [{ name: SERVICE, enabled: true, running: true }],
};

const hex = (text: string | Buffer): string => Buffer.from(text).toString("hex");
const content = (text: string, kind = "whole", bytes = text.length) =>
    `content\t${CONF}\t${kind}\t${bytes}\t${hex(text)}\n`;

/** A host in order, but for what is given instead. */
const host = (instead: Record<string, string> = {}): string => {
    const all: Record<string, string> = {
        places: `${CONF}\tregular file\t0640\troot:root\t6\t${TOUCHED}.5\n/etc/front\tdirectory\t0755\troot:root\t4096\t${TOUCHED}.5\n`,
        files: `verdict\t${CONF}\tsame\n`,
        packages: "front\tinstalled\t2.0\npinned\tinstalled\t1.2-3\n",
        services: service(),
        ...instead,
    };
    const order = instead.ours ?? inOrder(UNIT);
    const names: Record<string, string> = {
        files: UNIT,
        record: UNIT,
        check: UNIT,
        health: UNIT,
        link: CONF,
        program: "77",
    };
    const lines = Object.entries(all).filter(([kind]) => kind !== "ours");
    return lines.map(([kind, text]) => told(kind, names[kind] ?? "-", text)).join("") + order + END;
};
function service(change: Record<string, string> = {}): string {
    const state = {
        Id: SERVICE,
        LoadState: "loaded",
        ActiveState: "active",
        UnitFileState: "enabled",
        NeedDaemonReload: "no",
        MainPID: "77",
        Result: "success",
        NRestarts: "0",
        ActiveEnterTimestamp: "Sat 2026-11-21 09:00:00.000000 UTC",
        StateChangeTimestamp: "Sat 2026-11-21 10:00:00.700000 UTC",
        ...change,
    };
    return `${SERVICE}\n\n${Object.entries(state)
        .map(([key, value]) => `${key}=${value}`)
        .join("\n")}\n`;
}

const found = (stdout: string, of: ManifestParts = parts) =>
    findingsOf(onlyUnit(of), evidenceIn(stdout)).map(
        ({ kind, subject, detail, repair }) => `${kind}: ${subject}: ${detail} [${repair}]`,
    );

test("a host in order has no findings", () => expect(found(host())).toEqual([]));

const bad: [string, Record<string, string>, string][] = [
    ["a missing file", { files: `verdict\t${CONF}\tabsent\n` }, `file missing: ${CONF}: the file is not there [apply]`],
    [
        "a symbolic link in place of a file",
        { files: `verdict\t${CONF}\tlink\n`, link: "/tmp/other\n" },
        `not a file: ${CONF}: a symbolic link to /tmp/other is there instead of the file [host, then apply]`,
    ],
    [
        "another content that the service has not taken",
        {
            files: `${content("a\nB\nc\n")}verdict\t${CONF}\tdiffers\n`,
            places: `${CONF}\tregular file\t0640\troot:root\t6\t${TOUCHED + 60}\n/etc/front\tdirectory\t0755\troot:root\t1\t1\n`,
        },
        `file differs: ${CONF}: its content differs; ${SERVICE} has not taken it [apply]`,
    ],
    [
        "another content with which the service runs",
        { files: `${content("a\nB\nc\n")}verdict\t${CONF}\tdiffers\n` },
        `file differs: ${CONF}: its content differs; ${SERVICE} runs with it [apply]`,
    ],
    [
        "binary garbage",
        {
            files: `${content("", "binary", 300)}verdict\t${CONF}\tdiffers\n`,
            services: service({ ActiveState: "inactive" }),
        },
        `file differs: ${CONF}: binary data is there instead, 300 bytes (not shown) [apply]|service: ${SERVICE}: stopped [apply]`,
    ],
    [
        "bytes that are no UTF-8",
        { files: `content\t${CONF}\twhole\t2\tc328\nverdict\t${CONF}\tdiffers\n` },
        `file differs: ${CONF}: binary data is there instead, 2 bytes (not shown); ${SERVICE} runs with it [apply]`,
    ],
    [
        "a huge file",
        { files: `${content("a\nb\nc\nd\ncut of", "head", 5e9)}verdict\t${CONF}\tdiffers\n` },
        `file differs: ${CONF}: its content differs; only the first 14 of 5000000000 bytes were read; ${SERVICE} runs with it [apply]`,
    ],
    [
        "another mode",
        {
            places: `${CONF}\tregular file\t0644\troot:www\t6\t${TOUCHED}\n/etc/front\tdirectory\t0755\troot:root\t1\t1\n`,
        },
        `mode or owner: ${CONF}: 0644 root:www, and should be 0640 root:root [apply]`,
    ],
    [
        "a missing directory",
        { places: `${CONF}\tregular file\t0640\troot:root\t6\t${TOUCHED}\n` },
        "directory: /etc/front: the directory is not there [apply]",
    ],
    [
        "a package that is not installed",
        { packages: "pinned\tinstalled\t1.2-3\nfront\tconfig-files\t2.0\n" },
        "package: front: not installed [prepare]",
    ],
    [
        "a package of another version",
        { packages: "front\tinstalled\t2.0\npinned\tinstalled\t1.3-1\n" },
        "package: pinned: 1.3-1 is installed, and 1.2-3 was asked for [host]",
    ],
    ["a stopped service", { services: service({ ActiveState: "inactive" }) }, `service: ${SERVICE}: stopped [apply]`],
    [
        "a failed service",
        { services: service({ ActiveState: "failed", Result: "exit-code" }) },
        `service: ${SERVICE}: failed (exit-code) [apply]`,
    ],
    [
        "a disabled service",
        { services: service({ UnitFileState: "disabled" }) },
        `service: ${SERVICE}: disabled: it would not start at boot [apply]`,
    ],
    [
        "a masked service",
        { services: service({ LoadState: "masked", ActiveState: "inactive" }) },
        `service: ${SERVICE}: masked: it cannot be started [host, then apply]`,
    ],
    [
        "a file that was changed and put back while the service was told to reload",
        {
            places: `${CONF}\tregular file\t0640\troot:root\t6\t${TOUCHED + 60}\n/etc/front\tdirectory\t0755\troot:root\t1\t1\n`,
        },
        `not in effect: ${SERVICE}: ${CONF} was touched 2026-11-21 10:01:00, and the service was last told to read it 2026-11-21 10:00:00 [host]`,
    ],
    [
        "a drop-in that systemd has not read",
        { services: service({ NeedDaemonReload: "yes" }) },
        `not in effect: ${SERVICE}: its unit file or a drop-in has changed since systemd read them [host]`,
    ],
    [
        "a program that was upgraded under a running service",
        { program: "/usr/sbin/front (deleted)\n" },
        `not in effect: ${SERVICE}: runs /usr/sbin/front as it was before an upgrade [host]`,
    ],
    [
        "a unit that the host does not know",
        { ours: "", record: "missing\n-\n-\nwhole\nthere\n", check: '0\n{"result":"unchanged"}' },
        `record: ${UNIT}: the host has no record of this unit: it was never applied there, was removed, or the host is a new one [prepare]`,
    ],
    [
        "a unit that another state has applied",
        { ours: "", record: `different\n${KEEPER}\n-\nwhole\nthere\n` },
        `record: ${UNIT}: what was applied last is not what this stack's state has: from elsewhere, or from a state that was put back [apply]`,
    ],
    [
        "a unit that another stack has applied",
        { ours: "", record: "different\nother/prod/0123456789abcdef\n-\nwhole\nthere\n" },
        `record: ${UNIT}: another stack, other/prod, has applied a unit of this name [host]`,
    ],
    [
        "a run that was cut off",
        { ours: "", record: `same\n${KEEPER}\n-\ncut\nthere\n` },
        `record: ${UNIT}: a run was cut off half-way and nothing has completed it [apply]`,
    ],
    [
        "what only the host side finds",
        {
            ours: "",
            check: '0\n{"result":"changed","changed":["/etc/old.conf"],"actions":["add user www","reload front.service"]}',
        },
        "differs: /etc/old.conf: an `up` would change it [apply]|differs: add user www: an `up` would add user www [apply]",
    ],
    [
        "a gate that fails",
        {
            ours: "",
            health: '0\n{"result":"unhealthy","gates":[{"name":"it answers","passes":false,"output":"it answers: not within 2 s\\nconnection refused"}]}',
        },
        "gate fails: it answers: connection refused [host]",
    ],
];

test.each(bad)("fails: %s", (_what, instead, wanted) => expect(found(host(instead))).toEqual(wanted.split("|")));

test("a text of an older version that says less is understood", () => {
    const { runs } = evidenceIn(
        told("check", UNIT, '0\n{"result":"unchanged"}') +
            told("health", UNIT, "65\n") +
            told("health-words", UNIT, "cut off\n"),
    );
    expect(runs.check.get(UNIT)?.summary).toEqual({ result: "unchanged", changed: [], actions: [], gates: [] });
    expect(runs.health.get(UNIT)).toEqual({ words: "cut off" });
});

test("no answer makes any output a failure", () =>
    fc.assert(
        fc.property(
            hostile,
            (text) =>
                void evidenceIn(
                    text + told("services", "-", text) + told("files", UNIT, text) + told("check", UNIT, text),
                ),
        ),
    ));

const report = (stdout: string, why?: string) => {
    const fleet = fleetOf(stateOf([{ node: "lb1", parts }]));
    const answer = { host: fleet.hosts[0]!, evidence: evidenceIn(stdout), why, seconds: 0.1 };
    return driftReport(fleet, [hostReport(answer, Date.now() / 1000)]);
};

test.each<[string, string, string | undefined, number]>([
    ["all is as it was applied", host(), undefined, 0],
    ["something differs", host({ services: service({ ActiveState: "inactive" }) }), undefined, 2],
    ["it hung before it had told all", inOrder(UNIT), "it did not finish within 5 s", 3],
    [
        "something differs, and it hung then",
        host({ services: service({ ActiveState: "inactive" }) }),
        "it did not finish within 5 s",
        2,
    ],
    ["an `up` is under way there", host({ busy: "12 apply vip-front 1\n" }), undefined, 3],
    ["the unit's text says nothing", host({ ours: told("check", UNIT, "65\n") }), undefined, 3],
    ["its clock is wrong", host({ ours: inOrder(UNIT, Date.now() / 1000 - 90) }), undefined, 2],
    ["a stranger lies in its directory", host({ strangers: "/etc/front/x.conf\n" }), undefined, 2],
    [
        "a unit of the stack was forgotten there",
        host({ ours: inOrder(UNIT) + told("units", "-", ""), units: `vip-old ${KEEPER}\n` }),
        undefined,
        2,
    ],
])("exit status when %s", (_what, stdout, why, code) => expect(EXIT[report(stdout, why).verdict]).toBe(code));

test("what is shown of a host, and how it is repaired", () => {
    const drifted = report(
        host({
            files: `${content("a\nB\nc\n")}verdict\t${CONF}\tdiffers\n`,
            strangers: "/etc/front/x.conf\n",
            packages: "pinned\tinstalled\t1.2-3\n",
        }),
    );
    const plan = repairPlan(drifted, new Map([["lb1", "ssh root@lb1"]]));
    expect(hostText(drifted.hosts[0]!, plain)).toMatchInlineSnapshot(`
        "lb1 (10.0.0.10): drift
          front (KeepalivedVip), unit vip-front
            file differs: /etc/front/front.conf: its content differs; front.service runs with it
              @@ -1,3 +1,3 @@
               a
              -b
              +B
               c
            package: front: not installed
          the host
            not of any unit: /etc/front/x.conf: neither a unit nor a package has put it there"
    `);
    expect(summaryText(drifted, plan, "pulumi-ha drift --stack prod", "prod")).toMatchInlineSnapshot(`
        "1 host: 1 drift

        to repair
          on lb1 (ssh root@lb1), as root:
            rm /etc/front/x.conf
          then let \`pulumi up\` apply again what differs; without the mark it takes everything for applied:
            pulumi-ha drift --stack prod --mark
            pulumi up --stack prod --target '**::front-lb1-prepare' --target '**::front-lb1-apply'"
    `);
});

test("a mark makes commands differ from the program, and nothing else of the state", () => {
    const state = stateOf([
        { node: "lb1", parts },
        { node: "lb2", parts },
    ]);
    const once = marked(state, [{ resource: "front-lb1", prepare: false }], "2026-11-21");
    const creates = (of: typeof state) =>
        of.deployment.resources?.flatMap(({ inputs }) => (inputs?.create === undefined ? [] : [inputs.create]));
    expect(creates(once)).toEqual(
        creates(state)?.map((create, n) => (n === 1 ? `# drift was found 2026-11-21\n${create as string}` : create)),
    );
    const twice = marked(once, [{ resource: "front-lb1", prepare: true }], "2026-11-22");
    expect(creates(twice)?.slice(0, 2)).toEqual(
        ["prepare", "apply"].map((verb) => `# drift was found 2026-11-22\nbash -s -- ${verb} - ${KEEPER}`),
    );
    // What was marked is still understood.
    expect(fleetOf(twice).hosts[0]?.units[0]).toMatchObject({ keeper: KEEPER, digest: "-" });
    expect(upCommand([{ resource: "front-lb1", prepare: true }], "prod")).toBe(
        "pulumi up --stack prod --target '**::front-lb1-prepare' --target '**::front-lb1-apply'",
    );
});

describe("credentials", () => {
    const expected = `auth_pass ${placeholder("auth")}\nurl http://u:${placeholder("web")}@x/\nplain 1\n`;

    test("what stands in a credential's place on a host is not shown", () => {
        expect(foundShown("auth_pass hunter2\nurl http://u:hunter3@x/\nplain 2\n", expected)).toBe(
            "auth_pass *** (another value)\nurl http://u:*** (another value)@x/\nplain 2\n",
        );
        expect(foundShown("auth_pass ***\nurl http://u:***@x/\n", expected)).toBe(
            "auth_pass ***\nurl http://u:***@x/\n",
        );
        expect(foundShown("wsrep_sst_auth = mysql:\n", "wsrep_sst_auth = mysql:\n")).toBe("wsrep_sst_auth = mysql:\n");
        expect(foundShown("  password = hunter2\nssl_key: ok\napi-key 'hunter3'\n", "")).toBe(
            "  password = ***\nssl_key: ok\napi-key ***\n",
        );
        expect(foundShown("x\n-----BEGIN EC PRIVATE KEY-----\nhunter2\n", "")).toBe("x\n***");
    });

    test("a file that is a credential is not shown at all", () => {
        const of = { ...parts, files: [conf({ credential: "key", content: "" })] };
        expect(found(host({ files: `verdict\t${CONF}\tdiffers\n` }), of)).toEqual([
            `file differs: ${CONF}: it does not hold the credential key (content not shown); ${SERVICE} runs with it [apply]`,
        ]);
    });

    test("no value of a credential's line comes through, whatever surrounds it", () =>
        fc.assert(
            fc.property(hostile, (before) => {
                const line = `${before.replaceAll("\n", "")} auth_pass hunter2`;
                expect(foundShown(`${line}\n`, `${line.replace("hunter2", placeholder("auth"))}\n`)).not.toContain(
                    "hunter2",
                );
            }),
        ));
});

test("a restart is wanted where a reload does not do", () => {
    const of = { ...parts, files: [conf({ onChange: [restart(SERVICE, 1)] })] };
    expect(found(host(), of)).toEqual([
        `not in effect: ${SERVICE}: ${CONF} was touched 2026-11-21 10:00:00, and the service was last started 2026-11-21 09:00:00 [host]`,
    ]);
});
