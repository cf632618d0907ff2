/** Where the time of a command went, in seconds. */
export interface Phases {
    /** Until the command had begun. */
    start: number;
    /** Until Pulumi had given the state; meanwhile all that the rest needs is loaded. */
    state: number;
    /** Until the last host had answered, or its deadline had passed. */
    hosts: number;
}

/** Phases from the instants at which the first two ended, as `performance.now` tells them: since this program began. The last one ends now. */
export const phasesOf = (begun: number, read: number): Phases => ({
    start: begun / 1000,
    state: (read - begun) / 1000,
    hosts: (performance.now() - read) / 1000,
});

/** In a line, with their sum. */
export function phasesText({ start, state, hosts }: Phases): string {
    const [a, b, c, all] = [start, state, hosts, start + state + hosts].map((seconds) => `${seconds.toFixed(1)} s`);
    return `${a} to start, ${b} to read the state, ${c} to ask the hosts: ${all}`;
}
