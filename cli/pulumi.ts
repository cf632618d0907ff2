import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { toolchainEnv } from "../toolchain";

/** A stack on a file backend of its own below the project: nothing is kept elsewhere, and no account is needed. */
export interface LocalStack {
    /** Folder with Pulumi.yaml. */
    project: string;
    /** Name of the stack. */
    stack: string;
}

const stateDir = (project: string): string => path.join(project, ".pulumi-ha", "state");

/** The passphrase that encrypts the stack's secrets: made once, readable by its owner alone. */
function passphraseFile(project: string): string {
    const file = path.join(stateDir(project), "passphrase");
    if (!fs.existsSync(file)) {
        fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
        fs.writeFileSync(file, randomBytes(24).toString("base64url"), { mode: 0o600 });
    }
    return file;
}

/** The environment in which `pulumi` works on the local stack; for a shell too. */
export const localEnv = (project: string): Record<string, string> => ({
    ...toolchainEnv(project),
    PULUMI_BACKEND_URL: `file://${stateDir(project)}`,
    PULUMI_CONFIG_PASSPHRASE_FILE: passphraseFile(project),
});

/**
 * Runs a command of the Pulumi CLI on a local stack; its output goes where `output` says.
 *
 * @throws Error when the CLI fails; it has said why.
 */
export async function pulumi(
    { project, stack }: LocalStack,
    args: string[],
    output: "inherit" | "capture" = "inherit",
): Promise<string> {
    const child = spawn("pulumi", [...args, "--stack", stack, "--non-interactive"], {
        cwd: project,
        env: { ...process.env, ...localEnv(project) },
        stdio: ["ignore", output === "inherit" ? "inherit" : "pipe", "inherit"],
    });
    let text = "";
    child.stdout?.setEncoding("utf8").on("data", (piece: string) => (text += piece));
    const code = await new Promise<number | null>((resolve, reject) => child.on("error", reject).on("close", resolve));
    if (code !== 0) throw new Error(`pulumi ${args.join(" ")} ended with status ${code}`);
    return text;
}

/** Makes the stack if it is not there yet. */
export async function ensureStack(local: LocalStack): Promise<void> {
    await pulumi(local, ["stack", "select", "--create"], "capture");
}
