// The language host under the real CLI: a program, its output and its faults, and a policy pack.
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { toolchainEnv } from "../../../toolchain";
import { layoutOf } from "../../../toolchain/layout";
import { readRecord } from "../../../toolchain/record";

const PROJECT = path.join(__dirname, "..", "..", "..");
const ready = readRecord(layoutOf(PROJECT)) !== undefined;
if (!ready) console.warn('skipped: no toolchain in this project; "npm run toolchain" makes it');
const withCli = ready ? describe : describe.skip;

const directory = fs.mkdtempSync(path.join(os.tmpdir(), "preview-"));
afterAll(() => fs.rmSync(directory, { recursive: true, force: true }));

const env = {
    ...process.env,
    ...(ready ? toolchainEnv(PROJECT) : {}),
    PULUMI_BACKEND_URL: `file://${directory}`,
    PULUMI_CONFIG_PASSPHRASE: "test",
};

interface Project {
    /** Lines below `name` in Pulumi.yaml. */
    runtime: string;
    files: Record<string, string>;
}

function project(name: string, { runtime, files }: Project): string {
    const root = path.join(directory, name);
    fs.mkdirSync(root);
    fs.symlinkSync(path.join(PROJECT, "node_modules"), path.join(root, "node_modules"));
    const manifest = { "Pulumi.yaml": `name: ${name}\n${runtime}`, "package.json": `{ "name": "${name}" }` };
    for (const [file, text] of Object.entries({ ...manifest, ...files })) fs.writeFileSync(path.join(root, file), text);
    pulumi(root, "stack", "init", "dev");
    return root;
}

function pulumi(cwd: string, ...args: string[]): { code: number | null; text: string } {
    const { status, stdout, stderr } = spawnSync("pulumi", [...args, "--non-interactive", "--color=never"], {
        cwd,
        env,
        encoding: "utf8",
    });
    return { code: status, text: stdout + stderr };
}

const COMPONENT = `
import * as pulumi from "@pulumi/pulumi";
new pulumi.ComponentResource("test:index:Thing", "thing");
export const address: string = new pulumi.Config().require("address");
`;

withCli("under the real CLI", () => {
    jest.setTimeout(120_000);

    test("a program with a type error runs if its tsconfig asks for no check, and gets its config", () => {
        const root = project("unchecked", {
            runtime: "runtime: { name: nodejs, options: { tsconfig: tsconfig.program.json } }\nmain: index.ts\n",
            files: {
                "index.ts": `${COMPONENT}\nconst wrong: number = "text";\nconsole.log("says", wrong);\n`,
                "tsconfig.program.json": '{ "compilerOptions": { "noCheck": true }, "files": ["index.ts"] }',
            },
        });
        pulumi(root, "config", "set", "address", "10.77.0.100");
        const { code, text } = pulumi(root, "preview");
        expect(text).toMatch(/test:index:Thing\s+thing/);
        expect(text).toContain("says text");
        expect(text).toContain('address: "10.77.0.100"');
        expect(code).toBe(0);
        expect(text).not.toContain("warning");
    });

    test("JavaScript with node's own arguments, TypeScript off", () => {
        const root = project("plain", {
            runtime:
                'runtime: { name: nodejs, options: { typescript: false, nodeargs: "--require ./first.js" } }\nmain: index.js\n',
            files: {
                "first.js": "globalThis.first = 'was first';",
                "index.js":
                    "exports.order = globalThis.first; exports.ts = process.env.PULUMI_NODEJS_TYPESCRIPT ?? 'off';",
            },
        });
        const { code, text } = pulumi(root, "preview");
        expect(text).toMatch(/order: "was first"\s+ts\s+: "off"/);
        expect(code).toBe(0);
    });

    test.each([
        ["throws", "throw new Error('no such host');", /Error: no such host/],
        ["exits", "process.exit(3);", /exited with non-zero exit code: 3/],
    ])(
        "fails: a program that %s",
        (name, source, message) => {
            const root = project(name, {
                runtime: "runtime: { name: nodejs, options: { typescript: false } }\nmain: index.js\n",
                files: { "index.js": source },
            });
            const { code, text } = pulumi(root, "preview");
            expect(text).toMatch(message);
            expect(code).not.toBe(0);
        },
        40_000,
    );

    test("fails: a stack that a policy pack refuses, with the pack's own words", () => {
        const root = project("refused", {
            runtime: "runtime: { name: nodejs, options: { typescript: false } }\nmain: index.js\n",
            files: {
                "index.js":
                    'const p = require("@pulumi/pulumi"); new p.ComponentResource("test:index:Thing", "thing");',
            },
        });
        const pack = path.join(directory, "pack");
        fs.mkdirSync(pack);
        fs.symlinkSync(path.join(PROJECT, "node_modules"), path.join(pack, "node_modules"));
        fs.writeFileSync(
            path.join(pack, "PulumiPolicy.yaml"),
            "runtime: { name: nodejs, options: { typescript: false } }\n",
        );
        fs.writeFileSync(path.join(pack, "package.json"), '{ "name": "pack", "version": "1.0.0", "main": "index.js" }');
        fs.writeFileSync(
            path.join(pack, "index.js"),
            `const { PolicyPack } = require("@pulumi/policy");
             new PolicyPack("pack", { policies: [{ name: "no-things", description: "no things", enforcementLevel: "mandatory",
                 validateResource: (args, report) => args.type === "test:index:Thing" && report("a thing, " + process.cwd()) }] });`,
        );
        const { code, text } = pulumi(root, "preview", "--policy-pack", pack);
        expect(text).toContain(`a thing, ${fs.realpathSync(pack)}`);
        expect(code).not.toBe(0);
    });

    test("about names this node and the program's packages", () => {
        const root = project("about", {
            runtime: "runtime: { name: nodejs, options: { typescript: false } }\nmain: index.js\n",
            files: { "index.js": "", "package.json": '{ "name": "about", "dependencies": { "@pulumi/pulumi": "3" } }' },
        });
        const { text } = pulumi(root, "about");
        expect(text).toContain(process.version);
        expect(text).toMatch(/@pulumi\/pulumi\s+3\./);
    });
});
