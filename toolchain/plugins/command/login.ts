// One log-in on one connected stream, and what went wrong in the words of the original.
import { once } from "node:events";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { Client } from "ssh2";
import type { AnyAuthMethod, ConnectConfig } from "ssh2";
import { Failure } from "../handler";
import type { Endpoint } from "./inputs";
import { hostKey, privateKey } from "./keys";
import type { HostKey } from "./keys";

/** The original gives a login no limit at all, and one on a busy host takes longer than a dial. */
const DIALS_PER_LOGIN = 6;

/** A link that has gone silent is given up after (count + 1) intervals: one minute. Exported for tests. */
export const KEEPALIVE = { keepaliveInterval: 15_000, keepaliveCountMax: 3 };

/** Everything a log-in needs, checked before anything is contacted. */
export interface Credentials {
    user: string;
    /** In the order they are tried. */
    methods: AnyAuthMethod[];
    pinned: HostKey | undefined;
    /** Milliseconds for the whole log-in; 0: no limit. */
    timeout: number;
}

/**
 * What the endpoint's settings give to log in with.
 * @throws Failure for a bad key, passphrase, host key or agent.
 */
export async function credentials(endpoint: Endpoint): Promise<Credentials> {
    const {
        user: username,
        password,
        privateKey: pem,
        privateKeyPassword,
        hostKey: pinned,
        agentSocketPath,
    } = endpoint;
    const methods: AnyAuthMethod[] = [];
    if (agentSocketPath) await reachable(agentSocketPath);
    if (pem) {
        methods.push({ type: "publickey", username, key: privateKey(pem, privateKeyPassword || undefined) });
    } else {
        const agent = agentSocketPath || process.env.SSH_AUTH_SOCK;
        if (agent) {
            await reachable(agent);
            methods.push({ type: "agent", username, agent });
        }
    }
    if (password) {
        methods.push({ type: "password", username, password });
        methods.push({
            type: "keyboard-interactive",
            username,
            prompt: (_name, _instructions, _language, prompts, finish) => finish(prompts.map(() => password)),
        });
    }
    return {
        user: username,
        methods,
        pinned: pinned === undefined ? undefined : hostKey(pinned),
        timeout: Math.round(endpoint.perDialTimeout * DIALS_PER_LOGIN * 1000),
    };
}

/**
 * Logs in over a stream that leads to the server. The stream is destroyed if that fails, or when `signal` is aborted
 * meanwhile; an abort before or after has no effect.
 * @throws Failure, "ssh: handshake failed: …".
 */
export async function logIn(stream: Duplex, given: Credentials, signal: AbortSignal): Promise<Client> {
    const client = new Client();
    const tried: string[] = ["none"];
    let mismatch = false;
    let offered = "";
    const config: ConnectConfig = {
        ...KEEPALIVE,
        sock: stream,
        username: given.user,
        readyTimeout: given.timeout,
        authHandler: (left, _partial, next) => {
            // ssh2 says null before the first answer of the server, and takes false for "no more".
            const method =
                (left as string[] | null) === null ? none(given.user) : nextMethod(given.methods, left, tried);
            next(method ?? (false as unknown as AnyAuthMethod));
        },
        hostVerifier: (key: Buffer) => {
            mismatch = given.pinned !== undefined && !given.pinned.blob.equals(key);
            return !mismatch;
        },
        algorithms: given.pinned && {
            serverHostKey: given.pinned.algorithms as NonNullable<ConnectConfig["algorithms"]>["serverHostKey"],
        },
        debug: (line) => {
            offered = /^Handshake: \(remote\) Host key format: (.*)/.exec(line)?.[1] ?? offered;
        },
    };
    const reason = (error: SshError): string => {
        if (mismatch) return "ssh: host key mismatch";
        if (error.level === "client-authentication") {
            const list = tried.join(" ");
            return `ssh: unable to authenticate, attempted methods [${list}], no supported methods remain`;
        }
        if (error.level === "client-timeout") return `no answer within ${given.timeout / 1000} s`;
        if (given.pinned && error.message.endsWith("no matching host key format")) {
            const ours = given.pinned.algorithms.join(" ");
            const theirs = offered.replaceAll(",", " ");
            return `ssh: no common algorithm for host key; we offered: [${ours}], peer offered: [${theirs}]`;
        }
        if (typeof error.code === "number") return `ssh: disconnect, reason ${error.code}: ${error.message}`;
        if (error.code === "ECONNRESET") return "connection reset by peer";
        return error.message === "Connection lost before handshake" ? "EOF" : error.message;
    };

    const abort = () => stream.destroy();
    signal.addEventListener("abort", abort, { once: true });
    try {
        await new Promise<void>((resolve, reject) => {
            const fail = (error: SshError) => reject(new Failure(`ssh: handshake failed: ${reason(error)}`));
            client.once("ready", resolve);
            // What an agent refuses is not the end: the next method is tried.
            client.on("error", (error: SshError) => (error.level === "agent" ? undefined : fail(error)));
            client.once("close", () => fail(new Error("EOF")));
            client.connect(config);
        });
        return client;
    } catch (error) {
        stream.destroy();
        throw error;
    } finally {
        signal.removeEventListener("abort", abort);
    }
}

type SshError = Error & { level?: string; code?: number | string };

function none(username: string): AnyAuthMethod {
    return { type: "none", username };
}

/** The first method that the server still takes and that was not tried; an agent's keys count as public keys. */
function nextMethod(methods: AnyAuthMethod[], left: string[], tried: string[]): AnyAuthMethod | undefined {
    const nameOf = ({ type }: AnyAuthMethod) => (type === "agent" ? "publickey" : type);
    const method = methods.find((item) => left.includes(nameOf(item)) && !tried.includes(nameOf(item)));
    if (method !== undefined) tried.push(nameOf(method));
    return method;
}

async function reachable(agent: string): Promise<void> {
    const socket = connect(agent);
    try {
        await once(socket, "connect");
    } catch (error) {
        const code = (error as NodeJS.ErrnoException).code;
        const cause = code === "ENOENT" ? "no such file or directory" : (error as Error).message;
        throw new Failure(`dial unix ${agent}: connect: ${cause}`);
    } finally {
        socket.destroy();
    }
}
