import * as fs from "node:fs";
import * as path from "node:path";
import { buildCli, builtCli } from "./build";
import { STAND_IN_MARK, findCli, findPlugin, userHomes } from "./found";
import type { Layout } from "./layout";
import { COMPILED, layoutOf, pluginDirectory, pluginExecutable } from "./layout";
import { exclusively } from "./lock";
import { copyWhole, linkWhole, sweep, writeWhole, writeWrapper } from "./place";
import type { Progress } from "./progress";
import { silent } from "./progress";
import type { Part } from "./record";
import { partOf, readRecord, writeRecord } from "./record";
import type { Asset, VendorUrls } from "./vendor";
import { VENDOR, cliAsset, install, pluginAsset, unreachable } from "./vendor";
import type { Plugin } from "./versions";
import { CLI, PLUGINS } from "./versions";

/** How the toolchain is made. */
export interface EnsureOptions {
    /** The directory that gets `.pulumi-ha/`. */
    project: string;
    /** What several projects share. Default: `$XDG_CACHE_HOME/pulumi-ha` or `~/.cache/pulumi-ha`. */
    cache?: string;
    /** Look for everything again, also for what is there. Default: false. */
    refresh?: boolean;
    /** Ask the vendor's servers for what is missing. Default: true. */
    online?: boolean;
    /** The vendor's servers. Default: {@link VENDOR}. */
    vendor?: VendorUrls;
    /** Where to look for a CLI. Default: the PATH. */
    searchPath?: string;
    /** Where to look for plugins. Default: $PULUMI_HOME and ~/.pulumi. */
    homes?: string[];
    /** Who is told. Default: nobody. */
    progress?: Progress;
}

/** Leaves a working CLI, Node language host and plugins in the project; says where each came from. Nothing to do is quick. */
export async function ensureToolchain(options: EnsureOptions): Promise<Part[]> {
    const layout = layoutOf(options.project, options.cache);
    const progress = options.progress ?? silent;
    const present = () => (options.refresh === true ? undefined : readRecord(layout));
    const waiting = () => progress.say("another run is preparing the toolchain: waiting for it");
    return (
        present() ??
        (await exclusively(layout.cache, waiting, async () => present() ?? (await make(layout, options, progress))))
    );
}

async function make(layout: Layout, options: EnsureOptions, progress: Progress): Promise<Part[]> {
    const directories = [layout.root, layout.bin, layout.cache, path.join(layout.cache, "vendor")];
    for (const directory of directories) sweep(directory);
    // A language host of the vendor looks for packages in every directory of the project, but not in policy packs.
    writeWhole(
        path.join(layout.root, "PulumiPolicy.yaml"),
        "# Not a policy pack: keeps pulumi from searching this directory.\n",
    );
    const vendor = new Vendor(layout, options, progress);
    const cli = await makeCli(layout, options, vendor, progress);
    const plugins: Part[] = [];
    for (const plugin of PLUGINS) plugins.push(await makePlugin(plugin, layout, options, vendor, progress));
    const parts = [...cli, ...plugins];
    writeRecord(layout, parts);
    return parts;
}

async function makeCli(layout: Layout, options: EnsureOptions, vendor: Vendor, progress: Progress): Promise<Part[]> {
    const place = path.join(layout.bin, "pulumi");
    const part = (version: string, origin: Part["origin"], file: string) =>
        partOf({ name: "pulumi", version, origin, file, place });

    const search = await findCli(options.searchPath ?? process.env.PATH ?? "");
    if ("found" in search) {
        const { file, version, languageHost } = search.found;
        writeWrapper(place, [file]);
        return [part(version, "found", file), languageHostPart(layout, "found", languageHost)];
    }
    progress.say(`pulumi: ${search.missing}`);
    const asset = cliAsset(vendor.urls, CLI.version, process.platform, process.arch);
    const directory = await vendor.get(`pulumi ${CLI.version}`, asset);
    if (directory !== undefined) {
        const file = path.join(directory, "pulumi", "pulumi");
        writeWrapper(place, [file]);
        return [part(CLI.version, "vendor", file), languageHostPart(layout, "vendor", `${file}-language-nodejs`)];
    }
    const file = builtCli(layout.cache) ?? (await buildCli(layout, progress));
    copyWhole(place, file); // the CLI looks for language hosts beside its own file, and grumbles about those on the PATH
    return [part(CLI.version, "built", file), languageHostPart(layout, "own")];
}

/** The vendor's host stays where it is, beside its CLI; where there is none, this project's own is put in `bin`. */
function languageHostPart(layout: Layout, origin: Part["origin"], host?: string): Part {
    const place = path.join(layout.bin, "pulumi-language-nodejs");
    const named = { name: "pulumi-language-nodejs", version: "" };
    if (host !== undefined) {
        fs.rmSync(place, { force: true });
        return partOf({ ...named, origin, file: host, place: host });
    }
    const file = compiled(path.join(COMPILED, "language-host", "index.js"));
    writeWrapper(place, [process.execPath, file]);
    return partOf({ ...named, origin: "own", file, place });
}

async function makePlugin(
    plugin: Plugin,
    layout: Layout,
    options: EnsureOptions,
    vendor: Vendor,
    progress: Progress,
): Promise<Part> {
    const name = `plugin ${plugin.name}`;
    const directory = pluginDirectory(layout.home, plugin);
    const executable = path.join(directory, pluginExecutable(plugin.name));
    const real = (file: string, origin: Part["origin"]): Part => {
        linkWhole(executable, file);
        fs.rmSync(path.join(directory, STAND_IN_MARK), { force: true });
        return partOf({ name, version: plugin.version, origin, file, place: executable });
    };
    const search = findPlugin(plugin, options.homes ?? userHomes());
    if ("found" in search) return real(search.found, "found");
    progress.say(`${name} ${plugin.version}: ${search.missing}`);
    const unpacked = await vendor.get(
        `${name} ${plugin.version}`,
        pluginAsset(vendor.urls, plugin, process.platform, process.arch),
    );
    if (unpacked !== undefined) return real(path.join(unpacked, pluginExecutable(plugin.name)), "vendor");
    const file = compiled(path.join(COMPILED, "plugins", plugin.name, "index.js"));
    writeWhole(path.join(directory, STAND_IN_MARK), `stands in for the plugin ${plugin.name} ${plugin.version}\n`);
    const script = compiled(path.join(COMPILED, "plugins", "stand-in.sh"));
    writeWrapper(executable, ["/bin/sh", script, process.execPath, file, plugin.name]);
    return partOf({ name, version: plugin.version, origin: "stand-in", file, place: executable });
}

function compiled(file: string): string {
    if (!fs.existsSync(file)) throw new Error(`${file} is missing: run "npm run build" first`);
    return file;
}

/** What has been or can be downloaded; asks whether the vendor can be reached once, when something is first wanted. */
class Vendor {
    readonly urls: VendorUrls;
    private reach: Promise<string | undefined> | undefined;

    constructor(
        private readonly layout: Layout,
        private readonly options: EnsureOptions,
        private readonly progress: Progress,
    ) {
        this.urls = options.vendor ?? VENDOR;
    }

    /** The directory where the archive is unpacked; undefined if it cannot be had. Throws if its checksum is wrong. */
    async get(what: string, asset: Asset | undefined): Promise<string | undefined> {
        if (asset === undefined) return undefined;
        const directory = path.join(this.layout.cache, "vendor", path.posix.basename(asset.url, ".tar.gz"));
        if (fs.existsSync(directory)) return directory;
        if (this.options.online === false) return undefined;
        this.reach ??= unreachable(this.urls).then((reason) => {
            if (reason !== undefined) this.progress.say(`the vendor cannot be reached: ${reason}`);
            return reason;
        });
        if ((await this.reach) !== undefined) return undefined;
        this.progress.say(`${what}: downloading ${asset.url}`);
        try {
            await install(asset, directory, this.progress);
            return directory;
        } catch (error) {
            if (error instanceof Error && error.message.startsWith("refused")) throw error;
            this.progress.say(`${what}: ${error instanceof Error ? error.message : String(error)}`);
            return undefined;
        }
    }
}
