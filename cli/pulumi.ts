import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { toolchainEnv } from "../toolchain";

/** A stack of the user's own, as `pulumi` finds it. */
export interface UserStack {
    /** Folder with Pulumi.yaml. */
    cwd: string;
    /** Default: the one selected there. */
    stack?: string;
}

/**
 * The state of a stack with its secrets in clear, for use in memory only. Backend, login and passphrase are those of the user's environment, as for
 * `pulumi` itself. Says on stderr that it begins.
 *
 * @throws Error when the CLI fails, with what it said and the likely cause.
 */
export async function exportStack(of: UserStack): Promise<unknown> {
    sayOnce(`reading the state of ${of.stack ?? "the selected stack"}`);
    return JSON.parse(await ofUser(of, ["stack", "export", "--show-secrets"])) as unknown;
}

const told = new Set<string>();
/** Once: who looks again and again knows by then what takes its time. */
function sayOnce(line: string): void {
    if (!told.has(line)) process.stderr.write(`${line}\n`);
    told.add(line);
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
    const env = userEnv(cwd);
    const all = [...args, ...(stack === undefined ? [] : ["--stack", stack])];
    try {
        return await runPulumi(all, { cwd, env, output: "all", stdin });
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
    [/not logged in|PULUMI_ACCESS_TOKEN/i, "log in to the stack's backend first: `pulumi login`"],
];

/**
 * What to add to the environment for `pulumi` to work on a stack of the user's own: nothing where one is on the PATH, so that it is the one that `pulumi up` in
 * the same shell would be, with the same login, selected stack and plugins; else the toolchain of the project, which has a home of its own for all of these.
 *
 * @throws Error when there is no such folder, or no `pulumi`.
 */
export function userEnv(cwd: string): Record<string, string> {
    if (!fs.existsSync(cwd)) throw new Error(`--cwd ${cwd}: there is no such folder`);
    const environments: Record<string, string>[] = [{}, { ...toolchainEnv(path.resolve(cwd)) }];
    const first = environments.find(({ PATH = process.env.PATH ?? "" }) => has(PATH, "pulumi"));
    if (first === undefined)
        throw new Error(`there is no \`pulumi\` on the PATH, and no toolchain in ${cwd}: install it`);
    return first;
}

const has = (searchPath: string, program: string): boolean =>
    searchPath.split(path.delimiter).some((folder) => fs.existsSync(path.join(folder, program)));

/** Runs the Pulumi CLI; gives what it printed, where that is captured. @throws Error with what it said, or that it failed. */
export async function runPulumi(
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
