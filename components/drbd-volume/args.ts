import type * as pulumi from "@pulumi/pulumi";
import type { NodeArgs } from "../../remote/node";
import type { Promotion } from "../shared/volume";

/** File systems that a volume is made with. */
export const FileSystem = {
    /** XFS: grows while it is mounted, and never shrinks. */
    Xfs: "xfs",
    /** ext4. */
    Ext4: "ext4",
} as const;
export type FileSystem = (typeof FileSystem)[keyof typeof FileSystem];

/** The DRBD that a volume is written for. */
export const DrbdVersion = {
    /** The one in the kernels of Debian and Ubuntu. */
    Kernel: "8.4",
    /** LINBIT's module, where a host has it in place of the kernel's (`drbd-dkms`, or a package for its kernel). */
    Nine: "9",
} as const;
export type DrbdVersion = (typeof DrbdVersion)[keyof typeof DrbdVersion];

/** When the two nodes give each other up. Hundredths of a second are rounded to DRBD's unit, a tenth. */
export interface DrbdTimingArgs {
    /** Seconds without traffic after which the peer is asked whether it lives (`ping-int`), 1 to 120. Default: 5. */
    pingSeconds?: pulumi.Input<number>;
    /** Seconds for that answer (`ping-timeout`), 0.1 to 30. Above the pauses of the hosts and the network. Default: 1. */
    pingTimeoutSeconds?: pulumi.Input<number>;
    /** Seconds for the peer to take data (`timeout`), 0.1 to 60; less than `pingSeconds` and `connectSeconds`. Default: 4. */
    timeoutSeconds?: pulumi.Input<number>;
    /** Seconds between attempts to connect (`connect-int`), 1 to 120. Default: 5. */
    connectSeconds?: pulumi.Input<number>;
    /** A peer that answers and has not completed a write within this many times `timeoutSeconds` is given up (`ko-count`), 1 to 200. Default: 7. */
    koCount?: pulumi.Input<number>;
}

/** How fast a replica is brought up to date. */
export interface DrbdResyncArgs {
    /** Speed of the link between the nodes, in megabits per second. Default: 1000. */
    linkMegabitsPerSecond?: pulumi.Input<number>;
    /** What the slower disk writes in sequence, in megabytes per second. Default: 150. */
    diskMegabytesPerSecond?: pulumi.Input<number>;
    /** Mebibytes per second, 1 to 4096. Default: 30 % of what link and disk allow, so that the volume goes on serving. */
    mebibytesPerSecond?: pulumi.Input<number>;
}

/** What a `DrbdVolume` is made from. */
export interface DrbdVolumeArgs {
    /**
     * The nodes that hold a replica, each named as its host (`uname -n`): two, and with DRBD 9 and `Promotion.Manual` up to three. Where no replica is known
     * to have data, the first one begins; changes reach it last. DRBD 9 knows them by their places: a node that replaces another one takes its place.
     */
    nodes: NodeArgs[];
    /**
     * A third host that votes and holds no data: with it the one of two sides that is cut off cannot be written. For DRBD 9 with `Promotion.Manual`; the
     * small host of a `Witness` will do, and several volumes share it. Three nodes have a majority without one. Default: none.
     */
    tiebreaker?: NodeArgs;
    /**
     * The block device that holds a replica, on each node: a disk, partition or logical volume of its own, `/dev/vg0/files` or `/dev/disk/by-id/…`. One that
     * holds anything but a replica of this volume is refused, and named.
     */
    device: pulumi.Input<string>;
    /** Devices of nodes where it is another one, by node name. Default: `device` on all. */
    devices?: Record<string, pulumi.Input<string>>;
    /**
     * The DRBD of the nodes; one that has another is refused before anything changes. What is on the devices stays a replica of the version that made it.
     * Default: `DrbdVersion.Kernel`.
     */
    version?: pulumi.Input<DrbdVersion>;
    /** Where it is mounted on the node that has it: absolute. Who mounts it is whoever promotes it. */
    mountPoint: pulumi.Input<string>;
    /** Made once, when the volume is formed. Default: `FileSystem.Xfs`. */
    fileSystem?: pulumi.Input<FileSystem>;
    /** Who makes one side the one that is written. Default: `Promotion.Pacemaker`, with DRBD's fencing handlers for it. */
    promotion?: pulumi.Input<Promotion>;
    /**
     * Mebibytes that the volume must offer at least; smaller devices are refused on the host. Raised, once the devices are larger, it makes the volume and its
     * file system take what is there, while it is mounted; nothing ever shrinks. Default: what the smaller device had room for when the volume was formed.
     */
    sizeMebibytes?: pulumi.Input<number>;
    /** Addresses that replicate, by name of node or tiebreaker: a link of their own. All traffic is authenticated, and in clear. Default: the nodes' addresses. */
    replicationAddresses?: Record<string, pulumi.Input<string>>;
    /** TCP port of the replication, 1 to 65535; one for each volume of a node. Default: 7789. */
    port?: pulumi.Input<number>;
    /** The volume is `/dev/drbdMINOR`, 0 to 255; one for each volume of a node. Default: 0. */
    minor?: pulumi.Input<number>;
    /** When the nodes give each other up. Default: within 6 s. */
    timing?: DrbdTimingArgs;
    /** How fast a replica is brought up to date. Default: for a gigabit link, 35 mebibytes per second. */
    resync?: DrbdResyncArgs;
    /** Extents of 4 MiB that may be written at a time without an entry in the activity log, 7 to 6433; after a crash these are copied. Default: 1237. */
    activityLogExtents?: pulumi.Input<number>;
    /** When the replicas are compared block by block, as systemd writes it (systemd.time(7)); empty: never. Default: `monthly`, by the first node. */
    verify?: pulumi.Input<string>;
    /** Further options of the `disk` section, by DRBD's names. Those that can lose data are refused. Default: none. */
    diskOptions?: pulumi.Input<Record<string, pulumi.Input<string>>>;
    /** Further options of the `net` section, by DRBD's names, such as `max-buffers`. Those that can lose data are refused. Default: none. */
    netOptions?: pulumi.Input<Record<string, pulumi.Input<string>>>;
    /** Generates another shared secret when it changes. The nodes take it when they next connect. Default: 1. */
    secretVersion?: pulumi.Input<number>;
    /** `destroy` also removes what makes the devices replicas, and the signature of the file system. Default: false, everything stays. */
    deleteData?: pulumi.Input<boolean>;
}
