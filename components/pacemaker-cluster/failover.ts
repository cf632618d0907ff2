import { Fault, faultSeconds, sum } from "../shared/failover";
import type { FaultSeconds, Term } from "../shared/failover";
import { TIE_DELAY_SECONDS, sbdSeconds } from "./cib";
import { consensusSeconds, voteSeconds } from "./conf";
import { resting, starts, stops } from "./path";
import { fences } from "./spec";
import type { ClusterSpec, IpmiDevice } from "./spec";

/** Measured on hosts of Debian 12, 0.3 to 1.2: from a membership to the fence, and from that to the start that follows from it. */
const DECISION_SECONDS = 1.2;
/** Measured the same way: between one action and the next, and a planned move's decision. */
const PLANNED_DECISION_SECONDS = 0.2;
/** Six calls of a controller, on a local network. */
const IPMI_CALLS_SECONDS = 1;

const START = "expectedStartSeconds of each";
const STOP = "expectedStopSeconds of each";

/** @param knob the argument that makes it shorter. */
const term = (name: string, seconds: number, detects: boolean, source: string, knob?: string): Term => ({
    name,
    seconds,
    detects,
    source,
    ...(knob === undefined ? {} : { knob }),
});

/** Until the others know that a node is lost, and that they may go on. */
function lost(spec: ClusterSpec): Term[] {
    const membership = spec.tokenSeconds + consensusSeconds(spec);
    const dropped = 1.2 * voteSeconds(spec);
    return [
        term("token", spec.tokenSeconds, true, "corosync.conf(5) token", `${spec.name}.tokenSeconds`),
        term("consensus", consensusSeconds(spec), true, "corosync.conf(5) consensus", `${spec.name}.tokenSeconds`),
        ...(spec.witness === undefined || dropped <= membership
            ? []
            : [term("the witness drops it", dropped - membership, true, "corosync-qnetd(8) dpd_interval_coefficient")]),
        term("decision", DECISION_SECONDS, false, "measured"),
    ];
}

const slowestDevice = (devices: IpmiDevice[]): number => Math.max(...devices.map((d) => d.powerWaitSeconds));

/** Until the lost node is known to do nothing any more. The first level alone: that a controller fails too is a second fault. */
function fenced(spec: ClusterSpec): Term[] {
    const tie =
        spec.witness === undefined && spec.nodes.length === 2 && fences(spec)
            ? [
                  term(
                      "delay of the second node",
                      TIE_DELAY_SECONDS,
                      false,
                      "pcmk_delay_base, stonith metadata of Pacemaker",
                  ),
              ]
            : [];
    if (spec.ipmi !== undefined) {
        const wait = slowestDevice(Object.values(spec.ipmi));
        return [
            ...tie,
            term("power off and on", IPMI_CALLS_SECONDS, false, "measured; a controller's own time comes on top"),
            ...(wait > 0 ? [term("2 x power wait", 2 * wait, false, "fence_ipmilan(8) power_wait")] : []),
        ];
    }
    if (spec.sbd === undefined) return [];
    return spec.sbd.disk === undefined
        ? [term("stonith-watchdog-timeout", sbdSeconds(spec.sbd), false, "sbd(8)")]
        : [...tie, term("msgwait", sbdSeconds(spec.sbd), false, "sbd(8)")];
}

const started = (spec: ClusterSpec): Term[] => {
    const { names, seconds } = starts(spec);
    return seconds > 0 ? [term(`start of ${names.join(", ")}`, seconds, false, START)] : [];
};

const stopped = (spec: ClusterSpec): Term[] => {
    const { names, seconds } = stops(spec);
    return seconds > 0 ? [term(`stop of ${[...names].reverse().join(", ")}`, seconds, false, STOP)] : [];
};

/** A resource's death, noticed by its monitor and repaired where it runs, with all that rests on it; the slowest one. */
function crashed(spec: ClusterSpec): Term[] {
    const cases = Object.entries(spec.resources).map(([id, { operations }]): Term[] => {
        const monitors = operations.filter((op) => op.name === "monitor").map((op) => op.intervalSeconds);
        const affected = [id, ...resting(spec, id)];
        const expected = (of: "expectedStartSeconds" | "expectedStopSeconds"): number =>
            affected.reduce((total, each) => total + (spec.resources[each]?.[of] ?? 0), 0);
        return [
            term(`monitor of ${id}`, Math.max(0, ...monitors), true, "interval of its monitor", knobOf(spec, id)),
            term("decision", DECISION_SECONDS, false, "measured"),
            term(`stop of ${[...affected].reverse().join(", ")}`, expected("expectedStopSeconds"), false, STOP),
            term(`start of ${affected.join(", ")}`, expected("expectedStartSeconds"), false, START),
        ];
    });
    return cases.reduce<Term[]>((worst, next) => (sum(next) > sum(worst) ? next : worst), []);
}

const knobOf = (spec: ClusterSpec, id: string): string => `${spec.name}.resources.${id}.operations`;

/**
 * How long clients are without what the cluster runs, at most, for each kind of fault; with the times that starts and stops take as a rule. A process is
 * Corosync or Pacemaker itself, or a resource, whichever takes longer. A hang is that of a whole node: a resource that hangs is seen if its agent's
 * monitor asks it something, within the same time as one that died and its monitor's timeout.
 */
export function failover(spec: ClusterSpec): FaultSeconds[] {
    const gone = [...lost(spec), ...fenced(spec), ...started(spec)];
    const node = faultSeconds(Fault.Power, gone);
    const resource = faultSeconds(Fault.Process, crashed(spec));
    return [
        resource.totalSeconds > node.totalSeconds ? resource : { ...node, fault: Fault.Process },
        { ...node, fault: Fault.Hang },
        node,
        { ...node, fault: Fault.Link },
        { ...node, fault: Fault.Partition },
        faultSeconds(Fault.Planned, [
            term("decision", PLANNED_DECISION_SECONDS, false, "measured"),
            ...stopped(spec),
            ...started(spec),
        ]),
    ];
}
