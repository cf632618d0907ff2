import { marked } from "../../../cli/drift/mark";
import { repairPlan, upCommand } from "../../../cli/drift/repair";
import { EXIT, driftReport, hostReport } from "../../../cli/drift/report";
import { hostText, plain, summaryText } from "../../../cli/drift/text";
import { evidenceIn } from "../../../cli/fleet/answer";
import { fleetOf } from "../../../cli/fleet/hosts";
import { CONF, UNIT, content, host, parts, service } from "./drift-host";
import { KEEPER, inOrder, stateOf, told } from "./fleet-state";

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
            package: front or back: not installed
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
            pulumi up --stack prod --target '**::front-lb1-engine' --target '**::front-lb1-prepare' --target '**::front-lb1-apply'"
    `);
});

test("a mark makes commands differ from the program, and nothing else of the state", () => {
    const state = stateOf([
        { node: "lb1", parts },
        { node: "lb2", parts },
    ]);
    const once = marked(state, [{ resource: "front-lb1", engine: "front-lb1-engine", prepare: false }], "2026-11-21");
    const creates = (of: typeof state) =>
        of.deployment.resources?.flatMap(({ inputs }) => (inputs?.create === undefined ? [] : [inputs.create]));
    expect(creates(once)).toEqual(
        creates(state)?.map((create, n) =>
            n === 0 || n === 2 ? `# drift was found 2026-11-21\n${create as string}` : create,
        ),
    );
    const twice = marked(once, [{ resource: "front-lb1", engine: "front-lb1-engine", prepare: true }], "2026-11-22");
    expect(creates(twice)?.slice(0, 3)).toEqual(
        creates(state)
            ?.map((create) => `# drift was found 2026-11-22\n${create as string}`)
            .slice(0, 3),
    );
    // What was marked is still understood.
    expect(fleetOf(twice).hosts[0]?.units[0]).toMatchObject({ keeper: KEEPER, digest: "-" });
    expect(upCommand([{ resource: "front-lb1", engine: "front-lb1-engine", prepare: true }], "prod")).toBe(
        "pulumi up --stack prod --target '**::front-lb1-engine' --target '**::front-lb1-prepare' --target '**::front-lb1-apply'",
    );
});
