import { GaleraTiming } from "./args";

/** How members and load balancers find out that a member is lost. */
export interface Timing {
    /** Silence after which a member is suspected (evs.suspect_timeout). */
    suspectSeconds: number;
    /** Silence after which it is out whatever the others say (evs.inactive_timeout). */
    inactiveSeconds: number;
    /** For an agreement on who is a member (evs.install_timeout). */
    installSeconds: number;
    /** Between looks for silent members (evs.inactive_check_period). */
    inactiveCheckSeconds: number;
    /** Between signs of life of an idle member (evs.keepalive_period). */
    keepaliveSeconds: number;
    /** Between proposals of who is a member (evs.join_retrans_period). */
    joinRetransmitSeconds: number;
    /** The messages by which the others agree: a few round trips. */
    agreeSeconds: number;
    /** Checks of the health endpoint by load balancers. */
    check: CheckTiming;
}

/** Checks of the health endpoint by load balancers, in HAProxy's terms. */
export interface CheckTiming {
    intervalSeconds: number;
    fastIntervalSeconds: number;
    timeoutSeconds: number;
    fall: number;
    rise: number;
    /** For the server's greeting, within the check. */
    greetingSeconds: number;
}

/** What a profile states; the rest follows from it. */
type Profile = Omit<Timing, "check"> & { check: Omit<CheckTiming, "rise"> };

/**
 * A load balancer notices within the time that the members themselves need, so that its checks cost nothing on top; within that bound they are as
 * patient as they can be, because a writer that is left for a short pause costs sessions.
 */
const PROFILES: Record<GaleraTiming, Profile> = {
    [GaleraTiming.Standard]: {
        suspectSeconds: 3,
        inactiveSeconds: 9,
        installSeconds: 4.5,
        inactiveCheckSeconds: 0.25,
        keepaliveSeconds: 0.5,
        joinRetransmitSeconds: 0.2,
        agreeSeconds: 0.1,
        check: {
            intervalSeconds: 1,
            fastIntervalSeconds: 0.5,
            timeoutSeconds: 1,
            fall: 2,
            greetingSeconds: 0.75,
        },
    },
    [GaleraTiming.Fast]: {
        suspectSeconds: 2,
        inactiveSeconds: 6,
        installSeconds: 3,
        inactiveCheckSeconds: 0.1,
        keepaliveSeconds: 0.5,
        joinRetransmitSeconds: 0.1,
        agreeSeconds: 0.1,
        check: {
            intervalSeconds: 0.5,
            fastIntervalSeconds: 0.5,
            timeoutSeconds: 0.5,
            fall: 2,
            greetingSeconds: 0.4,
        },
    },
    [GaleraTiming.Wide]: {
        suspectSeconds: 5,
        inactiveSeconds: 15,
        installSeconds: 7.5,
        inactiveCheckSeconds: 0.5,
        keepaliveSeconds: 1,
        joinRetransmitSeconds: 1,
        agreeSeconds: 0.5,
        check: {
            intervalSeconds: 2,
            fastIntervalSeconds: 1,
            timeoutSeconds: 1.5,
            fall: 2,
            greetingSeconds: 1,
        },
    },
};

/** The options of the provider that hold a timing. */
const OPTIONS = {
    "evs.suspect_timeout": "suspectSeconds",
    "evs.inactive_timeout": "inactiveSeconds",
    "evs.install_timeout": "installSeconds",
    "evs.inactive_check_period": "inactiveCheckSeconds",
    "evs.keepalive_period": "keepaliveSeconds",
    "evs.join_retrans_period": "joinRetransmitSeconds",
} as const;

/** Whether an option of the provider is a timing that the failover time is made from. */
export const isTimingOption = (name: string): boolean => name in OPTIONS;

const PERIOD = /^P(?=[\dT])(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

/** Seconds of a period as the provider writes it, `PT1M0.5S`; undefined for any other text. */
export function periodSeconds(text: string): number | undefined {
    const found = PERIOD.exec(text);
    if (found === null) return undefined;
    const [days = 0, hours = 0, minutes = 0, seconds = 0] = found.slice(1).map((part) => Number(part || 0));
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
}

/** Seconds as the provider reads them. */
export const period = (seconds: number): string => `PT${Math.round(seconds * 1000) / 1000}S`;

/** The timing of a profile, with what the user's own options of the provider say otherwise. An unknown profile counts as Standard: the rules refuse it. */
export function timing(name: GaleraTiming, providerOptions: Record<string, string>): Timing {
    const chosen = Object.values(GaleraTiming).includes(name) ? name : GaleraTiming.Standard;
    const own = Object.entries(OPTIONS).flatMap(([option, field]) => {
        const seconds = periodSeconds(providerOptions[option] ?? "");
        return seconds === undefined ? [] : [[field, seconds] as const];
    });
    const profile: Profile = { ...PROFILES[chosen], ...Object.fromEntries(own) };
    return { ...profile, check: { ...profile.check, rise: riseAfterHang(profile) } };
}

/**
 * What passes until the others go on without a silent member, one after the other. One that is suspected and proposes nothing is out at once, so the
 * inactive timeout is not paid for a single one.
 */
export const EVICTION = ["suspectSeconds", "inactiveCheckSeconds", "joinRetransmitSeconds", "agreeSeconds"] as const;

const stallSeconds = (of: Profile): number => EVICTION.reduce((total, part) => total + of[part], 0);

/**
 * Passed checks before a member gets clients again. One that hung, or was paused, calls itself synced until the others' word reaches it that they went on
 * without it: seen for up to 3.8 s at a stall of 3.85 s with proposals each 0.5 s. Clients that came back before would have their writes refused.
 */
const riseAfterHang = (of: Profile): number => 1 + Math.ceil(stallSeconds(of) / of.check.fastIntervalSeconds);

/** The options of the provider that make a timing. */
export const timingOptions = (of: Timing): Record<string, string> =>
    Object.fromEntries(Object.entries(OPTIONS).map(([option, field]) => [option, period(of[field])]));

/** Until a load balancer has marked a member down that says itself that it takes no clients, at most. */
export const markedDownSeconds = ({ check }: Timing): number =>
    check.intervalSeconds + (check.fall - 1) * check.fastIntervalSeconds;
