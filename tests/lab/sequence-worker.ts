import { setTimeout as pause } from "node:timers/promises";
import type { Connection } from "mysql2/promise";
import { monotonicMs } from "../../lab";
import type { SequenceOptions, SequenceReport } from "./sequence";
import { connect, errorKind } from "./sql";

// Run as a process of its own, so that what else a test does takes no time from it. Gets its options, writes until the next message, then reports.

const GAP_SECONDS = 0.25;
const TICK_MS = 10;
/** Writes that must be acknowledged before anything may happen to the servers: some of them are fresh on all. */
const UNDER_WAY = 50;
/** Between two attempts that failed at once. */
const RETRY_MS = 10;

const report: SequenceReport = { acknowledged: [], gaps: [], longestSeconds: 0, errors: {}, lateSeconds: 0 };
let stopped = false;

function watchClock(): void {
    let before = monotonicMs();
    setInterval(() => {
        const now = monotonicMs();
        report.lateSeconds = Math.max(report.lateSeconds, (now - before - TICK_MS) / 1000);
        before = now;
    }, TICK_MS).unref();
}

/** Sees to the time since the last acknowledged write. */
function elapsed(sinceMs: number | undefined): void {
    if (sinceMs === undefined) return;
    const seconds = (monotonicMs() - sinceMs) / 1000;
    report.longestSeconds = Math.max(report.longestSeconds, seconds);
    if (seconds >= GAP_SECONDS) report.gaps.push({ fromMs: sinceMs, seconds, after: report.acknowledged.at(-1) ?? 0 });
}

async function write({ access, table, pauseMs, timeoutMs }: SequenceOptions): Promise<void> {
    let connection: Connection | undefined;
    let lastMs: number | undefined;
    for (let n = 1; !stopped; n++) {
        try {
            if (connection === undefined) {
                connection = await connect(access, timeoutMs);
                // One that is lost while nobody waits for it must not end the process.
                connection.on("error", () => undefined);
            }
            if (lastMs === undefined)
                await connection.query(`CREATE TABLE IF NOT EXISTS ${table} (n BIGINT PRIMARY KEY)`);
            await connection.query({ sql: `INSERT INTO ${table} VALUES (${n})`, timeout: timeoutMs });
            elapsed(lastMs);
            lastMs = monotonicMs();
            report.acknowledged.push(n);
            if (report.acknowledged.length === UNDER_WAY) process.send?.("writing");
            await pause(pauseMs);
        } catch (error) {
            const kind = errorKind(error);
            report.errors[kind] = (report.errors[kind] ?? 0) + 1;
            connection?.destroy();
            connection = undefined;
            await pause(RETRY_MS);
        }
    }
    elapsed(lastMs);
    connection?.destroy();
}

process.once("message", (options: SequenceOptions) => {
    process.once("message", () => (stopped = true));
    watchClock();
    void write(options).then(() => process.send?.(report, () => process.exit()));
});
