import type * as pulumi from "@pulumi/pulumi";
import type { NodeArgs } from "../../remote/node";
import { isLater, reachFaults } from "../../remote/reach";
import { checked, refused } from "./rules";
import type { ItemRule, Rules, Violation } from "./rules";
import { isAddress, quoted, same } from "./syntax";

/** A node as a spec has it. */
interface Host {
    name: string;
    /** Undefined where it has none of the family that is needed. */
    address: string | undefined;
}

/** What a component asks of its nodes beside what all do. */
export interface HostWishes<S> {
    /** All hosts of the component: names and addresses are to be their own among these. */
    among: (spec: S) => readonly Host[];
    /** Names that the component can use. Default: those of any node. */
    names?: { form: RegExp; allowed: string };
    /** Names that parts of the component have: resources are called by these, or by a node's name. */
    taken?: RegExp;
}

/** Nodes' names become parts of the names of resources, of files and of words in configurations. */
const ANY_NAME = { form: /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, allowed: 'at most 63 letters, digits, ".", "_" and "-"' };

/** What holds for the nodes of every component; a component adds only what is its own. */
export const hostRules = <S>({ among, names = ANY_NAME, taken }: HostWishes<S>): ItemRule<S, Host>[] => [
    {
        path: "name",
        refuses: ({ name }) => !names.form.test(name),
        because: ({ name }) => `${quoted(name)} is no name for a node here: ${names.allowed}`,
    },
    {
        path: "name",
        refuses: ({ name }) => taken?.test(name) ?? false,
        because: ({ name }) => `${quoted(name)} is the name of a part of the component: give the node another one`,
    },
    {
        path: "name",
        refuses: ({ name }, spec) => among(spec).filter((other) => other.name === name).length > 1,
        because: ({ name }) => `${name} is listed twice: every node needs a name of its own, and counts once`,
    },
    {
        path: "address",
        refuses: ({ address }) => address !== undefined && !isAddress(address),
        because: ({ address }) =>
            `${quoted(address ?? "")} is no IP address: nodes are to find each other without a name service`,
    },
    {
        path: "address",
        refuses: (node, spec) => sharing(node, among(spec)).length > 0,
        because: (node, spec) =>
            `${node.address} is the address of ${sharing(node, among(spec)).join(" and ")} too: every node needs one of its own, or one host's fault would count as two`,
    },
];

/** Names of the other nodes with a node's address. */
const sharing = ({ name, address }: Host, all: readonly Host[]): string[] =>
    address === undefined || !isAddress(address)
        ? []
        : all
              .filter((other) => other.name !== name && same(other.address ?? "") === same(address))
              .map((other) => other.name);

/** The nodes among a component's arguments, by the field: `nodes` is a list of them, any other field is one. */
export type Hosts = Record<string, NodeArgs | NodeArgs[]>;

/**
 * The spec of a component that stands on hosts, checked as `checked` does, and how its hosts are reached with it: of all nodes at once, at the preview.
 * What they give that is known later only is looked at before they are dialled.
 *
 * @param args the arguments without keys and logins; made only where the nodes are nodes.
 * @throws pulumi.ResourceError with all violations and their paths.
 */
export function checkedOn<A, S>(
    component: pulumi.ComponentResource,
    name: string,
    hosts: Hosts,
    args: () => A,
    toSpec: (args: pulumi.Unwrap<A>) => S,
    rules: Rules<S>,
): pulumi.Output<S> {
    const shapeless = [...noList(hosts), ...each(hosts, noNode)];
    if (shapeless.length > 0) throw refused(component, name, shapeless);
    return checked(component, name, args(), toSpec, rules, each(hosts, reachFaults));
}

const each = (hosts: Hosts, found: (node: NodeArgs) => { path: string; message: string }[]): Violation[] =>
    Object.entries(hosts)
        .flatMap(([field, given]): [string, NodeArgs][] =>
            field === "nodes"
                ? (Array.isArray(given) ? given : []).map((node, place) => [`${field}[${place}]`, node])
                : [[field, given as NodeArgs]],
        )
        .flatMap(([field, node]) =>
            found(node).map(({ path, message }) => ({
                path: [field, path].filter(Boolean).join("."),
                message,
                level: "refuse" as const,
            })),
        );

const noList = (hosts: Hosts): Violation[] =>
    !("nodes" in hosts) || Array.isArray(hosts.nodes)
        ? []
        : [
              {
                  path: "nodes",
                  message: "is no list of nodes that is known when the program runs: give it as [lb1, lb2]",
                  level: "refuse",
              },
          ];

/** What the compiler would say of a program in TypeScript. */
function noNode(node: NodeArgs): { path: string; message: string }[] {
    const given: unknown = node;
    if (typeof given !== "object" || given === null || Array.isArray(given) || isLater(given))
        return [{ path: "", message: "is no node: has the config one of that name?" }];
    const { name, address } = given as { name?: unknown; address?: unknown };
    return [
        ...(typeof name === "string"
            ? []
            : [
                  {
                      path: "name",
                      message: "is no text that is known when the program runs: resources are named after it",
                  },
              ]),
        ...(typeof address === "string" || isLater(address)
            ? []
            : [{ path: "address", message: "is missing: the IP address by which the others reach the node" }]),
    ];
}
