// The vendor's archives, checked against the lists of SHA-256 sums published with each release on another host.
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { pluginExecutable } from "./layout";
import { unfinished } from "./place";
import type { Progress } from "./progress";
import { output } from "./run";
import type { Plugin } from "./versions";

/** Where the vendor's files are; no slash at the end. */
export interface VendorUrls {
    archives: string;
    checksums: string;
}

/** The vendor's own servers. */
export const VENDOR: VendorUrls = {
    archives: "https://get.pulumi.com/releases",
    checksums: "https://github.com/pulumi",
};

/** Seconds for a server to begin its answer. An unreachable vendor costs this much once. */
const ANSWER_LIMIT = 5;
/** Seconds without a byte after which a download has failed. */
const STALL_LIMIT = 30;

/** One file to download. */
export interface Asset {
    url: string;
    /** The list of sums that names it. */
    sums: string;
}

/** What processors are called in the CLI's archives and in the plugins'. */
const ARCHITECTURES: Partial<Record<string, { cli: string; plugin: string }>> = {
    x64: { cli: "x64", plugin: "amd64" },
    arm64: { cli: "arm64", plugin: "arm64" },
};

/** The CLI's archive for a platform; undefined where the vendor has none that this program can use. */
export function cliAsset(urls: VendorUrls, version: string, platform: string, arch: string): Asset | undefined {
    const names = ARCHITECTURES[arch];
    if (names === undefined || !["linux", "darwin"].includes(platform)) return undefined;
    return {
        url: `${urls.archives}/sdk/pulumi-v${version}-${platform}-${names.cli}.tar.gz`,
        sums: `${urls.checksums}/pulumi/releases/download/v${version}/pulumi-${version}-checksums.txt`,
    };
}

/** A plugin's archive for a platform; undefined where the vendor has none that this program can use. */
export function pluginAsset(urls: VendorUrls, plugin: Plugin, platform: string, arch: string): Asset | undefined {
    const names = ARCHITECTURES[arch];
    if (names === undefined || !["linux", "darwin"].includes(platform)) return undefined;
    const { name, version } = plugin;
    return {
        url: `${urls.archives}/plugins/${pluginExecutable(name)}-v${version}-${platform}-${names.plugin}.tar.gz`,
        sums: `${urls.checksums}/pulumi-${name}/releases/download/v${version}/pulumi-${name}_${version}_checksums.txt`,
    };
}

/** Why the vendor cannot be reached; undefined if both of its servers answer, whatever they answer. */
export async function unreachable(urls: VendorUrls, limitSeconds: number = ANSWER_LIMIT): Promise<string | undefined> {
    const reasons = await Promise.all(
        [urls.archives, urls.checksums].map(async (url) => {
            try {
                await (await answer(url, limitSeconds, { method: "HEAD" })).body?.cancel();
                return undefined;
            } catch (error) {
                return `${new URL(url).host} (${reasonOf(error)})`;
            }
        }),
    );
    return reasons.filter((reason) => reason !== undefined).join(", ") || undefined;
}

/**
 * Downloads an archive, checks its SHA-256 sum and unpacks it as `directory`, which is there whole or not at all. Throws when a
 * server fails, when the list has no sum for the archive, and when the sum is another: then nothing of it is unpacked.
 */
export async function install(asset: Asset, directory: string, progress: Progress): Promise<void> {
    const name = path.posix.basename(new URL(asset.url).pathname);
    const expected = sumOf(name, await (await download(asset.sums)).text());
    if (expected === undefined) throw new Error(`refused: ${asset.sums} has no SHA-256 sum for ${name}`);

    const draft = unfinished(directory);
    fs.rmSync(draft, { recursive: true, force: true });
    fs.mkdirSync(draft, { recursive: true });
    try {
        const archive = path.join(draft, name);
        const actual = await save(asset.url, archive, progress);
        if (actual !== expected) {
            throw new Error(`refused: ${asset.url} has SHA-256 sum ${actual}, but ${asset.sums} says ${expected}`);
        }
        await output("tar", ["-xzf", archive, "-C", draft, "--no-same-owner"]);
        fs.rmSync(archive);
        fs.rmSync(directory, { recursive: true, force: true });
        fs.renameSync(draft, directory);
    } finally {
        fs.rmSync(draft, { recursive: true, force: true });
    }
}

/** The sum of `name` in a list as `sha256sum` writes it. */
export function sumOf(name: string, list: string): string | undefined {
    for (const line of list.split("\n")) {
        const [, sum, file] = /^([0-9a-f]{64})\s+\*?(?:\.\/)?(\S+)\s*$/i.exec(line) ?? [];
        if (file === name) return sum?.toLowerCase();
    }
    return undefined;
}

async function save(url: string, file: string, progress: Progress): Promise<string> {
    const stalled = new AbortController();
    let timer = setTimeout(() => undefined, 0);
    const alive = () => {
        clearTimeout(timer);
        timer = setTimeout(() => stalled.abort(new Error(`${url}: no byte for ${STALL_LIMIT} s`)), STALL_LIMIT * 1000);
    };
    const response = await download(url);
    if (response.body === null) throw new Error(`${url}: empty answer`);
    const total = Number(response.headers.get("content-length") ?? 0);
    const hash = createHash("sha256");
    let received = 0;
    const watch = async function* (chunks: AsyncIterable<Uint8Array>) {
        for await (const chunk of chunks) {
            alive();
            hash.update(chunk);
            received += chunk.length;
            progress.update(
                `${path.basename(file)}: ${mebibytes(received)}${total > 0 ? ` of ${mebibytes(total)}` : ""}`,
            );
            yield chunk;
        }
    };
    try {
        alive();
        const body = Readable.fromWeb(response.body as ReadableStream<Uint8Array>);
        await pipeline(body, watch, fs.createWriteStream(file), { signal: stalled.signal });
    } finally {
        clearTimeout(timer);
    }
    return hash.digest("hex");
}

async function download(url: string): Promise<Response> {
    const response = await answer(url, ANSWER_LIMIT);
    if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
    return response;
}

async function answer(url: string, limitSeconds: number, init: RequestInit = {}): Promise<Response> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new Error(`no answer in ${limitSeconds} s`)), limitSeconds * 1000);
    try {
        return await fetch(url, { ...init, signal: late.signal });
    } finally {
        clearTimeout(timer);
    }
}

function reasonOf(error: unknown): string {
    if (!(error instanceof Error)) return String(error);
    return error.cause instanceof Error ? error.cause.message : error.message;
}

const mebibytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
