import { Fault, faultSeconds, slower } from "../shared/failover";
import type { FaultSeconds, Term } from "../shared/failover";
import { returnSeconds } from "../shared/check-timing";
import { at } from "../shared/syntax";
import type { FailoverWiring } from "../shared/wiring";
import type { FrontendSpec } from "./spec";

const CHECKS =
    "HAProxy 2.6 configuration manual, inter, fastinter, timeout check; src/check.c: intervals start when a check ends";

/**
 * Until a server that fails from some moment on is marked down, at most: it had just passed a check, the next one comes an interval later, and each
 * failed one takes `probeSeconds`.
 */
const markedDown = (spec: FrontendSpec, { name, seconds, knob }: Probe): Term[] => {
    const { intervalSeconds, fastIntervalSeconds, fall } = spec.check;
    const term = { detects: true, source: CHECKS };
    return [
        { ...term, name: "check interval", seconds: intervalSeconds, knob: checkKnob(spec, "intervalSeconds") },
        { ...term, name: `${fall} x ${name}`, seconds: fall * seconds, knob },
        {
            ...term,
            name: `${fall - 1} x fast interval`,
            seconds: (fall - 1) * fastIntervalSeconds,
            knob: checkKnob(spec, "fastIntervalSeconds"),
        },
    ];
};

/** How a check of a server that is lost ends, and the argument that bounds it. */
interface Probe {
    name: string;
    seconds: number;
    knob?: string | undefined;
}

/** The argument for a setting of the checks; a cluster states its own, and has one for all. */
const checkKnob = ({ name, galera }: FrontendSpec, setting: string): string | undefined =>
    galera ? galera.timingKnob : `${name}.check.${setting}`;

/** What happens to a client whose server was marked down while it waited. */
const waiting = (spec: FrontendSpec): Term =>
    spec.shutdownSessionsWhenDown
        ? { name: "its sessions end", seconds: 0, detects: false, source: "on-marked-down shutdown-sessions" }
        : {
              name: "its sessions run into timeout server",
              seconds: spec.timeouts.serverSeconds,
              detects: false,
              source: "timeout server",
              knob: `${spec.name}.timeouts.serverSeconds`,
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
        faultSeconds(Fault.Process, [...markedDown(spec, { name: "refused connection", seconds: 0 }), redispatched]),
        ...(spec.check.kinds.includes("tcp") ? [] : [faultSeconds(Fault.Hang, hung(spec))]),
        faultSeconds(Fault.Power, lost(spec)),
        faultSeconds(Fault.Link, lost(spec)),
        faultSeconds(Fault.Planned, [redispatched]),
    ];
}

const lost = (spec: FrontendSpec): Term[] => {
    const { connectSeconds } = spec.timeouts;
    const silent =
        connectSeconds <= spec.check.intervalSeconds
            ? { seconds: connectSeconds, knob: `${spec.name}.timeouts.connectSeconds` }
            : { seconds: spec.check.intervalSeconds, knob: checkKnob(spec, "intervalSeconds") };
    return [...markedDown(spec, { name: "connection attempt", ...silent }), waiting(spec)];
};

const hung = (spec: FrontendSpec): Term[] => [...markedDown(spec, checkTimeout(spec)), waiting(spec)];

const checkTimeout = (spec: FrontendSpec): Probe => ({
    name: "check timeout",
    seconds: spec.check.timeoutSeconds,
    knob: checkKnob(spec, "timeoutSeconds"),
});

/** A client that is refused by the only server that is up waits before it is sent there again, or to the next one if that is due by then. */
const pause = ({ name, timeouts }: FrontendSpec): Term => ({
    name: "pause before a refused connection is tried again",
    seconds: Math.min(timeouts.connectSeconds, 1),
    detects: false,
    source: "HAProxy 2.6 configuration manual, retries",
    knob: `${name}.timeouts.connectSeconds`,
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
 * A process of HAProxy that a reload has replaced checks no more (measured): its sessions stay where they are until `hardStopAfterSeconds`, and have no
 * part in the promise.
 */
function galeraFailover(spec: FrontendSpec, stalls: FaultSeconds[]): FaultSeconds[] {
    const told = markedDown(spec, { name: "answer that it is down", seconds: 0 });
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

/**
 * Where clients come from and go to. What a cluster says of itself is in `failover` already.
 *
 * A process of HAProxy that starts takes all servers for up until they fail their first check (`src/server.c`: up, but will fall down at first failure).
 */
export function wiring(spec: FrontendSpec): FailoverWiring {
    const { check } = spec;
    const term = { detects: false, source: CHECKS };
    return {
        boundTo: spec.addresses,
        servers: spec.galera ? [] : spec.servers.map(({ address, port }) => at(address, port)),
        readmits: {
            ...term,
            name: `${check.rise} passed checks`,
            seconds: returnSeconds(check),
            knob: checkKnob(spec, check.rise > 1 ? "rise" : "intervalSeconds"),
        },
        knowsServers: {
            ...term,
            name: "check interval and timeout",
            seconds: check.intervalSeconds + check.timeoutSeconds,
            knob: checkKnob(spec, "intervalSeconds"),
        },
    };
}
