import type { ClusterOperation } from "./spec";

/** An XML element; of its attributes those that are undefined are left out. */
export interface Element {
    tag: string;
    attributes: Record<string, string | number | undefined>;
    children: Element[];
}

/** Makes one. */
export const element = (tag: string, attributes: Element["attributes"] = {}, children: Element[] = []): Element => ({
    tag,
    attributes,
    children,
});

const escaped = (text: string): string =>
    text.replace(
        /[&<>"\n\t]/g,
        (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c] ?? `&#${c.charCodeAt(0)};`,
    );

/** One element a line, so that a diff shows what changed. */
export function text({ tag, attributes, children }: Element, indent = ""): string[] {
    const words = Object.entries(attributes)
        .filter((pair): pair is [string, string | number] => pair[1] !== undefined)
        .map(([key, value]) => ` ${key}="${escaped(String(value))}"`);
    const open = `${indent}<${tag}${words.join("")}`;
    if (children.length === 0) return [`${open}/>`];
    return [`${open}>`, ...children.flatMap((child) => text(child, `${indent}  `)), `${indent}</${tag}>`];
}

/** Values by name. */
export type Values = Record<string, string | number | undefined>;

/** A set of named values; none where there are none. */
export function values(tag: string, id: string, named: Values): Element[] {
    const pairs = Object.entries(named).filter((pair): pair is [string, string | number] => pair[1] !== undefined);
    if (pairs.length === 0) return [];
    return [
        element(
            tag,
            { id },
            pairs.map(([name, value]) => element("nvpair", { id: `${id}-${name}`, name, value })),
        ),
    ];
}

/** A duration, as Pacemaker writes it. */
export const seconds = (n: number): string => (Number.isInteger(n) ? `${n}s` : `${Math.round(n * 1000)}ms`);

/** An operation of a resource. */
export const operation = (id: string, op: ClusterOperation): Element =>
    element("op", {
        id: [id, op.name, op.role?.toLowerCase(), seconds(op.intervalSeconds)].filter(Boolean).join("-"),
        name: op.name,
        interval: seconds(op.intervalSeconds),
        timeout: seconds(op.timeoutSeconds),
        role: op.role,
    });
