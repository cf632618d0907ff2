import type { Connection } from "../../toolchain/plugins/command/inputs";
import type { DeployedUnit } from "../state";

/** A member of a cluster, and the way to it. */
export interface Member {
    node: string;
    address: string;
    connection: Connection;
}

/** The host of a cluster's arbitrator, if it has one. */
export function arbitratorOf(cluster: string, units: DeployedUnit[]): Member | undefined {
    const unit = units.find(({ manifest }) => manifest.unit === `galera-arbitrator-${cluster}`);
    return unit?.connection && { node: unit.node, address: unit.address, connection: unit.connection };
}

/**
 * The data nodes of a Galera cluster, as a stack's state knows them.
 *
 * @throws Error when the stack has no such cluster, with those that it has.
 */
export function membersOf(cluster: string, units: DeployedUnit[]): Member[] {
    const names = [`galera-${cluster}`, `galera-member-${cluster}`];
    const members = new Map<string, Member>();
    const order: string[] = [];
    for (const { node, address, manifest, connection, nodes } of units) {
        if (!names.includes(manifest.unit)) continue;
        if (connection === undefined)
            throw new Error(`the stack's state has no connection to ${node} in clear: export it with its secrets`);
        members.set(node, { node, address, connection });
        order.push(...nodes);
    }
    if (members.size > 0) return [...members.values()].sort((a, b) => order.indexOf(a.node) - order.indexOf(b.node));
    const others = units.flatMap(
        ({ manifest }) => /^galera-(?!member-|arbitrator-|accounts-)(.*)/.exec(manifest.unit)?.[1] ?? [],
    );
    const there = [...new Set(others)].join(", ") || "none";
    throw new Error(`the stack has no Galera cluster ${JSON.stringify(cluster)}; it has: ${there}`);
}
