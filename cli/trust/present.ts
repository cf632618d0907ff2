import { Client } from "ssh2";
import { HOST_KEY_KINDS } from "../../remote/reach";
import { keyOf } from "./keys";
import type { HostKey } from "./keys";

/** Seconds for a host to show its key. */
const SECONDS = 10;

/**
 * The key that answers at an address, as far as the first step of SSH: nobody logs in, and nothing is sent that is secret.
 *
 * @param kind only a key of this kind is asked for: the one that is pinned.
 * @throws Error when nobody answers, or not with such a key.
 */
export async function presentedKey(address: string, port: number, kind?: string): Promise<HostKey> {
    const client = new Client();
    try {
        return await new Promise<HostKey>((resolve, reject) => {
            client.on("error", (error) => reject(new Error(reason(error, address, port))));
            client.on("close", () =>
                reject(new Error(`${address}:${port} closed the connection before it showed a key`)),
            );
            client.connect({
                host: address,
                port,
                username: "nobody",
                readyTimeout: SECONDS * 1000,
                algorithms: { serverHostKey: (kind === undefined ? HOST_KEY_KINDS : [kind]) as never },
                hostVerifier: (bytes: Buffer) => {
                    const key = keyOf(bytes);
                    if (key === undefined)
                        reject(new Error(`${address}:${port} showed a key of a kind that cannot be pinned`));
                    else resolve(key);
                    // The key is all that was wanted: the connection goes no further.
                    return false;
                },
            });
        });
    } finally {
        client.destroy();
    }
}

function reason(error: Error & { level?: string; code?: string }, address: string, port: number): string {
    if (error.level === "client-timeout") return `${address}:${port} does not answer within ${SECONDS} s`;
    if (error.level === "handshake") return `${address}:${port} has no key of the wanted kind: ${error.message}`;
    return `${address}:${port} cannot be reached: ${error.message}`;
}
