/** Something that a rule found about a resource. */
export interface Finding {
    /** Where the fault is, if not at the resource itself: the component that a command belongs to. */
    urn?: string;
    /** Name of the node that it is about. */
    node?: unknown;
    /** The field: `["nodes", "0", "hostKey"]`. */
    path?: string[];
    /** What is wrong with it and what to do, in lower case and without a value that could be a secret. */
    says: string;
    /** The rule needs a value at `path` that is known only at the update. */
    unknown?: true;
}

/** `HaproxyFrontend > Unit "web-lb1"`, from `urn:pulumi:dev::shop::pulumi-ha:index:HaproxyFrontend$pulumi-ha:index:Unit::web-lb1`. */
export function place(urn: string): string {
    const [types = "", ...name] = urn.split("::").slice(2);
    const lineage = types.split("$").map((type) => type.split(":").at(-1) ?? type);
    return `${lineage.join(" > ")} "${name.join("::")}"`;
}

/** `nodes[0].hostKey`. */
export const field = (path: string[]): string => path.join(".").replace(/\.(\d+)(?=\.|$)/g, "[$1]");

/** A finding as one line: `HaproxyFrontend "web", node "lb2": nodes[1].hostKey is missing: …`. */
export function line(finding: Finding, urn: string): string {
    const node = typeof finding.node === "string" ? `, node "${finding.node}"` : "";
    const what = [...(finding.path ? [field(finding.path)] : []), finding.says].join(" ");
    return `${place(finding.urn ?? urn)}${node}: ${what}`;
}

/** What is said of a value that a rule would need in a preview. */
export const LATER =
    "is known only at the update, so this rule cannot be checked before: give a value that is known in a preview";

/** A finding that says: this rule has to be looked at again once the value is known. */
export const later = (path: string[], more: Partial<Finding> = {}): Finding => ({
    path,
    says: LATER,
    ...more,
    unknown: true,
});
