import type { VolumeSpec } from "../../../../components/drbd-volume/spec";
import { toSpec } from "../../../../components/drbd-volume/spec";

/** The arguments as a spec is made from them. */
export type Args = Parameters<typeof toSpec>[1];

export const app1 = { name: "app1", address: "192.0.2.11" };
export const app2 = { name: "app2", address: "192.0.2.12" };
export const app3 = { name: "app3", address: "192.0.2.13" };

/** What most volumes are. */
export const plainArgs: Args = { nodes: [app1, app2], device: "/dev/vg0/files", mountPoint: "/srv/files" };

/** Every argument that leaves a trace in the configuration. */
export const fullArgs: Args = {
    nodes: [app1, app2],
    device: "/dev/vdb",
    devices: { app2: "/dev/disk/by-id/virtio-data" },
    mountPoint: "/srv/mail",
    fileSystem: "ext4",
    promotion: "manual",
    sizeMebibytes: 10240,
    replicationAddresses: { app1: "198.51.100.1", app2: "2001:db8::2" },
    port: 7790,
    minor: 3,
    timing: { pingSeconds: 10, pingTimeoutSeconds: 0.5, timeoutSeconds: 6, connectSeconds: 10, koCount: 3 },
    resync: { mebibytesPerSecond: 200 },
    activityLogExtents: 3389,
    verify: "Sun 03:00",
    diskOptions: { "read-balancing": "least-pending" },
    netOptions: { "max-buffers": "8000" },
    deleteData: true,
};

/** Where three hosts may vote. */
export const threeArgs = (more: Partial<Args>): Partial<Args> => ({ version: "9", promotion: "manual", ...more });

/** A volume with some arguments changed. */
export const spec = (more: Partial<Args> = {}, name = "files"): VolumeSpec => toSpec(name, { ...plainArgs, ...more });
