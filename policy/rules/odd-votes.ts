import { UNKNOWN, at, isMissing } from "../inputs";
import { later } from "../report";
import type { Rule } from "../rule";
import { nodesOf, saidByWhole } from "../stack";
import type { Resource } from "../stack";
import { isStatefulPair } from "../stateful";

/**
 * Of an even number of votes neither half can go on when the network parts them, or both do. Clusters vote with their nodes, an arbitrator and a
 * witness; so do pairs that move data.
 */
export const oddVotes: Rule<unknown> = {
    name: "odd-votes",
    description: "Clusters and stateful pairs have an odd number of votes, three at least.",
    severity: "high",
    remediationSteps:
        "Add a node, an arbitrator (GaleraCluster) or a witness (HaPair, PacemakerCluster) on a third host.",
    check: (resource, _, seen) => {
        if (!votes(resource) || saidByWhole(resource, seen, votes)) return [];
        if (at(resource.inputs, "nodes") === UNKNOWN) return [later(["nodes"])];
        const witnesses = isMissing(at(resource.inputs, "witness")) ? 0 : 1;
        const members = nodesOf(resource).length;
        const count = members + witnesses;
        if (count >= 3 && count % 2 === 1) return [];
        return [
            {
                path: ["nodes"],
                says: `${count === 1 ? "has one vote" : `have ${count} votes`} in all: have 3 or another odd number, by a node, an arbitrator or a witness more or less`,
            },
        ];
    },
};

const votes = (resource: Resource): boolean => /Cluster$/.test(resource.kind ?? "") || isStatefulPair(resource);
