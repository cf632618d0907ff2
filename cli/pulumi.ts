import { spawn } from "node:child_process";
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

/**
 * Encrypts the secrets in the state of the local stack. It guards nothing: state, hosts and the hosts' keys are of this machine and go with the lab. A stack of
 * one's own has a passphrase of one's own.
 */
const PASSPHRASE = "lab";

/**
 * The file backend in a folder. Without the sidecar files that it keeps beside each file by default, a new state is in place by one rename: an `up`
 * that is killed while it writes leaves the old state or the new one. With them the stack could not be loaded any more.
 * https://pkg.go.dev/gocloud.dev/blob/fileblob#URLOpener
 */
export const backendUrl = (dir: string): string => `file://${dir}?metadata=skip`;

/** The environment in which `pulumi` works on the local stack; for a shell too. */
export const localEnv = (project: string): Record<string, string> => ({
    ...toolchainEnv(project),
    PULUMI_BACKEND_URL: backendUrl(stateDir(project)),
    PULUMI_CONFIG_PASSPHRASE: PASSPHRASE,
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
    return run([...args, "--stack", stack], { cwd: project, env: localEnv(project), output });
}

async function run(
    args: string[],
    { cwd, env, output }: { cwd: string; env: Record<string, string>; output: "inherit" | "capture" },
): Promise<string> {
    const child = spawn("pulumi", [...args, "--non-interactive"], {
        cwd,
        env: { ...process.env, ...env },
        stdio: ["ignore", output === "inherit" ? "inherit" : "pipe", "inherit"],
    });
    let text = "";
    child.stdout?.setEncoding("utf8").on("data", (piece: string) => (text += piece));
    const code = await new Promise<number | null>((resolve, reject) => child.on("error", reject).on("close", resolve));
    if (code !== 0) throw new Error(`pulumi ${args.join(" ")} ended with status ${code}`);
    return text;
}

/** A stack of the user's own, as `pulumi` finds it. */
export interface UserStack {
    /** Folder with Pulumi.yaml. */
    cwd: string;
    /** Default: the one selected there. */
    stack?: string;
}

/**
 * The state of a stack with its secrets in clear, for use in memory only. Backend, login and passphrase are those of the user's environment, as for
 * `pulumi` itself; the project's toolchain is used where no `pulumi` is on the PATH.
 *
 * @throws Error when the CLI fails; it has said why.
 */
export async function exportStack({ cwd, stack }: UserStack): Promise<unknown> {
    const args = ["stack", "export", "--show-secrets", ...(stack === undefined ? [] : ["--stack", stack])];
    const env = onPath("pulumi") ? {} : { ...toolchainEnv(path.resolve(cwd)) };
    return JSON.parse(await run(args, { cwd, env, output: "capture" })) as unknown;
}

const onPath = (program: string): boolean =>
    (process.env.PATH ?? "").split(path.delimiter).some((folder) => fs.existsSync(path.join(folder, program)));

/** Makes the stack if it is not there yet. */
export async function ensureStack(local: LocalStack): Promise<void> {
    fs.mkdirSync(stateDir(local.project), { recursive: true, mode: 0o700 });
    await pulumi(local, ["stack", "select", "--create"], "capture");
}
