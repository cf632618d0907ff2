import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import type { ConfigMap, Stack } from "@pulumi/pulumi/automation";
import { PROJECT, stackIn } from "../stack";

const EXAMPLES = path.join(PROJECT, "examples");
const HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGbI5wMZb0Cn0nOXWnfEwYf3HZJfWAuBPWm2d0rUvHhD";

/** The examples in TypeScript that need no other stack. */
export const EXAMPLE_NAMES = readdirSync(EXAMPLES, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && readdirSync(path.join(EXAMPLES, entry.name)).includes("index.ts"))
    .map((entry) => entry.name)
    .filter((name) => name !== "application");

/** What an example asks for beyond its own Pulumi.dev.yaml. */
const CONFIG: Record<string, (dir: string) => ConfigMap> = {
    pair: () => ({ bmcPassword: { value: "a word", secret: true } }),
    "existing-ca": (dir) => {
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

/**
 * An example as a user copies it into a folder, with the package beside its program and its hosts' keys pinned; its state lies in the folder, too.
 *
 * @param pinned false: as before `pulumi-ha trust`.
 */
export async function copied(name: string, dir: string, pinned = true): Promise<{ stack: Stack; config: ConfigMap }> {
    const folder = path.join(dir, name);
    mkdirSync(path.join(dir, "state"), { recursive: true });
    cpSync(path.join(EXAMPLES, name), folder, { recursive: true });
    if (pinned) pin(path.join(folder, "Pulumi.dev.yaml"));
    mkdirSync(path.join(folder, "node_modules", "@pulumi"), { recursive: true });
    symlinkSync(PROJECT, path.join(folder, "node_modules", "pulumi-ha"));
    for (const dependency of ["@pulumi/pulumi", "@types"])
        symlinkSync(path.join(PROJECT, "node_modules", dependency), path.join(folder, "node_modules", dependency));
    const stack = await stackIn(path.join(dir, "state"), "dev", folder);
    const config = CONFIG[name]?.(dir) ?? {};
    await stack.setAllConfig(config);
    return { stack, config };
}

/** What `pulumi-ha trust` does to an example's config, which has a node on each line. */
function pin(file: string): void {
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace(/^ *- \{ name: .*(?= \}$)/gm, `$&, hostKey: ${HOST_KEY}`));
}
