import { voteSyncSeconds } from "./conf";
import { passwordScript } from "./paths";
import { INFINITY_SCORE, fences, resetsItself } from "./spec";
import type { ClusterOperation, ClusterResource, ClusterSpec, IpmiDevice, Sbd } from "./spec";

/** An XML element; of its attributes those that are undefined are left out. */
interface Element {
    tag: string;
    attributes: Record<string, string | number | undefined>;
    children: Element[];
}

const element = (tag: string, attributes: Element["attributes"] = {}, children: Element[] = []): Element => ({
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
function text({ tag, attributes, children }: Element, indent = ""): string[] {
    const words = Object.entries(attributes)
        .filter((pair): pair is [string, string | number] => pair[1] !== undefined)
        .map(([key, value]) => ` ${key}="${escaped(String(value))}"`);
    const open = `${indent}<${tag}${words.join("")}`;
    if (children.length === 0) return [`${open}/>`];
    return [`${open}>`, ...children.flatMap((child) => text(child, `${indent}  `)), `${indent}</${tag}>`];
}

type Values = Record<string, string | number | undefined>;

/** A set of named values; none where there are none. */
function values(tag: string, id: string, named: Values): Element[] {
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

const seconds = (n: number): string => (Number.isInteger(n) ? `${n}s` : `${Math.round(n * 1000)}ms`);
const score = (n: number): string | number => {
    if (n >= INFINITY_SCORE) return "INFINITY";
    return n <= -INFINITY_SCORE ? "-INFINITY" : n;
};

const operation = (id: string, op: ClusterOperation): Element =>
    element("op", {
        id: [id, op.name, op.role?.toLowerCase(), seconds(op.intervalSeconds)].filter(Boolean).join("-"),
        name: op.name,
        interval: seconds(op.intervalSeconds),
        timeout: seconds(op.timeoutSeconds),
        role: op.role,
    });

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

/** Seconds by which the first node's death is delayed where two nodes without a witness shoot at each other: it wins. */
export const TIE_DELAY_SECONDS = 5;

const tieDelay = (spec: ClusterSpec): boolean => spec.witness === undefined && spec.nodes.length === 2;

const DEVICE_MONITOR: ClusterOperation = { name: "monitor", intervalSeconds: 60, timeoutSeconds: 20, role: undefined };

const stonith = (id: string, type: string, parameters: Values): Element =>
    element("primitive", { id, class: "stonith", type }, [
        ...values("instance_attributes", `${id}-instance_attributes`, parameters),
        element("operations", {}, [operation(id, DEVICE_MONITOR)]),
    ]);

const ipmiName = (node: string): string => `fence-${node}`;

/** A controller; `onoff` because a power cycle may be reported before it has happened (fence_ipmilan(8)). */
const ipmiDevice = (spec: ClusterSpec, node: string, device: IpmiDevice): Element =>
    stonith(ipmiName(node), "fence_ipmilan", {
        ip: device.address,
        ipport: device.port,
        username: device.user,
        password_script: passwordScript(node, device),
        lanplus: 1,
        // By default administrator, which a controller refuses to a user of less.
        privlvl: "operator",
        cipher: device.cipher,
        method: "onoff",
        power_wait: device.powerWaitSeconds,
        pcmk_host_list: node,
        // A controller that is off with its node is given up after one attempt, 21 s, where there is another way.
        pcmk_reboot_retries: spec.sbd === undefined ? undefined : 1,
        // With the node's name, as without one Pacemaker 2.1.5 takes it, and calls it an error each time.
        pcmk_delay_base: tieDelay(spec) && node === spec.nodes[0]?.name ? `${node}:${TIE_DELAY_SECONDS}s` : undefined,
    });

/**
 * Seconds within which SBD has made sure of a node. Without a disk the node first waits for the witness, then sees that it has lost quorum, and then its
 * watchdog runs out.
 */
export const sbdSeconds = (spec: ClusterSpec, sbd: Sbd): number =>
    sbd.disk === undefined
        ? 2 * sbd.watchdogTimeoutSeconds + 5 + (spec.witness === undefined ? 0 : Math.ceil(voteSyncSeconds(spec)))
        : sbd.messageWaitSeconds;

const SBD = "fence-sbd";
const WATCHDOG = "watchdog";

/** A message on the shared disk; or, for levels alone, the wait for a node that resets itself. */
function sbdDevices(spec: ClusterSpec): Element[] {
    const { sbd, ipmi, nodes } = spec;
    if (sbd === undefined) return [];
    const hosts = nodes.map((node) => node.name).join(" ");
    if (sbd.disk === undefined)
        return ipmi === undefined ? [] : [stonith(WATCHDOG, "fence_watchdog", { pcmk_host_list: hosts })];
    return [
        stonith(SBD, "fence_sbd", {
            devices: sbd.disk,
            power_timeout: Math.ceil(1.5 * sbd.messageWaitSeconds),
            pcmk_host_list: hosts,
            pcmk_delay_base: tieDelay(spec)
                ? `${nodes[0]?.name}:${TIE_DELAY_SECONDS}s;${nodes[1]?.name}:0s`
                : undefined,
        }),
    ];
}

/** IPMI first, SBD where it failed: a controller dies with its node's power supply. */
const levels = ({ ipmi, sbd, nodes }: ClusterSpec): Element[] => {
    if (ipmi === undefined || sbd === undefined) return [];
    const second = sbd.disk === undefined ? WATCHDOG : SBD;
    const level = (target: string, index: number, devices: string): Element =>
        element("fencing-level", { id: `level-${target}-${index}`, target, index, devices });
    return [
        element(
            "fencing-topology",
            {},
            nodes.flatMap(({ name }) => [level(name, 1, ipmiName(name)), level(name, 2, second)]),
        ),
    ];
};

/** Seconds that all ways to fence together may take. */
const fencingSeconds = (spec: ClusterSpec): number =>
    spec.sbd === undefined ? 60 : Math.max(60, Math.ceil(1.2 * (sbdSeconds(spec, spec.sbd) + TIE_DELAY_SECONDS)));

const properties = (spec: ClusterSpec): Values => ({
    "stonith-enabled": String(fences(spec)),
    "stonith-timeout": fences(spec) ? seconds(fencingSeconds(spec)) : undefined,
    "stonith-watchdog-timeout":
        spec.sbd !== undefined && resetsItself(spec) ? seconds(sbdSeconds(spec, spec.sbd)) : undefined,
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
        ...Object.keys(spec.ipmi ?? {}).map((node) =>
            // A node that hangs could not shoot itself.
            element("rsc_location", {
                id: `location-${ipmiName(node)}-${node}`,
                rsc: ipmiName(node),
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
    const ipmi = Object.entries(spec.ipmi ?? {}).map(([node, device]) => ipmiDevice(spec, node, device));
    const whole = element("configuration", {}, [
        element("crm_config", {}, values("cluster_property_set", "cib-bootstrap-options", properties(spec))),
        element("nodes"),
        element("resources", {}, [...ipmi, ...sbdDevices(spec), ...resources(spec)]),
        // Never without children: what a running cluster adds goes between the tags.
        element("constraints", {}, constraints(spec)),
        ...levels(spec),
        element("rsc_defaults", {}, values("meta_attributes", "rsc-defaults", spec.resourceDefaults)),
    ]);
    return `${text(whole).join("\n")}\n`;
}
