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
