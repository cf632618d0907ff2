import { rules } from "../../../../components/drbd-volume/rules";
import { violations } from "../../../../components/shared/rules";
import { app1, app2, app3, fullArgs, spec, threeArgs } from "./specs";
import type { Args } from "./specs";

const found = (args: Partial<Args>, name?: string) =>
    violations(spec(args, name), rules).map(({ path, message, level }) => `${level} ${path}: ${message}`);

test("a plain volume is accepted without a word", () => expect(found({})).toEqual([]));

test("every argument at once is accepted; promotion by hand is warned of", () =>
    expect(found(fullArgs, "mail")).toEqual([expect.stringMatching(/^warn promotion: nothing moves by itself/)]));

test.each<[string, Partial<Args>]>([
    ["a tiebreaker, by an address of its own", { tiebreaker: app3, replicationAddresses: { app3: "198.51.100.3" } }],
    ["a third node", { nodes: [app1, app2, app3] }],
])("%s is accepted, and where to promote is said", (_title, more) =>
    expect(found(threeArgs(more))).toEqual([
        "warn promotion: nothing moves by itself: promote by hand, on a side that sees a majority",
    ]),
);

test("options of DRBD 9 are accepted where the volume is written for it", () =>
    expect(found({ version: "9", netOptions: { "allow-remote-read": "no" } })).toEqual([]));

test.each<[string, Partial<Args>, string]>([
    ["no node", { nodes: [] }, "nodes: a volume is replicated between two nodes, or three, and there are 0"],
    ["four nodes", threeArgs({ nodes: [app1, app2, app3, { name: "app4", address: "192.0.2.14" }] }), "there are 4"],
    ["three nodes of the kernel's DRBD", { promotion: "manual", nodes: [app1, app2, app3] }, "nodes: the DRBD 8.4 of"],
    ["three nodes for Pacemaker", { version: "9", nodes: [app1, app2, app3] }, "nodes: a third vote freezes writes"],
    ["its tiebreaker", { promotion: "manual", tiebreaker: app3 }, "tiebreaker: the DRBD 8.4 of the kernel knows two"],
    ["a tiebreaker beside fencing", { version: "9", tiebreaker: app3 }, "tiebreaker: a third vote freezes writes"],
    [
        "a fourth vote",
        threeArgs({ nodes: [app1, app2, app3], tiebreaker: { name: "app4", address: "192.0.2.14" } }),
        "tiebreaker: three nodes have a majority by themselves",
    ],
    ["a tiebreaker that is a node", threeArgs({ tiebreaker: app2 }), "tiebreaker.name: app2 is listed twice"],
    [
        "a tiebreaker's device",
        threeArgs({ tiebreaker: app3, devices: { app3: "/dev/vdb" } }),
        "devices.app3: app3 is no node of the volume: it has app1, app2",
    ],
    ["one host twice", { nodes: [app1, app1] }, "nodes[0].name: app1 is listed twice"],
    ["one address twice", { replicationAddresses: { app2: "192.0.2.11" } }, "192.0.2.11 is the address of app2 too"],
    ["an address that is none", { replicationAddresses: { app1: "app1.lan" } }, '"app1.lan" is no IP address'],
    ["a stranger's address", { replicationAddresses: { app9: "192.0.2.9" } }, "app9 is no node of the volume"],
    ["a stranger's device", { devices: { app9: "/dev/vdb" } }, "devices.app9: app9 is no node of the volume"],
    [
        "a host name with a dot",
        { nodes: [{ ...app1, name: "app1.lan" }, app2] },
        '"app1.lan" is no name for a node here: DRBD goes by',
    ],
    ["a device that is a file", { device: "/srv/disk.img" }, '"/srv/disk.img" is no block device'],
    ["a device with words", { device: "/dev/vdb; rm" }, '"/dev/vdb; rm" is no block device'],
    ["a volume on a volume", { device: "/dev/drbd1" }, "/dev/drbd1 is a volume of DRBD"],
    ["a relative mount point", { mountPoint: "srv/files" }, '"srv/files" is no place for a file system'],
    ["the root", { mountPoint: "/" }, '"/" is no place for a file system'],
    ["a mount point with ..", { mountPoint: "/srv/../etc" }, '"/srv/../etc" is no place for a file system'],
    ["the system's folder", { mountPoint: "/etc" }, "/etc belongs to the system"],
    ["a folder of the system's", { mountPoint: "/usr/local" }, "/usr/local belongs to the system"],
    ["another file system", { fileSystem: "btrfs" as never }, '"btrfs" is no file system for a volume'],
    ["another promoter", { promotion: "auto" as never }, '"auto" promotes nothing'],
    ["a port that is none", { port: 0 }, "port: 0 is no port"],
    ["a minor that is none", { minor: 256 }, "minor: 256 is no number of"],
    ["a size below zero", { sizeMebibytes: -1 }, "sizeMebibytes: -1 is no number of mebibytes"],
    ["half a second's ping", { timing: { pingSeconds: 2.5 } }, "timing.pingSeconds: 2.5 is no number of seconds"],
    ["a timeout as long as the ping", { timing: { timeoutSeconds: 5 } }, "5 s must be less than pingSeconds (5 s)"],
    [
        "a timeout above the time between attempts",
        { timing: { pingSeconds: 10, connectSeconds: 3 } },
        "4 s must be less than pingSeconds (10 s) and connectSeconds (3 s)",
    ],
    ["a rate of nothing", { resync: { mebibytesPerSecond: 0 } }, "0 is no number of mebibytes per second"],
    ["too large a log", { activityLogExtents: 6434 }, "activityLogExtents: 6434 is no number of extents"],
    ["a calendar with a line break", { verify: "monthly\nExecStart=x" }, "is no time of systemd's calendar"],
    [
        "two primaries",
        { netOptions: { "allow-two-primaries": "yes" } },
        "netOptions.allow-two-primaries: allow-two-primaries can't be asked for: a file system that is mounted on two nodes is destroyed",
    ],
    ["a split brain that ends by itself", { netOptions: { "after-sb-2pri": "violently-as0p" } }, "can't be asked for"],
    ["quorum", { diskOptions: { quorum: "majority" } }, "quorum can't be asked for: it is set where three hosts"],
    ["quorum of DRBD 9", { version: "9", diskOptions: { quorum: "majority" } }, "it is set where three hosts vote"],
    ["TLS", { netOptions: { tls: "yes" } }, "tls is an option of DRBD 9, and the volume is written for the DRBD 8.4"],
    ["another version", { version: "8.3" as never }, 'version: "8.3" is no version of DRBD'],
    ["disks that are not flushed", { diskOptions: { "disk-flushes": "no" } }, "would be lost with the power"],
    ["asynchronous replication", { netOptions: { protocol: "A" } }, "protocol has an argument of its own"],
    [
        "fencing of one's own",
        { diskOptions: { fencing: "dont-care" } },
        "fencing has an argument of its own: promotion",
    ],
    ["an option with an end", { netOptions: { "max-buffers": "1; }" } }, '"max-buffers 1; }" is no option of DRBD'],
])("fails: %s", (_title, args, message) =>
    expect(found(args)).toContainEqual(expect.stringMatching(`^refuse .*${escaped(message)}`)),
);

test.each(["Files", "all", "9files", "a-name-of-more-than-thirty-one-letters"])(
    "fails: a volume of the name %s",
    (name) => expect(found({}, name)).toContainEqual(expect.stringMatching(/^refuse name: /)),
);

test("a log that is copied for long after a crash is warned of", () =>
    expect(found({ resync: { linkMegabitsPerSecond: 100 } })).toEqual([
        expect.stringMatching(/^warn activityLogExtents: after a crash 4948 MiB are copied, 1650 s at 3 MiB\/s/),
    ]));

const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");
