import { evidenceIn } from "../../../cli/fleet/answer";
import type { Answer } from "../../../cli/fleet/ask";
import { fleetOf } from "../../../cli/fleet/hosts";
import { plain } from "../../../cli/drift/text";
import { EXIT, addressMoves, statusPage } from "../../../cli/status/page";
import { duration, pageText } from "../../../cli/status/text";
import { END, stateOf, told } from "./fleet-state";

const SERVICE = "keepalived.service";
const UNIT = "vip-front";
const parts = { unit: UNIT, services: [{ name: SERVICE, enabled: true, running: true }] };
const NOW = Date.parse("2026-11-21T10:00:00Z") / 1000;

interface Told {
    holds?: boolean;
    active?: string;
    load?: string;
    enabled?: string;
    gate?: string;
    /** Cut off before the gates. */
    cut?: boolean;
}

const says = ({ holds = false, active = "active", load = "loaded", enabled = "enabled", gate, cut = false }: Told) =>
    [
        told("clock", "-", `${NOW} 99`),
        told("addresses", "-", holds ? "2: eth0    inet 10.0.0.100/24 scope global\n" : ""),
        told(
            "services",
            "-",
            `${SERVICE}\n\nLoadState=${load}\nActiveState=${active}\nUnitFileState=${enabled}\nResult=signal\nActiveEnterTimestamp=Sat 2026-11-21 07:55:00.0 UTC\n`,
        ),
        told("journal", SERVICE, "it crashed\n"),
        ...(cut
            ? []
            : [
                  told(
                      "health",
                      UNIT,
                      `0\n{"result":"x","gates":[{"name":"it runs","passes":${gate === undefined},"output":"it runs: no\\n${gate ?? ""}"}]}`,
                  ),
                  END,
              ]),
    ].join("");

/** The page of two hosts; undefined: no answer. */
function page(lb1: Told | undefined, lb2: Told | undefined) {
    const fleet = fleetOf(
        stateOf([
            { node: "lb1", parts },
            { node: "lb2", parts },
        ]),
    );
    const answers = [lb1, lb2].map((is, n): Answer => {
        const host = fleet.hosts[n]!;
        if (is === undefined) return { host, why: "connection refused", seconds: 1 };
        const why = is.cut ? "it did not finish within 5 s" : undefined;
        return { host, evidence: evidenceIn(says(is)), why, seconds: 1 };
    });
    return statusPage(fleet, answers);
}

test("a healthy address, on one page", () => {
    expect(pageText(page({ holds: true }, {}), plain)).toMatchInlineSnapshot(`
        "front (KeepalivedVip): healthy
          10.0.0.100 is held by lb1
          host  health    gates  services
          ----  -------  ------  --------------------------------
          lb1   healthy  1 of 1  keepalived running for 2 h 5 min
          lb2   healthy  1 of 1  keepalived running for 2 h 5 min"
    `);
});

test("what failed, and what most likely helps", () => {
    expect(pageText(page({ active: "failed" }, { holds: true, gate: "no adverts" }), plain)).toMatchInlineSnapshot(`
        "front (KeepalivedVip): unhealthy
          10.0.0.100 is held by lb2
          host  health      gates  services
          ----  ---------  ------  --------------------------------
          lb1   unhealthy  1 of 1  keepalived failed (signal)
          lb2   unhealthy  0 of 1  keepalived running for 2 h 5 min
          lb1: keepalived.service: failed (signal)
              it crashed
            likely fix: journalctl -u keepalived.service -n 50, then systemctl start keepalived.service
          lb2: it runs
              it runs: no
              no adverts
            likely fix: pulumi-ha drift --host lb2 --component front; journalctl -u keepalived.service -n 50"
    `);
});

test.each<[string, Told | undefined, Told | undefined, number, string]>([
    ["healthy", { holds: true }, {}, 0, ""],
    ["a host that does not answer", { holds: true }, undefined, 3, "connection refused"],
    ["nobody that answers holds the address, and one does not", {}, undefined, 3, "connection refused"],
    ["nobody holds the address", {}, {}, 2, "no host holds 10.0.0.100"],
    ["two hold it", { holds: true }, { holds: true }, 2, "lb1 and lb2 hold 10.0.0.100 at once"],
    ["a stopped service", { holds: true, active: "inactive" }, {}, 2, "systemctl start keepalived.service"],
    [
        "a masked service",
        { holds: true, active: "inactive", load: "masked" },
        {},
        2,
        "systemctl unmask keepalived.service && ",
    ],
    ["a disabled service", { holds: true, enabled: "disabled" }, {}, 2, "systemctl enable keepalived.service"],
    ["a gate", { holds: true }, { gate: "why" }, 2, "pulumi-ha drift --host lb2 --component front"],
    ["a host that hung", { holds: true }, { cut: true }, 3, "it did not finish within 5 s"],
])("exit status and words: %s", (_what, lb1, lb2, code, words) => {
    const is = page(lb1, lb2);
    expect(EXIT[is.health]).toBe(code);
    expect(pageText(is, plain)).toContain(words);
});

test("an address that is nowhere may just move: worth a second look, unless a host cannot be asked", () => {
    expect([page({ holds: true }, {}), page({}, {}), page({}, undefined)].map(addressMoves)).toEqual([
        false,
        true,
        false,
    ]);
});

test("durations", () =>
    expect([5, 65, 3 * 3600 + 300, 12 * 86400 + 7200, -1].map(duration)).toEqual([
        "5 s",
        "1 min",
        "3 h 5 min",
        "12 d 2 h",
        "0 s",
    ]));
