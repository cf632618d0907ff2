import * as os from "node:os";
import * as path from "node:path";

/** Where everything is. */
export interface Layout {
    /** `<project>/.pulumi-ha` */
    root: string;
    /** What goes on the PATH. */
    bin: string;
    /** PULUMI_HOME. */
    home: string;
    /** What is installed and where it came from. */
    record: string;
    /** The output of the last build. */
    buildLog: string;
    /** What several projects share: built and downloaded tools. */
    cache: string;
}

/** The layout of a project; the cache is `$XDG_CACHE_HOME/pulumi-ha`, by default `~/.cache/pulumi-ha`. */
export function layoutOf(project: string, cache: string = defaultCache()): Layout {
    const root = path.join(path.resolve(project), ".pulumi-ha");
    return {
        root,
        bin: path.join(root, "bin"),
        home: path.join(root, "home"),
        record: path.join(root, "toolchain.json"),
        buildLog: path.join(root, "build.log"),
        cache,
    };
}

/** Where a plugin's files are under a PULUMI_HOME. */
export const pluginDirectory = (home: string, plugin: { name: string; version: string }): string =>
    path.join(home, "plugins", `resource-${plugin.name}-v${plugin.version}`);

/** The name of a plugin's executable. */
export const pluginExecutable = (name: string): string => `pulumi-resource-${name}`;

/** The compiled toolchain, also when this file itself runs uncompiled. */
export const COMPILED =
    path.basename(path.dirname(__dirname)) === "dist" ? __dirname : path.join(__dirname, "..", "dist", "toolchain");

const defaultCache = (): string =>
    path.join(process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), ".cache"), "pulumi-ha");
