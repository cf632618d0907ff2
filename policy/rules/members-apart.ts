import { UNKNOWN, at } from "../inputs";
import { later } from "../report";
import type { Finding } from "../report";
import type { Rule } from "../rule";
import { before, fits, isComponent, nodesOf, saidByWhole } from "../stack";
import type { Node, Resource } from "../stack";

interface Settings {
    labels: string[];
    required: boolean;
    except: string[];
}

/** What takes a hypervisor or a rack down must leave a pair one node, and a cluster its majority. */
export const membersApart: Rule<Settings> = {
    name: "members-apart",
    description: "No hypervisor and no rack holds so many members that the others cannot go on.",
    severity: "high",
    remediationSteps:
        "Place the members on different hypervisors and in different racks, and say so in labels of the nodes.",
    settings: {
        labels: {
            type: "array",
            items: { type: "string", minLength: 1 },
            default: ["hypervisor", "rack"],
            description: "Labels of nodes that name what fails as a whole.",
        },
        required: { type: "boolean", default: false, description: "Members without such a label are refused too." },
        except: {
            type: "array",
            items: { type: "string" },
            default: ["HostBaseline"],
            description: "Kinds of components whose nodes do not stand in for each other.",
        },
    },
    check: (resource, { labels, required, except }, seen) => {
        const members = (each: Resource): Node[] =>
            isComponent(each) && !fits(each.kind ?? "", except) && nodesOf(each).length > 1 ? nodesOf(each) : [];
        const nodes = members(resource);
        if (at(resource.inputs, "nodes") === UNKNOWN && isComponent(resource)) return [later(["nodes"])];
        const names = new Set(nodes.map(nameOf));
        if (
            saidByWhole(
                resource,
                seen,
                (whole) => members(whole).filter((node) => names.has(nameOf(node))).length === names.size,
            )
        )
            return [];
        const said = new Set(before(resource, seen).flatMap(members).map(nameOf));
        const first = required ? nodes.filter((node) => !said.has(nameOf(node))) : [];
        return [
            ...labels.flatMap((label) => [...together(labelled(nodes, label)), ...unlabelled(first, label)]),
            ...together(fencedBy(resource, nodes)),
        ];
    },
};

/** A member, what it fails with, and where that is said. */
interface Placed {
    name: string;
    holder: unknown;
    path: string[];
}

const labelled = (nodes: Node[], label: string): Placed[] =>
    nodes.map((node) => ({
        name: String(nameOf(node)),
        holder: labelOf(node, label),
        path: [...node.path, "labels", label],
    }));

/** Where they are fenced by hypervisors, these say where the members are. */
const fencedBy = ({ inputs }: Resource, nodes: Node[]): Placed[] =>
    nodes.map((node) => {
        const path = ["fencing", "libvirt", String(nameOf(node)), "address"];
        return { name: String(nameOf(node)), holder: at(inputs, ...path), path };
    });

function together(members: Placed[]): Finding[] {
    const holders = new Set(members.map(({ holder }) => holder).filter((value) => typeof value === "string"));
    return [...holders].flatMap((holder) => {
        const there = members.filter((member) => member.holder === holder);
        const [first, second] = there;
        if (!first || !second || 2 * there.length < members.length) return [];
        const names = there.map(({ name }) => name).join(", ");
        return [
            {
                path: second.path,
                says: `is "${holder}" of ${names}, ${there.length} of ${members.length} members: without it the others cannot go on; place them apart`,
            },
        ];
    });
}

const unlabelled = (nodes: Node[], label: string): Finding[] =>
    nodes
        .filter((node) => labelOf(node, label) === undefined)
        .map((node) => ({
            node: nameOf(node),
            path: [...node.path, "labels", label],
            says: `is missing: say which ${label} the node is on`,
        }));

const labelOf = ({ inputs }: Node, label: string): unknown => at(inputs, "labels", label);
const nameOf = ({ inputs }: Node): unknown => at(inputs, "name");
