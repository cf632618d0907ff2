import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

const PROJECT = path.join(__dirname, "..", "..", "..");
const PRELOAD = path.join(PROJECT, "dist", "toolchain", "language-host", "preload.js");

/** What the SDK does with a program in TypeScript, and what was loaded for it. */
const RUN = `
    const sdk = require("node:module").createRequire(require.resolve("@pulumi/pulumi/cmd/run/run.js"));
    const { noCheck } = sdk("../../tsutils").loadTypeScriptCompilerOptions("tsconfig.json");
    const options = { compiler: "typescript", transpileOnly: noCheck, project: "tsconfig.json", skipProject: false };
    sdk("ts-node").register({ ...options, compilerOptions: { target: "ES2020", module: "nodenext", moduleResolution: "nodenext" } });
    const { said } = require(process.cwd() + "/index.ts");
    const compiled = Object.keys(require.cache).some((file) => file.endsWith("/typescript/lib/typescript.js"));
    console.log(JSON.stringify({ said, compiled }));
`;

let directory: string;
beforeEach(() => {
    directory = fs.mkdtempSync(path.join(os.tmpdir(), "transpiled-"));
    fs.symlinkSync(path.join(PROJECT, "node_modules"), path.join(directory, "node_modules"));
    write("package.json", "{}");
    write("base.json", JSON.stringify({ compilerOptions: { useDefineForClassFields: true, noCheck: true } }));
    write("tsconfig.json", JSON.stringify({ extends: "./base.json", compilerOptions: { noCheck: true } }));
    write("index.ts", `import { Greeting } from "./greeting";\nexport const said: string = new Greeting().text;\n`);
    write("greeting.ts", `export class Greeting {\n    readonly text: string = "hello";\n}\n`);
});
afterEach(() => fs.rmSync(directory, { recursive: true, force: true }));

const home = () => path.join(directory, "home");
const write = (file: string, text: string) => fs.writeFileSync(path.join(directory, file), text);

function start(env: Record<string, string> = {}) {
    return spawnSync(process.execPath, ["--require", PRELOAD, "--eval", RUN], {
        cwd: directory,
        env: { ...process.env, PULUMI_HOME: home(), ...env },
        encoding: "utf8",
    });
}

/** What the program says, and whether the compiler was loaded for that. */
function run(env: Record<string, string> = {}): { said: string; compiled: boolean } {
    const { stdout, stderr } = start(env);
    if (stdout === "") throw new Error(stderr);
    return JSON.parse(stdout) as { said: string; compiled: boolean };
}

const kept = () => fs.readdirSync(path.join(home(), "transpiled")).map((name) => path.join(home(), "transpiled", name));

test("what was transpiled once is not again, and says the same", () => {
    expect(run()).toEqual({ said: "hello", compiled: true });
    expect(run()).toEqual({ said: "hello", compiled: false });
    expect(fs.statSync(kept()[0] ?? "").mode & 0o777).toBe(0o600);
});

test("a file that has changed is transpiled anew, the others are kept", () => {
    run();
    write("greeting.ts", `export class Greeting {\n    readonly text: string = "good morning";\n}\n`);
    expect(run()).toEqual({ said: "good morning", compiled: true });
    expect(run()).toEqual({ said: "good morning", compiled: false });
});

test.each([
    [
        "the configuration",
        "tsconfig.json",
        '{ "extends": "./base.json", "compilerOptions": { "noCheck": true, "strict": true } }',
    ],
    ["what the configuration extends", "base.json", '{ "compilerOptions": { "strict": true } }'],
    ["the package that says what a module is", "package.json", '{ "type": "commonjs" }'],
])("with another text of %s all is transpiled anew", (_, file, text) => {
    run();
    expect(run().compiled).toBe(false);
    write(file, text);
    expect(run().compiled).toBe(true);
    expect(run().compiled).toBe(false);
});

test("with a file that the configuration's search now finds first all is transpiled anew", () => {
    fs.mkdirSync(path.join(directory, "inner"));
    write("index.ts", `export { said } from "./inner/words";\n`);
    write("inner/words.ts", `export const said: string = "inner";\n`);
    run();
    expect(run().compiled).toBe(false);
    write("inner/package.json", '{ "private": true }');
    expect(run()).toEqual({ said: "inner", compiled: true });
});

test("the stack of an error names the lines of the source, transpiled or kept", () => {
    write("index.ts", `interface Nothing {}\n\ninterface More extends Nothing {}\n\nthrow new Error("on purpose");\n`);
    for (const round of ["transpiled", "kept"]) {
        const { stderr } = start();
        expect([round, stderr]).toEqual([round, expect.stringContaining(`${directory}/index.ts:5:7`)]);
    }
});

test("a mistake in the source is ts-node's to explain", () => {
    run();
    write("index.ts", "export const said: = 1;\n");
    expect(start().stderr).toMatch(/TSError[^]*index\.ts[^]*Type expected/);
});

test("what cannot be read is made anew", () => {
    run();
    for (const file of kept()) fs.writeFileSync(file, "{");
    expect(run()).toEqual({ said: "hello", compiled: true });
    expect(run()).toEqual({ said: "hello", compiled: false });
});

test("others find ts-node's service where it leaves it", () => {
    write(
        "index.ts",
        `const { config } = (process as any)[Symbol.for("ts-node.register.instance")];\nexport const said = config.options.noCheck;\n`,
    );
    expect(run()).toEqual({ said: true, compiled: true });
    expect(run()).toEqual({ said: true, compiled: true });
});

test.each([
    ["types are checked", { compilerOptions: {} }, {}],
    ["ts-node is told more", { compilerOptions: { noCheck: true }, "ts-node": { preferTsExts: true } }, {}],
    ["JavaScript is transpiled too", { compilerOptions: { noCheck: true, allowJs: true, outDir: "out" } }, {}],
    ["the environment speaks to ts-node", { compilerOptions: { noCheck: true } }, { TS_NODE_PRETTY: "true" }],
])("nothing is kept where %s", (_, config, env) => {
    write("tsconfig.json", JSON.stringify({ ...config, files: ["index.ts"] }));
    expect(run(env).compiled).toBe(true);
    expect(run(env).compiled).toBe(true);
});

test("a configuration with comments is read by the compiler", () => {
    write("tsconfig.json", `{\n    // no types\n    "compilerOptions": { "noCheck": true },\n}\n`);
    run();
    expect(run()).toEqual({ said: "hello", compiled: true });
});

test("programs beyond the number that is kept make room for new ones", () => {
    const folder = path.join(home(), "transpiled");
    fs.mkdirSync(folder, { recursive: true });
    for (let i = 0; i < 40; i++) {
        fs.writeFileSync(path.join(folder, `${i}.json`), "{}");
        fs.utimesSync(path.join(folder, `${i}.json`), i, i);
    }
    run();
    expect(kept()).toHaveLength(32);
    expect(run().compiled).toBe(false);
});
