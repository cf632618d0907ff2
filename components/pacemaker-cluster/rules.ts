import { hostRules } from "../shared/node-rules";
import { each } from "../shared/rules";
import type { ItemRule, Rule, Rules, Violation } from "../shared/rules";
import { isAddress, isPort, noPort, quoted, same, whole } from "../shared/syntax";
import { voteSyncSeconds } from "./conf";
import { resourceRules } from "./resource-rules";
import { fences, resetsItself, dependentController } from "./spec";
import type { ClusterNode, ClusterSpec, IpmiDevice } from "./spec";

const NODE = { form: /^[a-z0-9][a-z0-9-]{0,30}$/, allowed: 'at most 31 lower case letters, digits and "-"' };
/** The names of resources end in these, or in a node's name. */
const TAKEN = /^(reload|resources|.*-(vote|held))$/;
const DEVICE = /^\/dev(\/[A-Za-z0-9@%+=:,._-]+)+$/;

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

const ipmiRules: ItemRule<ClusterSpec, [string, IpmiDevice]>[] = [
    {
        path: "address",
        refuses: ([, device]) => !isAddress(device.address),
        because: ([, device]) => `${quoted(device.address)} is no IP address`,
    },
    {
        path: "address",
        refuses: ([, device], spec) => spec.nodes.some((node) => same(node.address) === same(device.address)),
        because: ([node, device]) =>
            `${device.address} is a node's own address: give that of the controller (BMC) of ${node}, which answers while the node is off`,
    },
    {
        path: "address",
        refuses: ([node, device], spec) =>
            Object.entries(spec.ipmi ?? {}).some(
                ([other, at]) => other !== node && controller(at) === controller(device),
            ),
        because: ([node, device], spec) =>
            `${controller(device)} is also the controller of ${Object.entries(spec.ipmi ?? {})
                .filter(([other, at]) => other !== node && controller(at) === controller(device))
                .map(([other]) => other)
                .join(", ")}: fencing one node would take the other's power away`,
    },
    { path: "port", refuses: ([, device]) => !isPort(device.port), because: ([, device]) => noPort(device.port) },
    {
        path: "user",
        refuses: ([, device]) => !/^[\x21-\x7e]{1,16}$/.test(device.user),
        because: ([, device]) => `${quoted(device.user)} is no user of a controller: 1 to 16 printable characters`,
    },
    {
        path: "powerWaitSeconds",
        refuses: ([, device]) => !whole(device.powerWaitSeconds, 0, 60),
        because: ([, device]) => `${device.powerWaitSeconds} s is no wait: whole seconds from 0 to 60`,
    },
    {
        path: "cipher",
        refuses: ([, device]) => ![3, 8, 12, 17].includes(device.cipher),
        because: ([, device]) => `${device.cipher} is no cipher suite that encrypts and authenticates: 3, 8, 12 or 17`,
    },
];

const controller = (device: IpmiDevice): string => `${same(device.address)}:${device.port}`;

const names = (spec: ClusterSpec): string => spec.nodes.map(({ name }) => name).join(", ");

const ipmiNodes = (spec: ClusterSpec): Violation[] =>
    spec.ipmi === undefined
        ? []
        : [
              ...Object.keys(spec.ipmi)
                  .filter((name) => !spec.nodes.some((node) => node.name === name))
                  .map((name) => ({
                      path: `fencing.ipmi.${name}`,
                      message: `${quoted(name)} is no node of this cluster: it has ${names(spec)}`,
                      level: "refuse" as const,
                  })),
              ...spec.nodes
                  .filter(({ name }) => spec.ipmi?.[name] === undefined)
                  .map(({ name }) => ({
                      path: `fencing.ipmi.${name}`,
                      message:
                          "is missing: a node without a controller could not be made sure of, and nothing would take over from it",
                      level: "refuse" as const,
                  })),
          ];

/** Below the 90 s that systemd gives a service to start. */
const MESSAGE_WAIT_LIMIT_SECONDS = 75;

const sbdRules: Rule<ClusterSpec>[] = [
    {
        path: "fencing.sbd.watchdog",
        refuses: ({ sbd }) => sbd !== undefined && !DEVICE.test(sbd.watchdog),
        because: ({ sbd }) => `${quoted(sbd?.watchdog ?? "")} is no device: such as /dev/watchdog`,
    },
    {
        path: "fencing.sbd.disk",
        refuses: ({ sbd }) => sbd?.disk !== undefined && !DEVICE.test(sbd.disk),
        because: ({ sbd }) => `${quoted(sbd?.disk ?? "")} is no device: such as /dev/disk/by-id/wwn-0x5000c500a1b2c3d4`,
    },
    {
        path: "fencing.sbd.disk",
        refuses: ({ sbd }) => /^\/dev\/drbd/.test(sbd?.disk ?? ""),
        because: ({ sbd }) =>
            `${sbd?.disk} is replicated by the nodes themselves: SBD needs a disk that both reach without the other`,
    },
    {
        path: "fencing.sbd.watchdogTimeoutSeconds",
        refuses: ({ sbd }) => sbd !== undefined && !whole(sbd.watchdogTimeoutSeconds, 1, 600),
        because: ({ sbd }) => `${sbd?.watchdogTimeoutSeconds} s is no timeout: whole seconds from 1 to 600`,
    },
    {
        path: "fencing.sbd.messageWaitSeconds",
        refuses: ({ sbd }) => sbd !== undefined && !(sbd.messageWaitSeconds >= 2 * sbd.watchdogTimeoutSeconds),
        because: ({ sbd }) =>
            `${sbd?.messageWaitSeconds} s is less than twice watchdogTimeoutSeconds (${sbd?.watchdogTimeoutSeconds}): the others would take over from a node that its watchdog has not reset yet; use ${2 * (sbd?.watchdogTimeoutSeconds ?? 0)} or more`,
    },
    {
        path: "fencing.sbd.messageWaitSeconds",
        refuses: ({ sbd }) => sbd?.disk !== undefined && sbd.messageWaitSeconds > MESSAGE_WAIT_LIMIT_SECONDS,
        because: ({ sbd }) =>
            `${sbd?.messageWaitSeconds} s: SBD waits that long when it starts, and systemd gives it 90 s; ${MESSAGE_WAIT_LIMIT_SECONDS} or less, with a watchdogTimeoutSeconds of half of it`,
    },
    {
        path: "fencing.sbd.watchdogTimeoutSeconds",
        refuses: (spec) =>
            spec.sbd !== undefined &&
            spec.witness !== undefined &&
            spec.sbd.watchdogTimeoutSeconds <= voteSyncSeconds(spec),
        because: (spec) =>
            `${spec.sbd?.watchdogTimeoutSeconds} s is not more than the ${voteSyncSeconds(spec)} s for which members wait for the witness (sync_timeout, 3 x tokenSeconds): a healthy node would reset itself meanwhile`,
    },
    {
        path: "fencing.sbd",
        refuses: (spec) => resetsItself(spec) && spec.nodes.length === 2 && spec.witness === undefined,
        because: () =>
            "a watchdog without a shared disk resets a node that lost quorum, and two nodes alone keep it when they lose each other: add a witness, or a disk",
    },
    {
        path: "fencing.sbd",
        level: "warn",
        refuses: (spec) => spec.sbd?.disk !== undefined && spec.witness === undefined && spec.nodes.length === 2,
        because: () =>
            "two nodes and a disk cannot tell which of them is cut off: the healthy one may be fenced, and the service is away while the cut lasts; a witness decides for the right one",
    },
];

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
    {
        path: "fencing",
        refuses: (spec) =>
            !fences(spec) &&
            spec.acceptSplitBrainRisk === undefined &&
            spec.nodes.length === 2 &&
            spec.witness === undefined,
        because: () =>
            "is missing, and so is a witness: two nodes that lose each other would both run everything (two_node without fencing); give fencing.ipmi or fencing.sbd, and a witness, or say in acceptSplitBrainRisk why not",
    },
    {
        path: "fencing",
        refuses: (spec) =>
            !fences(spec) &&
            spec.acceptSplitBrainRisk === undefined &&
            !(spec.nodes.length === 2 && spec.witness === undefined),
        because: () =>
            "is missing: a node that is lost perhaps still runs, and its resources would be started a second time; give fencing.ipmi or fencing.sbd, or say in acceptSplitBrainRisk why not",
    },
    {
        path: "acceptSplitBrainRisk",
        refuses: ({ acceptSplitBrainRisk }) => acceptSplitBrainRisk?.trim() === "",
        because: () => "is empty: say in words what is accepted and why, or leave it out",
    },
    {
        path: "acceptSplitBrainRisk",
        level: "warn",
        refuses: (spec) => fences(spec) && spec.acceptSplitBrainRisk !== undefined,
        because: () => "accepts a risk that fencing has removed: leave it out",
    },
    {
        path: "fencing",
        level: "warn",
        refuses: (spec) => spec.ipmi !== undefined && spec.nodes.length === 2 && spec.witness === undefined,
        because: ({ nodes }) =>
            `without a witness the two nodes shoot at each other when they lose sight, and ${nodes[0]?.name} wins by its delay, also where it is the one that clients no longer reach`,
    },
    {
        path: "fencing",
        level: "warn",
        refuses: (spec) => spec.sbd === undefined && dependentController(spec) !== undefined,
        because: (spec) =>
            `a node whose power fails takes its controller along, and nothing takes over from it until a person says that it is off (stonith_admin --confirm ${dependentController(spec)}). Add sbd as the second way; or set ipmi.${dependentController(spec)}.independentPower where the controller keeps its power`,
    },
    ipmiNodes,
    (spec) => each<ClusterSpec, [string, IpmiDevice]>("fencing.ipmi", ({ ipmi }) => named(ipmi ?? {}), ipmiRules)(spec),
    ...sbdRules,
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

/** A record whose values know their keys. */
const named = <T>(record: Record<string, T>): Record<string, [string, T]> =>
    Object.fromEntries(Object.entries(record).map(([key, value]) => [key, [key, value]]));
