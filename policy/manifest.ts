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
    unit: string;
    /** `name` or `name=version`. */
    packages: string[];
    files: ManagedFile[];
    /** The whole text. */
    text: string;
}

const HEADER = "pulumi-ha manifest ";

/** What a unit's command is given on its standard input; undefined where it is no manifest. */
export function parse(text: string): Manifest | undefined {
    if (!text.startsWith(HEADER)) return undefined;
    const rows = text.split("\n");
    const words = (directive: string): string[] =>
        rows.flatMap((row) => (row.startsWith(`${directive} `) ? [row.slice(directive.length + 1)] : []));
    return { unit: words("unit")[0] ?? "", packages: words("package"), files: filesOf(rows), text };
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

type Check<C, Given> = (given: Given, owner: Owner, config: C, resource: Resource, seen: Seen) => Finding[];

/** A check of what one of the commands of units is given on its standard input, as a check of resources. */
const ofCommands =
    <C>(suffix: string, what: string, check: Check<C, string>) =>
    (resource: Resource, config: C, seen: Seen): Finding[] => {
        const unit = seen.get(resource.parent);
        if (resource.type !== "command:remote:Command" || unit?.kind !== "Unit" || !resource.name.endsWith(suffix))
            return [];
        const owner = { component: seen.get(unit.parent) ?? unit, node: at(unit.inputs, "node") };
        const where = { urn: owner.component.urn, node: owner.node };
        const script = at(resource.inputs, "stdin");
        if (script === UNKNOWN) return [later(["stdin"], { ...where, says: `(its ${what}) ${LATER}` })];
        const found = typeof script === "string" ? check(script, owner, config, resource, seen) : [];
        return found.map((finding) => ({ ...where, ...finding }));
    };

/** A check of manifests: of the commands by which units are applied, as `prepare` carries packages and credentials alone. */
export const ofManifests = <C>(check: Check<C, Manifest>) =>
    ofCommands<C>("-apply", "manifest", (text, ...rest) => {
        const manifest = parse(text);
        return manifest ? check(manifest, ...rest) : [];
    });

/** A check of the versions of what is brought to hosts to act there; 0 for a text that does not say. */
export const ofEngines = <C>(check: Check<C, number>) =>
    ofCommands<C>("-engine", "engine", (script, ...rest) =>
        check(Number(/^ENGINE_VERSION=(\d+)$/m.exec(script)?.[1] ?? 0), ...rest),
    );

/** Whether a path is that of corosync's configuration, be it a copy from which the one that is read is made. */
export const isCorosyncConf = (path: string): boolean => path.endsWith("/corosync.conf");
