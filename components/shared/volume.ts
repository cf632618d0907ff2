import type { FaultSeconds } from "./failover";

/** Who makes one side of a replicated volume the one that is written. */
export const Promotion = {
    /** Pacemaker: on one node, after the other is known not to write. Fencing handlers are part of the volume's configuration. */
    Pacemaker: "pacemaker",
    /** A person, with `drbdadm primary`. Nothing moves by itself. */
    Manual: "manual",
} as const;
export type Promotion = (typeof Promotion)[keyof typeof Promotion];

/** A replicated file system, as plain data: `data.volume` of a `DrbdVolume`, handed to what mounts it. */
export interface Volume {
    /** Name of the DRBD resource. */
    resource: string;
    /** The block device to mount: `/dev/drbd0`. */
    device: string;
    /** `xfs` or `ext4`. */
    fileSystem: string;
    /** Where it is mounted on the node that has it. */
    mountPoint: string;
    /** Names of the nodes that hold a replica. */
    nodes: string[];
    /** Who promotes it. */
    promotion: Promotion;
    /** How long writes stand still, at most, when the side that is not written is lost, by kind of fault. Default: nothing is said of it. */
    failover?: FaultSeconds[];
}
