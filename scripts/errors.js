// Holds docs/errors.md against the messages of the sources, and makes docs/refusals.md, the list of what the components' rules refuse.
//
//     node scripts/errors.js [--check] [ROOT]     with --check nothing is written
//
// A message is the text that a source gives to an error, with `…` for what is filled in when it happens. docs/errors.md has an entry for it where the
// first cell of a row, in backticks, fits: `…` there stands for anything, so one entry may shorten a message or speak for several.
const fs = require("node:fs");
const path = require("node:path");
const ts = require("typescript");

const GAP = "…";
const args = process.argv.slice(2);
const check = args.includes("--check");
const ROOT = path.resolve(args.find((arg) => !arg.startsWith("--")) ?? path.join(__dirname, ".."));

const read = (file) => fs.readFileSync(path.join(ROOT, file), "utf8");
const files = (folder, suffix) =>
    fs.existsSync(path.join(ROOT, folder))
        ? fs
              .readdirSync(path.join(ROOT, folder), { recursive: true })
              .filter((name) => name.endsWith(suffix))
              .map((name) => path.join(folder, name))
              .sort()
        : [];
const memo =
    (work, known = new Map()) =>
    (key) =>
        known.get(key) ?? known.set(key, work(key)).get(key);
const parsed = memo((file) => ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest, true));
const tidy = (text) =>
    text
        .replace(/\s+/g, " ")
        .replaceAll(/…(?:[ "'']*…)+/g, GAP)
        .trim();
/** More than what is filled in, and a bit of punctuation. */
const says = (text) => /\p{L}{3}/u.test(text);

// --- bash: the first argument of fail, trouble and refuse

function inShell(source) {
    return [...source.matchAll(/\b(?:fail|trouble|refuse) (")/g)].map(({ index, 0: call }) =>
        quoted(source, index + call.length),
    );
}

/** The text up to the quotation mark that ends it, with `…` for expansions. */
function quoted(source, from) {
    let text = "";
    for (let at = from; at < source.length; at++) {
        const rest = source.slice(at, at + 200);
        const name = /^\$(?:\w+|[@*#?1-9])/.exec(rest)?.[0];
        if (source[at] === '"') break;
        if (source[at] === "\\") text += source[++at];
        else if (name !== undefined || /^\$[({]/.test(rest)) {
            at = name === undefined ? closing(source, at + 1) : at + name.length - 1;
            text += GAP;
        } else text += source[at];
    }
    return text;
}

function closing(source, from) {
    const [open, close] = source[from] === "(" ? "()" : "{}";
    let depth = 0;
    for (let at = from; at < source.length; at++) {
        if (source[at] === open) depth++;
        if (source[at] === close && --depth === 0) return at;
    }
    return source.length;
}

// --- TypeScript

/** The texts that an expression may come to. */
function texts(node, scope) {
    if (node === undefined) return [GAP];
    if (ts.isStringLiteralLike(node)) return [node.text];
    if (ts.isTemplateExpression(node))
        return [node.head.text + node.templateSpans.map(({ literal }) => GAP + literal.text).join("")];
    if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node)) return texts(node.expression, scope);
    if (ts.isConditionalExpression(node)) return [...texts(node.whenTrue, scope), ...texts(node.whenFalse, scope)];
    if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken)
        return texts(node.left, scope).flatMap((a) => texts(node.right, scope).map((b) => a + b));
    if (ts.isArrowFunction(node) || ts.isFunctionDeclaration(node)) return returned(node.body, scope);
    // `[headline, …].join("\n")`: the headline.
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression))
        return ts.isArrayLiteralExpression(node.expression.expression)
            ? texts(node.expression.expression.elements[0], scope)
            : [GAP];
    if (ts.isCallExpression(node) && ts.isIdentifier(node.expression)) {
        const { [node.expression.text]: made, ...others } = scope;
        return made === undefined ? [GAP] : texts(made, others);
    }
    return [GAP];
}

function returned(body, scope) {
    if (!ts.isBlock(body)) return texts(body, scope);
    const found = [];
    const visit = (node) => {
        if (ts.isReturnStatement(node)) found.push(...texts(node.expression, scope));
        else if (!ts.isFunctionLike(node)) ts.forEachChild(node, visit);
    };
    visit(body);
    return found;
}

/** The functions of a file, by name: what they return may be a message. */
function functionsOf(source) {
    const found = {};
    const visit = (node) => {
        if (ts.isFunctionDeclaration(node) && node.name && node.body) found[node.name.text] = node;
        if (ts.isVariableDeclaration(node) && node.initializer && ts.isArrowFunction(node.initializer))
            found[node.name.text] = node.initializer;
        ts.forEachChild(node, visit);
    };
    visit(source);
    return found;
}

/** Files of which all sentences are findings: what they return is shown as it is. */
const FINDINGS = /^(cli\/recover\/(.*\/)?(decision|contradictions|standing)|lab\/plan)\.ts$/;
const isSentence = (node) =>
    (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)) && /^\S+ \S+ \S+ \S+/.test(texts(node)[0]);

/** Calls `found` with each message of a file: of errors, of rules (with the field), and the names of gates. */
function inTypeScript(file, found) {
    const source = parsed(file);
    const scope = functionsOf(source);
    const member = (node, name) =>
        node.properties.find((property) => ts.isPropertyAssignment(property) && property.name.getText() === name)
            ?.initializer;
    const visit = (node) => {
        // Said to whoever broke the program, not to whoever uses it.
        if (ts.isNewExpression(node) && node.expression.getText() === "RangeError") return undefined;
        if (FINDINGS.test(file) && isSentence(node)) return found("error", texts(node)[0]);
        if (ts.isNewExpression(node) && /Error$/.test(node.expression.getText()))
            for (const text of texts(node.arguments?.[0], scope)) found("error", text);
        if (ts.isCallExpression(node) && node.expression.getText() === "refuse") {
            const [first, second] = node.arguments;
            for (const text of texts(second ?? first, scope))
                found(second === undefined ? "error" : "rule", text, { field: texts(first, scope)[0] });
        }
        if (ts.isObjectLiteralExpression(node)) {
            const because = member(node, "because") ?? member(node, "message");
            if (because !== undefined && member(node, "use") === undefined) {
                const field = [...listOf(node, tablesOf(path.dirname(file))), ...texts(member(node, "path"), scope)]
                    .filter(Boolean)
                    .join(`${GAP}.`);
                const warns = texts(member(node, "level"))[0] === "warn";
                for (const text of texts(because, scope)) found("rule", text, { field, warns });
            }
            if (member(node, "withinSeconds") !== undefined)
                for (const text of texts(member(node, "name"), scope)) found("gate", text);
        }
        return ts.forEachChild(node, visit);
    };
    visit(source);
}

/** The field whose items a rule is about, as `each` says: around it, or of the table that it is in, by the table's name. */
function listOf(node, tables) {
    for (let up = node.parent; up !== undefined; up = up.parent) {
        if (isEach(up)) return texts(up.arguments[0]);
        if (ts.isVariableDeclaration(up)) return tables[up.name.text] ?? [];
    }
    return [];
}
const isEach = (node) =>
    ts.isCallExpression(node) && /^(each|one)$/.test(node.expression.getText()) && node.arguments.length === 3;

/** The fields that a component's tables of rules are about; one that serves several is about none in particular. */
const tablesOf = memo((folder) => {
    const found = {};
    const visit = (node) => {
        if (isEach(node) && ts.isIdentifier(node.arguments[2])) {
            const name = node.arguments[2].text;
            found[name] = name in found ? [GAP] : texts(node.arguments[0]);
        }
        ts.forEachChild(node, visit);
    };
    files(folder, ".ts").map(parsed).forEach(visit);
    return found;
});

// --- all of them

const messages = new Map();
const note = (file, text) => {
    const words = tidy(text);
    if (says(words) && !messages.has(words)) messages.set(words, file);
};

/** By component: rows of the list. */
const refusals = new Map();
function refuses(file, text, { field, warns = false }) {
    const component = file === "remote/reach.ts" ? "shared" : /^components\/([^/]+)\/./.exec(file)?.[1];
    if (component === undefined || !says(text)) return;
    const rows = refusals.get(component) ?? refusals.set(component, new Set()).get(component);
    const cell = tidy(text).replaceAll("|", "\\|").replaceAll("<", "&lt;");
    rows.add(`| ${field && field !== GAP ? `\`${tidy(field)}\`` : ""} | ${warns ? "*warning:* " : ""}${cell} |`);
}

for (const folder of ["remote", "components", "plugin", "cli", "lab", "toolchain"]) {
    for (const file of files(folder, ".sh")) for (const text of inShell(read(file))) note(file, text);
    // What stands in for the vendor's plugins has the vendor's words.
    for (const file of files(folder, ".ts").filter((name) => !name.startsWith("toolchain/plugins/"))) {
        inTypeScript(file, (kind, text, about) => (kind === "rule" ? refuses(file, text, about) : note(file, text)));
    }
}

const className = (folder) =>
    folder === "shared"
        ? "Every component that stands on nodes"
        : folder.replaceAll(/(?:^|-)(\w)/g, (_, letter) => letter.toUpperCase());
const list = [
    "# What components refuse",
    "",
    "Every rule of every component, as `node scripts/errors.js` reads it out of the sources; `…` is filled in when it is said. A preview shows all that is wrong at",
    "once, each with its field, before any host is touched; what is a warning lets it pass. Other messages: [errors.md](errors.md).",
    ...[...refusals].flatMap(([component, rows]) => [
        "",
        `## ${className(component)}`,
        "",
        "| field | what it says |",
        "| --- | --- |",
        ...rows,
    ]),
    "",
].join("\n");

const catalogue = read("docs/errors.md");
const entries = [...catalogue.matchAll(/^\| (`+) ?(.+?) ?\1 \|/gm)].map(([, , text]) => text.replaceAll("\\|", "|"));
const fits = (entry) => {
    const parts = entry.split(GAP).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    return (message) => new RegExp(`^${parts.join(".*")}$`).test(message);
};
const tests = entries.map(fits);
const found = [...messages.keys()];
const wrong = [
    ...found
        .filter((text) => !tests.some((test) => test(text)))
        .map((text) => `${messages.get(text)}: docs/errors.md has no entry for: ${text}`),
    ...entries
        .filter((_, place) => !found.some(tests[place]))
        .map((entry) => `docs/errors.md: no source says: ${entry}`),
];
if (!check) fs.writeFileSync(path.join(ROOT, "docs/refusals.md"), list);
else if (read("docs/refusals.md") !== list)
    wrong.push("docs/refusals.md is not what the rules say: node scripts/errors.js");
if (wrong.length > 0) {
    console.error(wrong.join("\n"));
    process.exitCode = 1;
}
