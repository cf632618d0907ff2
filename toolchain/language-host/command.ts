// How the SDK's entry points are called: the same arguments and variables as the vendor's host gives them.
// https://github.com/pulumi/pulumi/blob/master/sdk/nodejs/cmd/pulumi-language-nodejs/main.go
import { createRequire } from "node:module";
import * as path from "node:path";
import type { RuntimeOptions } from "./options";

/** A process to be: node's arguments and the variables that are added to, or make up, its environment. */
export interface NodeCommand {
    args: string[];
    env: Record<string, string>;
}

/** What the engine says about one run of a program. */
export interface ProgramRun {
    monitor: string;
    engine: string;
    organization: string;
    project: string;
    stack: string;
    rootDirectory: string;
    programDirectory: string;
    /** The file or directory in `programDirectory` to load. */
    entryPoint: string;
    args: string[];
    dryRun: boolean;
    parallel: number;
    /** Values by `namespace:name`. */
    config: Record<string, string>;
    configSecretKeys: string[];
}

/** The command that runs a program with the SDK at `runPath`. */
export function programCommand(run: ProgramRun, options: RuntimeOptions, runPath: string): NodeCommand {
    const flags: [string, string][] = [
        ["monitor", run.monitor],
        ["engine", run.engine],
        ["organization", run.organization],
        ["project", run.project],
        ["root-directory", run.rootDirectory],
        ["stack", run.stack],
        ["pwd", run.programDirectory],
        ["parallel", String(run.parallel)],
    ];
    return {
        args: [
            ...options.nodeargs,
            runPath,
            ...flags.filter(([, value]) => value !== "").flatMap(([name, value]) => [`--${name}`, value]),
            ...(run.dryRun ? ["--dry-run"] : []),
            run.entryPoint,
            ...run.args,
        ],
        env: {
            ...variablesOf(options, process.env.NODE_OPTIONS),
            PULUMI_CONFIG: JSON.stringify(Object.fromEntries(Object.entries(run.config).map(oldStyle))),
            PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(run.configSecretKeys),
        },
    };
}

/** What the engine says about a policy pack or a plugin written in Node. */
export interface PluginRun {
    kind: string;
    programDirectory: string;
    args: string[];
    /** `NAME=value` each: the plugin's whole environment. */
    env: string[];
}

/** The command that runs a plugin with the SDK at `runPath`; a policy pack wants its directory last, all others first. */
export function pluginCommand(run: PluginRun, options: RuntimeOptions, runPath: string): NodeCommand {
    const directory = [run.programDirectory];
    const args = run.kind === "analyzer" ? [...run.args, ...directory] : [...directory, ...run.args];
    const variables = run.env.map((line): [string, string] => {
        const equals = line.indexOf("=");
        return [line.slice(0, equals), line.slice(equals + 1)];
    });
    const env = Object.fromEntries(variables);
    return {
        args: [...options.nodeargs, runPath, ...args],
        env: { ...env, ...variablesOf(options, env.NODE_OPTIONS) },
    };
}

/** The SDK's entry point for a kind of plugin. */
export const pluginEntry = (kind: string): string =>
    kind === "analyzer" ? "@pulumi/pulumi/cmd/run-policy-pack" : "@pulumi/pulumi/cmd/run-plugin";

/** The file that `module` is for a program in `directory`. */
export function locate(module: string, directory: string): string {
    try {
        return createRequire(path.join(directory, "package.json")).resolve(module);
    } catch {
        throw new Error(
            `@pulumi/pulumi is not installed for the program in ${directory}; run "npm install" there (or "pulumi install")`,
        );
    }
}

const PRELOAD = `--require ${JSON.stringify(path.join(__dirname, "preload.js"))}`;

/** By NODE_OPTIONS, because the SDK takes a `--require` argument for a loader of the user's and changes how it loads modules. */
function variablesOf(options: RuntimeOptions, nodeOptions = ""): Record<string, string> {
    return {
        NODE_OPTIONS: `${nodeOptions} ${PRELOAD}`.trim(),
        ...(options.typescript ? { PULUMI_NODEJS_TYPESCRIPT: "true" } : {}),
        ...(options.tsconfig === undefined ? {} : { PULUMI_NODEJS_TSCONFIG_PATH: options.tsconfig }),
    };
}

/** The SDK takes configuration by its old keys, `namespace:config:name`. */
function oldStyle([key, value]: [string, string]): [string, string] {
    const colon = key.indexOf(":");
    return [`${key.slice(0, colon)}:config:${key.slice(colon + 1).replace(/^config:/, "")}`, value];
}
