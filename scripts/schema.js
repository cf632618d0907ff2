// The schema of the components for other languages, made by the SDK from their sources: `npm run schema` writes plugin/schema.json, --check compares.
const fs = require("node:fs");
const path = require("node:path");
const { Analyzer } = require("@pulumi/pulumi/provider/experimental/analyzer");
const { generateSchema } = require("@pulumi/pulumi/provider/experimental/schema");
const { COMPONENTS } = require("../dist/plugin/provider");
const manifest = require("../package.json");

const root = path.join(__dirname, "..");
const file = path.join(root, "plugin", "schema.json");

/** The SDK compiles what a tsconfig.json names: with the one of this repository that would be the tests as well. */
function analyzed() {
    const dir = path.join(root, "node_modules", ".cache", "pulumi-ha", "schema");
    fs.mkdirSync(dir, { recursive: true });
    const tsconfig = {
        extends: path.join(root, "tsconfig.json"),
        files: [path.join(root, "components", "index.ts")],
        include: [],
    };
    fs.writeFileSync(
        path.join(dir, "tsconfig.json"),
        JSON.stringify({ ...tsconfig, compilerOptions: { types: ["node"] } }),
    );
    const main = path.join(root, "components", "index.js");
    return new Analyzer(dir, manifest.name, { main }, new Set(Object.keys(COMPONENTS))).analyze();
}

/** What one component gives and another takes comes from an output: it is no plain value there, whatever its type says. */
function wiredByOutputs(resources) {
    const given = new Set(
        Object.values(resources).flatMap(({ properties }) => Object.values(properties).map(({ $ref }) => $ref)),
    );
    for (const { inputProperties } of Object.values(resources))
        for (const input of Object.values(inputProperties)) if (input.$ref && given.has(input.$ref)) delete input.plain;
}

/** All types that a part of the schema names, and those that they name. */
function named(part, types, found = new Set()) {
    for (const [, token] of JSON.stringify(part).matchAll(/"#\/types\/([^"]+)"/g)) {
        if (found.has(token)) continue;
        found.add(token);
        named(types[token], types, found);
    }
    return found;
}

/** A program in YAML cannot hand an enumeration from an output to an input, so what components give has the values alone. */
function withoutEnumerations({ resources, types }) {
    const given = named(
        Object.values(resources).map(({ properties }) => properties),
        types,
    );
    for (const token of given)
        for (const property of Object.values(types[token].properties ?? {})) {
            const type = types[property.$ref?.slice("#/types/".length)];
            if (!type?.enum) continue;
            property.type = type.type;
            delete property.$ref;
        }
    const used = named(resources, types);
    for (const token of Object.keys(types)) if (!used.has(token)) delete types[token];
}

const byName = ([a], [b]) => (a < b ? -1 : 1);

/** SDKs add `Args` themselves: `NodeArgs` would become `NodeArgsArgs`. Not where the name without it is another type's. */
function withoutArgs(text, types) {
    const names = Object.keys(types).map((token) => token.split(":").at(-1));
    const free = names.filter((name) => name.endsWith("Args") && !names.includes(name.slice(0, -"Args".length)));
    return text.replace(/(?<="[^"\n]*:index:)\w+(?=")/g, (name) =>
        free.includes(name) ? name.slice(0, -"Args".length) : name,
    );
}

const sorted = (record) => Object.fromEntries(Object.entries(record).sort(byName));

function schema() {
    const { components, typeDefinitions, dependencies } = analyzed();
    const made = generateSchema(
        manifest.name,
        manifest.version,
        manifest.description,
        components,
        typeDefinitions,
        dependencies,
    );
    wiredByOutputs(made.resources);
    withoutEnumerations(made);
    // The SDK leaves out what types are for.
    for (const [name, { description }] of Object.entries(typeDefinitions))
        if (description) Object.assign(made.types[`${manifest.name}:index:${name}`] ?? {}, { description });
    // The compiler numbers literals as it meets them in any file.
    for (const type of Object.values(made.types)) type.enum?.sort((a, b) => byName([a.name], [b.name]));
    const { license, keywords } = manifest;
    const language = { ...made.language, python: { ...made.language.python, packageName: "pulumi_ha" } };
    const whole = {
        ...made,
        license,
        keywords,
        language,
        resources: sorted(made.resources),
        types: sorted(made.types),
    };
    return withoutArgs(`${JSON.stringify(whole, null, 4)}\n`, made.types);
}

const now = schema();
if (!process.argv.includes("--check")) fs.writeFileSync(file, now);
else if (!fs.existsSync(file) || fs.readFileSync(file, "utf8") !== now) {
    console.error(
        "plugin/schema.json is not what the components' sources say: run npm run schema, and commit what it changes",
    );
    process.exitCode = 1;
}
