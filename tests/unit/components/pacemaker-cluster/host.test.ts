import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";

const root = process.getuid?.() === 0;
const bats = spawnSync("bash", ["-c", "command -v bats"]).status === 0 && root;
if (!bats) console.warn("what is done to members: skipped, the bats tests need root and Debian's package bats");

for (const file of readdirSync(__dirname).filter((name) => name.endsWith(".bats"))) {
    const run = bats ? test : test.skip;
    run(
        `${file} passes`,
        () => {
            const { status, stdout } = spawnSync("bats", ["--tap", file], { cwd: __dirname, encoding: "utf8" });
            const failures = stdout.split("\n").filter((row) => !row.startsWith("ok ") && row !== "");
            expect({ status, failures }).toEqual({ status: 0, failures: [expect.stringMatching(/^1\.\.\d+$/)] });
        },
        300_000,
    );
}
