import { fork } from "node:child_process";
import { once } from "node:events";
import * as path from "node:path";
import { monotonicMs } from "../../lab";
import type { ProbeReport } from "../../lab";

type Sample = ProbeReport["samples"][number];

/** A request and what came of it. */
interface Request extends Sample {
    kind: string;
}

/** What came of all requests. */
export interface LoadReport {
    sent: number;
    /** Those that got no answer. */
    lost: Request[];
    perSecond: number;
    /** The same of each kind. */
    kindsPerSecond: Record<string, number>;
    /** The longest that a request took, in milliseconds. */
    slowestMs: number;
    requests: Request[];
}

/** Whether a request was under way at some moment of a time. */
const during =
    (fromMs: number, toMs: number) =>
    ({ sentMs, endedMs }: Request): boolean =>
        sentMs <= toMs && endedMs >= fromMs;

/** The requests that got no answer though none of their time falls into this one. */
export const lostApartFrom = ({ lost }: LoadReport, fromMs: number, toMs: number): Request[] =>
    lost.filter((request) => !during(fromMs, toMs)(request));

/** How many requests were under way at once, at most, in a time. */
export function underWay({ requests }: LoadReport, fromMs: number, toMs: number): number {
    const some = requests.filter(during(fromMs, toMs));
    return Math.max(0, ...some.map(({ sentMs }) => some.filter(during(sentMs, sentMs)).length));
}

/** About 1000 requests a second while something happens, over TLS: on new connections, on kept ones, and by HTTP/2. */
export async function underLoad(host: string, ca: string, happens: () => Promise<unknown>): Promise<LoadReport> {
    const worker = fork(path.join(__dirname, "load-worker.ts"), [host, ca], {
        execArgv: ["--require", "ts-node/register/transpile-only"],
    });
    await once(worker, "message");
    const begin = monotonicMs();
    try {
        await happens();
    } finally {
        worker.send("stop");
    }
    const seconds = (monotonicMs() - begin) / 1000;
    const perSecond = (count: number) => Math.round(count / seconds);
    const [kinds] = (await once(worker, "message")) as [{ kind: string; samples: Sample[] }[]];
    const requests = kinds.flatMap(({ kind, samples }) => samples.map((sample) => ({ kind, ...sample })));
    return {
        sent: requests.length,
        lost: requests.filter(({ failure }) => failure !== undefined),
        perSecond: perSecond(requests.length),
        kindsPerSecond: Object.fromEntries(kinds.map(({ kind, samples }) => [kind, perSecond(samples.length)])),
        slowestMs: Math.round(Math.max(...requests.map(({ sentMs, endedMs }) => endedMs - sentMs))),
        requests,
    };
}
