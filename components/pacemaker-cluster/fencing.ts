import { voteSyncSeconds } from "./conf";
import { element, operation, seconds, values } from "./elements";
import type { Element, Values } from "./elements";
import { passwordScript } from "./paths";
import { switchesOff } from "./spec";
import type { ClusterOperation, ClusterSpec, IpmiDevice, LibvirtDevice, Sbd } from "./spec";
import { fenceVirsh } from "./virsh";

/** Two nodes without a witness: they shoot at each other when they lose sight. */
export const isTie = (spec: ClusterSpec): boolean => spec.witness === undefined && spec.nodes.length === 2;

/**
 * Seconds by which the winner's death is delayed then. The other one has to be off by that time, also where it is ended by a slow controller: half of all calls,
 * and what the two may differ in noticing.
 */
export const tieDelaySeconds = ({ ipmi, libvirt }: ClusterSpec): number =>
    Math.max(5, ...Object.values({ ...ipmi, ...libvirt }).map(({ answerSeconds }) => Math.ceil(answerSeconds) + 2));

/**
 * Who wins, by the sum of the priorities of what each runs (`priority-fencing-delay`): the one that runs more. Where both run as much it is the first, as the
 * device by which it ends the second, which runs there alone, has a priority too. That is no sum of the others', which are hundreds, and ones for what is promoted,
 * as two that have the same would both be ended.
 */
const PRIORITY = 100;
const PRIORITY_OF_FIRST = 37;

/** Needs a device for each node: one on a shared disk may run on either. */
const runsMoreWins = (spec: ClusterSpec): boolean => isTie(spec) && switchesOff(spec);

/** The cluster's options by which the one that runs more wins. */
export const tieProperties = (spec: ClusterSpec): Values =>
    runsMoreWins(spec) ? { "priority-fencing-delay": seconds(tieDelaySeconds(spec)) } : {};

/** What all resources have for it. */
export const tieDefaults = (spec: ClusterSpec): Values => (runsMoreWins(spec) ? { priority: PRIORITY } : {});

const DEVICE_MONITOR: ClusterOperation = { name: "monitor", intervalSeconds: 60, timeoutSeconds: 20, role: undefined };

const stonith = (spec: ClusterSpec, id: string, type: string, parameters: Values): Element =>
    element("primitive", { id, class: "stonith", type }, [
        ...values("meta_attributes", `${id}-meta_attributes`, {
            priority: runsMoreWins(spec)
                ? id === deviceName(spec.nodes[1]?.name ?? "")
                    ? PRIORITY_OF_FIRST
                    : 0
                : undefined,
        }),
        ...values("instance_attributes", `${id}-instance_attributes`, parameters),
        element("operations", {}, [operation(id, DEVICE_MONITOR)]),
    ]);

/** The resource that takes a node's power away. */
export const deviceName = (node: string): string => `fence-${node}`;

/** What a device of one node has, whatever it is asked by. */
const ofNode = (spec: ClusterSpec): Values => ({
    // One that does not answer is given up after one attempt, 21 s of fence_ipmilan, where there is another way.
    pcmk_reboot_retries: spec.sbd === undefined ? undefined : 1,
});

/** A controller; `onoff` because a power cycle may be reported before it has happened (fence_ipmilan(8)). */
const ipmiDevice = (spec: ClusterSpec, node: string, device: IpmiDevice): Element =>
    stonith(spec, deviceName(node), "fence_ipmilan", {
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
        ...ofNode(spec),
    });

const libvirtDevice = (spec: ClusterSpec, node: string, device: LibvirtDevice): Element =>
    stonith(spec, deviceName(node), "fence_virsh", {
        ...fenceVirsh(node, device),
        pcmk_host_map: `${node}:${device.domain}`,
        ...ofNode(spec),
    });

/** Controllers and hypervisors. */
export const powerDevices = (spec: ClusterSpec): Element[] => [
    ...Object.entries(spec.ipmi ?? {}).map(([node, device]) => ipmiDevice(spec, node, device)),
    ...Object.entries(spec.libvirt ?? {}).map(([node, device]) => libvirtDevice(spec, node, device)),
];

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
export function sbdDevices(spec: ClusterSpec): Element[] {
    const { sbd, nodes } = spec;
    if (sbd === undefined) return [];
    const hosts = nodes.map((node) => node.name).join(" ");
    if (sbd.disk === undefined)
        return switchesOff(spec) ? [stonith(spec, WATCHDOG, "fence_watchdog", { pcmk_host_list: hosts })] : [];
    return [
        stonith(spec, SBD, "fence_sbd", {
            devices: sbd.disk,
            power_timeout: Math.ceil(1.5 * sbd.messageWaitSeconds),
            pcmk_host_list: hosts,
            // As the second way it begins as much later as the first one has.
            pcmk_delay_base:
                isTie(spec) && !switchesOff(spec)
                    ? `${nodes[0]?.name}:${tieDelaySeconds(spec)}s;${nodes[1]?.name}:0s`
                    : undefined,
        }),
    ];
}

/** SBD where the controller or hypervisor failed: it may have died with its node. */
export const levels = (spec: ClusterSpec): Element[] => {
    const { sbd, nodes } = spec;
    if (!switchesOff(spec) || sbd === undefined) return [];
    const second = sbd.disk === undefined ? WATCHDOG : SBD;
    const level = (target: string, index: number, devices: string): Element =>
        element("fencing-level", { id: `level-${target}-${index}`, target, index, devices });
    return [
        element(
            "fencing-topology",
            {},
            nodes.flatMap(({ name }) => [level(name, 1, deviceName(name)), level(name, 2, second)]),
        ),
    ];
};

const switchSeconds = ({ ipmi = {}, libvirt = {} }: ClusterSpec): number =>
    Math.max(
        0,
        ...Object.values(ipmi).map(({ answerSeconds, powerWaitSeconds }) => answerSeconds + 2 * powerWaitSeconds),
        ...Object.values(libvirt).map(({ answerSeconds }) => answerSeconds),
    );

/** Seconds that each way to fence may take. */
export const fencingSeconds = (spec: ClusterSpec): number => {
    const slowest = Math.max(switchSeconds(spec), spec.sbd === undefined ? 0 : sbdSeconds(spec, spec.sbd));
    return Math.max(60, Math.ceil(1.2 * (slowest + tieDelaySeconds(spec))));
};
