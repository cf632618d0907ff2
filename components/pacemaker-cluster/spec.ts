import type * as pulumi from "@pulumi/pulumi";
import type { NodeArgs } from "../../remote/node";
import type { FaultSeconds } from "../shared/failover";
import { kindOf } from "./agents";
import { ClusterAction } from "./args";
import type {
    ClusterRole,
    ClusterColocationArgs,
    ClusterLocationArgs,
    ClusterOperationArgs,
    ClusterOrderArgs,
    ClusterResourceArgs,
    IpmiFencingArgs,
    LibvirtFencingArgs,
    PacemakerClusterArgs,
    SbdFencingArgs,
} from "./args";

/** A member. */
export interface ClusterNode {
    name: string;
    /** Corosync's number for it. */
    id: number;
    address: string;
    /** Its address on the second link, where there is one. */
    secondAddress: string | undefined;
}

/** A controller without its password. */
export interface IpmiDevice {
    address: string;
    port: number;
    user: string;
    powerWaitSeconds: number;
    answerSeconds: number;
    independentPower: boolean;
    cipher: number;
}

/** A hypervisor and the machine that a node is there, without the key. */
export interface LibvirtDevice {
    address: string;
    port: number;
    user: string;
    hostKey: string;
    domain: string;
    answerSeconds: number;
}

/** SBD with its timeouts. */
export interface Sbd {
    watchdog: string;
    disk: string | undefined;
    watchdogTimeoutSeconds: number;
    messageWaitSeconds: number;
}

/** One operation of a resource. */
export interface ClusterOperation {
    name: string;
    intervalSeconds: number;
    timeoutSeconds: number;
    role: ClusterRole | undefined;
}

/** Something that the cluster runs. */
export interface ClusterResource {
    agent: string;
    parameters: Record<string, string>;
    operations: ClusterOperation[];
    meta: Record<string, string>;
    expectedStartSeconds: number;
    expectedStopSeconds: number;
}

/** Something that runs on all nodes. */
export interface ClusterClone {
    resource: string;
    promotable: boolean;
    meta: Record<string, string>;
}

/** All that is said about one cluster, as plain data and without a password. */
export interface ClusterSpec {
    name: string;
    nodes: ClusterNode[];
    /** Names of nodes in `links`, to point at strangers. */
    links: Record<string, string>;
    /** The numbers that are stated, by names of nodes. */
    nodeIds: Record<string, number>;
    witness: { node: string; address: string; port: number } | undefined;
    ipmi: Record<string, IpmiDevice> | undefined;
    libvirt: Record<string, LibvirtDevice> | undefined;
    sbd: Sbd | undefined;
    acceptSplitBrainRisk: string | undefined;
    tokenSeconds: number;
    resources: Record<string, ClusterResource>;
    groups: Record<string, string[]>;
    clones: Record<string, ClusterClone>;
    orders: { first: string; then: string; firstAction: ClusterAction; thenAction: ClusterAction }[];
    colocations: { resource: string; with: string; withRole: ClusterRole | undefined; score: number }[];
    locations: { resource: string; node: string; score: number }[];
    attributeLocations: { resource: string; attribute: string }[];
    /** How long the volumes that it promotes take to notice that a side is lost. */
    volumes: FaultSeconds[][];
    resourceDefaults: Record<string, string>;
    /** Content by path. */
    files: Record<string, string>;
    /** Commands by what they establish. */
    checks: Record<string, string>;
    packages: string[];
    settleSeconds: number;
}

/** By how much a resource stays where it is, by default; a group by as much for each of its members. */
export const STICKINESS = 100;

/** At and beyond this, Pacemaker knows no exception. */
export const INFINITY_SCORE = 1_000_000;

/** A controller's arguments without its password. */
export type PublicIpmi = Omit<IpmiFencingArgs, "password">;
/** A hypervisor's arguments without the key. */
export type PublicLibvirt = Omit<LibvirtFencingArgs, "privateKey">;

/** The arguments without passwords, keys and logins: what a spec is made from never is a secret, nor unknown at preview for their sake. */
export interface PublicArgs extends Omit<PacemakerClusterArgs, "nodes" | "witness" | "fencing"> {
    nodes: { name: string; address: pulumi.Input<string> }[];
    witness: { node: pulumi.Input<string>; address: pulumi.Input<string>; port: pulumi.Input<number> } | undefined;
    ipmi: Record<string, PublicIpmi> | undefined;
    libvirt: Record<string, PublicLibvirt> | undefined;
    sbd: SbdFencingArgs | undefined;
}

const publicNode = ({ name, address }: NodeArgs) => ({ name, address });
const publicIpmi = ({ password: _, ...controller }: IpmiFencingArgs): PublicIpmi => controller;
const publicLibvirt = ({ privateKey: _, ...hypervisor }: LibvirtFencingArgs): PublicLibvirt => hypervisor;

/** @see PublicArgs */
export const publicArgs = ({ nodes, witness, fencing, ...args }: PacemakerClusterArgs): PublicArgs => ({
    ...args,
    nodes: nodes.map(publicNode),
    witness: witness && { node: witness.node, address: witness.address, port: witness.port },
    ipmi: fencing?.ipmi && mapped(fencing.ipmi, publicIpmi),
    libvirt: fencing?.libvirt && mapped(fencing.libvirt, publicLibvirt),
    sbd: fencing?.sbd,
});

/** The spec of a cluster, with all defaults. */
export function toSpec(name: string, args: pulumi.Unwrap<PublicArgs>): ClusterSpec {
    const links = args.links ?? {};
    const nodeIds = args.nodeIds ?? {};
    return {
        name,
        nodes: args.nodes.map((node, place) => ({
            name: node.name,
            id: nodeIds[node.name] ?? place + 1,
            address: node.address,
            secondAddress: links[node.name],
        })),
        links,
        nodeIds,
        witness: args.witness,
        ipmi: args.ipmi && mapped(args.ipmi, ipmi),
        libvirt: args.libvirt && mapped(args.libvirt, libvirt),
        sbd: args.sbd && sbd(args.sbd),
        acceptSplitBrainRisk: args.acceptSplitBrainRisk,
        tokenSeconds: args.tokenSeconds ?? 1,
        resources: mapped(args.resources, resource),
        groups: args.groups ?? {},
        clones: mapped(args.clones ?? {}, (clone) => ({
            resource: clone.resource,
            promotable: clone.promotable ?? false,
            meta: { interleave: "true", ...clone.meta },
        })),
        orders: (args.orders ?? []).map(order),
        colocations: (args.colocations ?? []).map(colocation),
        locations: (args.locations ?? []).map(({ resource: of, node, score }: pulumi.Unwrap<ClusterLocationArgs>) => ({
            resource: of,
            node,
            score,
        })),
        volumes: (args.volumes ?? []).map(({ failover }) => failover ?? []),
        attributeLocations: args.attributeLocations ?? [],
        resourceDefaults: {
            "resource-stickiness": String(STICKINESS),
            "migration-threshold": "3",
            "failure-timeout": "120s",
            ...args.resourceDefaults,
        },
        files: args.files ?? {},
        checks: args.checks ?? {},
        packages: args.packages ?? [],
        settleSeconds: args.settleSeconds ?? 120,
    };
}

/** Six calls of a controller that answers at once, on a local network. */
const IPMI_ANSWER_SECONDS = 1;
/** A login and five calls of virsh, measured 1.4 to 2.8 on a local network; a machine that runs takes its own time to end. */
const LIBVIRT_ANSWER_SECONDS = 3;

const ipmi = (device: pulumi.Unwrap<PublicIpmi>): IpmiDevice => ({
    address: device.address,
    port: device.port ?? 623,
    user: device.user,
    powerWaitSeconds: device.powerWaitSeconds ?? 1,
    answerSeconds: device.answerSeconds ?? IPMI_ANSWER_SECONDS,
    independentPower: device.independentPower ?? false,
    cipher: device.cipher ?? 3,
});

const libvirt = (device: pulumi.Unwrap<PublicLibvirt>, node: string): LibvirtDevice => ({
    address: device.address,
    port: device.port ?? 22,
    user: device.user,
    hostKey: device.hostKey,
    domain: device.domain ?? node,
    answerSeconds: device.answerSeconds ?? LIBVIRT_ANSWER_SECONDS,
});

function sbd(args: pulumi.Unwrap<SbdFencingArgs>): Sbd {
    const watchdogTimeoutSeconds = args.watchdogTimeoutSeconds ?? 10;
    return {
        watchdog: args.watchdog ?? "/dev/watchdog",
        disk: args.disk,
        watchdogTimeoutSeconds,
        messageWaitSeconds: args.messageWaitSeconds ?? 2 * watchdogTimeoutSeconds,
    };
}

function resource(args: pulumi.Unwrap<ClusterResourceArgs>): ClusterResource {
    const kind = kindOf(args.agent);
    const given = (args.operations ?? []).map(operation);
    return {
        agent: args.agent,
        parameters: args.parameters ?? {},
        operations: [...kind.operations.filter(({ name }) => !given.some((own) => own.name === name)), ...given],
        meta: args.meta ?? {},
        expectedStartSeconds: args.expectedStartSeconds ?? kind.startSeconds,
        expectedStopSeconds: args.expectedStopSeconds ?? kind.stopSeconds,
    };
}

const operation = (args: pulumi.Unwrap<ClusterOperationArgs>): ClusterOperation => ({
    name: args.name,
    intervalSeconds: args.intervalSeconds ?? 0,
    timeoutSeconds: args.timeoutSeconds,
    role: args.role,
});

const order = (args: pulumi.Unwrap<ClusterOrderArgs>): ClusterSpec["orders"][number] => {
    const firstAction = args.firstAction ?? ClusterAction.Start;
    return { first: args.first, then: args.then, firstAction, thenAction: args.thenAction ?? firstAction };
};

const colocation = (args: pulumi.Unwrap<ClusterColocationArgs>): ClusterSpec["colocations"][number] => ({
    resource: args.resource,
    with: args.with,
    withRole: args.withRole,
    score: args.score ?? INFINITY_SCORE,
});

/** The same keys with other values. */
const mapped = <T, U>(record: Record<string, T>, change: (value: T, key: string) => U): Record<string, U> =>
    Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value, key)]));

/** The node of that name. */
export function nodeOf(spec: ClusterSpec, name: string): ClusterNode {
    const node = spec.nodes.find((n) => n.name === name);
    if (node === undefined) throw new Error(`${name} is no node of ${spec.name}`);
    return node;
}

/** A node whose controller goes off with it. */
export const dependentController = ({ ipmi = {} }: ClusterSpec): string | undefined =>
    Object.keys(ipmi).find((node) => !ipmi[node]?.independentPower);
/** Whether something outside of the nodes takes their power away: controllers, hypervisors. */
export const switchesOff = ({ ipmi, libvirt }: ClusterSpec): boolean => ipmi !== undefined || libvirt !== undefined;
/** Whether anything makes sure of a lost node. */
export const fences = (spec: ClusterSpec): boolean => switchesOff(spec) || spec.sbd !== undefined;
/** Whether a node that loses the others is trusted to reset itself, without a disk that tells it to. */
export const resetsItself = ({ sbd: self }: ClusterSpec): boolean => self !== undefined && self.disk === undefined;
