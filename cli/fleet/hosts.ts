import type { DeployedUnit, Deployment } from "../state";
import { deployedUnits, missingUnits } from "../state";
import type { MissingUnit } from "../state";
import type { Connection } from "../../toolchain/plugins/command/inputs";

/** A host of a stack, with everything that the stack has on it. */
export interface Host {
    node: string;
    /** `address` of the node, by which peers and clients reach it. */
    address: string;
    connection: Connection;
    units: DeployedUnit[];
    /** Names of all units that the stack has there, also of those that are not meant. */
    known: string[];
}

/** A stack as its state knows it. */
export interface Fleet {
    hosts: Host[];
    /** What is not applied though the stack has it. */
    missing: MissingUnit[];
    /** Operations of a command of Pulumi that was cut off. */
    pending: number;
}

/** What part of a fleet is meant; everything where it says nothing. */
export interface Filter {
    /** Names of nodes. */
    hosts: string[];
    /** Names of components. */
    components: string[];
}

/**
 * The hosts of a stack, with their units in the order of the state.
 *
 * @throws Error when the stack has nothing of this library, a filter names what it has not, or the ways to its hosts are not in clear.
 */
export function fleetOf(deployment: Deployment, filter: Filter = { hosts: [], components: [] }): Fleet {
    const units = deployedUnits(deployment);
    const missing = missingUnits(deployment);
    if (units.length + missing.length === 0)
        throw new Error(
            "the stack's state has no units of pulumi-ha: is it the right stack (--stack), and was `pulumi up` run?",
        );
    const all = [...units, ...missing];
    refuseUnknown("node", "--host", filter.hosts, new Set(all.map(({ node }) => node)));
    refuseUnknown("component", "--component", filter.components, new Set(all.map(({ component }) => component.name)));
    const meant = ({ node, component }: MissingUnit | DeployedUnit) =>
        (filter.hosts.length === 0 || filter.hosts.includes(node)) &&
        (filter.components.length === 0 || filter.components.includes(component.name));
    return {
        hosts: byHost(units, meant),
        missing: missing.filter(meant),
        pending: deployment.deployment.pending_operations?.length ?? 0,
    };
}

function byHost(units: DeployedUnit[], meant: (unit: DeployedUnit) => boolean): Host[] {
    const hosts = new Map<string, Host>();
    for (const unit of units) {
        const { node, address, connection } = unit;
        if (connection === undefined)
            throw new Error(`the stack's state has no connection to ${node} in clear: export it with its secrets`);
        // Units of one host may have been applied over different settings: the last one applied is the last one known to work.
        const key = `${node} ${connection.host} ${connection.port}`;
        const host = hosts.get(key);
        hosts.set(key, {
            ...{ node, address, connection },
            units: [...(host?.units ?? []), ...(meant(unit) ? [unit] : [])],
            known: [...(host?.known ?? []), unit.manifest.unit],
        });
    }
    const asked = [...hosts.values()].filter((host) => host.units.length > 0);
    return asked.sort((a, b) => a.node.localeCompare(b.node, "en", { numeric: true }));
}

function refuseUnknown(kind: string, flag: string, asked: string[], there: Set<string>): void {
    const unknown = asked.filter((name) => !there.has(name));
    if (unknown.length > 0)
        throw new Error(
            `${flag} ${unknown.join(", ")}: the stack has no such ${kind}; it has: ${[...there].sort().join(", ")}`,
        );
}
