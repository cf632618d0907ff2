import { voteSyncSeconds } from "./conf";
import { element, operation, values } from "./elements";
import type { Element, Values } from "./elements";
import { passwordScript } from "./paths";
import { switchesOff } from "./spec";
import type { ClusterOperation, ClusterSpec, IpmiDevice, LibvirtDevice, Sbd } from "./spec";
import { fenceVirsh } from "./virsh";

/** Seconds by which the first node's death is delayed where two nodes without a witness shoot at each other: it wins. */
export const TIE_DELAY_SECONDS = 5;

const tieDelay = (spec: ClusterSpec): boolean => spec.witness === undefined && spec.nodes.length === 2;

const DEVICE_MONITOR: ClusterOperation = { name: "monitor", intervalSeconds: 60, timeoutSeconds: 20, role: undefined };

const stonith = (id: string, type: string, parameters: Values): Element =>
    element("primitive", { id, class: "stonith", type }, [
        ...values("instance_attributes", `${id}-instance_attributes`, parameters),
        element("operations", {}, [operation(id, DEVICE_MONITOR)]),
    ]);

/** The resource that takes a node's power away. */
export const deviceName = (node: string): string => `fence-${node}`;

/** What a device of one node has, whatever it is asked by. */
const aboutNode = (spec: ClusterSpec, node: string): Values => ({
    // One that does not answer is given up after one attempt, 21 s of fence_ipmilan, where there is another way.
    pcmk_reboot_retries: spec.sbd === undefined ? undefined : 1,
    // With the node's name, as without one Pacemaker 2.1.5 takes it, and calls it an error each time.
    pcmk_delay_base: tieDelay(spec) && node === spec.nodes[0]?.name ? `${node}:${TIE_DELAY_SECONDS}s` : undefined,
});

/** A controller; `onoff` because a power cycle may be reported before it has happened (fence_ipmilan(8)). */
const ipmiDevice = (spec: ClusterSpec, node: string, device: IpmiDevice): Element =>
    stonith(deviceName(node), "fence_ipmilan", {
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
        ...aboutNode(spec, node),
    });

const libvirtDevice = (spec: ClusterSpec, node: string, device: LibvirtDevice): Element =>
    stonith(deviceName(node), "fence_virsh", {
        ...fenceVirsh(node, device),
        pcmk_host_map: `${node}:${device.domain}`,
        ...aboutNode(spec, node),
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
        return switchesOff(spec) ? [stonith(WATCHDOG, "fence_watchdog", { pcmk_host_list: hosts })] : [];
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

/** Seconds that all ways to fence together may take. */
export const fencingSeconds = (spec: ClusterSpec): number =>
    spec.sbd === undefined ? 60 : Math.max(60, Math.ceil(1.2 * (sbdSeconds(spec, spec.sbd) + TIE_DELAY_SECONDS)));
