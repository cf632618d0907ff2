import type { FaultSeconds } from "../../../components";
import type { LabHost } from "../../../lab";
import { monotonicMs } from "../../../lab";
import { ask } from "./ground";

/** A line of a host's journal. */
export interface Entry {
    /** Of the host's clock. */
    seconds: number;
    text: string;
}

/** Seconds that each term of a promise took, by the term's name, as the logs of the machine that took over have it. */
export type Measured = Record<string, number>;

/** `1763760000.123456 app2 corosync[1]:   [TOTEM ] …` */
export const entries = (journal: string): Entry[] =>
    journal
        .split("\n")
        .flatMap((line) => [...line.matchAll(/^(\d+\.\d+) \S+ (.*)$/g)])
        .map(([, seconds, text = ""]) => ({ seconds: Number(seconds), text }));

const STEP = /(Requesting local execution|Result) of (start|promote|probe) operation for (\S+) on/;

/** What each resource took to start, and a replicated disk to be promoted; between the two lines that say so. */
function starts(log: Entry[]): Measured {
    const found: Measured = {};
    const begun = new Map<string, number>();
    for (const { seconds, text } of log) {
        const [, what, operation = "", resource = ""] = STEP.exec(text) ?? [];
        const key = `${operation} ${resource}`;
        if (what === undefined || operation === "probe") continue;
        if (what !== "Result") begun.set(key, seconds);
        else {
            const name = `start of ${resource.replace(/:\d+$/, "")}`;
            found[name] = (found[name] ?? 0) + seconds - (begun.get(key) ?? seconds);
        }
    }
    return found;
}

/** @param faultSeconds the instant of the fault on the clock of the log. */
export function measured(log: Entry[], faultSeconds: number): Measured {
    const since = log.filter(({ seconds }) => seconds >= faultSeconds);
    const at = (words: RegExp): number | undefined => since.find(({ text }) => words.test(text))?.seconds;
    const token = at(/A processor failed, forming new configuration/);
    const membership = at(/A new membership \(\S+\) was formed/);
    const asked = at(/Requesting fencing \(\w+\) (of|targeting) node /);
    const fenced = at(/^pacemaker-controld\S* .*Peer \S+ was (terminated|fenced) .*: OK/);
    // A node that is fenced for what failed on it leaves the membership only then.
    const between = (from: number | undefined, to: number | undefined, name: string): Measured =>
        from === undefined || to === undefined || to < from ? {} : { [name]: to - from };
    return {
        ...between(faultSeconds, token, "token"),
        ...between(token, membership, "consensus"),
        ...between(membership, asked, "decision"),
        ...between(asked, fenced, "power off and on"),
        ...starts(since.filter(({ seconds }) => seconds >= (fenced ?? faultSeconds))),
    };
}

const DAEMONS = ["corosync", "pacemaker-controld"].map((name) => `--identifier=${name}`).join(" ");

/** The terms of a fault, and how exact the first of them is. */
export interface Terms {
    measured: Measured;
    /** Seconds by which the fault may have been earlier or later on the clock of the log. */
    withinSeconds: number;
}

/** Reads the terms of a fault that struck at an instant of this machine's monotonic clock from the log of the machine that took over. */
export async function termsOn(host: LabHost, sinceMs: number): Promise<Terms> {
    const before = monotonicMs();
    const clock = Number(await ask(host, "date +%s.%N"));
    const after = monotonicMs();
    // The host's clock is its own; it is read in the middle of the question as far as anybody knows.
    const fault = clock - ((before + after) / 2 - sinceMs) / 1000;
    const journal = await ask(
        host,
        `journalctl --no-pager --output=short-unix --since=@${Math.floor(fault)} ${DAEMONS}`,
    );
    return { measured: measured(entries(journal), fault), withinSeconds: (after - before) / 2000 };
}

/** A row for each term of a promise that the logs have: its name, what was computed, what was measured. */
export const termRows = ({ sums }: FaultSeconds, { measured: seen }: Terms): [string, number, number][] => {
    const computed = new Map(sums.flat().map(({ name, seconds }) => [name, seconds]));
    return Object.entries(seen).flatMap(([name, found]): [string, number, number][] => {
        const seconds = computed.get(name);
        return seconds === undefined ? [] : [[name, seconds, found]];
    });
};
