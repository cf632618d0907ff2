import { readFileSync } from "node:fs";
import * as path from "node:path";
import { hear, silent } from "../../../../cli/plan/events";
import { MOST_BYTES, asMarkdown } from "../../../../cli/plan/markdown";
import { planOf } from "../../../../cli/plan/plan";
import { readPreview } from "../../../../cli/plan/preview";
import { asText } from "../../../../cli/plan/text";
import { objection, seconds } from "../../../../cli/plan/words";
import type { Verdict } from "../../../../cli/plan/words";
import { Impact, reload } from "../../../../remote/manifest";
import { file, previewJson, running } from "./previews";
import type { WantedUnit } from "./previews";

const RECORDED = path.join(__dirname, "..", "..", "..", "vectors", "previews", "change.json");
const fine: Verdict = { allow: Impact.Data, exceeded: [], unneeded: [] };
const recorded = () => planOf(readPreview(readFileSync(RECORDED, "utf8")));

test("a recorded preview as text", () => {
    expect(asText(recorded(), fine, false)).toMatchSnapshot();
});

test("a recorded preview as Markdown, with more than is allowed", () => {
    const exceeded = ["web-lb1: reload: reload haproxy.service"];
    expect(asMarkdown(recorded(), { allow: Impact.None, exceeded, unneeded: [] })).toMatchSnapshot();
});

test("colours are there where they are wanted alone", () => {
    const escape = String.fromCodePoint(27);
    const coloured = asText(recorded(), fine, true);
    expect(coloured).toContain(`${escape}[32m        +    advert_int 0.5${escape}[39m`);
    expect(asText(recorded(), fine, false)).not.toContain(escape);
});

const changing = (name: string, before: string, after: string): WantedUnit => {
    const conf = (content: string) => file("/etc/front.conf", content, { onChange: [reload("keepalived.service")] });
    return {
        name,
        before: running("keepalived.service", { files: [conf(before)] }),
        after: running("keepalived.service", { files: [conf(after)] }),
    };
};

test("nothing in a file ends its block, or makes HTML or a mention of its own outside of it", () => {
    const units = [changing("front-a", "1\n", "````\n</details>@team <b>\n\u001b[2J\n")];
    const warnings = [{ message: "ask @team <img src=x> | `x` #1", severity: "warning" }];
    const text = asMarkdown(planOf(readPreview(previewJson(units, [], { diagnostics: warnings }))), fine);
    expect(text).toContain("`````diff\n@@ -1,1 +1,3 @@\n-1\n+````\n+</details>@team <b>\n+<U+001B>[2J\n`````\n");
    expect(text).toContain("ask &#64;team &#60;img src=x&#62; &#124; &#96;x&#96; &#35;1");
});

test("what has no room in a comment is left out from the end, whole blocks at a time, and said to be", () => {
    const lines = (mark: string) => Array.from({ length: 300 }, (_, n) => `${mark} ${n} ü\n`).join("");
    const units = Array.from({ length: 60 }, (_, n) => changing(`front-h${n}`, lines("a"), lines(`b${n}`)));
    const text = asMarkdown(planOf(readPreview(previewJson(units))), fine);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MOST_BYTES);
    expect(Buffer.byteLength(text)).toBeGreaterThan(MOST_BYTES - 10_000);
    expect(text).toMatch(/^\*\*60 units on 60 hosts/);
    expect(text.match(/^\| `front-h/gm)).toHaveLength(60);
    expect(text.match(/<details>/g)).toHaveLength(text.match(/<\/details>/g)?.length ?? 0);
    expect(text.trimEnd()).toMatch(/The rest has no room in a comment: `pulumi-ha plan` shows it\._$/);
});

test.each([
    [0, "0 s"],
    [0.016, "0.016 s"],
    [0.5, "0.5 s"],
    [3.016, "3.0 s"],
    [30.2, "30 s"],
])("%d seconds are %s", (value, text) => {
    expect(seconds(value)).toBe(text);
});

describe("what the engine says besides", () => {
    const heard = (...events: object[]) => {
        const said = silent();
        for (const event of events) hear(said, JSON.stringify({ sequence: 1, timestamp: 2, ...event }));
        return said;
    };
    const outputs = (failover: unknown) => ({
        resOutputsEvent: { metadata: { urn: "u", new: { outputs: { failover } } } },
    });

    test("has the promises of components and of the stack", () => {
        expect(heard(outputs([{ fault: "power", totalSeconds: 3 }])).promises.get("u")).toEqual({ power: 3 });
        expect(heard(outputs({ power: { totalSeconds: 4 }, hang: {} })).promises.get("u")).toEqual({ power: 4 });
    });

    test("may have outputs of another form, or none", () => {
        expect(heard(outputs("later"), outputs(undefined), outputs({ front: [] })).promises.size).toBe(0);
    });

    test("has the objections of policies, and tells those that could not decide", () => {
        const policyEvent = { policyName: "pinned", enforcementLevel: "advisory", resourceUrn: "a::front" };
        const { violations } = heard(
            { policyEvent: { ...policyEvent, message: "<{%fg 1%}>Keys are pinned.\nno key<{%reset%}>\n" } },
            { policyEvent: { ...policyEvent, message: "can't run policy 'pinned' during preview: x" } },
        );
        expect(violations).toMatchObject([
            { policy: "pinned", resource: "front", message: "no key", undecided: false },
            { undecided: true },
        ]);
        expect(violations.slice(0, 1).map(objection)).toEqual(["advisory: pinned: front: no key"]);
    });

    test("is not even parsed where it is of no interest: it may hold secrets", () => {
        const said = silent();
        hear(said, '{"sequence":1,"timestamp":2,"diagnosticEvent":{"message":"\\"resOutputsEvent\\":" broken');
        expect(said.promises.size).toBe(0);
    });
});
