import { runOn } from "../ssh";
import { evidenceIn } from "./answer";
import type { Evidence } from "./answer";
import type { Host } from "./hosts";
import { launcher, question } from "./question";
import type { Verb } from "./question";

/** What came of asking a host. */
export interface Answer {
    host: Host;
    /** Nothing where it could not be asked. */
    evidence?: Evidence;
    /** Why there is no evidence, or not all of it. */
    why?: string;
    seconds: number;
}

/** How to ask. */
export interface Asking {
    verbs: Verb[];
    /** For each host, from the first packet to the last word. */
    deadlineSeconds: number;
    /** Takes each host's answer as it comes. */
    onAnswer?: (answer: Answer) => void;
}

/** Seconds for a host to be reached, and again for the log-in: this machine has to compute those of all hosts at once. */
const DIAL_SECONDS = 10;

/** Asks all hosts at once, each over one connection; what cannot be asked is in the answers too. */
export async function askAll(hosts: Host[], asking: Asking): Promise<Answer[]> {
    return Promise.all(
        hosts.map(async (host) => {
            const answer = await ask(host, asking);
            asking.onAnswer?.(answer);
            return answer;
        }),
    );
}

async function ask(host: Host, { verbs, deadlineSeconds }: Asking): Promise<Answer> {
    const begin = performance.now();
    const seconds = () => (performance.now() - begin) / 1000;
    try {
        const { code, stdout, stderr } = await runOn(host.connection, {
            command: launcher(host.connection.user, deadlineSeconds),
            stdin: question(host, verbs),
            seconds: deadlineSeconds,
            retries: 0,
            dialSeconds: Math.min(DIAL_SECONDS, deadlineSeconds),
        });
        const evidence = evidenceIn(stdout);
        if (evidence.complete) return { host, evidence, seconds: seconds() };
        const late = seconds() >= deadlineSeconds - 0.1 || code === 124;
        const why = late ? `it did not finish within ${deadlineSeconds} s` : lastLine(stderr);
        return { host, evidence, why: why || `the connection was lost (status ${code})`, seconds: seconds() };
    } catch (error) {
        const late = seconds() >= deadlineSeconds - 0.1;
        const why = late ? `no answer within ${deadlineSeconds} s` : reason(error);
        return { host, why, seconds: seconds() };
    }
}

const lastLine = (text: string): string => text.trim().split("\n").at(-1) ?? "";

const reason = (error: unknown): string =>
    lastLine(error instanceof Error ? error.message : String(error)).replace(/^after \d+ failed attempts: /, "");
