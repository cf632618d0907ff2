import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { EXAMPLE_NAMES, copied } from "./example";
import { RELEASED, losses, record, released, restore, steps } from "./released";

// The engine, the plugins and the compiler of the examples are processes of their own.
jest.setTimeout(300_000);

let dir: string;
beforeAll(() => (dir = mkdtempSync(path.join(tmpdir(), "pulumi-ha-upgrade-"))));
afterAll(() => rmSync(dir, { recursive: true }));

const RECORD = process.env.PULUMI_HA_RECORD;

if (RECORD !== undefined)
    test.each(EXAMPLE_NAMES)(`${RECORD}: keeps what it makes of %s`, async (name) => {
        const { stack, config } = await copied(name, dir);
        await record(RECORD, name, stack, config);
    });
else {
    test.each(RELEASED)("what %s made of %s is neither replaced nor deleted", async (version, name) => {
        const { stack, config } = await copied(name, path.join(dir, version));
        await restore(stack, released(version, name, config));
        const found = await steps(stack);
        expect(losses(found)).toEqual([]);
        expect(found.some(({ op }) => op === "same" || op === "update")).toBe(true);
    });

    test("fails: a resource that is gone, and a key of another kind", async () => {
        const { stack, config } = await copied("web", path.join(dir, "broken"));
        const kept = released("0.1.0", "web", config);
        const key = kept.find(({ type }) => type === "tls:index/privateKey:PrivateKey");
        const gone = kept.find(({ urn }) => urn.endsWith("::front-lb1-apply"));
        if (!key || !gone) throw new Error("web has no key, or no command");
        Object.assign(key.inputs ?? {}, { algorithm: "RSA", rsaBits: 2048 });
        await restore(stack, [...kept, { ...gone, urn: `${gone.urn}-older` }]);
        const lost = losses(await steps(stack));
        expect(lost).toContain(`delete ${gone.urn}-older`);
        expect(lost).toContain(`replace ${key.urn}`);
    });
}
