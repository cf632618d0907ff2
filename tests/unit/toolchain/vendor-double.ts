// A vendor on the loopback interface: archives and lists of sums, as the real one lays them out.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as path from "node:path";
import { CLI, PLUGINS } from "../../../toolchain/versions";
import type { VendorUrls } from "../../../toolchain/vendor";
import { cliAsset, pluginAsset } from "../../../toolchain/vendor";

export interface VendorDouble {
    urls: VendorUrls;
    /** Bodies by path. */
    files: Map<string, Buffer>;
    /** Paths asked for, HEAD requests left out. */
    asked: string[];
    /** Changes a byte of the archive at this path. */
    spoil(part: string): void;
    close(): void;
}

/** Serves a CLI that only knows its version, and plugins that only know their name. */
export async function vendorDouble(directory: string): Promise<VendorDouble> {
    const files = new Map<string, Buffer>();
    const asked: string[] = [];
    const server = http.createServer((request, response) => {
        const url = request.url ?? "";
        if (request.method === "GET") asked.push(url);
        const body = files.get(url);
        response.writeHead(body === undefined ? 404 : 200).end(request.method === "HEAD" ? undefined : body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const urls = { archives: `${base}/releases`, checksums: `${base}/pulumi` };

    const publish = (asset: { url: string; sums: string } | undefined, content: Record<string, string>): void => {
        if (asset === undefined) throw new Error("the vendor has nothing for this platform");
        const name = path.posix.basename(asset.url);
        const archive = tarball(path.join(directory, name), content);
        files.set(new URL(asset.url).pathname, archive);
        const sum = createHash("sha256").update(archive).digest("hex");
        files.set(
            new URL(asset.sums).pathname,
            Buffer.from(`${"0".repeat(64)}  another-file.tar.gz\n${sum}  ${name}\n`),
        );
    };
    const { platform, arch } = process;
    publish(cliAsset(urls, CLI.version, platform, arch), {
        "pulumi/pulumi": `#!/bin/sh\necho v${CLI.version}\n`,
        "pulumi/pulumi-language-nodejs": "#!/bin/sh\n",
    });
    for (const plugin of PLUGINS) {
        publish(pluginAsset(urls, plugin, platform, arch), {
            [`pulumi-resource-${plugin.name}`]: `#!/bin/sh\necho real ${plugin.name}\n`,
        });
    }
    return {
        urls,
        files,
        asked,
        spoil: (part) => {
            for (const [name, body] of files)
                if (name.includes(part) && name.endsWith(".tar.gz")) body[body.length - 1]! ^= 1;
        },
        close: () => server.close(),
    };
}

function tarball(file: string, content: Record<string, string>): Buffer {
    const root = `${file}.content`;
    for (const [name, text] of Object.entries(content)) {
        fs.mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
        fs.writeFileSync(path.join(root, name), text, { mode: 0o755 });
    }
    execFileSync("tar", ["-czf", file, "-C", root, ...fs.readdirSync(root)]);
    return fs.readFileSync(file);
}
