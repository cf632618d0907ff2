import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { pluginDirectory, pluginExecutable } from "./layout";
import { run } from "./run";
import type { Plugin } from "./versions";
import { CLI, cliFits } from "./versions";

/** The file in a plugin's directory that tells a stand-in from the real plugin. */
export const STAND_IN_MARK = "STAND-IN";

/** A CLI that was there before. */
export interface FoundCli {
    file: string;
    version: string;
    /** The Node language host that it uses, if there is one. */
    languageHost?: string;
}

/** What a search came to. */
export type Search<T> = { found: T } | { missing: string };

/** The first `pulumi` on the PATH whose version fits; those that earlier runs of this program made do not count. */
export async function findCli(searchPath: string): Promise<Search<FoundCli>> {
    const misfits: string[] = [];
    for (const file of executables("pulumi", searchPath)) {
        const version = (await run(file, ["version"], { env: { PULUMI_SKIP_UPDATE_CHECK: "true" } })).stdout.trim();
        if (/^v\d/.test(version) && cliFits(version.slice(1))) {
            const beside = path.join(path.dirname(fs.realpathSync(file)), "pulumi-language-nodejs");
            const hosts = [beside, ...executables("pulumi-language-nodejs", searchPath)];
            return {
                found: { file, version: version.slice(1), languageHost: hosts.find((host) => fs.existsSync(host)) },
            };
        }
        misfits.push(`${file} is ${version || "no working pulumi"}`);
    }
    return {
        missing: misfits.join(", ") || `not on the PATH (wanted: ${CLI.minimum} or newer, below ${CLI.belowMajor})`,
    };
}

/** The real plugin of exactly this version in one of the homes. */
export function findPlugin(plugin: Plugin, homes: string[]): Search<string> {
    for (const home of homes) {
        const directory = pluginDirectory(home, plugin);
        const file = path.join(directory, pluginExecutable(plugin.name));
        const partial = fs.existsSync(`${directory}.partial`) || fs.existsSync(path.join(directory, STAND_IN_MARK));
        if (!partial && fs.existsSync(file)) return { found: file };
    }
    return { missing: `not in ${homes.join(" or ")}` };
}

/** Where the user's own plugins are. */
export function userHomes(env: NodeJS.ProcessEnv = process.env): string[] {
    const homes = [env.PULUMI_HOME, path.join(os.homedir(), ".pulumi")];
    return homes.filter((home) => home !== undefined).filter((home) => !isOurs(home));
}

function executables(name: string, searchPath: string): string[] {
    return searchPath
        .split(path.delimiter)
        .filter((directory) => path.isAbsolute(directory) && !isOurs(directory))
        .map((directory) => path.join(directory, name))
        .filter((file) => fs.existsSync(file));
}

const isOurs = (directory: string): boolean => directory.split(path.sep).includes(".pulumi-ha");
