import { UNKNOWN, at } from "./inputs";
import { LATER, later } from "./report";
import type { Finding } from "./report";
import type { Resource, Seen } from "./stack";

/** A file that a unit writes. */
export interface ManagedFile {
    path: string;
    content: string;
}

/** What of a unit's manifest rules look at. */
export interface Manifest {
    /** Version of the engine that it is sent with; 0 for one that does not say. */
    engine: number;
    unit: string;
    /** `name` or `name=version`. */
    packages: string[];
    files: ManagedFile[];
    /** The whole text. */
    text: string;
}

/** Where a manifest begins and ends in the script that a unit's command is given on its standard input. */
const HEADER = "pulumi-ha manifest ";
const END = /^end \d+$/m;
/** How the engine, which comes before the manifest, says its version. */
const ENGINE = /^ENGINE_VERSION=(\d+)$/m;

/** The manifest in a script; undefined where there is none. */
export function parse(script: string): Manifest | undefined {
    const begin = script.indexOf(`\n${HEADER}`) + 1;
    if (begin === 0) return undefined;
    const rest = script.slice(begin);
    const text = rest.slice(0, END.exec(rest)?.index);
    const rows = text.split("\n");
    const words = (directive: string): string[] =>
        rows.flatMap((row) => (row.startsWith(`${directive} `) ? [row.slice(directive.length + 1)] : []));
    const engine = Number(ENGINE.exec(script.slice(0, begin))?.[1] ?? 0);
    return { engine, unit: words("unit")[0] ?? "", packages: words("package"), files: filesOf(rows), text };
}

/** The lines with a bar that follow a file's own line are its content; those of other directives are not. */
function filesOf(rows: string[]): ManagedFile[] {
    const files: ManagedFile[] = [];
    let current: ManagedFile | undefined;
    for (const row of rows) {
        if (!row.startsWith("|")) {
            current = row.startsWith("file ") ? { path: row.split(" ")[1] ?? "", content: "" } : undefined;
            if (current) files.push(current);
        } else if (current) current.content += `${row.slice(2)}\n`;
    }
    return files;
}

/** Whose manifest it is. */
export interface Owner {
    /** The component; a unit that belongs to none stands for itself. */
    component: Resource;
    /** The unit's node. */
    node: unknown;
}

/** A check of manifests, as a check of resources: of the commands by which units are applied. */
export const ofManifests =
    <C>(check: (manifest: Manifest, owner: Owner, config: C, resource: Resource, seen: Seen) => Finding[]) =>
    (resource: Resource, config: C, seen: Seen): Finding[] => {
        const unit = seen.get(resource.parent);
        // `prepare` carries the packages alone, and credentials.
        if (resource.type !== "command:remote:Command" || unit?.kind !== "Unit" || !resource.name.endsWith("-apply"))
            return [];
        const owner = { component: seen.get(unit.parent) ?? unit, node: at(unit.inputs, "node") };
        const where = { urn: owner.component.urn, node: owner.node };
        const script = at(resource.inputs, "stdin");
        if (script === UNKNOWN) return [later(["stdin"], { ...where, says: `(its manifest) ${LATER}` })];
        const manifest = typeof script === "string" ? parse(script) : undefined;
        return manifest ? check(manifest, owner, config, resource, seen).map((found) => ({ ...where, ...found })) : [];
    };

/** Whether a path is that of corosync's configuration, be it a copy from which the one that is read is made. */
export const isCorosyncConf = (path: string): boolean => path.endsWith("/corosync.conf");
