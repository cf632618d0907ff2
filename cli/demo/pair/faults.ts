import { setTimeout as pause } from "node:timers/promises";
import { Fault } from "../../../components";
import { DiskName, LinkName, Power } from "../../../lab";
import type { LabHost } from "../../../lab";
import type { RecordWriter } from "../../../lab/records";
import { PAIR, WATCHDOG_SECONDS, WITNESS } from "./program";
import type { PairFencing } from "./program";
import type { Ground } from "./ground";
import { until } from "../../wait";
import { ASK_MS, CLUSTER, ask, kernelState } from "./ground";

/** The two machines at the moment of a fault. */
export interface Sides {
    /** The one that serves. */
    active: LabHost;
    other: LabHost;
}

/** A fault of the pair. */
export interface PairFault {
    title: string;
    /** The kind of fault whose promise it is held against; undefined where clients are not to notice it. */
    fault?: Fault;
    strike: (sides: Sides, ground: Ground) => Promise<unknown>;
    /** Whether it has had its effect. Default: the other one serves. */
    felt?: (sides: Sides, ground: Ground) => Promise<boolean>;
    /** What a person does afterwards. Default: nothing, the cluster mends itself. */
    mend?: (sides: Sides, ground: Ground) => Promise<unknown>;
    /** The way to fence that it is a fault of. Default: any. */
    fencing?: PairFencing;
    /** A second writer, to the mounted file system itself, runs on the active machine while it happens. */
    intrude?: boolean;
}

/** Kills a process, and has its effect once another one is in its place. */
function killed(title: string, name: string, fault?: Fault): PairFault {
    let before = "";
    const pidOf = (host: LabHost): Promise<string> => ask(host, `systemctl show --property=MainPID --value ${name}`);
    return {
        title,
        ...(fault && { fault }),
        strike: async ({ active }) => {
            before = await pidOf(active);
            await ask(active, `kill -9 ${before}`);
        },
        felt: async ({ active, other }, { writer }) => {
            if (writer.server === other.name) return true;
            const now = await pidOf(active);
            return now !== "" && now !== "0" && now !== before;
        },
    };
}

const standby = (of: LabHost, on: LabHost): Promise<string> =>
    ask(on, `crm_attribute --type nodes --node ${of.name} --name standby --update on`);
const online = (of: LabHost, on: LabHost): Promise<string> =>
    ask(on, `crm_attribute --type nodes --node ${of.name} --name standby --delete`);

/** A controller has done it, or a person does. */
async function switchedOn(host: LabHost): Promise<void> {
    if (!host.isOn) await host.switchOn();
}

/** @throws Error when a machine serves that does not know what became of the other one, which has the newest data. */
async function servesNothing(host: LabHost, writer: RecordWriter, seconds = ALONE_SECONDS): Promise<void> {
    const had = writer.acknowledged.length;
    await pause(seconds * 1000);
    if (writer.acknowledged.length > had && writer.server === host.name)
        throw new Error(`${host.name} served although the other machine has the newest data`);
}

const unwatched = async (host: LabHost): Promise<boolean> => (await host.exec([CLUSTER, "watched"])).code !== 0;

/** The fencing disk is gone for longer than any watchdog or message waits, and then it is back. */
const fencingDiskLost = (title: string, losers: (sides: Sides) => LabHost[]): PairFault => ({
    title,
    fencing: "disk",
    strike: async (sides) => {
        for (const host of losers(sides)) await host.removeDisk(DiskName.shared);
        await pause(DISK_LOST_SECONDS * 1000);
    },
    felt: (sides) => unwatched(sides.active),
    mend: async (sides) => {
        for (const host of losers(sides)) await host.returnDisk(DiskName.shared);
        await until(
            "SBD reads the disk again",
            DISK_LOST_SECONDS,
            async () => !(await unwatched(sides.active)),
            ASK_MS,
        );
    },
});

/** A node's stop never ends, so that it has to be fenced. */
async function stopHangs({ active, other }: Sides): Promise<void> {
    await ask(
        active,
        `mkdir -p ${HANGING} && printf '[Service]\\nExecStop=/bin/sleep 1000\\n' >${HANGING}/hang.conf && systemctl daemon-reload`,
    );
    await standby(active, other);
}

/** No message reaches it: it is back, with its disk, once somebody has given it that. */
async function letInWithDisk({ active, other }: Sides): Promise<void> {
    await active.powerOff();
    await active.switchOn();
    await online(active, other);
}

const HANGING = "/run/systemd/system/recorder.service.d";
/** What a paused machine stands still for. */
const PAUSE_SECONDS = 30;
/** Mebibytes per second of a copy that is to be cut while it runs. */
const SLOW_COPY = "1M";
/** Records that only one side has, at least. */
const RECORDS_ALONE = 50;
/** Until a lost machine is made sure of, so that the other one writes again. */
const FENCED_SECONDS = 180;
/** Longer than a message is waited for (twice the watchdog), and a minute for the cluster's own look at the disk. */
const DISK_LOST_SECONDS = 2 * WATCHDOG_SECONDS + 60;
const COPY_BEGINS_SECONDS = 60;
/** How long a machine is alone that has not the newest data. */
const ALONE_SECONDS = 90;
/** For a stop to be given up, the watchdog to end its machine, and the fence to fail again and again. */
const UNFENCED_SECONDS = 180;

/** By name. */
export const FAULTS = {
    planned: {
        title: "planned move",
        fault: Fault.Planned,
        strike: ({ active, other }) => standby(active, other),
        mend: ({ active, other }) => online(active, other),
    },
    power: {
        title: "power off",
        fault: Fault.Power,
        strike: ({ active }) => active.powerOff(),
        mend: ({ active }) => switchedOn(active),
    },
    pause: {
        title: `stands still for ${PAUSE_SECONDS} s`,
        fault: Fault.Hang,
        intrude: true,
        strike: async ({ active }) => {
            await active.pause();
            await pause(PAUSE_SECONDS * 1000);
            // Its controller may have switched it off by then.
            if (active.power === Power.paused) await active.resume();
        },
    },
    links: { title: "all links cut", fault: Fault.Partition, intrude: true, strike: ({ active }) => active.cut() },
    cluster: {
        title: "link to clients and cluster cut",
        fault: Fault.Link,
        intrude: true,
        strike: ({ active }) => active.cut({ link: LinkName.lan }),
        mend: async ({ active }) => {
            if (active.isOn) await active.heal();
        },
    },
    replication: {
        title: "replication link cut",
        strike: ({ active }) => active.cut({ link: LinkName.replication }),
        felt: async ({ active }) => !(await kernelState(active)).includes("cs:Connected"),
        mend: ({ active }) => active.heal({ link: LinkName.replication }),
    },
    service: killed("kill -9 of the service", "recorder", Fault.Process),
    corosync: killed("kill -9 of corosync", "corosync", Fault.Process),
    pacemakerd: killed("kill -9 of pacemakerd", "pacemaker"),
    disk: {
        title: "backing disk removed",
        strike: ({ active }) => active.removeDisk(),
        felt: async ({ active }) => (await kernelState(active)).includes("ds:Diskless"),
        // The lab's disk is back, as it was, when the machine starts again.
        mend: async ({ active }) => {
            await active.powerOff();
        },
    },
    stop: {
        title: "a stop that hangs",
        fault: Fault.Planned,
        strike: stopHangs,
        mend: ({ active, other }) => online(active, other),
    },
    shared: fencingDiskLost("fencing disk lost on the active one", ({ active }) => [active]),
    sharedBoth: fencingDiskLost("fencing disk lost on both", ({ active, other }) => [active, other]),
    sharedStop: {
        title: "fencing disk lost, and then a stop that hangs",
        fault: Fault.Planned,
        fencing: "disk",
        strike: async (sides) => {
            await sides.active.removeDisk(DiskName.shared);
            await stopHangs(sides);
        },
        mend: letInWithDisk,
    },
    sharedBothStop: {
        title: "fencing disk lost on both, and then a stop that hangs",
        fencing: "disk",
        strike: async (sides, { writer }) => {
            const { active, other } = sides;
            for (const host of [active, other]) await host.removeDisk(DiskName.shared);
            await stopHangs(sides);
            await servesNothing(other, writer, UNFENCED_SECONDS);
            await other.returnDisk(DiskName.shared);
        },
        mend: letInWithDisk,
    },
    older: {
        title: "both off, the older one first back",
        strike: async ({ active, other }, { writer }) => {
            await other.powerOff();
            const alone = writer.acknowledged.length + RECORDS_ALONE;
            await until("the other machine is made sure of", FENCED_SECONDS, () => writer.acknowledged.length >= alone);
            // A controller has switched it on again.
            if (other.isOn) await other.powerOff();
            // Nobody can switch the newer one on for the older one's sake.
            await active.bmc?.silence();
            await active.powerOff();
            await other.switchOn();
            await servesNothing(other, writer);
            await active.bmc?.answer();
            await switchedOn(active);
        },
        felt: ({ active }) => Promise.resolve(active.isOn),
    },
    copy: {
        title: "full copy, its source lost",
        fault: Fault.Power,
        strike: async ({ active, other }, { writer }) => {
            await ask(
                other,
                `drbdadm disk-options --resync-rate=${SLOW_COPY} --c-min-rate=${SLOW_COPY} ${PAIR} && drbdadm invalidate ${PAIR}`,
            );
            const copying = async () => (await kernelState(other)).includes("ds:Inconsistent");
            await until("the copy runs", COPY_BEGINS_SECONDS, copying, ASK_MS);
            await active.powerOff();
            await servesNothing(other, writer);
            await switchedOn(active);
        },
        felt: ({ active }) => Promise.resolve(active.isOn),
    },
    witness: {
        title: "witness gone",
        strike: (_, { lab }) => lab.host(WITNESS).powerOff(),
        felt: async ({ active }) => (await active.exec([CLUSTER, "vote"])).code !== 0,
        mend: (_, { lab }) => lab.host(WITNESS).powerOn(),
    },
} satisfies Record<string, PairFault>;

/** The name of a fault. */
export type PairFaultName = keyof typeof FAULTS;
