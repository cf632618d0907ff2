// The SDK says of every resource what it does with it, at level debug, and waits for the engine to take a line before it sends the next: four calls for each
// resource beside the one that matters. Lines of one turn of the event loop go as one message here; whoever wants to see them, with `pulumi up --debug`, has
// them all.
// https://github.com/pulumi/pulumi/blob/master/sdk/nodejs/log/index.ts

type Say = (message: string, ...more: unknown[]) => Promise<void>;

/** The SDK's log. */
export type Log = Record<"debug" | "info" | "warn" | "error", Say>;

const loaded = (log: Partial<Log>): log is Log => typeof log.debug === "function";

const gathering = new WeakSet<Log>();

/**
 * From now on this log gathers lines of level debug that are about no resource; all lines stay in their order. One that is still being loaded, by a file that
 * it loads itself, is left for the next who asks.
 */
export function gatherLines(log: Partial<Log>): Partial<Log> {
    if (!loaded(log) || gathering.has(log)) return log;
    gathering.add(log);
    const { debug } = log;
    let lines: string[] = [];
    let sent = Promise.resolve();
    const send = () => {
        if (lines.length > 0) sent = debug(lines.join("\n"));
        lines = [];
    };
    const after = (say: Say): Say => {
        return (...line) => {
            send();
            return say(...line);
        };
    };
    log.debug = (message, ...more) => {
        if (more.some((value) => value !== undefined)) return after(debug)(message, ...more);
        lines.push(message);
        return new Promise((resolve) => {
            setImmediate(() => {
                send();
                void sent.then(resolve);
            });
        });
    };
    for (const level of ["info", "warn", "error"] as const) log[level] = after(log[level]);
    return log;
}
