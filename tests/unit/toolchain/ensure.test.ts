import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { ensureToolchain, toolchainEnv } from "../../../toolchain";
import type { EnsureOptions, Part } from "../../../toolchain";
import { CLI, PLUGINS } from "../../../toolchain/versions";
import type { VendorDouble } from "./vendor-double";
import { vendorDouble } from "./vendor-double";

let root: string;
let vendor: VendorDouble;
const lines: string[] = [];

beforeEach(async () => {
    root = fs.mkdtempSync(path.join(os.tmpdir(), "toolchain-"));
    vendor = await vendorDouble(path.join(root, "vendor"));
    lines.length = 0;
});

afterEach(() => {
    vendor.close();
    fs.rmSync(root, { recursive: true, force: true });
});

/** A machine that has nothing, and no vendor unless one is given. */
const bare = (extra: Partial<EnsureOptions> = {}): EnsureOptions => ({
    project: path.join(root, "project"),
    cache: path.join(root, "cache"),
    searchPath: path.join(root, "empty"),
    homes: [path.join(root, "user-home")],
    vendor: { archives: "http://127.0.0.1:9", checksums: "http://127.0.0.1:9" },
    progress: { say: (line) => lines.push(line), update: () => undefined },
    ...extra,
});

const origins = (parts: Part[]): Record<string, string> =>
    Object.fromEntries(parts.map((part) => [part.name, part.origin]));

const placed = (...names: string[]): string => path.join(root, "project", ".pulumi-ha", ...names);

function executable(file: string, text: string): void {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
}

/** A CLI in the cache, as a build leaves it. */
const built = (): void =>
    executable(path.join(root, "cache", `pulumi-v${CLI.version}-go1.99-test`, "pulumi"), "echo built");

const said = (file: string): string => execFileSync(file, { encoding: "utf8" }).trim();

describe("what is already there", () => {
    test("a CLI on the PATH and plugins of exactly the right version are used as they are", async () => {
        executable(path.join(root, "bin", "pulumi"), "echo v3.222.0");
        executable(path.join(root, "bin", "pulumi-language-nodejs"), "");
        for (const { name, version } of PLUGINS) {
            executable(
                path.join(root, `user-home/plugins/resource-${name}-v${version}/pulumi-resource-${name}`),
                `echo ${name}`,
            );
        }
        const parts = await ensureToolchain(bare({ searchPath: path.join(root, "bin"), vendor: vendor.urls }));
        expect(new Set(Object.values(origins(parts)))).toEqual(new Set(["found"]));
        expect(vendor.asked).toEqual([]);
        expect(said(placed("bin", "pulumi"))).toBe("v3.222.0");
        expect(said(placed("home/plugins/resource-tls-v5.6.1/pulumi-resource-tls"))).toBe("tls");
    });

    test.each(["v3.199.9", "v4.0.0", "no version"])("fails to fit: a CLI that says %s", async (version) => {
        executable(path.join(root, "bin", "pulumi"), `echo ${version}`);
        const parts = await ensureToolchain(bare({ searchPath: path.join(root, "bin"), vendor: vendor.urls }));
        expect(origins(parts).pulumi).toBe("vendor");
        expect(lines.join("\n")).toContain(version);
    });

    test("fails to fit: a plugin of another version, one half installed, and another project's stand-in", async () => {
        const plugins = path.join(root, "user-home", "plugins");
        executable(path.join(plugins, "resource-command-v1.2.0", "pulumi-resource-command"), "");
        executable(path.join(plugins, "resource-random-v4.21.2", "pulumi-resource-random"), "");
        fs.writeFileSync(path.join(plugins, "resource-random-v4.21.2.partial"), "");
        executable(path.join(plugins, "resource-tls-v5.6.1", "pulumi-resource-tls"), "");
        fs.writeFileSync(path.join(plugins, "resource-tls-v5.6.1", "STAND-IN"), "");
        const parts = await ensureToolchain(bare({ vendor: vendor.urls }));
        expect(new Set(Object.values(origins(parts)))).toEqual(new Set(["vendor"]));
    });
});

describe("the vendor's download", () => {
    test("is checked, unpacked once, and shared by projects", async () => {
        await ensureToolchain(bare({ vendor: vendor.urls }));
        expect(said(placed("bin", "pulumi"))).toBe(`v${CLI.version}`);
        expect(said(placed("home/plugins/resource-command-v1.2.1/pulumi-resource-command"))).toBe("real command");
        expect(vendor.asked).toHaveLength(2 * (1 + PLUGINS.length));

        vendor.asked.length = 0;
        const parts = await ensureToolchain(bare({ project: path.join(root, "second"), vendor: vendor.urls }));
        expect(new Set(Object.values(origins(parts)))).toEqual(new Set(["vendor"]));
        expect(vendor.asked).toEqual([]);
    });

    test("lets others be acquired too, unless a plugin is a stand-in", async () => {
        await ensureToolchain(bare({ vendor: vendor.urls }));
        expect(toolchainEnv(path.join(root, "project"), "/bin")).toEqual({
            PATH: `${placed("bin")}:/bin`,
            PULUMI_HOME: placed("home"),
            PULUMI_SKIP_UPDATE_CHECK: "true",
        });
    });

    test.each(["pulumi-v", "pulumi-resource-random"])("fails: the archive of %s has another sum", async (name) => {
        vendor.spoil(name);
        await expect(ensureToolchain(bare({ vendor: vendor.urls }))).rejects.toThrow(
            /refused.*SHA-256 sum [0-9a-f]{64}/s,
        );
        const left = fs.readdirSync(path.join(root, "cache", "vendor"));
        expect(left.filter((entry) => entry.includes(name) || entry.includes("unfinished"))).toEqual([]);
        expect(fs.existsSync(placed("toolchain.json"))).toBe(false);
    });

    test("fails: the list of sums does not name the archive", async () => {
        for (const name of vendor.files.keys()) {
            if (name.endsWith("checksums.txt"))
                vendor.files.set(name, Buffer.from(`${"0".repeat(64)}  other.tar.gz\n`));
        }
        await expect(ensureToolchain(bare({ vendor: vendor.urls }))).rejects.toThrow(/has no SHA-256 sum for pulumi-v/);
    });

    test("fails over: what the vendor does not have is replaced, the rest is the vendor's", async () => {
        for (const name of [...vendor.files.keys()]) if (name.includes("resource-tls")) vendor.files.delete(name);
        const parts = await ensureToolchain(bare({ vendor: vendor.urls }));
        expect(origins(parts)).toMatchObject({ pulumi: "vendor", "plugin random": "vendor", "plugin tls": "stand-in" });
        expect(lines.join("\n")).toContain("404");
    });
});

describe("without the vendor", () => {
    test("the cached build, this project's language host and stand-ins, which say what they are", async () => {
        built();
        const parts = await ensureToolchain(bare());
        expect(origins(parts)).toEqual({
            pulumi: "built",
            "pulumi-language-nodejs": "own",
            "plugin command": "stand-in",
            "plugin random": "stand-in",
            "plugin tls": "stand-in",
        });
        expect(said(placed("bin", "pulumi"))).toBe("built");
        expect(fs.existsSync(placed("home/plugins/resource-random-v4.21.2/STAND-IN"))).toBe(true);
        expect(lines.filter((line) => line.includes("cannot be reached"))).toHaveLength(1);
        expect(toolchainEnv(path.join(root, "project"))).toMatchObject({
            PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
        });
    });

    test("a refresh takes the real plugins once the vendor is there", async () => {
        built();
        await ensureToolchain(bare());
        const parts = await ensureToolchain(bare({ vendor: vendor.urls, refresh: true }));
        expect(new Set(Object.values(origins(parts)))).toEqual(new Set(["vendor"]));
        expect(said(placed("home/plugins/resource-tls-v5.6.1/pulumi-resource-tls"))).toBe("real tls");
        expect(fs.existsSync(placed("home/plugins/resource-tls-v5.6.1/STAND-IN"))).toBe(false);
        expect(fs.existsSync(placed("bin/pulumi-language-nodejs"))).toBe(false);
    });
});

describe("run again", () => {
    test("does nothing and asks nobody", async () => {
        const first = await ensureToolchain(bare({ vendor: vendor.urls }));
        const before = fs.statSync(placed("toolchain.json")).mtimeMs;
        vendor.asked.length = 0;
        expect(await ensureToolchain(bare({ vendor: vendor.urls }))).toEqual(first);
        expect(vendor.asked).toEqual([]);
        expect(fs.statSync(placed("toolchain.json")).mtimeMs).toBe(before);
    });

    test.each(["bin/pulumi", "home/plugins", "toolchain.json"])("makes good what is gone: %s", async (name) => {
        await ensureToolchain(bare({ vendor: vendor.urls }));
        fs.rmSync(placed(name), { recursive: true });
        await ensureToolchain(bare({ vendor: vendor.urls }));
        expect(said(placed("bin/pulumi"))).toBe(`v${CLI.version}`);
        expect(said(placed("home/plugins/resource-tls-v5.6.1/pulumi-resource-tls"))).toBe("real tls");
    });

    test("goes on from what a killed run left", async () => {
        fs.mkdirSync(path.join(root, "cache/vendor/pulumi-v3.245.0-linux-x64.77.unfinished/pulumi"), {
            recursive: true,
        });
        executable(placed("bin/pulumi.77.unfinished"), "");
        fs.writeFileSync(placed("toolchain.json"), '{"wanted": "');
        await ensureToolchain(bare({ vendor: vendor.urls }));
        expect(said(placed("bin/pulumi"))).toBe(`v${CLI.version}`);
        expect(fs.readdirSync(placed("bin"))).toEqual(["pulumi"]);
        expect(fs.readdirSync(path.join(root, "cache/vendor")).filter((n) => n.includes("unfinished"))).toEqual([]);
    });

    test("two at once: one makes it, the other waits and uses it", async () => {
        const [one, two] = await Promise.all([
            ensureToolchain(bare({ vendor: vendor.urls })),
            ensureToolchain(bare({ vendor: vendor.urls })),
        ]);
        expect(two).toEqual(one);
        expect(vendor.asked).toHaveLength(2 * (1 + PLUGINS.length));
        expect(lines).toContain("another run is preparing the toolchain: waiting for it");
    });
});
