/** The kinds of fault that a promise is given for. */
export const Fault = {
    /** A process dies. */
    Process: "process",
    /** A process stops answering but does not die. */
    Hang: "hang",
    /** A host loses power. */
    Power: "power",
    /** A host's network link is cut. */
    Link: "link",
    /** Hosts lose sight of each other. */
    Partition: "partition",
    /** A switch on purpose: the daemon stopped, or the node put aside for maintenance. */
    Planned: "planned",
} as const;
export type Fault = (typeof Fault)[keyof typeof Fault];

/** One summand of a failover time. */
export interface Term {
    /** What takes this long. */
    name: string;
    /** At most this many seconds. */
    seconds: number;
    /** `true` for the time until the fault is noticed, `false` for what is done then. */
    detects: boolean;
    /** Where the term comes from: RFC, manual, measurement. */
    source: string;
    /** The argument that makes it shorter, with the component's name: `front.advertIntervalSeconds`. None where no argument does. */
    knob?: string;
}

/** How long one kind of fault takes, at most, computed from the component's own settings. */
export interface FaultSeconds {
    /** The kind of fault that the seconds are for. */
    fault: Fault;
    /** Seconds until it is noticed. */
    detectSeconds: number;
    /** Seconds from then until clients are served again. */
    actSeconds: number;
    /** Seconds from the fault until clients are served again: the sum of the two. */
    totalSeconds: number;
    /** The sum with its terms, for people: `3 x advert interval (3 s) + skew at priority 252 (0.016 s)`. */
    formula: string;
    /** The terms. Several sums run side by side from the fault on; the largest is the total. */
    sums: Term[][];
}

/** Milliseconds are as fine as a promise gets. */
export const rounded = (seconds: number): number => Math.round(seconds * 1000) / 1000;
/** Seconds that terms take one after the other. */
export const sum = (terms: Term[]): number => rounded(terms.reduce((total, term) => total + term.seconds, 0));
/** Terms for people: `suspect timeout (3 s) + the others agree (0.1 s)`. */
export const formula = (terms: Term[]): string => terms.map((t) => `${t.name} (${rounded(t.seconds)} s)`).join(" + ");

/** The promise for a fault from its terms, one after the other. */
export const faultSeconds = (fault: Fault, terms: Term[]): FaultSeconds => ({
    fault,
    detectSeconds: sum(terms.filter((t) => t.detects)),
    actSeconds: sum(terms.filter((t) => !t.detects)),
    totalSeconds: sum(terms),
    formula: formula(terms),
    sums: [terms],
});

/** Two things that happen side by side from the fault on, such as a cluster's stall and a load balancer's checks: the slower one counts. */
export const slower = (one: FaultSeconds, other: FaultSeconds): FaultSeconds => ({
    ...(other.totalSeconds > one.totalSeconds ? other : one),
    formula: `max(${one.formula}, ${other.formula})`,
    sums: [...one.sums, ...other.sums],
});

/** What can only begin when something else is over, such as checks of a server that is being moved: both count. */
export const followed = (first: FaultSeconds, by: Term[]): FaultSeconds => ({
    ...first,
    detectSeconds: rounded(first.detectSeconds + sum(by.filter((t) => t.detects))),
    actSeconds: rounded(first.actSeconds + sum(by.filter((t) => !t.detects))),
    totalSeconds: rounded(first.totalSeconds + sum(by)),
    formula: `${first.formula} + ${formula(by)}`,
    sums: first.sums.map((terms) => [...terms, ...by]),
});
