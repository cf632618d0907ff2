import type { Connection } from "../../../toolchain/plugins/command/inputs";
import type { DeployedUnit } from "../../state";

/** A node that holds a replica, and the way to it. */
export interface Side {
    node: string;
    connection: Connection;
}

const UNIT = /^drbd-(?!disk-|content-)(.*)/;

/** A tiebreaker has the volume's file too, and no replica. */
const votesOnly = ({ node, manifest }: DeployedUnit): boolean =>
    manifest.files.some(({ content }) => new RegExp(`\\bon ${node} \\{[^}]*\\bdisk none;`).test(content));

/**
 * The sides of a volume, as a stack's state knows them.
 *
 * @throws Error when the stack has no such volume, with those that it has.
 */
export function sidesOf(volume: string, units: DeployedUnit[]): Side[] {
    const sides = units
        .filter((unit) => unit.manifest.unit === `drbd-${volume}` && !votesOnly(unit))
        .sort((a, b) => a.nodes.indexOf(a.node) - b.nodes.indexOf(b.node))
        .map(({ node, connection }) => {
            if (connection === undefined)
                throw new Error(`the stack's state has no connection to ${node} in clear: export it with its secrets`);
            return { node, connection };
        });
    if (sides.length > 1) return sides;
    if (sides.length === 1)
        throw new Error(`the stack has one side of ${volume}, and two are needed: run "pulumi up" first`);
    const there = [...new Set(units.flatMap(({ manifest }) => UNIT.exec(manifest.unit)?.[1] ?? []))].join(", ");
    throw new Error(`the stack has no volume ${JSON.stringify(volume)}; it has: ${there || "none"}`);
}
