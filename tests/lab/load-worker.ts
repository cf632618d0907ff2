import * as http2 from "node:http2";
import * as https from "node:https";
import { Prober, httpProbe } from "../../lab";
import type { Probe } from "../../lab";

// Run as a process of its own, so that what else a test does takes no time from it. Asks until it gets a message, then answers with a report.

const [host = "", ca = "", timeoutMs = "8000"] = process.argv.slice(2);
const url = `https://${host}/`;

const kept = new https.Agent({ keepAlive: true, maxSockets: 40, ca });

/** A request on one of a few connections that stay open. */
const keptAlive: Probe = (signal) =>
    new Promise((resolve, reject) => {
        const request = https.get(url, { agent: kept, signal }, (response) => {
            response.resume();
            response.once("error", reject);
            response.once("end", () => {
                if (response.statusCode === 200) resolve();
                else reject(new Error(`status ${response.statusCode ?? "?"}`));
            });
        });
        request.once("error", reject);
    });

let session: http2.ClientHttp2Session | undefined;

/** The session that takes requests: a server that leaves says so, and gets no further ones. */
function current(): http2.ClientHttp2Session {
    if (session && !session.closed && !session.destroyed) return session;
    const fresh = http2.connect(url, { ca });
    const gone = () => {
        if (session === fresh) session = undefined;
        if (!fresh.closed) fresh.close();
    };
    for (const event of ["goaway", "error", "close"]) fresh.on(event, gone);
    return (session = fresh);
}

/** A request on a session of HTTP/2. One that is refused was not processed, and every client sends it again (RFC 9113, 8.7). */
const multiplexed: Probe = (signal) =>
    new Promise((resolve, reject) => {
        const request = current().request({ ":path": "/" }, { signal });
        let status: number | undefined;
        request.on("response", (headers) => (status = headers[":status"]));
        request.on("error", (error: Error) => {
            if (error.message.includes("REFUSED_STREAM")) multiplexed(signal).then(resolve, reject);
            else reject(error);
        });
        request.on("end", () => {
            if (status === 200) resolve();
            else reject(new Error(`status ${status ?? "?"}`));
        });
        request.resume();
    });

/** Several probers of a kind: one that is late sends nothing twice, so that many slow ones keep a rate better than one that is fast. */
const probers = (count: number, everyMs: number, probe: Probe) =>
    Array.from({ length: count }, () => new Prober(probe, { everyMs, timeoutMs: Number(timeoutMs) }));

const kinds = {
    "a new connection each": probers(4, 20, httpProbe(url, { ca })),
    "kept connections": probers(8, 12, keptAlive),
    "HTTP/2": probers(4, 20, multiplexed),
};

process.send?.("asking");
process.once("message", () => {
    void Promise.all(
        Object.entries(kinds).map(async ([kind, all]) => ({
            kind,
            samples: (await Promise.all(all.map((prober) => prober.stop()))).flatMap((report) => report.samples),
        })),
    ).then((report) => process.send?.(report, () => process.exit()));
});
