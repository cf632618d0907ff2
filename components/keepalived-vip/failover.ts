import { Fault, faultSeconds, slower } from "../shared/failover";
import type { FaultSeconds, Term } from "../shared/failover";
import type { FailoverWiring } from "../shared/wiring";
import { withoutPrefix } from "../shared/addresses";
import { VrrpVersion } from "./args";
import type { Tracker, VipSpec } from "./spec";

/** Adverts that the others wait for, in vain, before one of them takes over (RFC 9568 6.1). */
const MISSED_ADVERTS = 3;

/**
 * What the best of the standbys waits beyond the adverts, so that it goes before the others. Version 3 scales it by the interval, in hundredths of a
 * second; version 2 does not (keepalived's `VRRP_TIMER_SKEW`).
 */
export function skewSeconds(version: VrrpVersion, advertIntervalSeconds: number, priority: number): number {
    const interval = version === VrrpVersion.V2 ? 1 : Math.floor(advertIntervalSeconds * 100 + 1e-9) / 100;
    return ((256 - priority) / 256) * interval;
}

/** The priorities of the nodes that take the address, the best one first. */
const candidates = (vip: VipSpec): number[] =>
    vip.nodes
        .filter((node) => !node.standsBy)
        .map((node) => node.priority)
        .sort((a, b) => b - a);

/** Whichever node holds the address, the best of the others is at least as good as the second best of all. */
function skew(vip: VipSpec): Term {
    const [, second = 0] = candidates(vip);
    return {
        name: `skew at priority ${second}`,
        seconds: skewSeconds(vip.version, vip.advertIntervalSeconds, second),
        detects: false,
        source: "RFC 9568 6.1",
        knob: `${vip.name}.${ownSkew(vip) ? "priorities" : "advertIntervalSeconds"}`,
    };
}

/** The interval makes the skew longer or shorter; not so where the version does not scale it, or where low priorities make it long. */
const ownSkew = (vip: VipSpec): boolean => vip.version === VrrpVersion.V2 || Object.keys(vip.priorities).length > 0;

const silence = (vip: VipSpec): Term => ({
    name: `${MISSED_ADVERTS} x advert interval`,
    seconds: MISSED_ADVERTS * vip.advertIntervalSeconds,
    detects: true,
    source: "RFC 9568 6.1",
    knob: `${vip.name}.advertIntervalSeconds`,
});

/** The holder vanishes without a word. */
const lost = (vip: VipSpec): Term[] => [silence(vip), skew(vip)];

/** A tracked service fails; then the holder says goodbye, or, with a weight, is outbid. */
function untracked(vip: VipSpec, name: string, track: Tracker): Term[] {
    const seen: Term[] = [
        {
            name: `${name}: ${track.fall} x check interval`,
            seconds: track.fall * track.intervalSeconds,
            detects: true,
            source: "keepalived.conf(5) vrrp_script",
            knob: checksKnob(`${vip.name}.track.${name}`, track),
        },
        {
            name: `${name}: timeout`,
            seconds: track.timeoutSeconds,
            detects: true,
            source: "keepalived.conf(5) vrrp_script",
            knob: `${vip.name}.track.${name}.timeoutSeconds`,
        },
    ];
    return [...seen, ...(track.weight === 0 ? [skew(vip)] : lost(vip))];
}

/** The interval has whole seconds: at one, only fewer checks are faster. */
function checksKnob(path: string, track: Tracker): string | undefined {
    if (track.intervalSeconds > 1) return `${path}.intervalSeconds`;
    return track.fall > 1 ? `${path}.fall` : undefined;
}

/** A port and a systemd unit look well while their process hangs. */
const seesHang = (track: Tracker): boolean => track.http !== undefined || track.command !== undefined;

/**
 * How long clients are without the address, at most, for each kind of fault. A process is keepalived itself or a tracked service, whichever takes
 * longer; a tracked service that is stopped on purpose is one too. Planned is that keepalived is stopped, or the node listed in `standby`.
 *
 * A hang has no line unless services are tracked and every tracker asks its service something: otherwise one may hang and nobody notices. Nothing at
 * all is promised while only one node takes the address.
 */
export function failover(vip: VipSpec): FaultSeconds[] {
    if (candidates(vip).length < 2) return [];
    const trackers = Object.entries(vip.track);
    const died = (fault: Fault): FaultSeconds =>
        [lost(vip), ...trackers.map(([name, track]) => untracked(vip, name, track))]
            .map((terms) => faultSeconds(fault, terms))
            .reduce(slower);
    const hangSeen = trackers.length > 0 && trackers.every(([, track]) => seesHang(track));
    return [
        died(Fault.Process),
        ...(hangSeen ? [died(Fault.Hang)] : []),
        faultSeconds(Fault.Power, lost(vip)),
        faultSeconds(Fault.Link, lost(vip)),
        faultSeconds(Fault.Planned, [skew(vip)]),
    ];
}

/**
 * What depends on the address. With `preempt`, a node of higher priority that starts takes no notice of the holder's adverts, and takes the address as soon
 * as it has waited for its own; after `preemptDelaySeconds` at most one advert of those that it has minded before counts.
 */
export function wiring(vip: VipSpec): FailoverWiring {
    const moves = [vip.address, ...vip.extraAddresses].map(withoutPrefix);
    if (!vip.preempt) return { moves };
    const adverts = Math.max(MISSED_ADVERTS * vip.advertIntervalSeconds, afterDelay(vip));
    const takesBack: Term = {
        name: vip.preemptDelaySeconds > 0 ? "preempt delay and adverts" : `${MISSED_ADVERTS} x advert interval`,
        seconds: adverts,
        detects: false,
        source: "RFC 9568 6.4.2; keepalived.conf(5) preempt_delay",
        knob: `${vip.name}.preemptDelaySeconds`,
    };
    return { moves, takesBack };
}

const afterDelay = ({ preemptDelaySeconds, advertIntervalSeconds }: VipSpec): number =>
    preemptDelaySeconds > 0 ? preemptDelaySeconds + (MISSED_ADVERTS - 1) * advertIntervalSeconds : 0;
