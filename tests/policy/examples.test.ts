import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { EXAMPLE_NAMES, copied } from "./example";

// The engine, the plugins and the compiler of the examples are processes of their own.
jest.setTimeout(120_000);

let dir: string;
beforeAll(() => (dir = mkdtempSync(path.join(tmpdir(), "pulumi-ha-examples-"))));
afterAll(() => rmSync(dir, { recursive: true }));

test("there are examples", () => expect(EXAMPLE_NAMES).toContain("vip"));

test.each(EXAMPLE_NAMES)("%s: a preview makes its units", async (name) => {
    const { stack } = await copied(name, dir);
    const { stdout } = await stack.preview();
    expect(stdout).toMatch(/pulumi-ha:index:Unit .* create/);
    expect(stdout).not.toMatch(/warning|error/i);
});

test("fails: an example whose hosts' keys are not pinned yet, with how to pin them", async () => {
    const { stack } = await copied("vip", path.join(dir, "unpinned"), false);
    await expect(stack.preview()).rejects.toThrow(
        /nodes\[1\]\.hostKey: is missing: pin the host.s own with npx pulumi-ha trust/,
    );
});
