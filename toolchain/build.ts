// The CLI built from its Go module. What has been downloaded and compiled is kept in Go's own caches, so that a build that is
// cut off goes on where it was.
import * as fs from "node:fs";
import * as path from "node:path";
import type { Go } from "./go";
import { forgetPackagedGo, obtainGo } from "./go";
import type { Layout } from "./layout";
import { COMPILED } from "./layout";
import { sweep, unfinished } from "./place";
import type { Progress } from "./progress";
import type { RunOptions } from "./run";
import { run, tail } from "./run";
import { CLI } from "./versions";

const MODULE = path.join(COMPILED, "pulumi-cli");
const MAIN = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi";
const VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version";
const FLAGS = ["-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags", `-s -w -X ${VARIABLE}=v${CLI.version}`];

/** The CLI that an earlier build left in the cache, whatever Go it was built with. */
export function builtCli(cache: string): string | undefined {
    if (!fs.existsSync(cache)) return undefined;
    return fs
        .readdirSync(cache)
        .filter((name) => name.startsWith(`pulumi-v${CLI.version}-go`))
        .map((name) => path.join(cache, name, "pulumi"))
        .find((file) => fs.existsSync(file));
}

/** Builds the CLI into the cache, which takes minutes, and gives its path. */
export async function buildCli(layout: Layout, progress: Progress): Promise<string> {
    const go = await obtainGo(layout.cache, progress);
    progress.say(`pulumi ${CLI.version}: building from its Go module with go ${go.version} (some minutes, once)`);
    const directory = path.join(
        layout.cache,
        `pulumi-v${CLI.version}-go${go.version}-${process.platform}-${process.arch}`,
    );
    fs.mkdirSync(directory, { recursive: true });
    sweep(directory);

    let downloads = 0;
    const stale = await goRun(
        go,
        layout,
        ["list", ...FLAGS, "-deps", "-f", "{{if .Stale}}{{.ImportPath}}{{end}}", MAIN],
        {
            onLine: (line) => {
                if (line.startsWith("go: downloading ")) progress.update(`pulumi: ${++downloads} modules downloaded`);
            },
        },
    );
    const total = stale.split("\n").filter((line) => line !== "").length;

    let compiled = 0;
    const file = path.join(directory, "pulumi");
    const draft = unfinished(file);
    await goRun(go, layout, ["build", "-v", ...FLAGS, "-o", draft, MAIN], {
        onLine: () => progress.update(`pulumi: ${Math.min(++compiled, total)} of ${total} packages compiled`),
    });
    fs.renameSync(draft, file);
    forgetPackagedGo(layout.cache);
    return file;
}

async function goRun(go: Go, layout: Layout, args: string[], options: RunOptions): Promise<string> {
    const env = { ...go.env, CGO_ENABLED: "0" };
    const { code, stdout, stderr } = await run(go.file, args, { ...options, cwd: MODULE, env });
    fs.mkdirSync(layout.root, { recursive: true });
    fs.writeFileSync(layout.buildLog, stderr);
    if (code === 0) return stdout;
    throw new Error(
        `building pulumi ${CLI.version} failed at "go ${args[0]}"; run it again to go on where it was.\n` +
            `${tail(stderr)}\nall of its output: ${layout.buildLog}`,
    );
}
