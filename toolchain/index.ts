#!/usr/bin/env node
// `npm run toolchain`: a working Pulumi in this project, from the vendor or, where that is out of reach, without.
import * as path from "node:path";
import { parseArgs } from "node:util";
import { ensureToolchain } from "./ensure";
import { environmentScript, toolchainEnv } from "./environment";
import { layoutOf } from "./layout";
import { writeWhole } from "./place";
import { progressOn } from "./progress";
import type { Part } from "./record";

export { ensureToolchain } from "./ensure";
export type { EnsureOptions } from "./ensure";
export { toolchainEnv } from "./environment";
export { progressOn, silent } from "./progress";
export type { Progress } from "./progress";
export type { Part } from "./record";

const HELP = `usage: npm run toolchain -- [--refresh] [--offline] [--project DIR]

Leaves the Pulumi CLI, its Node language host and the plugins command, random and tls in DIR/.pulumi-ha:
what is on the PATH and fits, else the vendor's download, else built here and replaced by stand-ins.

  --refresh      look for everything again, for example when the vendor can be reached now
  --offline      ask no server of the vendor
  --project DIR  default: the directory above this program
`;

const ORIGINS: Record<Part["origin"], (part: Part) => string> = {
    found: (part) => `found: ${part.file}`,
    vendor: () => "the vendor's download, checksum verified",
    built: () => "built here from its Go module",
    own: () => "this project's own, in place of the vendor's",
    "stand-in": () => "STAND-IN of this project; not the vendor's plugin, which could not be had",
};

/** One line for each part: what it is and where it came from. */
export function summary(parts: Part[]): string[] {
    return parts.map((part) => `${`${part.name} ${part.version}`.trimEnd().padEnd(24)}${ORIGINS[part.origin](part)}`);
}

async function main(): Promise<void> {
    const { values } = parseArgs({
        options: {
            refresh: { type: "boolean" },
            offline: { type: "boolean" },
            project: { type: "string" },
            help: { type: "boolean", short: "h" },
        },
    });
    if (values.help === true) {
        process.stdout.write(HELP);
        return;
    }
    const project = values.project ?? path.join(__dirname, "..", "..");
    const parts = await ensureToolchain({
        project,
        refresh: values.refresh,
        online: values.offline !== true,
        progress: progressOn(process.stderr),
    });
    const script = path.join(layoutOf(project).root, "env.sh");
    writeWhole(script, environmentScript(toolchainEnv(project)));
    process.stdout.write([...summary(parts), "", `to use it in this shell:  . ${script}`, ""].join("\n"));
    if (parts.some((part) => part.origin === "stand-in")) {
        process.stdout.write("to try for the real plugins again:  npm run toolchain -- --refresh\n");
    }
}

if (require.main === module) {
    main().catch((error: unknown) => {
        process.stderr.write(`\ntoolchain: ${error instanceof Error ? error.message : String(error)}\n`);
        process.exitCode = 1;
    });
}
