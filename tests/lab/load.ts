import { fork } from "node:child_process";
import { once } from "node:events";
import * as path from "node:path";
import { monotonicMs } from "../../lab";

/** What came of one kind of request. */
interface Kind {
    kind: string;
    sent: number;
    /** Why a request got no answer, for each that did not. */
    failures: string[];
    slowestMs: number;
}

/** What came of all requests. */
export interface LoadReport {
    sent: number;
    lost: number;
    perSecond: number;
    /** The longest that a request took, in milliseconds. */
    slowestMs: number;
    kinds: Kind[];
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
    const [kinds] = (await once(worker, "message")) as [Kind[]];
    const sum = (count: (kind: Kind) => number) => kinds.reduce((total, kind) => total + count(kind), 0);
    return {
        sent: sum((kind) => kind.sent),
        lost: sum((kind) => kind.failures.length),
        perSecond: Math.round(sum((kind) => kind.sent) / seconds),
        slowestMs: Math.round(Math.max(...kinds.map((kind) => kind.slowestMs))),
        kinds,
    };
}
