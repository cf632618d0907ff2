import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { PROJECT } from "./markdown";

const SCRIPT = path.join(PROJECT, "scripts", "errors.js");

const check = (root: string): string => {
    const { stdout, stderr, status } = spawnSync("node", [SCRIPT, "--check", root], { encoding: "utf8" });
    return `${stdout}${stderr}${status === 0 ? "" : `status ${status}`}`;
};

// All sources are read.
jest.setTimeout(60_000);

test("every message has an entry in docs/errors.md, and every rule a line in docs/refusals.md", () => {
    expect(check(PROJECT)).toBe("");
});

describe("fails", () => {
    const root = mkdtempSync(path.join(tmpdir(), "errors-"));
    afterAll(() => rmSync(root, { recursive: true }));

    test("for messages without an entry, entries without a message, and a list that is not that of the rules", () => {
        for (const folder of ["docs", "remote", "components/one"])
            mkdirSync(path.join(root, folder), { recursive: true });
        cpSync(path.join(PROJECT, "docs", "refusals.md"), path.join(root, "docs", "refusals.md"));
        writeFileSync(path.join(root, "docs", "errors.md"), "| `… is full` | |\n| `the moon is full` | |\n");
        writeFileSync(
            path.join(root, "remote", "host.sh"),
            'fail "$DISK is full"\nfail "no room in ${A:-"$(df "$B")"} for \\"$C\\""\n',
        );
        writeFileSync(
            path.join(root, "components", "one", "index.ts"),
            "const why = (x: string) => x ? `${x} is new` : 'old';\nthrow new Error(why(x));\n",
        );
        expect(check(root).split("\n")).toEqual([
            'remote/host.sh: docs/errors.md has no entry for: no room in … for "…"',
            "components/one/index.ts: docs/errors.md has no entry for: … is new",
            "components/one/index.ts: docs/errors.md has no entry for: old",
            "docs/errors.md: no source says: the moon is full",
            "docs/refusals.md is not what the rules say: node scripts/errors.js",
            "status 1",
        ]);
    });
});
