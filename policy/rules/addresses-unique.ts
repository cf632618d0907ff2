import { canonical } from "../addresses";
import { UNKNOWN, at, isMissing, items } from "../inputs";
import { later, place } from "../report";
import type { Finding } from "../report";
import type { Rule } from "../rule";
import { before, isComponent, nodesOf } from "../stack";
import type { Resource } from "../stack";

/** An address that a component claims. */
interface Claim {
    address: unknown;
    path: string[];
    /** Whose it is: a node may be named by many components, a virtual address belongs to one. */
    owner: string;
    node?: unknown;
}

/** Two hosts of one address, or a virtual address on a host that is not to have it, answer in each other's place. Addresses of other stacks are not seen. */
export const addressesUnique: Rule<unknown> = {
    name: "addresses-unique",
    description: "No two nodes and no two virtual addresses of a stack are the same.",
    severity: "critical",
    remediationSteps: "Give each node its own address, and each virtual address to one component.",
    check: (resource, _, seen) => {
        if (!isComponent(resource)) return [];
        // What a component makes of parts is given its own address.
        const others = before(resource, seen)
            .filter((other) => resource.parent !== other.urn && other.parent !== resource.urn)
            .flatMap(claims);
        if (at(resource.inputs, "nodes") === UNKNOWN) return [later(["nodes"])];
        const own = claims(resource);
        return own
            .filter((claim) => !others.some((other) => same(claim, other)))
            .flatMap((claim) => against(claim, [...own, ...others]));
    },
};

/** Whether another component said the same of the same node: it was looked at there. */
const same = (claim: Claim, other: Claim): boolean =>
    claim.node !== undefined && claim.owner === other.owner && claim.address === other.address;

function against(claim: Claim, others: Claim[]): Finding[] {
    const { path, node } = claim;
    if (claim.address === UNKNOWN) return [later(path, { node })];
    const address = typeof claim.address === "string" ? canonical(claim.address) : undefined;
    const other = others.find(
        (o) => o.owner !== claim.owner && typeof o.address === "string" && canonical(o.address) === address,
    );
    return address === undefined || other === undefined
        ? []
        : [{ node, path, says: `is ${address}, which is the address of ${other.owner} too: each needs its own` }];
}

function claims(resource: Resource): Claim[] {
    const nodes = nodesOf(resource).flatMap(({ inputs, path }) =>
        ["address", "address6"]
            .filter((key) => !isMissing(at(inputs, key)))
            .map((key) => ({
                address: at(inputs, key),
                path: [...path, key],
                owner: `node "${String(at(inputs, "name"))}"`,
                node: at(inputs, "name"),
            })),
    );
    const virtual = [
        { address: at(resource.inputs, "address"), path: ["address"] },
        ...listed(at(resource.inputs, "extraAddresses")).map(([i, address]) => ({
            address,
            path: ["extraAddresses", i],
        })),
    ].filter(({ address }) => !isMissing(address));
    // What has no nodes of its own names an address that is another's.
    return nodesOf(resource).length === 0
        ? []
        : [...nodes, ...virtual.map((claim) => ({ ...claim, owner: place(resource.urn) }))];
}

/** The addresses of a list; one that is not known yet counts as an address that is not. */
const listed = (value: unknown): [string, unknown][] => (value === UNKNOWN ? [["", UNKNOWN]] : items(value));
