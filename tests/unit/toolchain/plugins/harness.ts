// Runs recorded cases against a plugin built from the sources as they are now.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ModuleKind, ScriptTarget, transpileModule } from "typescript";

const root = join(__dirname, "../../../..");

/** The folder of the probe, the cases and the vectors. */
export const vectors = join(root, "tests/vectors/plugins");

/** The plugins compiled to JavaScript in a folder of their own, below node_modules so that they find their packages. */
export function compiledPlugins(): { entry(plugin: string): string; remove(): void } {
    const cache = join(root, "node_modules/.cache/pulumi-ha");
    mkdirSync(cache, { recursive: true });
    const target = mkdtempSync(join(cache, "plugins-"));
    const source = join(root, "toolchain/plugins");
    for (const file of readdirSync(source, { recursive: true, encoding: "utf8" }).filter((name) =>
        name.endsWith(".ts"),
    )) {
        const { outputText } = transpileModule(readFileSync(join(source, file), "utf8"), {
            fileName: join(source, file),
            compilerOptions: { module: ModuleKind.Node16, target: ScriptTarget.ES2022, esModuleInterop: true },
        });
        mkdirSync(join(target, dirname(file)), { recursive: true });
        writeFileSync(join(target, file.replace(/\.ts$/, ".js")), outputText);
    }
    return {
        entry: (plugin) => join(target, plugin, "index.js"),
        remove: () => rmSync(target, { recursive: true }),
    };
}

/** What a program printed and how it ended. */
export interface Ended {
    code: number | null;
    output: string;
}

/** Runs a program to its end, without holding up the event loop; `env` is added to the environment. */
export function execute(command: string, args: string[], env: Record<string, string> = {}): Promise<Ended> {
    return new Promise((resolve, reject) => {
        const child = spawn(command, args, {
            cwd: root,
            env: { ...process.env, ...env },
            stdio: ["ignore", "pipe", "pipe"],
        });
        let output = "";
        child.stdout.on("data", (text: Buffer) => (output += text.toString()));
        child.stderr.on("data", (text: Buffer) => (output += text.toString()));
        child.on("error", reject);
        child.on("close", (code) => resolve({ code, output }));
    });
}

/** Asks all cases of one file; code 0 says that nothing differs but what need not be copied. */
export function compare(entry: string, file: string, texts: "strict" | "loose", bench?: string): Promise<Ended> {
    const args = [join(vectors, "probe.js"), "compare", entry, join(vectors, "cases", `${file}.json`)];
    const options = [
        ...(texts === "loose" ? ["--texts", texts] : []),
        ...(bench === undefined ? [] : ["--env", bench]),
    ];
    return execute(process.execPath, [...args, join(vectors, "vectors", `${file}.jsonl`), ...options]);
}
