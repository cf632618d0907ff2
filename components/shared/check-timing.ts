/** How often a load balancer checks a server that is on its way up, and how often it must pass. */
export interface ReturnChecks {
    intervalSeconds: number;
    fastIntervalSeconds: number;
    rise: number;
}

/** Seconds from a server's return until it gets clients again, at most; answers to checks on a local network take no time to speak of. */
export const returnSeconds = ({ intervalSeconds, fastIntervalSeconds, rise }: ReturnChecks): number =>
    intervalSeconds + (rise - 1) * fastIntervalSeconds;
