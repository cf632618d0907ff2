import * as fs from "node:fs";
import * as path from "node:path";

/** The part of a package.json that matters here. */
export interface PackageJson {
    name?: string;
    version?: string;
    dependencies?: Record<string, string>;
    devDependencies?: Record<string, string>;
    pulumi?: { resource?: boolean; name?: string; version?: string; server?: string };
}

/** A plugin that an installed package needs. */
export interface RequiredPlugin {
    name: string;
    /** With a leading "v". */
    version: string;
    /** Where the plugin is downloaded from; "" for the usual place. */
    server: string;
}

/**
 * The plugins of the packages in the nearest node_modules, directly or in a scope. The vendor's host walks the whole project;
 * packages nested in others' node_modules are not looked at here.
 */
export function requiredPlugins(programDirectory: string): RequiredPlugin[] {
    // Few packages say anything of Pulumi: only those are parsed, which is most of the time that looking at hundreds of them takes.
    return installed(programDirectory, '"pulumi"').flatMap(({ name, version, pulumi }) =>
        pulumi?.resource === true
            ? [
                  {
                      name: pulumi.name ?? (name ?? "").replace(/^@pulumi\//, ""),
                      version: `v${(pulumi.version ?? version ?? "").replace(/^v/, "")}`,
                      server: pulumi.server ?? "",
                  },
              ]
            : [],
    );
}

/** Names and versions of the packages a program uses: those its package.json names, or with `transitive` all installed ones. */
export function programDependencies(
    programDirectory: string,
    transitive: boolean,
): { name: string; version: string }[] {
    const manifest = nearest(programDirectory, "package.json");
    const { dependencies, devDependencies } = manifest === undefined ? {} : packageJson(manifest);
    const direct = new Set(Object.keys({ ...dependencies, ...devDependencies }));
    return installed(programDirectory).flatMap(({ name, version }) =>
        name !== undefined && version !== undefined && (transitive || direct.has(name)) ? [{ name, version }] : [],
    );
}

/** What the packages' files say; nothing of one whose text does not mention `mention`. */
function installed(programDirectory: string, mention = ""): PackageJson[] {
    const root = nearest(programDirectory, "node_modules");
    if (root === undefined) return [];
    const names = fs
        .readdirSync(root)
        .filter((name) => !name.startsWith("."))
        .flatMap((name) =>
            name.startsWith("@") ? fs.readdirSync(path.join(root, name)).map((n) => `${name}/${n}`) : [name],
        );
    return names.map((name) => packageJson(path.join(root, name, "package.json"), mention));
}

function packageJson(file: string, mention = ""): PackageJson {
    try {
        const text = fs.readFileSync(file, "utf8");
        return text.includes(mention) ? (JSON.parse(text) as PackageJson) : {};
    } catch {
        return {}; // no package, or one that npm is just replacing
    }
}

function nearest(directory: string, name: string): string | undefined {
    for (let at = path.resolve(directory); ; at = path.dirname(at)) {
        const candidate = path.join(at, name);
        if (fs.existsSync(candidate)) return candidate;
        if (at === path.dirname(at)) return undefined;
    }
}
