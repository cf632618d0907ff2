import fc from "fast-check";
import { evidenceIn } from "../../../cli/fleet/answer";
import { ENGINE_ID, enginePath } from "../../../remote/engine";
import { restart } from "../../../remote/manifest";
import { hostile } from "../../hostile";
import { CONF, SERVICE, TOUCHED, UNIT, conf, content, found, host, parts, service } from "./drift-host";
import { KEEPER, told } from "./fleet-state";

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
        "package: front or back: not installed [prepare]",
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
        "an engine that is gone",
        { ours: "", record: `same\n${KEEPER}\n-\nwhole\nthere\nmissing\n` },
        `engine: ${enginePath(ENGINE_ID)}: what the unit's commands run is not on the host any more [apply]`,
    ],
    [
        "an engine that somebody changed",
        { ours: "", record: `same\n${KEEPER}\n-\nwhole\nthere\nother\n` },
        `engine: ${enginePath(ENGINE_ID)}: what the unit's commands run was changed there [apply]`,
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

test("a restart is wanted where a reload does not do", () => {
    const of = { ...parts, files: [conf({ onChange: [restart(SERVICE, 1)] })] };
    expect(found(host(), of)).toEqual([
        `not in effect: ${SERVICE}: ${CONF} was touched 2026-11-21 10:00:00, and the service was last started 2026-11-21 09:00:00 [host]`,
    ]);
});
