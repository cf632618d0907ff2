import { existsSync } from "node:fs";
import * as path from "node:path";
import { LocalWorkspace, PulumiCommand } from "@pulumi/pulumi/automation";
import type { PulumiFn, Stack } from "@pulumi/pulumi/automation";
import { toolchainEnv } from "../toolchain";

/** The folder of this repository. */
export const PROJECT = path.join(__dirname, "..");

/**
 * A stack of an inline program, or of the one in a folder, run by the real engine of the project's toolchain on a file backend.
 *
 * @param dir a folder of the test's own, for the state.
 */
export async function stackIn(dir: string, name: string, program: PulumiFn | string): Promise<Stack> {
    const root = path.join(PROJECT, ".pulumi-ha");
    if (!existsSync(path.join(root, "bin", "pulumi"))) throw new Error("there is no toolchain: npm run toolchain");
    const url = `file://${dir}`;
    const options = {
        pulumiCommand: await PulumiCommand.get({ root, skipVersionCheck: true }),
        envVars: { ...toolchainEnv(PROJECT), PULUMI_CONFIG_PASSPHRASE: "test", PULUMI_BACKEND_URL: url },
    };
    if (typeof program === "string")
        return LocalWorkspace.createOrSelectStack({ stackName: name, workDir: program }, options);
    return LocalWorkspace.createOrSelectStack(
        { stackName: name, projectName: "test", program },
        { ...options, projectSettings: { name: "test", runtime: "nodejs", backend: { url } } },
    );
}
