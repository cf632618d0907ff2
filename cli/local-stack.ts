import * as fs from "node:fs";
import * as path from "node:path";
import { toolchainEnv } from "../toolchain";
import { runPulumi } from "./pulumi";

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
 * Runs a command of the Pulumi CLI on a local stack; its output goes where `output` says. `env` comes on top of the stack's own environment.
 *
 * @throws Error when the CLI fails; it has said why.
 */
export async function pulumi(
    { project, stack }: LocalStack,
    args: string[],
    output: "inherit" | "capture" = "inherit",
    env: Record<string, string> = {},
): Promise<string> {
    return runPulumi([...args, "--stack", stack], { cwd: project, env: { ...localEnv(project), ...env }, output });
}

/** Makes the folder of the local stacks if it is not there yet. */
export const makeStateDir = (project: string): void =>
    void fs.mkdirSync(stateDir(project), { recursive: true, mode: 0o700 });

/** Makes the stack if it is not there yet. */
export async function ensureStack(local: LocalStack): Promise<void> {
    makeStateDir(local.project);
    await pulumi(local, ["stack", "select", "--create"], "capture");
}
