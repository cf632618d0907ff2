import { Fault, faultSeconds } from "../shared/failover";
import type { FaultSeconds, Term } from "../shared/failover";
import { at } from "../shared/syntax";
import type { FailoverWiring } from "../shared/wiring";
import { GaleraTiming } from "./args";
import type { GaleraSpec } from "./spec";
import { EVICTION, markedDownSeconds } from "./timing";

const EVS = "Galera 26.4, gcomm/src/evs_proto.cpp";

/** The argument that makes all timings shorter; none is shorter than the fastest. */
export const timingKnob = ({ name, profile }: GaleraSpec): string | undefined =>
    profile === GaleraTiming.Fast ? undefined : `${name}.timing`;

/** The argument for one option of the provider: the option itself where the program sets it, or where no other timing is shorter. */
const optionKnob = (spec: GaleraSpec, option: string): string =>
    (option in spec.providerOptions ? undefined : timingKnob(spec)) ?? `${spec.name}.providerOptions.${option}`;

/** The parts of an eviction, in words. */
const EVICTION_TERMS: Record<(typeof EVICTION)[number], (spec: GaleraSpec) => Term> = {
    suspectSeconds: (spec) => ({
        name: "suspect timeout",
        seconds: spec.timing.suspectSeconds,
        detects: true,
        source: `${EVS}: evs.suspect_timeout`,
        knob: optionKnob(spec, "evs.suspect_timeout"),
    }),
    inactiveCheckSeconds: (spec) => ({ ...inactiveCheck(spec), detects: true }),
    joinRetransmitSeconds: (spec) => ({
        name: "join retransmission",
        seconds: spec.timing.joinRetransmitSeconds,
        detects: false,
        source: `${EVS}: evs.join_retrans_period`,
        knob: optionKnob(spec, "evs.join_retrans_period"),
    }),
    agreeSeconds: (spec) => agreed(spec.timing.agreeSeconds),
};

/** Until the others go on without a silent member. */
const evicted = (spec: GaleraSpec): Term[] => EVICTION.map((part) => EVICTION_TERMS[part](spec));

const inactiveCheck = (spec: GaleraSpec): Omit<Term, "detects"> => ({
    name: "inactive check period",
    seconds: spec.timing.inactiveCheckSeconds,
    source: `${EVS}: evs.inactive_check_period`,
    knob: optionKnob(spec, "evs.inactive_check_period"),
});

const agreed = (seconds: number): Term => ({
    name: "the others agree",
    seconds,
    detects: false,
    source: "a few round trips; measured: 0.07 s on a local network for a member that leaves in order",
});

/** One of the others may have heard it after the rest had not, and suspects it later; measured: 4.3 to 6.7 s in all, at a suspect timeout of 3 s. */
const heardLater = (spec: GaleraSpec): Term => ({
    name: "another suspect timeout",
    seconds: spec.timing.suspectSeconds,
    detects: true,
    source: `${EVS}: evs.suspect_timeout, of a member that suspected it later`,
    knob: optionKnob(spec, "evs.suspect_timeout"),
});

/** A member that comes back stops writes while all agree that it is in; measured: 0.18 to 0.45 s at a retransmission of 0.2 s, 0.8 to 1.8 s at 0.5 s. */
const letIn = (spec: GaleraSpec): Term[] => [
    { ...inactiveCheck(spec), detects: false },
    {
        name: "3 x join retransmission",
        seconds: 3 * spec.timing.joinRetransmitSeconds,
        detects: false,
        source: `${EVS}: evs.join_retrans_period`,
        knob: optionKnob(spec, "evs.join_retrans_period"),
    },
];

/** A member in the smaller part knows by itself that it may not go on; load balancers that still see it hear so at their next checks. */
const leftBehind = (spec: GaleraSpec): Term => ({
    name: "the smaller part's members marked down",
    seconds: markedDownSeconds(spec.timing),
    detects: true,
    source: "HAProxy 2.6 configuration manual: inter, fastinter, fall",
    knob: timingKnob(spec),
});

/**
 * How long a fault of one member is felt at most: until the others commit again. Load balancers mark it down within the same time (see `timing`), except
 * where it is cut off from the other members alone.
 */
export function failover(spec: GaleraSpec): FaultSeconds[] {
    const lost = evicted(spec);
    return [
        faultSeconds(Fault.Process, lost),
        faultSeconds(Fault.Hang, lost),
        faultSeconds(Fault.Power, lost),
        faultSeconds(Fault.Link, lost),
        faultSeconds(Fault.Partition, [...lost, heardLater(spec), leftBehind(spec)]),
        faultSeconds(Fault.Planned, [agreed(spec.timing.agreeSeconds), ...letIn(spec)]),
    ];
}

/** Which servers are the cluster's own: a load balancer that sends clients there without `galera` waits for it as well. */
export const wiring = (spec: GaleraSpec): FailoverWiring => ({
    serves: spec.nodes.map((node) => at(node.address, spec.port)),
});
