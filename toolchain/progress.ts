/** Tells a person, or a CI log, how far things are. */
export interface Progress {
    /** A line that stays. */
    say(line: string): void;
    /** How far the present step is: replaces itself on a terminal; elsewhere a line every now and then. */
    update(text: string): void;
}

/** Seconds between two updates in a log. */
const LOG_INTERVAL = 15;

/** Progress on a stream, with the time since `now()` was first asked. */
export function progressOn(stream: NodeJS.WriteStream, now: () => number = Date.now): Progress {
    const start = now();
    const stamped = (text: string): string => `[${clock(now() - start)}] ${text}`;
    if (!stream.isTTY) {
        let last = start;
        return {
            say: (line) => stream.write(`${line}\n`),
            update: (text) => {
                if (now() - last < LOG_INTERVAL * 1000) return;
                last = now();
                stream.write(`${stamped(text)}\n`);
            },
        };
    }
    const clear = "\r\x1b[K";
    return {
        say: (line) => stream.write(`${clear}${line}\n`),
        update: (text) => stream.write(clear + stamped(text).slice(0, Math.max(20, stream.columns) - 1)),
    };
}

/** Progress that nobody hears. */
export const silent: Progress = { say: () => undefined, update: () => undefined };

/** Minutes and seconds: "2:05". */
export function clock(milliseconds: number): string {
    const seconds = Math.round(milliseconds / 1000);
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
