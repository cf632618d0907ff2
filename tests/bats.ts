import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";

/** A test for each file of bats in a folder. They need root and Debian's package bats: without these they are skipped, and what is missing is said of `what`. */
export function batsTests(folder: string, what: string): void {
    const runs = spawnSync("bash", ["-c", "command -v bats"]).status === 0 && process.getuid?.() === 0;
    if (!runs) console.warn(`${what}: skipped, the bats tests need root and Debian's package bats`);

    for (const file of readdirSync(folder).filter((name) => name.endsWith(".bats"))) {
        const run = runs ? test : test.skip;
        run(
            `${file} passes`,
            () => {
                const { status, stdout } = spawnSync("bats", ["--tap", file], { cwd: folder, encoding: "utf8" });
                // A row that was skipped is one too: nothing is left to skip where bats and root are.
                const passed = (row: string) => row.startsWith("ok ") && !row.includes(" # skip");
                const failures = stdout.split("\n").filter((row) => !passed(row) && row !== "");
                expect({ status, failures }).toEqual({ status: 0, failures: [expect.stringMatching(/^1\.\.\d+$/)] });
            },
            300_000,
        );
    }
}
