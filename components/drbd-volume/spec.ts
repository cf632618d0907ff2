import type * as pulumi from "@pulumi/pulumi";
import type { NodeArgs } from "../../remote/node";
import { Promotion } from "../shared/volume";
import { DrbdVersion, FileSystem } from "./args";
import type { DrbdResyncArgs, DrbdTimingArgs, DrbdVolumeArgs } from "./args";

/** A side of the volume. */
export interface VolumeNode {
    name: string;
    device: string;
    /** The address that replicates. */
    address: string;
}

/** All that is said about one volume, as plain data. */
export interface VolumeSpec {
    name: string;
    nodes: VolumeNode[];
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
export interface PublicArgs extends Omit<DrbdVolumeArgs, "nodes"> {
    nodes: { name: string; address: pulumi.Input<string> }[];
}

/** @see PublicArgs */
export const publicArgs = (args: DrbdVolumeArgs): PublicArgs => ({
    ...args,
    nodes: args.nodes.map(({ name, address }: NodeArgs) => ({ name, address })),
});

/** The spec of a volume, with all defaults. */
export function toSpec(name: string, args: pulumi.Unwrap<PublicArgs>): VolumeSpec {
    const devices = args.devices ?? {};
    const replicationAddresses = args.replicationAddresses ?? {};
    return {
        name,
        nodes: args.nodes.map((node) => ({
            name: node.name,
            device: (devices[node.name] ?? args.device).trim(),
            address: replicationAddresses[node.name] ?? node.address,
        })),
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

/** The node of that name. */
export function nodeOf(spec: VolumeSpec, name: string): VolumeNode {
    const node = spec.nodes.find((n) => n.name === name);
    if (node === undefined) throw new Error(`${name} is no node of ${spec.name}`);
    return node;
}

/** What DRBD 9 calls a node. */
export const nodeId = (spec: VolumeSpec, node: VolumeNode): number => spec.nodes.indexOf(node);

/** The other side. */
export function peerOf(spec: VolumeSpec, name: string): VolumeNode {
    const node = spec.nodes.find((n) => n.name !== name);
    if (node === undefined) throw new Error(`${name} has no peer in ${spec.name}`);
    return node;
}
