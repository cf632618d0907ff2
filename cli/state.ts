import type { Manifest } from "../remote/manifest";
import { HEADER } from "../remote/manifest";
import { parse } from "../remote/parse";

/** What `pulumi stack export` prints, as far as it is read here. */
export interface Deployment {
    deployment: {
        resources?: { urn: string; type: string; parent?: string; inputs?: Record<string, unknown> }[];
    };
}

/** A unit as a stack's state knows it. */
export interface DeployedUnit {
    /** Name of the node it is on. */
    node: string;
    /** Address of that node. */
    address: string;
    /** What was applied last. */
    manifest: Manifest;
}

/** The units of a deployment that have been applied. Their manifests hold no credentials, so they are in clear. */
export function deployedUnits({ deployment }: Deployment): DeployedUnit[] {
    const resources = deployment.resources ?? [];
    const units = new Map(
        resources.filter((r) => r.type === "pulumi-ha:index:Unit").map((r) => [r.urn, r.inputs ?? {}]),
    );
    return resources
        .filter((r) => r.type === "command:remote:Command" && r.urn.endsWith("-apply"))
        .flatMap((r) => {
            const unit = units.get(r.parent ?? "");
            const stdin = r.inputs?.stdin;
            if (unit === undefined || typeof stdin !== "string") return [];
            return [{ node: String(unit.node), address: String(unit.address), manifest: parse(manifestText(stdin)) }];
        });
}

/** The manifest at the end of what a unit sends. */
function manifestText(stdin: string): string {
    const begin = stdin.lastIndexOf(`\n${HEADER}\n`) + 1;
    const end = stdin.indexOf("\n", stdin.lastIndexOf("\nend ") + 1) + 1;
    return stdin.slice(begin, end);
}
