// From connection settings to a logged-in client: TCP, perhaps over a bastion, with retries.
import { connect as connectTcp, isIPv6 } from "node:net";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "ssh2";
import { Failure } from "../handler";
import type { LongCall } from "../handler";
import type { Connection, Endpoint } from "./inputs";
import { credentials, logIn } from "./login";
import type { Credentials } from "./login";

/** Pauses between attempts, in milliseconds: the first, how they grow, and the longest. */
const PAUSE = { first: 100, factor: 1.5, longest: 5000 };

/** Milliseconds for one of several addresses of a host name, before the next one is tried. */
const NEXT_ADDRESS = 2500;

/** An open way to a server. */
export interface Link {
    client: Client;
    close(): void;
}

type Watcher = Pick<LongCall, "log" | "signal">;

/**
 * Dials and logs in. Every retry logs a line.
 * @throws Failure that holds the last attempt's error, or the signal's reason after an abort.
 */
export async function dial(connection: Connection, watcher: Watcher): Promise<Link> {
    const login = await credentials(connection);
    if (connection.proxy === undefined) {
        const client = await retried("Dial", connection.dialErrorLimit, watcher, async () =>
            logIn(await tcp(connection, watcher.signal), login, watcher.signal),
        );
        return { client, close: () => client.end() };
    }
    try {
        return await dialThrough(connection.proxy, connection, login, watcher);
    } catch (error) {
        throw error instanceof Failure && !watcher.signal.aborted ? new Failure(`proxy: ${error.message}`) : error;
    }
}

async function dialThrough(
    proxy: Endpoint,
    target: Endpoint,
    targetLogin: Credentials,
    watcher: Watcher,
): Promise<Link> {
    const { signal } = watcher;
    const login = await credentials(proxy);
    const bastion = await retried("Dial proxy", proxy.dialErrorLimit, watcher, async () =>
        logIn(await tcp(proxy, signal), login, signal),
    );
    try {
        const stream = await retried("Dial from proxy", target.dialErrorLimit, watcher, () => forward(bastion, target));
        // As in the original, what fails on this stream is retried on the same one, which by then has ended.
        let fresh = true;
        const client = await retried("Dial", target.dialErrorLimit, watcher, async () => {
            if (!fresh) throw new Failure("ssh: handshake failed: EOF");
            fresh = false;
            return logIn(stream, targetLogin, signal);
        });
        return {
            client,
            close: () => {
                client.end();
                bastion.end();
            },
        };
    } catch (error) {
        bastion.end();
        throw error;
    }
}

async function retried<T>(
    label: string,
    limit: number,
    { signal, log }: Watcher,
    attempt: () => Promise<T>,
): Promise<T> {
    for (let failed = 1, pause = PAUSE.first; ; failed++, pause = Math.min(pause * PAUSE.factor, PAUSE.longest)) {
        try {
            return await attempt();
        } catch (error) {
            if (signal.aborted) throw signal.reason;
            if (limit >= 0 && failed > limit) {
                throw new Failure(`after ${limit} failed attempts: ${(error as Error).message}`);
            }
        }
        const message = `${label} ${failed}/${limit < 0 ? "inf" : limit} failed: retrying`;
        await log({ severity: "info", ephemeral: true, message });
        await sleep(pause, undefined, { signal }).catch(() => {
            throw signal.reason;
        });
    }
}

async function tcp({ host, port, perDialTimeout }: Endpoint, signal: AbortSignal): Promise<Socket> {
    if (!(port >= 0 && port < 65536)) throw new Failure(`dial tcp: address ${port}: invalid port`);
    const socket = connectTcp({
        host,
        port: Math.trunc(port),
        autoSelectFamilyAttemptTimeout: NEXT_ADDRESS,
        noDelay: true,
    });
    return new Promise((resolve, reject) => {
        const fail = (error: Error) => {
            signal.removeEventListener("abort", abort);
            socket.destroy();
            reject(new Failure(`dial tcp${tcpFault(error, host, port)}`));
        };
        const abort = () => fail(new Error("canceled"));
        signal.addEventListener("abort", abort, { once: true });
        socket.setTimeout(perDialTimeout * 1000, () => fail(new Error("i/o timeout")));
        socket.once("error", fail);
        socket.once("connect", () => {
            signal.removeEventListener("abort", abort);
            socket.setTimeout(0);
            socket.off("error", fail);
            resolve(socket);
        });
    });
}

const TCP_FAULTS: Record<string, string> = {
    ECONNREFUSED: "connection refused",
    ECONNRESET: "connection reset by peer",
    EHOSTUNREACH: "no route to host",
    ENETUNREACH: "network is unreachable",
    ETIMEDOUT: "connection timed out",
};

/** What follows "dial tcp" in the error. */
function tcpFault(error: Error, host: string, port: number): string {
    const first = (error instanceof AggregateError ? error.errors[0] : error) as NodeJS.ErrnoException & {
        address?: string;
    };
    if (first.syscall === "getaddrinfo") {
        return `: lookup ${host}: ${first.code === "ENOTFOUND" ? "no such host" : (first.code ?? first.message)}`;
    }
    const address = first.address ?? host;
    const target = `${isIPv6(address) ? `[${address}]` : address}:${Math.trunc(port)}`;
    const text = TCP_FAULTS[first.code ?? ""];
    return text === undefined ? ` ${target}: ${first.message}` : ` ${target}: connect: ${text}`;
}

/** The texts of the reasons for which a server refuses a channel (RFC 4254 5.1). */
const REJECTIONS = ["", "administratively prohibited", "connect failed", "unknown channel type", "resource shortage"];

/** The error for a channel that the server did not open. */
export function rejected(error: Error & { reason?: number }): Failure {
    const reason = REJECTIONS[error.reason ?? 0];
    const text = error.message.replace("(SSH) Channel open failure: ", "");
    return new Failure(reason ? `ssh: rejected: ${reason} (${text})` : `ssh: ${text}`);
}

function forward(bastion: Client, { host, port, perDialTimeout }: Endpoint): Promise<Duplex> {
    return new Promise((resolve, reject) => {
        const late = perDialTimeout > 0 ? setTimeout(() => timeOut(), perDialTimeout * 1000) : undefined;
        const timeOut = () => reject(new Failure(`dial tcp ${host}:${port}: i/o timeout`));
        bastion.forwardOut("0.0.0.0", 0, host, Math.trunc(port), (error, stream) => {
            clearTimeout(late);
            if (error) reject(rejected(error));
            else resolve(stream);
        });
    });
}
