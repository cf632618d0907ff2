import { Fault, faultSeconds } from "../shared/failover";
import type { FaultSeconds, Term } from "../shared/failover";
import type { VolumeSpec } from "./spec";

const CONF = "drbd.conf(5) 8.4";

/** Mebibytes of an extent of the activity log. */
const EXTENT_MEBIBYTES = 4;

const silent = ({ name, timing }: VolumeSpec): Term[] => [
    {
        name: "ping interval",
        seconds: timing.pingSeconds,
        detects: true,
        source: `${CONF}: ping-int`,
        knob: `${name}.timing.pingSeconds`,
    },
    {
        name: "ping timeout",
        seconds: timing.pingTimeoutSeconds,
        detects: true,
        source: `${CONF}: ping-timeout`,
        knob: `${name}.timing.pingTimeoutSeconds`,
    },
];

const stuck = ({ name, timing }: VolumeSpec): Term[] => [
    {
        name: `${timing.koCount} x timeout`,
        seconds: timing.koCount * timing.timeoutSeconds,
        detects: true,
        source: `${CONF}: ko-count, timeout`,
        knob: `${name}.timing.koCount`,
    },
];

/**
 * How long writes stand still, at most, when the other side is lost: until this side goes on without it. Under Pacemaker the fencing of the other side is
 * added, which the cluster's own promise counts. The loss of the side that is written is the cluster's to answer, and moves the volume.
 */
export const failover = (spec: VolumeSpec): FaultSeconds[] => [
    faultSeconds(Fault.Hang, stuck(spec)),
    faultSeconds(Fault.Power, silent(spec)),
    faultSeconds(Fault.Link, silent(spec)),
    faultSeconds(Fault.Partition, silent(spec)),
];

/** How fast, and how long at most, a replica is brought up to date. */
export interface DrbdResync {
    /** Mebibytes per second. */
    mebibytesPerSecond: number;
    /** Mebibytes that are copied, at most, after the side that was written crashed: what the activity log covers. */
    afterCrashMebibytes: number;
    /** Seconds that this takes, at most, while the volume has nothing else to do. */
    afterCrashSeconds: number;
}

/** What a resync comes to: what is out of sync, at the configured rate. */
export function resyncOf({ activityLogExtents, resync: { mebibytesPerSecond } }: VolumeSpec): DrbdResync {
    const afterCrashMebibytes = activityLogExtents * EXTENT_MEBIBYTES;
    return {
        mebibytesPerSecond,
        afterCrashMebibytes,
        afterCrashSeconds: Math.ceil(afterCrashMebibytes / mebibytesPerSecond),
    };
}
