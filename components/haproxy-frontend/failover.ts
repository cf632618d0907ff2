import { Fault, faultSeconds, slower } from "../shared/failover";
import type { FaultSeconds, Term } from "../shared/failover";
import type { FrontendSpec } from "./spec";

const CHECKS =
    "HAProxy 2.6 configuration manual, inter, fastinter, timeout check; src/check.c: intervals start when a check ends";

/**
 * Until a server that fails from some moment on is marked down, at most: it had just passed a check, the next one comes an interval later, and each
 * failed one takes `probeSeconds`.
 */
export const markedDown = ({ check }: FrontendSpec, probe: string, probeSeconds: number): Term[] => [
    { name: "check interval", seconds: check.intervalSeconds, detects: true, source: CHECKS },
    { name: `${check.fall} x ${probe}`, seconds: check.fall * probeSeconds, detects: true, source: CHECKS },
    {
        name: `${check.fall - 1} x fast interval`,
        seconds: (check.fall - 1) * check.fastIntervalSeconds,
        detects: true,
        source: CHECKS,
    },
];

/** What happens to a client whose server was marked down while it waited. */
const waiting = (spec: FrontendSpec): Term =>
    spec.shutdownSessionsWhenDown
        ? { name: "its sessions end", seconds: 0, detects: false, source: "on-marked-down shutdown-sessions" }
        : {
              name: "its sessions run into timeout server",
              seconds: spec.timeouts.serverSeconds,
              detects: false,
              source: "timeout server",
          };

const redispatched: Term = {
    name: "connections that are refused go to another server",
    seconds: 0,
    detects: false,
    source: "option redispatch 1",
};

/**
 * How long a fault of a server is felt at most: until no client is sent to it any more, and those that were have been let go.
 *
 * A hang has no line where the check cannot see it: the kernel goes on accepting connections for a process that stands still.
 */
export function failover(spec: FrontendSpec): FaultSeconds[] {
    if (spec.galera) return galeraFailover(spec, spec.galera.failover);
    return [
        faultSeconds(Fault.Process, [...markedDown(spec, "refused connection", 0), redispatched]),
        ...(spec.check.kinds.includes("tcp") ? [] : [faultSeconds(Fault.Hang, hung(spec))]),
        faultSeconds(Fault.Power, lost(spec)),
        faultSeconds(Fault.Link, lost(spec)),
        faultSeconds(Fault.Planned, [redispatched]),
    ];
}

const lost = (spec: FrontendSpec): Term[] => {
    const silent = Math.min(spec.timeouts.connectSeconds, spec.check.intervalSeconds);
    return [...markedDown(spec, "connection attempt", silent), waiting(spec)];
};

const hung = (spec: FrontendSpec): Term[] => [
    ...markedDown(spec, "check timeout", spec.check.timeoutSeconds),
    waiting(spec),
];

/** A client that is refused by the only server that is up waits before it is sent there again, or to the next one if that is due by then. */
const pause = ({ timeouts }: FrontendSpec): Term => ({
    name: "pause before a refused connection is tried again",
    seconds: Math.min(timeouts.connectSeconds, 1),
    detects: false,
    source: "HAProxy 2.6 configuration manual, retries",
});

const moved: Term = {
    name: "its sessions end, and go to the next member",
    seconds: 0,
    detects: false,
    source: "on-marked-down shutdown-sessions",
};

/**
 * The cluster stands still and the load balancer looks on at the same time, from the fault on: the slower one counts. A member that is parted from the
 * others has to find that out before it can say so; the cluster's own time for that ends with the checks. Nothing is promised where the cluster
 * promises nothing.
 *
 * A member that refuses connections is not passed over before it is marked down: as long as a server is up, HAProxy uses no backup. Planned is that a
 * member is drained first, as this library does before it restarts one: it serves until it is marked down. One that is only stopped is a process that died.
 *
 * A process of HAProxy that a reload has replaced checks no more (measured): its sessions stay where they are until `hardStopAfterSeconds`.
 */
function galeraFailover(spec: FrontendSpec, stalls: FaultSeconds[]): FaultSeconds[] {
    const told = [...markedDown(spec, "answer that it is down", 0)];
    const terms: Partial<Record<Fault, Term[]>> = {
        [Fault.Process]: [...told, pause(spec)],
        [Fault.Hang]: hung(spec),
        [Fault.Power]: lost(spec),
        [Fault.Link]: lost(spec),
        [Fault.Partition]: [...told, waiting(spec)],
        [Fault.Planned]: [moved],
    };
    return stalls.flatMap((stall) => {
        const own = terms[stall.fault];
        return own ? [slower(stall, faultSeconds(stall.fault, own))] : [];
    });
}
