import { HOST_KEY } from "../../remote/reach";
import { each, portRules } from "../shared/rules";
import type { ItemRule, Rule, Rules, Violation } from "../shared/rules";
import { isAddress, quoted, same, whole } from "../shared/syntax";
import { voteSyncSeconds } from "./conf";
import { dependentController, fences, resetsItself, switchesOff } from "./spec";
import type { ClusterSpec, IpmiDevice, LibvirtDevice } from "./spec";

const DEVICE = /^\/dev(\/[A-Za-z0-9@%+=:,._-]+)+$/;

/** Fence agents wait 20 s for each call, and Pacemaker for all of them a minute or more. */
const answers = ({ answerSeconds }: { answerSeconds: number }): boolean => answerSeconds > 0 && answerSeconds <= 60;

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
    ...portRules<[string, IpmiDevice]>({ port: ([, device]) => device.port }),
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
        path: "answerSeconds",
        refuses: ([, device]) => !answers(device),
        because: ([, device]) =>
            `${device.answerSeconds} s is no time that the calls of a fence take together: above 0 and at most 60, as measured`,
    },
    {
        path: "cipher",
        refuses: ([, device]) => ![3, 8, 12, 17].includes(device.cipher),
        because: ([, device]) => `${device.cipher} is no cipher suite that encrypts and authenticates: 3, 8, 12 or 17`,
    },
];

const controller = (device: IpmiDevice): string => `${same(device.address)}:${device.port}`;

const names = (spec: ClusterSpec): string => spec.nodes.map(({ name }) => name).join(", ");

const machine = ({ address, port, domain }: LibvirtDevice): string => `${domain} on ${same(address)}:${port}`;

/** Nodes of which a hypervisor's loss takes so many along that the others cannot go on. */
const together = ({ nodes, libvirt = {} }: ClusterSpec, { address }: LibvirtDevice): string[] => {
    const there = Object.keys(libvirt).filter((node) => same(libvirt[node]!.address) === same(address));
    return there.length > 1 && 2 * there.length >= nodes.length ? there : [];
};

const libvirtRules: ItemRule<ClusterSpec, [string, LibvirtDevice]>[] = [
    {
        path: "address",
        refuses: ([, device]) => !isAddress(device.address),
        because: ([, device]) => `${quoted(device.address)} is no IP address`,
    },
    {
        path: "address",
        refuses: ([, device], spec) => spec.nodes.some((node) => same(node.address) === same(device.address)),
        because: ([node, device]) =>
            `${device.address} is a node's own address: give that of the hypervisor of ${node}, which answers while the node is off`,
    },
    {
        path: "address",
        level: "warn",
        refuses: ([node, device], spec) => together(spec, device).indexOf(node) > 0,
        because: ([, device], spec) =>
            `${device.address} is the hypervisor of ${together(spec, device).join(" and ")}: when it fails, all of them are gone and nothing is left to take over; place them on different ones`,
    },
    ...portRules<[string, LibvirtDevice]>({ port: ([, device]) => device.port }),
    {
        path: "user",
        refuses: ([, device]) => !/^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/.test(device.user),
        because: ([, device]) =>
            `${quoted(device.user)} is no login name: at most 32 letters, digits, "_", "." and "-", as in /etc/passwd`,
    },
    {
        path: "answerSeconds",
        refuses: ([, device]) => !answers(device),
        because: ([, device]) =>
            `${device.answerSeconds} s is no time that the calls of a fence take together: above 0 and at most 60, as measured`,
    },
    {
        path: "hostKey",
        refuses: ([, device]) => !HOST_KEY.test(device.hostKey),
        because: () =>
            `is no host key that can be pinned: Ed25519 or ECDSA, "ssh-ed25519 AAAA…", as in /etc/ssh/ssh_host_ed25519_key.pub on the hypervisor`,
    },
    {
        path: "domain",
        refuses: ([, device]) => !/^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,99}$/.test(device.domain),
        because: ([, device]) =>
            `${quoted(device.domain)} is no name of a machine that the agent can say: letters, digits, "_", ".", "+" and "-"; give its UUID (virsh domuuid)`,
    },
    {
        path: "domain",
        refuses: ([, device]) => /^\d+$/.test(device.domain),
        because: ([, device]) =>
            `${device.domain} is a number, which virsh takes for the place of a machine among those that run: give its UUID (virsh domuuid)`,
    },
    {
        path: "domain",
        refuses: ([node, device], spec) =>
            Object.entries(spec.libvirt ?? {}).some(([other, at]) => other !== node && machine(at) === machine(device)),
        because: ([node, device], spec) =>
            `${machine(device)} is also ${Object.entries(spec.libvirt ?? {})
                .filter(([other, at]) => other !== node && machine(at) === machine(device))
                .map(([other]) => other)
                .join(", ")}: each node is a machine of its own`,
    },
];

/** Each node has one device: a controller if it is a machine of its own, else a hypervisor. */
const eachNodeOnce = (spec: ClusterSpec): Violation[] => {
    const refuse = (path: string, message: string): Violation => ({ path, message, level: "refuse" });
    const { ipmi, libvirt, nodes } = spec;
    const kinds = Object.entries({ ipmi, libvirt }).filter(([, devices]) => devices !== undefined);
    return [
        ...kinds.flatMap(([kind, devices]) =>
            Object.keys(devices ?? {})
                .filter((name) => !nodes.some((node) => node.name === name))
                .map((name) =>
                    refuse(
                        `fencing.${kind}.${name}`,
                        `${quoted(name)} is no node of this cluster: it has ${names(spec)}`,
                    ),
                ),
        ),
        ...nodes
            .filter(({ name }) => ipmi?.[name] !== undefined && libvirt?.[name] !== undefined)
            .map(({ name }) =>
                refuse(
                    `fencing.libvirt.${name}`,
                    `${name} has a controller in fencing.ipmi too: a virtual machine has a hypervisor, a machine of its own has a controller`,
                ),
            ),
        ...nodes
            .filter(({ name }) => kinds.length > 0 && kinds.every(([, devices]) => devices?.[name] === undefined))
            .map(({ name }) =>
                refuse(
                    `fencing.${kinds[0]?.[0]}.${name}`,
                    "is missing: a node without a controller or hypervisor could not be made sure of, and nothing would take over from it",
                ),
            ),
    ];
};

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

/** What is refused about fencing, and warned of. */
export const fencingRules: Rules<ClusterSpec> = [
    {
        path: "fencing",
        refuses: (spec) =>
            !fences(spec) &&
            spec.acceptSplitBrainRisk === undefined &&
            spec.nodes.length === 2 &&
            spec.witness === undefined,
        because: () =>
            "is missing, and so is a witness: two nodes that lose each other would both run everything (two_node without fencing); give fencing.ipmi, fencing.libvirt or fencing.sbd, and a witness, or say in acceptSplitBrainRisk why not",
    },
    {
        path: "fencing",
        refuses: (spec) =>
            !fences(spec) &&
            spec.acceptSplitBrainRisk === undefined &&
            !(spec.nodes.length === 2 && spec.witness === undefined),
        because: () =>
            "is missing: a node that is lost perhaps still runs, and its resources would be started a second time; give fencing.ipmi, fencing.libvirt or fencing.sbd, or say in acceptSplitBrainRisk why not",
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
        refuses: (spec) => switchesOff(spec) && spec.nodes.length === 2 && spec.witness === undefined,
        because: ({ nodes }) =>
            `without a witness the two nodes shoot at each other when they lose sight, and the one that runs more wins by a delay, or ${nodes[0]?.name} where both run as much, also where it is the one that clients no longer reach`,
    },
    {
        path: "fencing",
        level: "warn",
        refuses: (spec) => spec.sbd === undefined && dependentController(spec) !== undefined,
        because: (spec) =>
            `a node whose power fails takes its controller along, and nothing takes over from it until a person says that it is off (stonith_admin --confirm ${dependentController(spec)}). Add sbd as the second way; or set ipmi.${dependentController(spec)}.independentPower where the controller keeps its power`,
    },
    {
        path: "fencing.libvirt",
        level: "warn",
        refuses: ({ libvirt, sbd }) => libvirt !== undefined && sbd === undefined,
        because: ({ libvirt }) =>
            `a hypervisor that fails takes its node along and cannot say so: nothing takes over until a person does (stonith_admin --confirm ${Object.keys(libvirt ?? {})[0]}). Add sbd as the second way`,
    },
    eachNodeOnce,
    (spec) => each<ClusterSpec, [string, IpmiDevice]>("fencing.ipmi", ({ ipmi }) => named(ipmi ?? {}), ipmiRules)(spec),
    (spec) =>
        each<ClusterSpec, [string, LibvirtDevice]>(
            "fencing.libvirt",
            ({ libvirt }) => named(libvirt ?? {}),
            libvirtRules,
        )(spec),
    ...sbdRules,
];

/** A record whose values know their keys. */
const named = <T>(record: Record<string, T>): Record<string, [string, T]> =>
    Object.fromEntries(Object.entries(record).map(([key, value]) => [key, [key, value]]));
