import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import fc from "fast-check";
import { locate, pluginCommand, programCommand } from "../../../toolchain/language-host/command";
import { installCommand } from "../../../toolchain/language-host/install";
import { runtimeOptions, shellWords } from "../../../toolchain/language-host/options";
import { programDependencies, requiredPlugins } from "../../../toolchain/language-host/packages";
import { quoted } from "../../../toolchain/place";

const directory = fs.mkdtempSync(path.join(os.tmpdir(), "language-host-"));
afterAll(() => fs.rmSync(directory, { recursive: true, force: true }));

describe("runtime options", () => {
    test("defaults", () => {
        expect(runtimeOptions({})).toEqual({
            typescript: true,
            nodeargs: [],
            packagemanager: "auto",
            production: false,
        });
    });

    test("what Pulumi.yaml may say", () => {
        const options = { typescript: false, nodeargs: "--require 'a b' --trace", tsconfig: "t.json", other: 1 };
        expect(runtimeOptions(options)).toMatchObject({
            typescript: false,
            nodeargs: ["--require", "a b", "--trace"],
            tsconfig: "t.json",
        });
    });

    test("fails: all wrong types are named at once", () => {
        expect(() => runtimeOptions({ typescript: "yes", nodeargs: 1 })).toThrow(
            'runtime option typescript must be a boolean, not "yes"; runtime option nodeargs must be a string, not 1',
        );
    });

    test.each([
        ["", []],
        ["  a\tb ", ["a", "b"]],
        [`a"b c"'d e'f\\ g`, ["ab cd ef g"]],
        [`"a\\"b\\n" '' ""`, ['a"b\\n', "", ""]],
    ])("words of %j", (line, words) => expect(shellWords(line)).toEqual(words));

    test.each([`"a`, "'a", "a\\"])("fails: unbalanced %s", (line) =>
        expect(() => shellWords(line)).toThrow("unbalanced"),
    );

    test("words that were quoted for a shell come back", () => {
        fc.assert(
            fc.property(fc.array(fc.string()), (words) => {
                expect(shellWords(words.map(quoted).join(" "))).toEqual(words);
            }),
        );
    });
});

const run = {
    monitor: "127.0.0.1:1",
    engine: "127.0.0.1:2",
    organization: "organization",
    project: "shop",
    stack: "dev",
    rootDirectory: "/shop",
    programDirectory: "/shop",
    entryPoint: "index.ts",
    args: ["--x"],
    dryRun: true,
    parallel: 16,
    config: { "shop:address": "10.0.0.1", "shop:config:old": "1" },
    configSecretKeys: ["shop:password"],
};

describe("how node is called", () => {
    test("a program", () => {
        const { args, env } = programCommand(
            run,
            runtimeOptions({ nodeargs: "--trace", tsconfig: "p.json" }),
            "/sdk/run",
        );
        expect(args.join(" ")).toBe(
            "--trace /sdk/run --monitor 127.0.0.1:1 --engine 127.0.0.1:2 --organization organization --project shop " +
                "--root-directory /shop --stack dev --pwd /shop --parallel 16 --dry-run index.ts --x",
        );
        expect(env).toEqual({
            NODE_OPTIONS: expect.stringMatching(/--require ".*preload\.js"$/),
            PULUMI_NODEJS_TYPESCRIPT: "true",
            PULUMI_NODEJS_TSCONFIG_PATH: "p.json",
            PULUMI_CONFIG: '{"shop:config:address":"10.0.0.1","shop:config:old":"1"}',
            PULUMI_CONFIG_SECRET_KEYS: '["shop:password"]',
        });
    });

    test("a program in JavaScript loads no TypeScript", () => {
        const { args, env } = programCommand(
            { ...run, dryRun: false, args: [] },
            runtimeOptions({ typescript: false }),
            "r",
        );
        expect(args.slice(-2)).toEqual(["16", "index.ts"]);
        expect(env).not.toHaveProperty("PULUMI_NODEJS_TYPESCRIPT");
    });

    test.each([
        ["analyzer", "/sdk/run engine /pack"],
        ["resource", "/sdk/run /pack engine"],
    ])("a plugin of kind %s", (kind, command) => {
        const plugin = {
            kind,
            programDirectory: "/pack",
            args: ["engine"],
            env: ["A=b=c", "EMPTY=", "NODE_OPTIONS=--trace"],
        };
        const { args, env } = pluginCommand(plugin, runtimeOptions({ typescript: false }), "/sdk/run");
        expect(args.join(" ")).toBe(command);
        expect(env).toEqual({ A: "b=c", EMPTY: "", NODE_OPTIONS: expect.stringMatching(/^--trace --require ".*"$/) });
    });

    test("fails: a program without the SDK is told what to do", () => {
        expect(() => locate("@pulumi/pulumi/cmd/run", directory)).toThrow(
            `is not installed for the program in ${directory}`,
        );
    });
});

describe("packages", () => {
    beforeAll(() => {
        const put = (name: string, manifest: object) => {
            fs.mkdirSync(path.join(directory, name), { recursive: true });
            fs.writeFileSync(path.join(directory, name, "package.json"), JSON.stringify(manifest));
        };
        put(".", { dependencies: { "@pulumi/random": "^4", left: "1" } });
        put("program", {});
        put("node_modules/@pulumi/random", {
            name: "@pulumi/random",
            version: "4.21.2",
            pulumi: { resource: true, name: "random" },
        });
        put("node_modules/@pulumi/pulumi", { name: "@pulumi/pulumi", version: "3.248.0" });
        put("node_modules/other", {
            name: "other",
            version: "1.0.0",
            pulumi: { resource: true, name: "own", version: "v2.0.0", server: "https://s" },
        });
        put("node_modules/left", { name: "left", version: "1.0.1" });
        put("node_modules/.bin", {});
        fs.mkdirSync(path.join(directory, "node_modules", "empty"));
        fs.rmSync(path.join(directory, "program", "package.json"));
    });

    test("the plugins that installed packages need", () => {
        expect(requiredPlugins(path.join(directory, "program"))).toEqual([
            { name: "random", version: "v4.21.2", server: "" },
            { name: "own", version: "v2.0.0", server: "https://s" },
        ]);
    });

    test("what a program depends on", () => {
        expect(programDependencies(directory, false).map(({ name }) => name)).toEqual(["@pulumi/random", "left"]);
        expect(programDependencies(directory, true)).toHaveLength(4);
    });

    test.each([
        [{}, "npm install"],
        [{ production: true }, "npm install --omit=dev"],
        [{ packagemanager: "pnpm", production: true }, "pnpm install --prod"],
    ])("dependencies are installed by %j as %s", (options, command) => {
        expect(installCommand(runtimeOptions(options), directory).join(" ")).toBe(command);
    });

    test("fails: an unknown package manager", () => {
        expect(() => installCommand(runtimeOptions({ packagemanager: "apt" }), directory)).toThrow("apt is not known");
    });
});
