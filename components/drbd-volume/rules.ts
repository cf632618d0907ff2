import { hostRules } from "../shared/node-rules";
import { each, one, portRules } from "../shared/rules";
import type { ItemRule, Rule, Rules } from "../shared/rules";
import { between, quoted, shown, whole } from "../shared/syntax";
import { Promotion } from "../shared/volume";
import { resyncOf } from "./failover";
import { DrbdVersion, FileSystem } from "./args";
import { given, optionRules } from "./option-rules";
import { hasQuorum, hostsOf } from "./spec";
import type { VolumeHost, VolumeNode, VolumeSpec } from "./spec";

/** A resource of DRBD, a part of file names and of the names of systemd units. */
const NAME = /^[a-z][a-z0-9-]{0,30}$/;
/** A host's own name: DRBD finds its own side by `uname -n`. */
const HOST = {
    form: /^[a-z0-9][a-z0-9-]{0,62}$/,
    allowed: 'DRBD goes by "uname -n", lower case letters, digits and "-"',
};
const PATH = /^(\/[A-Za-z0-9@%+=:,._-]+)+$/;
const CALENDAR = /^[A-Za-z0-9*:,./~ -]{1,80}$/;
/** What is mounted here hides, or is, the system. */
const OF_THE_SYSTEM =
    /^\/(bin|boot|dev|etc|lib|lib64|proc|root|run|sbin|sys|tmp|usr|var|usr\/.*|etc\/.*|dev\/.*|proc\/.*|sys\/.*|run\/.*|boot\/.*|var\/lib|var\/log|var\/tmp)$/;

const MOST_SIDES = 3;

/** Seconds in which what the activity log covers should be copied after a crash (drbd.conf(5): al-extents). */
const AFTER_CRASH_SECONDS = 300;

const plainPath = (path: string): boolean => PATH.test(path) && !/\/\.\.?(\/|$)/.test(path);

/** Numbers in a range. */
const ranges = (
    fields: Record<
        string,
        { of: (spec: VolumeSpec) => number; least: number; most: number; unit: string; parts?: boolean }
    >,
): Rule<VolumeSpec>[] =>
    Object.entries(fields).map(([path, { of, least, most, unit, parts }]) => ({
        path,
        refuses: (spec) => !(parts ? between(of(spec), least, most) : whole(of(spec), least, most)),
        because: (spec) =>
            `${shown(of(spec))} is no number of ${unit}: ${parts ? "one" : "a whole one"} from ${least} to ${most}`,
    }));

const anyHost = hostRules<VolumeSpec>({ among: hostsOf, names: HOST });

const nodeRules: ItemRule<VolumeSpec, VolumeNode>[] = [
    ...anyHost,
    {
        path: "device",
        refuses: (node) => !plainPath(node.device) || !node.device.startsWith("/dev/"),
        because: (node) =>
            `${quoted(node.device)} is no block device: name one under /dev, such as /dev/vg0/files or /dev/disk/by-id/…`,
    },
    {
        path: "device",
        refuses: (node) => /^\/dev\/drbd/.test(node.device),
        because: (node) => `${node.device} is a volume of DRBD: name the device below it that holds the replica`,
    },
];

const strangers =
    (path: string, of: (spec: VolumeSpec) => Record<string, string>, hosts: (spec: VolumeSpec) => VolumeHost[]) =>
    (spec: VolumeSpec) =>
        Object.keys(of(spec))
            .filter((name) => !hosts(spec).some((host) => host.name === name))
            .map((name) => ({
                path: `${path}.${name}`,
                message: `${name} is no node of the volume: it has ${hosts(spec)
                    .map((host) => host.name)
                    .join(", ")}`,
                level: "refuse" as const,
            }));

/** A third vote is DRBD's own, where it has one and nothing else decides. */
const votes = (path: "nodes" | "tiebreaker", asked: (spec: VolumeSpec) => boolean): Rule<VolumeSpec>[] => [
    {
        path,
        refuses: (spec) => asked(spec) && spec.version === DrbdVersion.Kernel,
        because: () =>
            'the DRBD 8.4 of the kernel knows two hosts alone: a third one needs DRBD 9 on all of them (version: "9")',
    },
    {
        path,
        refuses: (spec) => asked(spec) && spec.promotion === Promotion.Pacemaker,
        because: () =>
            'a third vote freezes writes without a majority, and fencing lets one side of two go on: for Pacemaker, give two nodes, and its cluster the witness; without it, promotion: "manual"',
    },
];

/** Everything that is refused about a volume, and two things that are warned of. */
export const rules: Rules<VolumeSpec> = [
    {
        path: "name",
        refuses: (spec) => !NAME.test(spec.name),
        because: (spec) =>
            `${quoted(spec.name)} becomes the name of a DRBD resource and of files: at most 31 lower case letters, digits and "-", a letter first`,
    },
    {
        path: "name",
        refuses: (spec) => ["all", "common", "global"].includes(spec.name),
        because: (spec) => `${spec.name} is a word of DRBD's own: give the volume another name`,
    },
    {
        path: "nodes",
        refuses: (spec) => spec.nodes.length < 2 || spec.nodes.length > MOST_SIDES,
        because: (spec) =>
            `a volume is replicated between two nodes, or three, and there ${spec.nodes.length === 1 ? "is one" : `are ${spec.nodes.length}`}`,
    },
    ...votes("nodes", (spec) => spec.nodes.length === MOST_SIDES),
    ...votes("tiebreaker", (spec) => spec.tiebreaker !== undefined),
    {
        path: "tiebreaker",
        refuses: (spec) => spec.tiebreaker !== undefined && spec.nodes.length === MOST_SIDES,
        because: () => "three nodes have a majority by themselves, and DRBD gives a fourth one no vote: leave it out",
    },
    each("nodes", (spec) => spec.nodes, nodeRules),
    one("tiebreaker", (spec) => spec.tiebreaker, anyHost),
    strangers(
        "devices",
        (spec) => spec.devices,
        (spec) => spec.nodes,
    ),
    strangers("replicationAddresses", (spec) => spec.replicationAddresses, hostsOf),
    {
        path: "mountPoint",
        refuses: (spec) => !plainPath(spec.mountPoint),
        because: (spec) =>
            `${quoted(spec.mountPoint)} is no place for a file system: an absolute path of letters, digits and @%+=:,._-, without "." and ".."`,
    },
    {
        path: "mountPoint",
        refuses: (spec) => OF_THE_SYSTEM.test(spec.mountPoint),
        because: (spec) =>
            `${spec.mountPoint} belongs to the system: use a folder of its own, such as /srv/${spec.name}`,
    },
    {
        path: "fileSystem",
        refuses: (spec) => !Object.values(FileSystem).includes(spec.fileSystem),
        because: (spec) => `${quoted(spec.fileSystem)} is no file system for a volume: xfs or ext4`,
    },
    {
        path: "version",
        refuses: (spec) => !Object.values(DrbdVersion).includes(spec.version),
        because: (spec) => `${quoted(spec.version)} is no version of DRBD that a volume is written for: 8.4 or 9`,
    },
    {
        path: "promotion",
        refuses: (spec) => !Object.values(Promotion).includes(spec.promotion),
        because: (spec) => `${quoted(spec.promotion)} promotes nothing: pacemaker or manual`,
    },
    {
        path: "promotion",
        level: "warn",
        refuses: (spec) => spec.promotion === Promotion.Manual,
        because: (spec) =>
            hasQuorum(spec)
                ? "nothing moves by itself: promote by hand, on a side that sees a majority"
                : "nothing moves by itself, and nothing keeps both sides from being promoted while they cannot see each other: promote by hand on one side alone",
    },
    ...portRules<VolumeSpec>({ port: (spec) => spec.port }),
    ...ranges({
        sizeMebibytes: { of: (s) => s.sizeMebibytes, least: 0, most: 1024 ** 3, unit: "mebibytes" },
        minor: { of: (s) => s.minor, least: 0, most: 255, unit: "the device /dev/drbdN" },
        "timing.pingSeconds": { of: (s) => s.timing.pingSeconds, least: 1, most: 120, unit: "seconds" },
        "timing.pingTimeoutSeconds": {
            of: (s) => s.timing.pingTimeoutSeconds,
            least: 0.1,
            most: 30,
            unit: "seconds",
            parts: true,
        },
        "timing.timeoutSeconds": {
            of: (s) => s.timing.timeoutSeconds,
            least: 0.1,
            most: 60,
            unit: "seconds",
            parts: true,
        },
        "timing.connectSeconds": { of: (s) => s.timing.connectSeconds, least: 1, most: 120, unit: "seconds" },
        "timing.koCount": { of: (s) => s.timing.koCount, least: 1, most: 200, unit: "timeouts" },
        "resync.linkMegabitsPerSecond": {
            of: (s) => s.resync.linkMegabitsPerSecond,
            least: 1,
            most: 400_000,
            unit: "megabits per second",
        },
        "resync.diskMegabytesPerSecond": {
            of: (s) => s.resync.diskMegabytesPerSecond,
            least: 1,
            most: 50_000,
            unit: "megabytes per second",
        },
        "resync.mebibytesPerSecond": {
            of: (s) => s.resync.mebibytesPerSecond,
            least: 1,
            most: 4096,
            unit: "mebibytes per second",
        },
        activityLogExtents: { of: (s) => s.activityLogExtents, least: 7, most: 6433, unit: "extents" },
    }),
    {
        path: "timing.timeoutSeconds",
        refuses: ({ timing }) => timing.timeoutSeconds >= Math.min(timing.pingSeconds, timing.connectSeconds),
        because: ({ timing }) =>
            `${timing.timeoutSeconds} s must be less than pingSeconds (${timing.pingSeconds} s) and connectSeconds (${timing.connectSeconds} s)`,
    },
    {
        path: "activityLogExtents",
        level: "warn",
        refuses: (spec) => resyncOf(spec).afterCrashSeconds > AFTER_CRASH_SECONDS,
        because: (spec) =>
            `after a crash ${resyncOf(spec).afterCrashMebibytes} MiB are copied, ${resyncOf(spec).afterCrashSeconds} s at ${spec.resync.mebibytesPerSecond} MiB/s, with one good replica meanwhile: fewer extents keep it below ${AFTER_CRASH_SECONDS} s`,
    },
    {
        path: "verify",
        refuses: (spec) => spec.verify !== "" && !CALENDAR.test(spec.verify),
        because: (spec) =>
            `${quoted(spec.verify)} is no time of systemd's calendar: monthly, weekly, "Sun 03:00", or empty for never`,
    },
    each("diskOptions", (spec) => given(spec.diskOptions), optionRules),
    each("netOptions", (spec) => given(spec.netOptions), optionRules),
];
