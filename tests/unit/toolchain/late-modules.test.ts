import { execFileSync } from "node:child_process";
import * as path from "node:path";

const PROJECT = path.join(__dirname, "..", "..", "..");
const PRELOAD = path.join(PROJECT, "dist", "toolchain", "language-host", "preload.js");

/** What a program prints that has the SDK and the file that every program is given. */
const printed = (program: string): unknown =>
    JSON.parse(
        execFileSync(process.execPath, ["--require", PRELOAD, "--eval", program], { cwd: PROJECT, encoding: "utf8" }),
    );

const LOADED = `Object.keys(require.cache).some((file) => file.includes("/node_modules/@npmcli/arborist/"))`;

test("the SDK starts without npm's resolver, and has it when it packs a function", () => {
    const program = `
        require("@pulumi/pulumi");
        const before = ${LOADED};
        const { computeCodePaths } = require("@pulumi/pulumi/runtime/closure/codePaths");
        computeCodePaths({ extraIncludePackages: ["ipaddr.js"] }).then((paths) =>
            console.log(JSON.stringify({ before, after: ${LOADED}, packed: [...paths.keys()].some((p) => p.includes("ipaddr.js")) })));
    `;
    expect(printed(program)).toEqual({ before: false, after: true, packed: true });
});

test("others that load the resolver get all of it", () => {
    const program = `console.log(JSON.stringify(Object.keys(require("@npmcli/arborist")).length > 1))`;
    expect(printed(program)).toBe(true);
});

test("the Automation API is loaded when a program uses it, and is the same as by its own name", () => {
    const program = `
        const { automation } = require("@pulumi/pulumi");
        const loaded = () => Object.keys(require.cache).some((file) => file.endsWith("/@pulumi/pulumi/automation/stack.js"));
        const before = loaded();
        const same = automation.LocalWorkspace === require("@pulumi/pulumi/automation").LocalWorkspace;
        const { Stack } = automation;
        console.log(JSON.stringify({ before, same, after: loaded(), known: "Stack" in automation && Object.keys(automation).includes("Stack") && typeof Stack }));
    `;
    expect(printed(program)).toEqual({ before: false, same: true, after: true, known: "function" });
});

test("V8 tells the SDK where functions come from and what they hold, of what was loaded before it is first asked too", () => {
    const program = `
        const { isInitializedAsync } = require("@pulumi/pulumi/runtime/closure/v8Hooks");
        const held = "a value that is held";
        isInitializedAsync().then(async () => {
            const { parse } = require("ipaddr.js");
            const v8 = require("@pulumi/pulumi/runtime/closure/v8");
            const { file, line } = await v8.getFunctionLocationAsync(parse);
            const { text } = await require("@pulumi/pulumi").runtime.serializeFunction(() => held);
            console.log(JSON.stringify({ file: file.split("/node_modules/")[1], line: line > 0, held: text.includes(held) }));
        });
    `;
    expect(printed(program)).toEqual({ file: "ipaddr.js/lib/ipaddr.js", line: true, held: true });
});

test("a program loads of this package the components that it uses", () => {
    const program = `
        const loaded = (name) => Object.keys(require.cache).some((file) => file.includes("/dist/components/" + name + "/"));
        const { KeepalivedVip } = require("./dist/components");
        const all = Object.keys(require("./dist/components"));
        console.log(JSON.stringify({ vip: loaded("keepalived-vip"), cluster: loaded("galera-cluster"), kind: typeof KeepalivedVip, listed: all.includes("GaleraCluster") }));
    `;
    expect(printed(program)).toEqual({ vip: true, cluster: false, kind: "function", listed: true });
});

test("zod says what is wrong without the languages that nobody asks for, and has them", () => {
    const program = `
        const loaded = () => Object.keys(require.cache).some((file) => file.endsWith("/zod/v4/locales/de.cjs"));
        const { z } = require("zod");
        const { message } = z.string().safeParse(1).error.issues[0];
        console.log(JSON.stringify({ message, before: loaded(), german: typeof z.locales.de, after: loaded() }));
    `;
    expect(printed(program)).toEqual({
        message: "Invalid input: expected string, received number",
        before: false,
        german: "function",
        after: true,
    });
});

test("the SDK's lines of level debug go to the engine together", () => {
    const program = `
        const { log } = require("@pulumi/pulumi");
        const sent = [];
        require("@pulumi/pulumi/runtime/settings").getEngine = () => ({ log: (line, done) => (sent.push(line.getMessage()), done()) });
        log.debug("one");
        log.debug("two");
        log.info("three").then(() => console.log(JSON.stringify(sent)));
    `;
    expect(printed(program)).toEqual(["one\ntwo", "three"]);
});
