import type * as pulumi from "@pulumi/pulumi";
import type { NodeArgs } from "../../remote/node";
import { Promotion } from "../shared/volume";
import { DrbdVersion, FileSystem } from "./args";
import type { DrbdResyncArgs, DrbdTimingArgs, DrbdVolumeArgs } from "./args";

/** A host of the volume: one of its sides, or the tiebreaker. */
export interface VolumeHost {
    name: string;
    /** The address that replicates. */
    address: string;
}

/** A side of the volume: it holds a replica. */
export interface VolumeNode extends VolumeHost {
    device: string;
}

/** All that is said about one volume, as plain data. */
export interface VolumeSpec {
    name: string;
    nodes: VolumeNode[];
    tiebreaker: VolumeHost | undefined;
    /** As given, to point at them. */
    devices: Record<string, string>;
    replicationAddresses: Record<string, string>;
    version: DrbdVersion;
    mountPoint: string;
    fileSystem: FileSystem;
    promotion: Promotion;
    sizeMebibytes: number;
    port: number;
    minor: number;
    timing: Required<pulumi.Unwrap<DrbdTimingArgs>>;
    resync: Required<pulumi.Unwrap<DrbdResyncArgs>>;
    activityLogExtents: number;
    verify: string;
    diskOptions: Record<string, string>;
    netOptions: Record<string, string>;
    secretVersion: number;
    deleteData: boolean;
}

/** Part of what link and disk allow that a resync takes, so that the volume goes on serving (DRBD 8.4 user's guide, 5.6). */
const RESYNC_PART = 0.3;
const BYTES_PER_MEBIBYTE = 1024 * 1024;

/** The arguments without logins: what a spec is made from never is a secret. */
export interface PublicArgs extends Omit<DrbdVolumeArgs, "nodes" | "tiebreaker"> {
    nodes: PublicNode[];
    tiebreaker?: PublicNode;
}

interface PublicNode {
    name: string;
    address: pulumi.Input<string>;
}

const publicNode = ({ name, address }: NodeArgs): PublicNode => ({ name, address });

/** @see PublicArgs */
export const publicArgs = ({ nodes, tiebreaker, ...args }: DrbdVolumeArgs): PublicArgs => ({
    ...args,
    nodes: nodes.map(publicNode),
    ...(tiebreaker && { tiebreaker: publicNode(tiebreaker) }),
});

/** The spec of a volume, with all defaults. */
export function toSpec(name: string, args: pulumi.Unwrap<PublicArgs>): VolumeSpec {
    const devices = args.devices ?? {};
    const replicationAddresses = args.replicationAddresses ?? {};
    const host = ({ name, address }: { name: string; address: string }): VolumeHost => ({
        name,
        address: replicationAddresses[name] ?? address,
    });
    return {
        name,
        nodes: args.nodes.map((node) => ({
            ...host(node),
            device: (devices[node.name] ?? args.device).trim(),
        })),
        tiebreaker: args.tiebreaker && host(args.tiebreaker),
        devices,
        replicationAddresses,
        version: args.version ?? DrbdVersion.Kernel,
        mountPoint: args.mountPoint,
        fileSystem: args.fileSystem ?? FileSystem.Xfs,
        promotion: args.promotion ?? Promotion.Pacemaker,
        sizeMebibytes: args.sizeMebibytes ?? 0,
        port: args.port ?? 7789,
        minor: args.minor ?? 0,
        timing: {
            pingSeconds: 5,
            pingTimeoutSeconds: 1,
            timeoutSeconds: 4,
            connectSeconds: 5,
            koCount: 7,
            ...args.timing,
        },
        resync: resync(args.resync ?? {}),
        activityLogExtents: args.activityLogExtents ?? 1237,
        verify: (args.verify ?? "monthly").trim(),
        diskOptions: args.diskOptions ?? {},
        netOptions: args.netOptions ?? {},
        secretVersion: args.secretVersion ?? 1,
        deleteData: args.deleteData ?? false,
    };
}

function resync(args: pulumi.Unwrap<DrbdResyncArgs>): VolumeSpec["resync"] {
    const linkMegabitsPerSecond = args.linkMegabitsPerSecond ?? 1000;
    const diskMegabytesPerSecond = args.diskMegabytesPerSecond ?? 150;
    const bytes = Math.min(linkMegabitsPerSecond / 8, diskMegabytesPerSecond) * 1e6 * RESYNC_PART;
    return {
        linkMegabitsPerSecond,
        diskMegabytesPerSecond,
        mebibytesPerSecond: args.mebibytesPerSecond ?? Math.max(1, Math.floor(bytes / BYTES_PER_MEBIBYTE)),
    };
}

/** The block device that a volume is: what is mounted. */
export const deviceOf = ({ minor }: VolumeSpec): string => `/dev/drbd${minor}`;

/** The sides of a volume, and its tiebreaker last. */
export const hostsOf = <Host>({ nodes, tiebreaker }: { nodes: Host[]; tiebreaker?: Host }): Host[] => [
    ...nodes,
    ...(tiebreaker ? [tiebreaker] : []),
];

/** The side of that name; none where it is the tiebreaker. */
export const sideOf = ({ nodes }: VolumeSpec, name: string): VolumeNode | undefined =>
    nodes.find((node) => node.name === name);

/** All hosts but that one. */
export const peersOf = (spec: VolumeSpec, name: string): VolumeHost[] =>
    hostsOf(spec).filter((host) => host.name !== name);

/** What DRBD 9 calls a host: sides go by their places, and a tiebreaker has that of a third one. */
export const nodeId = (spec: VolumeSpec, name: string): number => hostsOf(spec).findIndex((host) => host.name === name);

/** Three hosts vote: those that see a majority of them may be written, and nobody else. */
export const hasQuorum = (spec: VolumeSpec): boolean => hostsOf(spec).length > 2;
