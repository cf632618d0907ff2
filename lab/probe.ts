import * as http from "node:http";
import * as https from "node:https";
import * as net from "node:net";
import { monotonicMs } from "./run";

/** Asks once whether something answers, over a connection of its own; rejects when it does not. `signal` ends it at its time limit. */
export type Probe = (signal: AbortSignal) => Promise<void>;

/** One question and what came of it; instants on the machine's monotonic clock, in milliseconds. */
export interface Sample {
    sentMs: number;
    endedMs: number;
    /** Why there was no answer; undefined where there was one. */
    failure?: string;
}

/** A time without a successful answer. */
export interface Gap {
    /** The last answer before. */
    fromMs: number;
    /** The first answer after. */
    toMs: number;
    /** `toMs` less `fromMs`. */
    lengthMs: number;
    /** Questions sent in it that got no answer. */
    lost: number;
}

/** What a prober saw. */
export interface ProbeReport {
    sent: number;
    answered: number;
    lost: number;
    /** Times without an answer in which a question was lost, in order. */
    gaps: Gap[];
    /** The longest time without an answer, in milliseconds; about the interval between two questions where all were answered. */
    longestGapMs: number;
    /** The longest time between two questions: how exact the gaps are. More than the interval means that this machine was busy. */
    resolutionMs: number;
    /** How often each failure was seen. */
    failures: Record<string, number>;
    samples: Sample[];
}

/** How often to ask, and how long to wait. */
export interface ProberOptions {
    /** Milliseconds between two questions; they are sent on time whether or not earlier ones are answered. Default: 20. */
    everyMs?: number;
    /** Milliseconds after which a question counts as lost. Default: 500. */
    timeoutMs?: number;
}

/** A probe that succeeds once a TCP connection is made. */
export const tcpProbe =
    (address: string, port: number): Probe =>
    (signal) =>
        new Promise((resolve, reject) => {
            const socket = net.connect({ host: address, port, signal });
            socket.once("connect", () => {
                socket.destroy();
                resolve();
            });
            socket.once("error", reject);
        });

/** What an HTTP probe asks and expects. */
export interface HttpProbeOptions {
    /** Certificates to trust, PEM. Default: the well-known authorities. */
    ca?: string;
    /** Name to verify the certificate against. Default: the URL's host. */
    serverName?: string;
    headers?: Record<string, string>;
    /** The status that counts as an answer. Default: 200. */
    status?: number;
}

/** A probe that succeeds once a GET's whole answer has arrived with the expected status. */
export const httpProbe =
    (url: string, options: HttpProbeOptions = {}): Probe =>
    (signal) =>
        new Promise((resolve, reject) => {
            const { status = 200, headers, ca, serverName } = options;
            const get = url.startsWith("https:") ? https.get : http.get;
            const request = get(url, { agent: false, signal, headers, ca, servername: serverName }, (response) => {
                response.resume();
                response.once("error", reject);
                response.once("end", () => {
                    if (response.statusCode === status) resolve();
                    else reject(new Error(`status ${response.statusCode ?? "?"}`));
                });
            });
            request.once("error", reject);
        });

/** Samples a probe at a steady pace until it is stopped. */
export class Prober {
    private readonly samples: Sample[] = [];
    private readonly pending = new Set<Promise<void>>();
    private readonly timer: NodeJS.Timeout;
    private readonly timeoutMs: number;
    private next: number;

    constructor(
        private readonly probe: Probe,
        options: ProberOptions = {},
    ) {
        const { everyMs = 20, timeoutMs = 500 } = options;
        this.timeoutMs = timeoutMs;
        this.next = monotonicMs();
        // Timers drift: what is due is counted from the clock, and what this machine was too busy to send is not sent late in a burst.
        this.timer = setInterval(
            () => {
                const now = monotonicMs();
                if (now < this.next) return;
                this.next = Math.max(this.next + everyMs, now);
                this.ask();
            },
            Math.max(1, Math.floor(everyMs / 4)),
        );
    }

    private ask(): void {
        const sentMs = monotonicMs();
        const abort = new AbortController();
        // Where this process stood still, answers that have arrived meanwhile are read before the time is up.
        const timer = setTimeout(() => setImmediate(() => abort.abort()), this.timeoutMs);
        const asked = this.probe(abort.signal)
            .then(
                () => undefined,
                (error: NodeJS.ErrnoException) =>
                    abort.signal.aborted ? "no answer in time" : (error.code ?? error.message),
            )
            .then((failure) => {
                clearTimeout(timer);
                this.samples.push({ sentMs, endedMs: monotonicMs(), failure });
                this.pending.delete(asked);
            });
        this.pending.add(asked);
    }

    /** Whether the last question that ended was answered. */
    get answers(): boolean {
        const last = this.samples.at(-1);
        return last !== undefined && last.failure === undefined;
    }

    /** Stops asking, waits for what is still under way, and reports. */
    async stop(): Promise<ProbeReport> {
        clearInterval(this.timer);
        await Promise.all(this.pending);
        return report(this.samples);
    }
}

/** Sums up samples. Time is cut at every answer; what is open at the ends counts from the first question and to the last. */
export function report(samples: Sample[]): ProbeReport {
    const bySent = [...samples].sort((a, b) => a.sentMs - b.sentMs);
    const lost = bySent.filter((sample) => sample.failure !== undefined);
    const answers = samples.filter((sample) => sample.failure === undefined).map((sample) => sample.endedMs);
    const ends = [bySent[0]?.sentMs ?? 0, ...answers, bySent.at(-1)?.endedMs ?? 0].sort((a, b) => a - b);
    const intervals = pairs(ends).map(([fromMs, toMs]) => ({ fromMs, toMs, lengthMs: toMs - fromMs, lost: 0 }));
    for (const sample of lost) longestDuring(sample, intervals).lost += 1;
    const failures: Record<string, number> = {};
    for (const { failure = "" } of lost) failures[failure] = (failures[failure] ?? 0) + 1;
    return {
        sent: samples.length,
        answered: answers.length,
        lost: lost.length,
        gaps: intervals.filter((gap) => gap.lost > 0),
        longestGapMs: Math.max(0, ...intervals.map((gap) => gap.lengthMs)),
        resolutionMs: Math.max(0, ...pairs(bySent).map(([earlier, later]) => later.sentMs - earlier.sentMs)),
        failures,
        samples: bySent,
    };
}

const pairs = <T>(list: T[]): [T, T][] => list.slice(1).map((item, index) => [list[index]!, item]);

/** A lost question belongs to the longest time without an answer that it saw any of. */
const longestDuring = (sample: Sample, intervals: Gap[]): Gap =>
    intervals
        .filter((gap) => gap.fromMs <= sample.endedMs && gap.toMs >= sample.sentMs)
        .reduce((longest, gap) => (gap.lengthMs > longest.lengthMs ? gap : longest));
