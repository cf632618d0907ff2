import * as path from "node:path";
import { layoutOf } from "./layout";
import { quoted } from "./place";
import { readRecord } from "./record";

/** The environment in which the project's toolchain runs. */
export interface ToolchainEnv {
    PATH: string;
    PULUMI_HOME: string;
    PULUMI_SKIP_UPDATE_CHECK: "true";
    /** Set where a plugin is a stand-in: then others cannot be downloaded either, and a clear error beats a wait. */
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION?: "true";
}

/** What to add to `process.env` to run `pulumi` from the toolchain of `project`; {@link ensureToolchain} comes first. */
export function toolchainEnv(project: string, searchPath: string = process.env.PATH ?? ""): ToolchainEnv {
    const layout = layoutOf(project);
    const standIns = readRecord(layout)?.some((part) => part.origin === "stand-in") ?? true;
    const others = searchPath.split(path.delimiter).filter((directory) => directory !== layout.bin);
    return {
        PATH: [layout.bin, ...others].join(path.delimiter),
        PULUMI_HOME: layout.home,
        PULUMI_SKIP_UPDATE_CHECK: "true",
        ...(standIns ? { PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" } : {}),
    };
}

/** The same as lines for a POSIX shell; the PATH is extended, not replaced. */
export function environmentScript({ PATH, ...rest }: ToolchainEnv): string {
    const bin = PATH.split(path.delimiter)[0] ?? "";
    const lines = Object.entries(rest).map(([name, value]) => `export ${name}=${quoted(value)}`);
    return [`export PATH=${quoted(bin)}:"$PATH"`, ...lines, ""].join("\n");
}
