// The stand-in plugins answer as the originals were recorded to answer.
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compare, compiledPlugins, execute, vectors } from "./harness";

/** One file of cases. `loose` where the original's texts come from libraries of its own. */
const suites: { plugin: string; file: string; texts: "strict" | "loose" }[] = [
    { plugin: "command", file: "command-plugin", texts: "strict" },
    { plugin: "command", file: "command-check", texts: "strict" },
    { plugin: "command", file: "command-diff", texts: "strict" },
];

const plugins = compiledPlugins();
afterAll(() => plugins.remove());

test.each(suites)(
    "$file: every case agrees",
    async ({ plugin, file, texts }) => {
        const { code, output } = await compare(plugins.entry(plugin), file, texts);
        expect({ code, output: code === 0 ? "" : output }).toEqual({ code: 0, output: "" });
    },
    120_000,
);

describe("command-ssh", () => {
    const missing = [
        ...(process.getuid?.() === 0 ? [] : ["root, for a user of its own"]),
        ...(existsSync("/usr/sbin/sshd") ? [] : ["sshd (Debian's openssh-server)"]),
    ];
    if (missing.length > 0) {
        process.stderr.write(`command-ssh: skipped, it needs ${missing.join(" and ")}\n`);
        test.skip("every case agrees against OpenSSH", () => undefined);
        return;
    }
    const bench = join(vectors, "bench.sh");
    const folder = mkdtempSync(join(tmpdir(), "pulumi-ha-bench-"));
    beforeAll(async () => {
        const started = await execute("sh", [bench, "start", folder], { BENCH_PORT: String(await freePorts(5)) });
        if (started.code !== 0) throw new Error(`the SSH servers did not start:\n${started.output}`);
    }, 60_000);
    afterAll(() => execute("sh", [bench, "stop", folder]), 30_000);

    test("every case agrees against OpenSSH", async () => {
        const environment = join(folder, "bench.json");
        expect(readFileSync(environment, "utf8")).toContain("HOST_KEY");
        const { code, output } = await compare(plugins.entry("command"), "command-ssh", "strict", environment);
        expect({ code, output: code === 0 ? "" : output }).toEqual({ code: 0, output: "" });
    }, 300_000);
});

/** The first of so many ports in a row that are free now. */
async function freePorts(count: number): Promise<number> {
    const first = 20_000 + Math.floor(Math.random() * 10_000);
    const open = Array.from({ length: count }, (_, index) => {
        const server = createServer();
        return new Promise<boolean>((resolve) => {
            server.once("error", () => resolve(false));
            server.listen(first + index, "127.0.0.1", () => {
                const { port } = server.address() as AddressInfo;
                server.close(() => resolve(port > 0));
            });
        });
    });
    return (await Promise.all(open)).every(Boolean) ? first : freePorts(count);
}
