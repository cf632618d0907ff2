import { readPreview } from "../../../../cli/plan/preview";
import { previewJson, running } from "./previews";

const unit = { name: "front-lb1", op: "same", before: running("keepalived.service") };
const good = previewJson([unit]);
const errors = (...diagnostics: { urn?: string; message: string; severity: string }[]) =>
    JSON.stringify({ diagnostics });

test.each([
    ["nothing", "", "the preview is empty"],
    ["a warning before it", `warning: old\n${good}`, 'is not JSON: it begins with "warning: old'],
    ["one that was cut off", good.slice(0, -40), "was cut off after"],
    ["two of them", `${good}\n${good}`, "the preview is not JSON"],
    [
        "a stream of events",
        '{"sequence":0,"timestamp":1}\n{"sequence":1}',
        "unset PULUMI_ENABLE_STREAMING_JSON_PREVIEW",
    ],
    ["an update plan", '{"manifest":{},"resourcePlans":{}}', "an update plan of `--save-plan`, not a preview"],
    ["a state", '{"version":3,"deployment":{}}', "a state of `pulumi stack export`, not a preview"],
    ["another object", "{}", "it has no steps"],
    ["a list", "[]", "this JSON is no preview"],
    ["steps of another form", '{"steps":[{"op":"same"}]}', "this JSON is no preview: steps.0.urn"],
    ["one without what stays", previewJson([], [], { changeSummary: { same: 9 } }), "leaves out 8 resources"],
    [
        "one that failed",
        errors(
            { message: "error: no such host\n", severity: "error" },
            { urn: "urn:pulumi:dev::shop::t::front", message: "too short", severity: "error" },
            { message: "old", severity: "warning" },
        ),
        "the preview failed:\n  no such host\n  front: too short",
    ],
])("fails: %s", (_, text, message) => {
    expect(() => readPreview(text)).toThrow(message);
});

test("a byte order mark does no harm", () => {
    expect(readPreview(`\uFEFF${good}\r\n`).steps).toHaveLength(4);
});

test("warnings are kept, each once; what the engine says for information is not", () => {
    const said = ["warning", "warning", "info"].map((severity) => ({ message: `${severity}: hm\n`, severity }));
    expect(readPreview(previewJson([unit], [], { diagnostics: said })).warnings).toEqual(["hm"]);
});

test("a resource that was refreshed first counts once, as what is done with it", () => {
    const { steps } = JSON.parse(good) as { steps: { urn: string }[] };
    const refreshed = JSON.stringify({ steps: [...steps.map((step) => ({ ...step, op: "refresh" })), ...steps] });
    expect(readPreview(refreshed)).toEqual(readPreview(good));
});
