import { failover, resyncOf } from "../../../../components/drbd-volume/failover";
import { spec } from "./specs";
import type { Args } from "./specs";

const DRBD_DEFAULTS = { pingSeconds: 10, pingTimeoutSeconds: 0.5, timeoutSeconds: 6, connectSeconds: 10, koCount: 7 };

const seconds = (timing: Args["timing"]) =>
    Object.fromEntries(failover(spec({ timing })).map(({ fault, totalSeconds }) => [fault, totalSeconds]));

test.each([
    ["DRBD's own defaults", DRBD_DEFAULTS, { power: 10.5, link: 10.5, partition: 10.5, hang: 42 }],
    ["the component's defaults", {}, { power: 6, link: 6, partition: 6, hang: 28 }],
    [
        "a slow network",
        { pingTimeoutSeconds: 3, timeoutSeconds: 4.5, koCount: 2 },
        { power: 8, link: 8, partition: 8, hang: 9 },
    ],
])("the loss of the other side: %s", (_title, timing, wanted) => expect(seconds(timing)).toEqual(wanted));

test("every term is named, and is time until the loss is noticed", () =>
    expect(failover(spec()).map(({ formula, actSeconds }) => [formula, actSeconds])).toEqual([
        ["7 x timeout (28 s)", 0],
        ["ping interval (5 s) + ping timeout (1 s)", 0],
        ["ping interval (5 s) + ping timeout (1 s)", 0],
        ["ping interval (5 s) + ping timeout (1 s)", 0],
    ]));

test.each<[string, Partial<Args>, number, number]>([
    ["a gigabit link is the bottleneck", {}, 35, 142],
    ["the disk is", { resync: { linkMegabitsPerSecond: 10_000, diskMegabytesPerSecond: 200 } }, 57, 87],
    ["a thin link still has a rate", { resync: { linkMegabitsPerSecond: 10 } }, 1, 4948],
    ["a given rate goes first", { resync: { mebibytesPerSecond: 100 }, activityLogExtents: 3833 }, 100, 154],
])("the rate of a resync, and how long the one after a crash takes: %s", (_title, args, rate, afterCrash) =>
    expect(resyncOf(spec(args))).toMatchObject({ mebibytesPerSecond: rate, afterCrashSeconds: afterCrash }),
);
