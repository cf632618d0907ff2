import { hostRules } from "../shared/node-rules";
import { each } from "../shared/rules";
import type { ItemRule, Rules, Violation } from "../shared/rules";
import { isAddress, quoted, same, shown, whole } from "../shared/syntax";
import { fencingRules } from "./fencing-rules";
import { resourceRules } from "./resource-rules";
import type { ClusterNode, ClusterSpec } from "./spec";

const NODE = { form: /^[a-z0-9][a-z0-9-]{0,30}$/, allowed: 'at most 31 lower case letters, digits and "-"' };
/** The names of resources end in these, or in a node's name. */
const TAKEN = /^(reload|resources|.*-(vote|held))$/;

const nodeRules: ItemRule<ClusterSpec, ClusterNode>[] = [
    ...hostRules<ClusterSpec>({ among: (spec) => spec.nodes, names: NODE, taken: TAKEN }),
    {
        path: "address",
        refuses: (node, { witness }) => witness !== undefined && same(witness.address) === same(node.address),
        because: (node, { witness }) =>
            `${node.name} is its own witness (${witness?.node}): it would be lost together with its vote, give the witness a third host`,
    },
];

const linkRules = (spec: ClusterSpec): Violation[] => {
    const refuse = (path: string, message: string): Violation => ({ path, message, level: "refuse" });
    const given = Object.entries(spec.links);
    if (given.length === 0) return [];
    const firsts = spec.nodes.map((node) => same(node.address));
    const seconds = given.map(([, address]) => same(address));
    return [
        ...given
            .filter(([name]) => !spec.nodes.some((node) => node.name === name))
            .map(([name]) => refuse(`links.${name}`, `${quoted(name)} is no node of this cluster`)),
        ...spec.nodes
            .filter((node) => node.secondAddress === undefined)
            .map(({ name }) => refuse(`links.${name}`, `is missing: a second link needs an address on every node`)),
        ...given
            .filter(([, address]) => !isAddress(address))
            .map(([name, address]) => refuse(`links.${name}`, `${quoted(address)} is no IP address`)),
        ...given
            .filter(([, address], n) => firsts.includes(same(address)) || seconds.indexOf(same(address)) < n)
            .map(([name, address]) =>
                refuse(
                    `links.${name}`,
                    `${address} is used already: the second link needs addresses of its own, in another network`,
                ),
            ),
    ];
};

/** Numbers of 16 bits: libknet's `knet_node_id_t`. */
const LAST_ID = 65535;

const idRules = ({ nodes, nodeIds }: ClusterSpec): Violation[] => {
    const refuse = (path: string, message: string): Violation => ({ path, message, level: "refuse" });
    const sharing = (name: string, id: number): string | undefined =>
        nodes.find((node) => node.id === id && node.name !== name)?.name;
    const byPlace = (name: string): string => (name in nodeIds ? "" : ", by its place in nodes: give it another one");
    const given = Object.entries(nodeIds);
    return [
        ...given
            .filter(([name]) => !nodes.some((node) => node.name === name))
            .map(([name]) => refuse(`nodeIds.${name}`, `${quoted(name)} is no node of this cluster`)),
        ...given
            .filter(([, id]) => !whole(id, 1, LAST_ID))
            .map(([name, id]) =>
                refuse(`nodeIds.${name}`, `${shown(id)} is no number of a node: a whole one from 1 to ${LAST_ID}`),
            ),
        ...given.flatMap(([name, id]) => {
            const other = sharing(name, id);
            return other === undefined
                ? []
                : [refuse(`nodeIds.${name}`, `${shown(id)} is the number of ${other} too${byPlace(other)}`)];
        }),
    ];
};

/** Everything that is refused about a cluster, and what is warned of. */
export const rules: Rules<ClusterSpec> = [
    {
        path: "name",
        refuses: ({ name }) => !/^[a-z0-9][a-z0-9-]{0,30}$/.test(name),
        because: ({ name }) =>
            `${quoted(name)} becomes the name of the cluster and of units: at most 31 lower case letters, digits and "-"`,
    },
    {
        path: "nodes",
        refuses: ({ nodes }) => nodes.length < 2,
        because: ({ nodes }) =>
            `a cluster needs two nodes or more, and there is ${nodes.length === 0 ? "none" : "one"}`,
    },
    {
        path: "nodes",
        refuses: ({ nodes }) => nodes.length > 15,
        because: ({ nodes }) => `${nodes.length} nodes: Corosync is made for 15 at most`,
    },
    {
        path: "nodes",
        refuses: ({ nodes, witness }) => nodes.length > 2 && nodes.length % 2 === 0 && witness === undefined,
        because: ({ nodes }) =>
            `${nodes.length} nodes can split into two equal parts, of which neither goes on: use an odd number, or a witness`,
    },
    {
        path: "witness",
        refuses: ({ nodes, witness }) => witness !== undefined && nodes.length % 2 === 1,
        because: ({ nodes }) =>
            `${nodes.length} nodes have a majority without it, and with it could be split evenly: leave it out`,
    },
    {
        path: "witness.node",
        refuses: ({ nodes, witness }) => nodes.some(({ name }) => name === witness?.node),
        because: ({ witness }) =>
            `${witness?.node} is a member: its vote would be lost with it, give the witness a third host`,
    },
    each("nodes", (spec) => spec.nodes, nodeRules),
    linkRules,
    idRules,
    ...fencingRules,
    {
        path: "tokenSeconds",
        refuses: ({ tokenSeconds }) => !(tokenSeconds >= 0.5 && tokenSeconds <= 60),
        because: ({ tokenSeconds }) => `${tokenSeconds} s is no timeout of the token: from 0.5 to 60 s`,
    },
    {
        path: "settleSeconds",
        refuses: ({ settleSeconds }) => !whole(settleSeconds, 10, 280),
        because: ({ settleSeconds }) => `${settleSeconds} s is no deadline: whole seconds from 10 to 280`,
    },
    {
        path: "links",
        level: "warn",
        refuses: (spec) =>
            Object.keys(spec.links).length === 0 && spec.witness === undefined && spec.nodes.length === 2,
        because: () => "one link and no witness: a single cable or switch port parts the two nodes; give a second link",
    },
    resourceRules,
];
