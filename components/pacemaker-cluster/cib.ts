import { element, operation, seconds, text, values } from "./elements";
import type { Element, Values } from "./elements";
import {
    deviceName,
    fencingSeconds,
    levels,
    powerDevices,
    sbdDevices,
    sbdSeconds,
    tieDefaults,
    tieProperties,
} from "./fencing";
import { INFINITY_SCORE, fences, resetsItself } from "./spec";
import type { ClusterResource, ClusterSpec } from "./spec";

const score = (n: number): string | number => {
    if (n >= INFINITY_SCORE) return "INFINITY";
    return n <= -INFINITY_SCORE ? "-INFINITY" : n;
};

/** `ocf:heartbeat:IPaddr2` as the attributes of a primitive. */
function agentAttributes(agent: string): Values {
    const [kind, ...rest] = agent.split(":");
    return kind === "ocf" && rest.length === 2
        ? { class: kind, provider: rest[0], type: rest[1] }
        : { class: kind, type: rest.join(":") };
}

const primitive = (id: string, resource: ClusterResource): Element =>
    element("primitive", { id, ...agentAttributes(resource.agent) }, [
        ...values("meta_attributes", `${id}-meta_attributes`, resource.meta),
        ...values("instance_attributes", `${id}-instance_attributes`, resource.parameters),
        element(
            "operations",
            {},
            resource.operations.map((op) => operation(id, op)),
        ),
    ]);

const properties = (spec: ClusterSpec): Values => ({
    "stonith-enabled": String(fences(spec)),
    "stonith-timeout": fences(spec) ? seconds(fencingSeconds(spec)) : undefined,
    "stonith-watchdog-timeout":
        spec.sbd !== undefined && resetsItself(spec) ? seconds(sbdSeconds(spec, spec.sbd)) : undefined,
    ...tieProperties(spec),
    "no-quorum-policy": "stop",
});

/** Resources in their groups and clones, each once; those of a clone's group inside it. */
function resources(spec: ClusterSpec): Element[] {
    const grouped = new Set(Object.values(spec.groups).flat());
    const cloned = new Set(Object.values(spec.clones).map((clone) => clone.resource));
    const one = (id: string): Element[] => {
        const resource = spec.resources[id];
        const members = spec.groups[id];
        if (resource !== undefined) return [primitive(id, resource)];
        return members === undefined ? [] : [element("group", { id }, members.flatMap(one))];
    };
    const outer = [...Object.keys(spec.groups), ...Object.keys(spec.resources)].filter(
        (id) => !grouped.has(id) && !cloned.has(id),
    );
    const clones = Object.entries(spec.clones).map(([id, clone]) =>
        element("clone", { id }, [
            ...values("meta_attributes", `${id}-meta_attributes`, {
                ...(clone.promotable ? { promotable: "true" } : {}),
                ...clone.meta,
            }),
            ...one(clone.resource),
        ]),
    );
    return [...clones, ...outer.flatMap(one)];
}

function constraints(spec: ClusterSpec): Element[] {
    return [
        ...Object.keys({ ...spec.ipmi, ...spec.libvirt }).map((node) =>
            // A node that hangs could not shoot itself.
            element("rsc_location", {
                id: `location-${deviceName(node)}-${node}`,
                rsc: deviceName(node),
                node,
                score: "-INFINITY",
            }),
        ),
        ...spec.orders.map(({ first, then, firstAction, thenAction }) =>
            element("rsc_order", {
                id: `order-${firstAction}-${first}-${thenAction}-${then}`,
                first,
                "first-action": firstAction,
                then,
                "then-action": thenAction,
            }),
        ),
        ...spec.colocations.map((c) =>
            element("rsc_colocation", {
                id: ["colocation", c.resource, c.with, c.withRole?.toLowerCase()].filter(Boolean).join("-"),
                rsc: c.resource,
                "with-rsc": c.with,
                "with-rsc-role": c.withRole,
                score: score(c.score),
            }),
        ),
        ...spec.locations.map(({ resource, node, score: how }) =>
            element("rsc_location", {
                id: `location-${resource}-${node}`,
                rsc: resource,
                node,
                score: score(how),
            }),
        ),
        ...spec.attributeLocations.map(({ resource, attribute }) => {
            const id = `location-${resource}-${attribute}`;
            const defined = element("expression", { id: `${id}-defined`, attribute, operation: "defined" });
            const rule = element("rule", { id: `${id}-rule`, "score-attribute": attribute }, [defined]);
            return element("rsc_location", { id, rsc: resource }, [rule]);
        }),
    ];
}

/**
 * The cluster's configuration, as Pacemaker's tools take it (`cibadmin --replace --scope configuration`). What a running cluster adds by itself, such
 * as the nodes with their standby, is kept where it is applied.
 */
export function configuration(spec: ClusterSpec): string {
    const whole = element("configuration", {}, [
        element("crm_config", {}, values("cluster_property_set", "cib-bootstrap-options", properties(spec))),
        element("nodes"),
        element("resources", {}, [...powerDevices(spec), ...sbdDevices(spec), ...resources(spec)]),
        // Never without children: what a running cluster adds goes between the tags.
        element("constraints", {}, constraints(spec)),
        ...levels(spec),
        element(
            "rsc_defaults",
            {},
            values("meta_attributes", "rsc-defaults", { ...tieDefaults(spec), ...spec.resourceDefaults }),
        ),
    ]);
    return `${text(whole).join("\n")}\n`;
}
