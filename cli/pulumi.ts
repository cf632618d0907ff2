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
    { cwd, env, output, stdin }: { cwd: string; env: Record<string, string>; output: Output; stdin?: string },
): Promise<string> {
    const child = spawn("pulumi", [...args, "--non-interactive"], {
        cwd,
        env: { ...process.env, ...env },
        stdio: [
            stdin === undefined ? "ignore" : "pipe",
            output === "inherit" ? "inherit" : "pipe",
            output === "all" ? "pipe" : "inherit",
        ],
    });
    let [text, words] = ["", ""];
    child.stdout?.setEncoding("utf8").on("data", (piece: string) => (text += piece));
    child.stderr?.setEncoding("utf8").on("data", (piece: string) => (words += piece));
    child.stdin?.on("error", () => undefined).end(stdin);
    const code = await new Promise<number | null>((resolve, reject) => child.on("error", reject).on("close", resolve));
    if (code !== 0) throw new Error(words.trim() || `pulumi ${args.join(" ")} ended with status ${code}`);
    return text;
}

/** Where the CLI's words go: to the terminal, its results to us, or all of it to us. */
type Output = "inherit" | "capture" | "all";

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
 * @throws Error when the CLI fails, with what it said and the likely cause.
 */
export async function exportStack(of: UserStack): Promise<unknown> {
    return JSON.parse(await ofUser(of, ["stack", "export", "--show-secrets"])) as unknown;
}

/** The state of a stack as it is stored: with its secrets encrypted. Fit to be changed and imported again. */
export async function exportEncrypted(of: UserStack): Promise<unknown> {
    return JSON.parse(await ofUser(of, ["stack", "export"])) as unknown;
}

/** Puts a state in the place of a stack's. @throws Error when the CLI refuses it, e.g. because a command of Pulumi is at work on the stack. */
export async function importStack(of: UserStack, state: unknown): Promise<void> {
    await ofUser(of, ["stack", "import"], JSON.stringify(state));
}

/** Runs a command of `pulumi` on a stack of the user's own, and gives what it printed. @throws Error with what it said and the likely cause. */
export async function ofUser({ cwd, stack }: UserStack, args: string[], stdin?: string): Promise<string> {
    const env = onPath("pulumi") ? {} : { ...toolchainEnv(path.resolve(cwd)) };
    const all = [...args, ...(stack === undefined ? [] : ["--stack", stack])];
    try {
        return await run(all, { cwd, env, output: "all", stdin });
    } catch (error) {
        const words = error instanceof Error ? error.message : String(error);
        const [, cause] = CAUSES.find(([symptom]) => symptom.test(words)) ?? [];
        throw new Error(
            `pulumi cannot work on the stack: ${words.replace(/^error: /, "")}${cause ? `\n${cause}` : ""}`,
            {
                cause: error,
            },
        );
    }
}

/** What `pulumi` says, and what to do. */
const CAUSES: [RegExp, string][] = [
    [
        /incorrect passphrase|passphrase must be set|get(ting)? secrets manager|decrypt/i,
        "give the stack's passphrase in PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE, as for `pulumi up`",
    ],
    [/no stack (named|selected)|could not find a current stack/i, "name a stack of `pulumi stack ls` with --stack"],
    [/no Pulumi\.yaml|no Pulumi project/i, "name the folder of the Pulumi project with --cwd"],
    [/ENOENT/, "there is no `pulumi` on the PATH"],
    [/not logged in|PULUMI_ACCESS_TOKEN/i, "log in to the stack's backend first: `pulumi login`"],
];

const onPath = (program: string): boolean =>
    (process.env.PATH ?? "").split(path.delimiter).some((folder) => fs.existsSync(path.join(folder, program)));

/** Makes the folder of the local stacks if it is not there yet. */
export const makeStateDir = (project: string): void =>
    void fs.mkdirSync(stateDir(project), { recursive: true, mode: 0o700 });

/** Makes the stack if it is not there yet. */
export async function ensureStack(local: LocalStack): Promise<void> {
    makeStateDir(local.project);
    await pulumi(local, ["stack", "select", "--create"], "capture");
}
