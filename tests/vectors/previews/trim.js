// Leaves in a preview what tells of the update: `node trim.js <preview.json >trimmed.json`.
const { readFileSync } = require("node:fs");
const { toText } = require("../../../dist/remote/manifest");
const { parse } = require("../../../dist/remote/parse");

const KEPT = ["urn", "type", "inputs", "outputs", "parent", "dependencies", "propertyDependencies", "retainOnDelete"];
/** Lines of each file that are kept. */
const LINES = 36;

const only = (object, names) => Object.fromEntries(Object.entries(object ?? {}).filter(([name]) => names.includes(name)));

/** The manifest with the beginning of its files only. */
function shorter(stdin) {
    if (!stdin?.startsWith("pulumi-ha manifest ")) return stdin;
    const manifest = parse(stdin);
    const files = manifest.files.map((file) => ({ ...file, content: file.content.match(/.*(\n|$)/g).slice(0, LINES).join("") }));
    return toText({ ...manifest, files });
}

const promises = (failover) => failover?.map(({ fault, totalSeconds }) => ({ fault, totalSeconds }));

function state(all) {
    if (all === undefined) return undefined;
    const { inputs = {}, outputs, propertyDependencies, ...kept } = only(all, KEPT);
    const command = kept.type === "command:remote:Command";
    return {
        ...kept,
        inputs: command ? { create: inputs.create, stdin: shorter(inputs.stdin) } : only(inputs, ["node", "address", "hostKey"]),
        outputs: Array.isArray(outputs?.failover) ? { failover: promises(outputs.failover) } : {},
        ...(command ? { propertyDependencies: only(propertyDependencies, ["stdin"]) } : {}),
    };
}

const { steps, diagnostics, changeSummary } = JSON.parse(readFileSync(0, "utf8"));
const trimmed = steps.map(({ op, urn, oldState, newState, diffReasons, replaceReasons }) => ({
    op,
    urn,
    // A resource that stays as it is has one state.
    oldState: state(oldState),
    newState: op === "same" ? undefined : state(newState),
    diffReasons,
    replaceReasons,
}));
const lines = trimmed.map((step) => JSON.stringify(step)).join(",\n");
const rest = JSON.stringify({ diagnostics, changeSummary }).slice(1);
process.stdout.write(`{"steps":[\n${lines}\n],${rest}\n`);
