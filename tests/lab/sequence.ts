import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import * as path from "node:path";
import type { SqlAccess } from "./sql";

/** A time without an acknowledged write; instants on the machine's monotonic clock. */
export interface WriteGap {
    fromMs: number;
    seconds: number;
    /** The last number acknowledged before. */
    after: number;
}

/** What came of writing. */
export interface SequenceReport {
    /** Numbers whose commit was acknowledged. */
    acknowledged: number[];
    /** Times of a quarter second or more without one, in order. */
    gaps: WriteGap[];
    longestSeconds: number;
    /** How often an attempt failed, by kind of error. */
    errors: Record<string, number>;
    /** By how much this machine was late at most in waking the writer: how exact the gaps are. */
    lateSeconds: number;
}

/** How to write. */
export interface SequenceOptions {
    access: SqlAccess;
    /** Table, made if it is missing. */
    table: string;
    /** Milliseconds between an acknowledgement and the next write. */
    pauseMs: number;
    /** Milliseconds for an answer; then the connection is given up for a new one. */
    timeoutMs: number;
}

/** A client that writes 1, 2, 3, … one transaction each, and connects again at once when something fails. In a process of its own. */
export class SequenceWriter {
    private constructor(
        private readonly worker: ChildProcess,
        readonly table: string,
    ) {}

    /** Resolves once the first fifty numbers are acknowledged. */
    static async start(access: SqlAccess, options: Partial<SequenceOptions> = {}): Promise<SequenceWriter> {
        const table = options.table ?? "sequence";
        const worker = fork(path.join(__dirname, "sequence-worker.ts"), [], {
            execArgv: ["--require", "ts-node/register/transpile-only"],
        });
        worker.send({ access, table, pauseMs: 10, timeoutMs: 1000, ...options } satisfies SequenceOptions);
        await answer(worker);
        return new SequenceWriter(worker, table);
    }

    async stop(): Promise<SequenceReport> {
        const report = answer(this.worker);
        this.worker.send("stop");
        return (await report) as SequenceReport;
    }
}

const answer = (worker: ChildProcess): Promise<unknown> =>
    new Promise((resolve, reject) => {
        worker.once("message", resolve);
        worker.once("exit", (code) => reject(new Error(`the writer ended with status ${code ?? "?"}`)));
    });
