import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import type { ConfigMap, Stack } from "@pulumi/pulumi/automation";
import { PROJECT, stackIn } from "../stack";

// The engine, the plugins and the compiler of the examples are processes of their own.
jest.setTimeout(120_000);

const EXAMPLES = path.join(PROJECT, "examples");
const projects = readdirSync(EXAMPLES, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && readdirSync(path.join(EXAMPLES, entry.name)).includes("index.ts"))
    .map((entry) => entry.name);

let dir: string;
beforeAll(() => {
    dir = mkdtempSync(path.join(tmpdir(), "pulumi-ha-examples-"));
    mkdirSync(path.join(dir, "state"));
});
afterAll(() => rmSync(dir, { recursive: true }));

/** An example as a user copies it: alone in a folder, with the package beside its program. */
async function copied(name: string): Promise<Stack> {
    const folder = path.join(dir, name);
    cpSync(path.join(EXAMPLES, name), folder, { recursive: true });
    mkdirSync(path.join(folder, "node_modules", "@pulumi"), { recursive: true });
    symlinkSync(PROJECT, path.join(folder, "node_modules", "pulumi-ha"));
    for (const dependency of ["@pulumi/pulumi", "@types"])
        symlinkSync(path.join(PROJECT, "node_modules", dependency), path.join(folder, "node_modules", dependency));
    const stack = await stackIn(path.join(dir, "state"), "dev", folder);
    await stack.setAllConfig(CONFIG[name]?.() ?? {});
    return stack;
}

/** What an example asks for beyond its own Pulumi.dev.yaml. */
const CONFIG: Record<string, () => ConfigMap> = {
    pair: () => ({ bmcPassword: { value: "a word", secret: true } }),
    "existing-ca": () => {
        const [key, certificate] = ["ca.key", "ca.pem"].map((file) => path.join(dir, file)) as [string, string];
        const request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj /CN=Corporate";
        const uses = "keyUsage=critical,keyCertSign,cRLSign";
        execFileSync("openssl", [...request.split(" "), "-addext", uses, "-keyout", key, "-out", certificate], {
            stdio: "ignore",
        });
        return {
            caCertificate: { value: readFileSync(certificate, "utf8") },
            caKey: { value: readFileSync(key, "utf8"), secret: true },
        };
    },
};

test("there are examples", () => expect(projects).toContain("vip"));

test.each(projects.filter((name) => name !== "application"))("%s: a preview makes its units", async (name) => {
    const { stdout } = await (await copied(name)).preview();
    expect(stdout).toMatch(/pulumi-ha:index:Unit .* create/);
    expect(stdout).not.toMatch(/warning|error/i);
});
