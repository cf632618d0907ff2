import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { ofUser, userEnv } from "../../../cli/pulumi";

let dir: string;
const before = process.env.PATH;
beforeEach(() => (dir = mkdtempSync(path.join(tmpdir(), "pulumi-ha-env-"))));
afterEach(() => {
    process.env.PATH = before;
    rmSync(dir, { recursive: true });
});

const pulumiIn = (...steps: string[]): string => {
    const folder = path.join(dir, ...steps);
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, "pulumi"), "");
    return folder;
};

test("a `pulumi` on the PATH goes before the project's: login and selected stack are with it", () => {
    process.env.PATH = pulumiIn("path");
    pulumiIn(".pulumi-ha", "bin");
    expect(userEnv(dir)).toEqual({});
});

test("without one on the PATH it is that of the project's toolchain", () => {
    process.env.PATH = "/nowhere";
    const bin = pulumiIn(".pulumi-ha", "bin");
    expect(userEnv(dir)).toMatchObject({
        PATH: `${bin}${path.delimiter}/nowhere`,
        PULUMI_HOME: path.join(dir, ".pulumi-ha", "home"),
    });
});

test("fails: there is none at all", () => {
    process.env.PATH = "/nowhere";
    expect(() => userEnv(dir)).toThrow("there is no `pulumi` on the PATH");
});

test("fails: a folder that there is not", () =>
    expect(ofUser({ cwd: "/nowhere/at/all" }, ["stack", "ls"])).rejects.toThrow(
        "--cwd /nowhere/at/all: there is no such folder",
    ));
