import type { ProbeReport } from "../../lab";
import { Prober, httpProbe, monotonicMs } from "../../lab";
import { figure } from "./stack";
import { until } from "./support";

const ASK_MS = 20;

/** What a client of an address saw. */
export interface Seen extends ProbeReport {
    seconds: number;
    /** Hosts that held the address at once. */
    both: string[][];
}

/** The longest time between two questions, less the usual: so much later a gap may end than it did. */
export const late = ({ resolutionMs }: ProbeReport): number => Math.max(0, resolutionMs - ASK_MS) / 1000;

/** An address with a web server behind it. */
export interface Watched {
    url: string;
    /** Names of the hosts that hold it now. */
    owners: () => Promise<string[]>;
}

/** What a client of the address saw until it answers at `to` again, and whether two held it at once. */
export async function seen(
    { url, owners }: Watched,
    what: string,
    to: () => string[],
    happens: () => Promise<unknown>,
): Promise<Seen> {
    const prober = new Prober(httpProbe(url), { everyMs: ASK_MS, timeoutMs: 300 });
    const both: string[][] = [];
    const watching = { over: false };
    const watch = (async () => {
        while (!watching.over) {
            const now = await owners();
            if (now.length > 1 && (await owners()).length > 1) both.push(now);
        }
    })();
    try {
        await until("the address answers", 10, async () => prober.answers, Boolean);
        await happens();
        const begin = monotonicMs();
        await until(
            "the address answers again",
            30,
            async () => ({ answers: prober.answers, owners: await owners(), waited: monotonicMs() - begin }),
            (now) => now.answers && now.owners.length === 1 && to().includes(now.owners[0]!),
        );
    } finally {
        watching.over = true;
        await watch;
        await prober.stop();
    }
    const report = await prober.stop();
    const seconds = Math.max(0, ...report.gaps.map((gap) => gap.lengthMs)) / 1000;
    figure(`${what}: ${report.lost} questions lost, longest gap`, seconds);
    return { ...report, seconds, both };
}
