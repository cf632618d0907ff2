import { Fault, faultSeconds, followed, rounded, slower, sum } from "../shared/failover";
import type { FaultSeconds, Term } from "../shared/failover";
import type { FailoverWiring } from "../shared/wiring";
import { consensusSeconds, voteSeconds } from "./conf";
import { isTie, sbdSeconds, tieDelaySeconds } from "./fencing";
import { resting, starts, stops } from "./path";
import type { Link } from "./path";
import { dependentController, fences, resetsItself, switchesOff } from "./spec";
import type { ClusterSpec, IpmiDevice, LibvirtDevice } from "./spec";

/** Measured on hosts of Debian 12, 0.3 to 1.2: from a membership to the fence, and from that to the start that follows from it. */
const DECISION_SECONDS = 1.2;
/** Measured the same way: between one action and the next, and a planned move's decision. */
const PLANNED_DECISION_SECONDS = 0.2;
/** One attempt of fence_ipmilan 4.12.1 with a controller that does not answer: 21.2 to 21.7. */
const SILENT_CONTROLLER_SECONDS = 22;

/** @param knob the argument that makes it shorter. */
const term = (name: string, seconds: number, detects: boolean, source: string, knob?: string): Term => ({
    name,
    seconds: rounded(seconds),
    detects,
    source,
    ...(knob === undefined ? {} : { knob }),
});

/** Until the others know that a node is lost, and that they may go on. A short token ends before the witness has dropped the node: then only that counts. */
function lost(spec: ClusterSpec): Term[] {
    const membership = spec.tokenSeconds + consensusSeconds(spec);
    const dropped = spec.witness === undefined ? 0 : 1.2 * voteSeconds(spec);
    const knob = dropped > membership ? undefined : `${spec.name}.tokenSeconds`;
    return [
        term("token", spec.tokenSeconds, true, "corosync.conf(5) token", knob),
        term("consensus", consensusSeconds(spec), true, "corosync.conf(5) consensus", knob),
        ...(dropped > membership
            ? [term("the witness drops it", dropped - membership, true, "corosync-qnetd(8) dpd_interval_coefficient")]
            : []),
        term("decision", DECISION_SECONDS, false, "measured"),
    ];
}

/** Two nodes without a witness: the second one to fence waits. */
const tie = (spec: ClusterSpec): Term[] =>
    isTie(spec) && fences(spec)
        ? [
              term(
                  "delay of the second node",
                  tieDelaySeconds(spec),
                  false,
                  switchesOff(spec)
                      ? "priority-fencing-delay, options of Pacemaker"
                      : "pcmk_delay_base, stonith metadata of Pacemaker",
                  `${spec.name}.witness`,
              ),
          ]
        : [];

/** Until the lost node is known to do nothing any more, by the first way that there is. */
const fenced = (spec: ClusterSpec): Term[] => [
    ...(resetsItself(spec) && !switchesOff(spec) ? [] : tie(spec)),
    ...(switchesOff(spec) ? switchedOff(spec) : bySbd(spec)),
];

const longest = (ways: Term[][]): Term[] =>
    ways.reduce((slowest, next) => (sum(next) > sum(slowest) ? next : slowest), []);

/** By its controller or hypervisor, the one that takes longest. */
const switchedOff = (spec: ClusterSpec): Term[] =>
    longest([
        ...Object.entries(spec.ipmi ?? {}).map(([node, device]) => byIpmi(spec, node, device)),
        ...Object.entries(spec.libvirt ?? {}).map(([node, device]) => byLibvirt(spec, node, device)),
    ]);

// No argument makes a controller or hypervisor faster: what is said of it is what was measured.
const byIpmi = ({ name }: ClusterSpec, node: string, { answerSeconds, powerWaitSeconds }: IpmiDevice): Term[] => [
    term("power off and on", answerSeconds, false, `measured: fencing.ipmi.${node}.answerSeconds`),
    ...(powerWaitSeconds === 0
        ? []
        : [
              term(
                  "2 x power wait",
                  2 * powerWaitSeconds,
                  false,
                  "fence_ipmilan(8) power_wait",
                  `${name}.fencing.ipmi.${node}.powerWaitSeconds`,
              ),
          ]),
];

const byLibvirt = (_: ClusterSpec, node: string, { answerSeconds }: LibvirtDevice): Term[] => [
    term("destroy and start by virsh", answerSeconds, false, `measured: fencing.libvirt.${node}.answerSeconds`),
];

function bySbd(spec: ClusterSpec): Term[] {
    if (spec.sbd === undefined) return [];
    const seconds = sbdSeconds(spec, spec.sbd);
    const knob = (field: string): string => `${spec.name}.fencing.sbd.${field}`;
    return spec.sbd.disk === undefined
        ? [term("stonith-watchdog-timeout", seconds, false, "sbd(8)", knob("watchdogTimeoutSeconds"))]
        : [term("msgwait", seconds, false, "sbd(8)", knob("messageWaitSeconds"))];
}

/** The same where the node has lost its power, and perhaps its controller with it; undefined where that was the only way. */
function fencedWithoutPower(spec: ClusterSpec): Term[] | undefined {
    const node = dependentController(spec);
    if (node === undefined) return fenced(spec);
    if (spec.sbd === undefined) return undefined;
    const knob = `${spec.name}.fencing.ipmi.${node}.independentPower`;
    return [
        ...tie(spec),
        term("the controller without power is given up", SILENT_CONTROLLER_SECONDS, false, "measured", knob),
        ...bySbd(spec),
    ];
}

type Expected = "expectedStartSeconds" | "expectedStopSeconds";

/** What resources take one after the other. The argument says what was measured: it is made true by a service that starts faster. */
const steps = (spec: ClusterSpec, what: "start" | "stop", links: Link[]): Term[] =>
    links
        .filter(({ seconds }) => seconds > 0)
        .map(({ resource, seconds }) => {
            const field: Expected = what === "start" ? "expectedStartSeconds" : "expectedStopSeconds";
            return term(`${what} of ${resource}`, seconds, false, field, knobOf(spec, resource, field));
        });

const knobOf = ({ name }: ClusterSpec, resource: string, field: string): string =>
    `${name}.resources.${resource}.${field}`;

/** A resource's death, noticed by its monitor and repaired where it runs, with all that rests on it; the slowest one. */
function crashed(spec: ClusterSpec): Term[] {
    const cases = Object.entries(spec.resources).map(([id, { operations }]): Term[] => {
        const monitors = operations.filter((op) => op.name === "monitor").map((op) => op.intervalSeconds);
        const affected = [id, ...resting(spec, id)];
        const expected = (of: Expected): Link[] =>
            affected.map((resource) => ({ resource, seconds: spec.resources[resource]?.[of] ?? 0 }));
        const knob = knobOf(spec, id, "operations");
        return [
            term(`monitor of ${id}`, Math.max(0, ...monitors), true, "interval of its monitor", knob),
            term("decision", DECISION_SECONDS, false, "measured"),
            ...steps(spec, "stop", expected("expectedStopSeconds").reverse()),
            ...steps(spec, "start", expected("expectedStartSeconds")),
        ];
    });
    return cases.reduce<Term[]>((worst, next) => (sum(next) > sum(worst) ? next : worst), []);
}

const as = (fault: Fault, promise: FaultSeconds): FaultSeconds => ({ ...promise, fault });

/** What the volumes say of a fault of one side. */
const volumesAt = ({ volumes }: ClusterSpec, fault: Fault): FaultSeconds[] =>
    volumes.flatMap((all) => all.filter((promise) => promise.fault === fault));

/**
 * A node is lost, and what it ran starts elsewhere. A volume is promoted only once it has noticed, too, that the other side is silent; both look on from the
 * fault on. If it is the side that is not written that is lost, writes stand still meanwhile, and go on when it is known to be: that is shorter by the starts.
 */
function gone(spec: ClusterSpec, sure: Term[]): FaultSeconds {
    const known = faultSeconds(Fault.Power, [...lost(spec), ...sure]);
    const starting = steps(spec, "start", starts(spec));
    const noticed = volumesAt(spec, Fault.Power).reduce(slower, known);
    return starting.length > 0 ? followed(noticed, starting) : noticed;
}

/** Until a node that the others still see is known to reach less than they do; undefined where nothing looks. */
function reaching({ name, resources, attributeLocations }: ClusterSpec): Term[] | undefined {
    const found = Object.entries(resources).find(
        ([, { agent, parameters }]) =>
            agent === "ocf:pacemaker:ping" &&
            attributeLocations.some(({ attribute }) => attribute === parameters["name"]),
    );
    if (found === undefined) return undefined;
    const [id, { operations, parameters }] = found;
    const given = (parameter: string, otherwise: number): number =>
        parseFloat(parameters[parameter] ?? "") || otherwise;
    const interval = Math.max(0, ...operations.filter((op) => op.name === "monitor").map((op) => op.intervalSeconds));
    const source = "ocf_pacemaker_ping(7)";
    const knob = (field: string): string => `${name}.resources.${id}.${field}`;
    return [
        term(`monitor of ${id}`, interval, true, "interval of its monitor", knob("operations")),
        term("attempts", given("attempts", 3) * given("timeout", 2), true, source, knob("parameters.attempts")),
        term("dampen", given("dampen", 5), true, source, knob("parameters.dampen")),
    ];
}

/**
 * The first link of a node is cut, on which clients reach it. Where the members have a second one they still see each other, and nothing moves but for what
 * looks at who reaches what.
 */
function unreachable(spec: ClusterSpec, node: FaultSeconds): FaultSeconds[] {
    if (spec.nodes.every(({ secondAddress }) => secondAddress === undefined)) return [as(Fault.Link, node)];
    const known = reaching(spec);
    return known === undefined ? [] : [faultSeconds(Fault.Link, [...known, ...planned(spec)])];
}

/**
 * How long clients are without what the cluster runs, at most, for each kind of fault; with the times that starts and stops take as a rule. A process is
 * Corosync or Pacemaker itself, or a resource, whichever takes longer. A link is the one on which clients reach a node. A hang is that of a whole node, or of a volume's disk under the side that is not
 * written: a resource that hangs is seen if its agent's monitor asks it something, within the same time as one that died and its monitor's timeout.
 */
export function failover(spec: ClusterSpec): FaultSeconds[] {
    const node = gone(spec, fenced(spec));
    const withoutPower = fencedWithoutPower(spec);
    const resource = faultSeconds(Fault.Process, crashed(spec));
    return [
        resource.totalSeconds > node.totalSeconds ? resource : as(Fault.Process, node),
        volumesAt(spec, Fault.Hang).reduce(slower, as(Fault.Hang, node)),
        ...(withoutPower === undefined ? [] : [gone(spec, withoutPower)]),
        ...unreachable(spec, node),
        as(Fault.Partition, node),
        faultSeconds(Fault.Planned, planned(spec)),
    ];
}

/** What moves from one node to another takes, on purpose. */
const planned = (spec: ClusterSpec): Term[] => [
    term("decision", PLANNED_DECISION_SECONDS, false, "measured"),
    ...steps(spec, "stop", stops(spec)),
    ...steps(spec, "start", starts(spec)),
];

/** Seconds of a planned move. */
export const plannedSeconds = (spec: ClusterSpec): number => sum(planned(spec));

/** The addresses that it moves: what is bound to them waits for it too. */
export const wiring = (spec: ClusterSpec): FailoverWiring => ({
    moves: Object.values(spec.resources).flatMap(({ agent, parameters }) =>
        /^ocf:heartbeat:IPaddr2?$/.test(agent) && parameters["ip"] !== undefined ? [parameters["ip"]] : [],
    ),
});
