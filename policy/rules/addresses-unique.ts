import { canonical } from "../addresses";
import { UNKNOWN, at, isMissing, items } from "../inputs";
import { later, place } from "../report";
import type { Finding } from "../report";
import type { Rule } from "../rule";
import { isComponent, nodesOf } from "../stack";
import type { Resource, Seen } from "../stack";

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
        const own = claims(resource);
        const others = [...own, ...before(resource, seen).flatMap(claims)];
        return own.flatMap((claim) => against(claim, others));
    },
};

const before = (resource: Resource, seen: Seen): Resource[] =>
    [...seen.values()].filter(
        (other) =>
            isComponent(other) && other.urn !== resource.urn && !partOf(resource, other) && !partOf(other, resource),
    );

/** A component that is made by another one is given that one's address. */
const partOf = (part: Resource, whole: Resource): boolean => part.parent === whole.urn;

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
        ...items(at(resource.inputs, "extraAddresses")).map(([i, address]) => ({
            address,
            path: ["extraAddresses", i],
        })),
    ].filter(({ address }) => !isMissing(address));
    // What has no nodes of its own names an address that is another's.
    return nodes.length === 0 ? [] : [...nodes, ...virtual.map((claim) => ({ ...claim, owner: place(resource.urn) }))];
}
