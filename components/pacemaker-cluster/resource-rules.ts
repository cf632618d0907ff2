import type { Violation } from "../shared/rules";
import { quoted } from "../shared/syntax";
import { INFINITY_SCORE } from "./spec";
import type { ClusterResource, ClusterSpec } from "./spec";

/** Pacemaker's ids are XML names; these are also words of its tools. */
const ID = /^[A-Za-z][A-Za-z0-9_-]{0,62}$/;
const AGENT = /^(ocf:[A-Za-z0-9_-]+:[A-Za-z0-9_.-]+|(systemd|service|lsb):[A-Za-z0-9@:_.-]+)$/;
const NAMED = /^[A-Za-z_][A-Za-z0-9_-]*$/;
const OPERATIONS = ["monitor", "start", "stop", "promote", "demote", "notify", "reload", "migrate_to", "migrate_from"];
/** What the component itself puts into the configuration. */
const OWN = /^(fence-.*|watchdog|rsc-defaults|cib-bootstrap-options)$/;

const refuse = (path: string, message: string): Violation => ({ path, message, level: "refuse" });

/** Whether a value is a number of seconds from a least one up. */
const seconds = (value: number, least = 0): boolean => Number.isFinite(value) && value >= least;

/** What is wrong with one resource by itself. */
function ofResource(path: string, resource: ClusterResource): Violation[] {
    const { agent, operations } = resource;
    const keys = (field: "parameters" | "meta"): Violation[] =>
        Object.entries(resource[field])
            .filter(([key, value]) => !NAMED.test(key) || /[\0-\x08\x0b-\x1f]/.test(value))
            .map(([key]) =>
                refuse(
                    `${path}.${field}.${key}`,
                    `${quoted(key)} is no name of an attribute, or its value has control characters`,
                ),
            );
    return [
        ...(AGENT.test(agent)
            ? []
            : [
                  refuse(
                      `${path}.agent`,
                      `${quoted(agent)} is no agent: such as ocf:heartbeat:IPaddr2 or systemd:nginx`,
                  ),
              ]),
        ...(agent.startsWith("stonith:") ? [refuse(`${path}.agent`, "fence devices are given as fencing")] : []),
        ...keys("parameters"),
        ...keys("meta"),
        ...operations.flatMap((op, n) => [
            ...(OPERATIONS.includes(op.name)
                ? []
                : [
                      refuse(
                          `${path}.operations[${n}].name`,
                          `${quoted(op.name)} is no operation: ${OPERATIONS.join(", ")}`,
                      ),
                  ]),
            ...(seconds(op.timeoutSeconds, 1)
                ? []
                : [
                      refuse(
                          `${path}.operations[${n}].timeoutSeconds`,
                          `${op.timeoutSeconds} s is no timeout: 1 s or more`,
                      ),
                  ]),
            ...(seconds(op.intervalSeconds)
                ? []
                : [
                      refuse(
                          `${path}.operations[${n}].intervalSeconds`,
                          `${op.intervalSeconds} s is no interval: 0 or more`,
                      ),
                  ]),
        ]),
        ...sameInterval(path, resource),
        ...[resource.expectedStartSeconds, resource.expectedStopSeconds]
            .filter((value) => !seconds(value))
            .map((value) => refuse(path, `${value} s is no expected time: 0 or more`)),
    ];
}

/** Pacemaker tells operations of one name apart by their interval alone: of two with the same, one never runs. */
function sameInterval(path: string, { operations }: ClusterResource): Violation[] {
    const keys = operations.map((op) => `${op.name} every ${op.intervalSeconds} s`);
    return keys
        .filter((key, n) => keys.indexOf(key) < n)
        .map((key) =>
            refuse(
                `${path}.operations`,
                `${key} is stated twice, and Pacemaker would run one of the two only, also where roles differ: let intervals differ by a second`,
            ),
        );
}

/** Which names each reference may have. */
function references(spec: ClusterSpec): Violation[] {
    const resources = Object.keys(spec.resources);
    const groups = Object.keys(spec.groups);
    const clones = Object.keys(spec.clones);
    const all = [...resources, ...groups, ...clones];
    const unknown = (path: string, name: string, among: string[], what: string): Violation[] =>
        among.includes(name)
            ? []
            : [refuse(path, `${quoted(name)} is no ${what} of this cluster: it has ${among.join(", ") || "none"}`)];
    const any = "resource, group or clone";
    return [
        ...Object.entries(spec.groups).flatMap(([id, members]) => [
            ...members.flatMap((member, n) => unknown(`groups.${id}[${n}]`, member, resources, "resource")),
            ...(members.length === 0 ? [refuse(`groups.${id}`, "has no members: leave it out")] : []),
        ]),
        ...Object.entries(spec.clones).flatMap(([id, clone]) =>
            unknown(`clones.${id}.resource`, clone.resource, [...resources, ...groups], "resource or group"),
        ),
        ...spec.orders.flatMap((o, n) => [
            ...unknown(`orders[${n}].first`, o.first, all, any),
            ...unknown(`orders[${n}].then`, o.then, all, any),
            ...(o.first === o.then ? [refuse(`orders[${n}]`, `${o.first} cannot wait for itself`)] : []),
        ]),
        ...spec.colocations.flatMap((c, n) => [
            ...unknown(`colocations[${n}].resource`, c.resource, all, any),
            ...unknown(`colocations[${n}].with`, c.with, all, any),
        ]),
        ...spec.locations.flatMap((l, n) => [
            ...unknown(`locations[${n}].resource`, l.resource, all, any),
            ...unknown(
                `locations[${n}].node`,
                l.node,
                spec.nodes.map(({ name }) => name),
                "node",
            ),
        ]),
        ...spec.attributeLocations.flatMap((l, n) => [
            ...unknown(`attributeLocations[${n}].resource`, l.resource, all, any),
            ...(ID.test(l.attribute)
                ? []
                : [refuse(`attributeLocations[${n}].attribute`, `${quoted(l.attribute)} is no name of an attribute`)]),
        ]),
        ...[
            ...spec.colocations.map((c, n) => [`colocations[${n}].score`, c.score] as const),
            ...spec.locations.map((l, n) => [`locations[${n}].score`, l.score] as const),
        ]
            .filter(([, score]) => !Number.isInteger(score) || Math.abs(score) > INFINITY_SCORE)
            .map(([path, score]) =>
                refuse(path, `${score} is no score: a whole number from -${INFINITY_SCORE} to ${INFINITY_SCORE}`),
            ),
    ];
}

/** Each name once, and each resource in one place. */
function places(spec: ClusterSpec): Violation[] {
    const named: [string, string][] = (["resources", "groups", "clones"] as const).flatMap((kind) =>
        Object.keys(spec[kind]).map((id): [string, string] => [kind, id]),
    );
    const holders = [
        ...Object.entries(spec.groups).flatMap(([id, members]) =>
            members.map((m): [string, string] => [m, `group ${id}`]),
        ),
        ...Object.entries(spec.clones).map(([id, clone]): [string, string] => [clone.resource, `clone ${id}`]),
    ];
    return [
        ...named
            .filter(([, id]) => !ID.test(id) || OWN.test(id))
            .map(([kind, id]) =>
                refuse(
                    `${kind}.${id}`,
                    OWN.test(id)
                        ? `${quoted(id)} is a name that the cluster itself uses`
                        : `${quoted(id)} is no name: letters, digits, "_" and "-", a letter first, at most 63`,
                ),
            ),
        ...named
            .filter(([, id], n) => named.findIndex(([, other]) => other === id) < n)
            .map(([kind, id]) =>
                refuse(
                    `${kind}.${id}`,
                    `${quoted(id)} is used twice: resources, groups and clones share one set of names`,
                ),
            ),
        ...holders
            .filter(([id], n) => holders.findIndex(([other]) => other === id) < n)
            .map(([id, holder]) => refuse(`resources.${id}`, `is in ${holder}, and in another group or clone already`)),
    ];
}

/** Two resources with one address would fight over it. */
function addresses(spec: ClusterSpec): Violation[] {
    const ips = Object.entries(spec.resources)
        .filter(([, { agent }]) => agent === "ocf:heartbeat:IPaddr2")
        .map(([id, { parameters }]): [string, string] => [id, parameters["ip"] ?? ""]);
    const nodes = spec.nodes.flatMap((node) => [node.address, ...(node.secondAddress ? [node.secondAddress] : [])]);
    return ips.flatMap(([id, ip], n) => [
        ...(ips.findIndex(([, other]) => other === ip) < n
            ? [refuse(`resources.${id}.parameters.ip`, `${quoted(ip)} is the address of another resource too`)]
            : []),
        ...(nodes.includes(ip)
            ? [refuse(`resources.${id}.parameters.ip`, `${ip} is a node's own address: it cannot move`)]
            : []),
    ]);
}

const PATH = /^(\/[A-Za-z0-9@%+=:,._-]+)+$/;
/** What the cluster's own files are, and what would be taken for the system's. */
const OWN_FILES = /^\/etc\/(corosync|pacemaker|pulumi-ha[^/]*|default\/(corosync|sbd|pacemaker)[^/]*)(\/|$)/;

/** Files that resources read. */
const files = (spec: ClusterSpec): Violation[] => [
    ...Object.keys(spec.files)
        .filter((path) => !PATH.test(path) || /\/\.\.?(\/|$)/.test(path))
        .map((path) =>
            refuse(`files.${path}`, `${quoted(path)} is no path: absolute, of letters, digits and "@%+=:,._-"`),
        ),
    ...Object.keys(spec.files)
        .filter((path) => OWN_FILES.test(path))
        .map((path) => refuse(`files.${path}`, "is the cluster's own: give files that its resources read")),
    ...Object.entries(spec.checks)
        .filter(([name, command]) => !/^\S([^\x00-\x1f]*\S)?$/.test(name) || command.trim() === "")
        .map(([name]) => refuse(`checks.${name}`, "says in one line what it establishes, and has a command")),
];

/** Everything that is refused about what a cluster runs. */
export const resourceRules = (spec: ClusterSpec): Violation[] => [
    ...Object.entries(spec.resources).flatMap(([id, resource]) => ofResource(`resources.${id}`, resource)),
    ...places(spec),
    ...references(spec),
    ...addresses(spec),
    ...files(spec),
];
