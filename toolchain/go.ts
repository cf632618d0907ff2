// A Go that can build the CLI: the one that is there, or one that an older Go fetches as a Go module, checked against Go's
// checksum database; where there is no Go at all, that older Go comes from the distribution's package, unpacked in the cache.
import * as fs from "node:fs";
import * as path from "node:path";
import { unfinished } from "./place";
import type { Progress } from "./progress";
import { output, run } from "./run";
import { GO, compareVersions } from "./versions";

/** A Go toolchain. */
export interface Go {
    file: string;
    version: string;
    env: NodeJS.ProcessEnv;
}

/** Where Go is put by hand or by distributions, beside the PATH. */
const USUAL_PLACES = ["go", "/usr/local/go/bin/go", "/usr/lib/go/bin/go", "/snap/bin/go"];

/** A Go that is new enough, fetched where there is none. */
export async function obtainGo(cache: string, progress: Progress, places: string[] = USUAL_PLACES): Promise<Go> {
    const present = await findGo(places);
    if (present !== undefined && compareVersions(present.version, GO.minimum) >= 0) return present;
    const old = present ?? (await unpackedGo(cache, progress));
    progress.say(`go ${old.version} is older than ${GO.minimum}: fetching go ${GO.download} as a Go module`);
    return fetchedGo(old);
}

async function findGo(places: string[]): Promise<Go | undefined> {
    const found: Go[] = [];
    for (const file of places) {
        const go = await goAt(file);
        if (go !== undefined) found.push(go);
    }
    return found.sort((a, b) => compareVersions(b.version, a.version))[0];
}

async function goAt(file: string, env: NodeJS.ProcessEnv = {}): Promise<Go | undefined> {
    const local = { ...env, GOTOOLCHAIN: "local", GOWORK: "off" };
    const { stdout } = await run(file, ["env", "GOVERSION"], { env: local, cwd: "/" });
    const version = /^go(\d+(?:\.\d+)*)/.exec(stdout.trim())?.[1];
    return version === undefined ? undefined : { file, version, env: local };
}

async function fetchedGo(old: Go): Promise<Go> {
    const platform = `${process.platform}-${process.arch === "x64" ? "amd64" : process.arch}`;
    const module = `golang.org/toolchain@v0.0.1-go${GO.download}.${platform}`;
    const answer = await output(old.file, ["mod", "download", "-json", module], { env: old.env, cwd: "/" });
    const { Dir, Sum } = JSON.parse(answer) as { Dir: string; Sum: string };
    const expected = GO.sums[platform];
    if (expected !== undefined && Sum !== expected) {
        throw new Error(`refused: Go module ${module} has hash ${Sum}, expected ${expected}`);
    }
    // A module's files come without the executable bit.
    const programs = ["bin", "pkg/tool"].flatMap((directory) => files(path.join(Dir, directory)));
    for (const program of programs) fs.chmodSync(program, 0o755);
    const go = await goAt(path.join(Dir, "bin", "go"), { GOROOT: Dir });
    if (go === undefined) throw new Error(`go ${GO.download} was fetched to ${Dir} but does not run`);
    return go;
}

const packagedGo = (cache: string): string => path.join(cache, "distribution-go");

/** Removes the distribution's Go, which is of use only to fetch the newer one. */
export const forgetPackagedGo = (cache: string): void => fs.rmSync(packagedGo(cache), { recursive: true, force: true });

async function unpackedGo(cache: string, progress: Progress): Promise<Go> {
    const directory = packagedGo(cache);
    if (!fs.existsSync(directory)) {
        progress.say(
            "go: not on the PATH, taking the distribution's package (unpacked in the cache, nothing is installed)",
        );
        await unpackGoPackage(directory).catch((error: unknown) => {
            const reason = error instanceof Error ? error.message : String(error);
            throw new Error(
                `go: not on the PATH, and its Debian package cannot be had; install Go 1.17 or newer. ${reason}`,
            );
        });
    }
    const versions = fs.readdirSync(path.join(directory, "usr", "lib")).filter((name) => name.startsWith("go-"));
    for (const name of versions) {
        const root = path.join(directory, "usr", "lib", name);
        const go = await goAt(path.join(root, "bin", "go"), { GOROOT: root });
        if (go !== undefined) return go;
    }
    throw new Error(`the go in ${directory} does not run; remove that directory and try again`);
}

async function unpackGoPackage(directory: string): Promise<void> {
    const goPackage = async () => /\bgolang-[\d.]+-go\b/.exec(await output("apt-cache", ["depends", "golang-go"]))?.[0];
    let name = await goPackage().catch(() => undefined);
    if (name === undefined) {
        await output("apt-get", ["update", "-qq"]);
        name = await goPackage();
    }
    if (name === undefined) throw new Error("apt-cache knows no package golang-go");
    const draft = unfinished(directory);
    fs.mkdirSync(draft, { recursive: true });
    await output("apt-get", ["download", "-q", name], { cwd: draft });
    const archive = fs.readdirSync(draft).find((file) => file.endsWith(".deb"));
    if (archive === undefined) throw new Error(`apt-get download ${name} left no package`);
    await output("dpkg-deb", ["-x", path.join(draft, archive), draft]);
    fs.rmSync(path.join(draft, archive));
    fs.renameSync(draft, directory);
}

const files = (directory: string): string[] =>
    fs
        .readdirSync(directory, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => path.join(entry.parentPath, entry.name));
