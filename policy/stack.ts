import type { PolicyResourceOptions } from "@pulumi/policy";
import { at, items, plain } from "./inputs";
import type { Inputs } from "./inputs";

/** A resource as rules see it. */
export interface Resource {
    /** `pulumi-ha:index:GaleraCluster`. */
    type: string;
    /** `GaleraCluster` of this library's types; of others undefined. */
    kind: string | undefined;
    name: string;
    urn: string;
    /** Its inputs; in a policy that looks at a whole stack, its outputs. */
    inputs: Inputs;
    protect: boolean;
    /** URN of the resource that it belongs to. */
    parent: string;
}

/** What the SDK says about a resource. */
export interface Registered {
    type: string;
    name: string;
    urn: string;
    props: Inputs;
    opts?: Partial<PolicyResourceOptions>;
}

const LIBRARY = "pulumi-ha:index:";

/** A resource as the SDK hands it over, as plain data. */
export const resourceOf = ({ type, name, urn, props, opts }: Registered): Resource => ({
    type,
    kind: type.startsWith(LIBRARY) ? type.slice(LIBRARY.length) : undefined,
    name,
    urn,
    inputs: plain(props),
    protect: opts?.protect === true,
    parent: opts?.parent ?? "",
});

/** Whether a resource is one of this library's components, and no part of one. */
export const isComponent = ({ kind }: Resource): boolean =>
    kind !== undefined && kind !== "Unit" && kind !== "Certificate";

/** Whether a resource is the login of a host: a command or a copy, over SSH. */
export const isRemote = ({ type }: Resource): boolean => type.startsWith("command:remote:");

/**
 * The library's resources that were registered before, by URN. A policy sees one resource at a time; what is unique over a stack, and what a command's
 * component was given, is found here. A later run in the same process registers each again.
 */
export type Seen = ReadonlyMap<string, Resource>;

/**
 * The components that were seen before one, by their first registration: of two that clash, or share a node, the same one comes second in every run.
 */
export function before({ urn }: Resource, seen: Seen): Resource[] {
    const all = [...seen.values()];
    return all.slice(0, [...seen.keys()].indexOf(urn)).filter(isComponent);
}

/** Whether a component is made by another one that a rule looks at: what is wrong with it is said there. */
export function saidByWhole({ parent }: Resource, seen: Seen, looksAt: (whole: Resource) => boolean): boolean {
    const whole = seen.get(parent);
    return whole !== undefined && looksAt(whole);
}

/** A node of a component, with where it stands in the inputs. */
export interface Node {
    inputs: Inputs;
    path: string[];
}

/** Fields that hold one node each. */
const SINGLE = ["node", "arbitrator", "tiebreaker"];

/** The members of a component: its `nodes`, and a host without data that votes with them. */
export function nodesOf({ inputs }: Resource): Node[] {
    const listed = items(at(inputs, "nodes")).map(([index, node]) => ({ inputs: node, path: ["nodes", index] }));
    const single = SINGLE.map((key) => ({ inputs: at(inputs, key), path: [key] }));
    return [...listed, ...single].filter((node): node is Node => typeof at(node.inputs, "name") === "string");
}

/** The name of the stack that a resource belongs to, out of its URN. */
export const stackName = (urn: string): string => urn.slice("urn:pulumi:".length).split("::")[0] ?? "";

/** Whether a name fits one of some patterns, in which `*` stands for any text. */
export const fits = (name: string, patterns: string[]): boolean =>
    patterns.some((pattern) => {
        const literal = pattern.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
        return new RegExp(`^${literal.join(".*")}$`, "s").test(name);
    });
