import type * as pulumi from "@pulumi/pulumi";

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
    resource: pulumi.Input<string>;
    /** The block device to mount: `/dev/drbd0`. */
    device: pulumi.Input<string>;
    /** `xfs` or `ext4`. */
    fileSystem: pulumi.Input<string>;
    /** Where it is mounted on the node that has it. */
    mountPoint: pulumi.Input<string>;
    /** Names of the nodes that hold a replica. */
    nodes: pulumi.Input<pulumi.Input<string>[]>;
    /** Who promotes it. */
    promotion: pulumi.Input<Promotion>;
}
