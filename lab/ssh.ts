import * as fs from "node:fs";
import { Client } from "ssh2";
import type { Inventory, InventoryHost } from "./inventory";

/** Arguments of OpenSSH's client for a host of the lab: the login key, and only the pinned host key. */
export const sshArguments = (
    inventory: Inventory,
    host: InventoryHost,
    knownHostsFile: string,
    user = host.user,
): string[] => [
    ...["-i", inventory.loginKey, "-p", String(host.port)],
    ...[
        "-o",
        "IdentitiesOnly=yes",
        "-o",
        `UserKnownHostsFile=${knownHostsFile}`,
        "-o",
        "GlobalKnownHostsFile=/dev/null",
    ],
    ...["-o", "StrictHostKeyChecking=yes", "-o", "HostKeyAlgorithms=ssh-ed25519", "-o", "LogLevel=ERROR"],
    `${user}@${host.address}`,
];

/** Logs in to a host once, with its pinned key; gives why that failed, or undefined. */
export function tryLogin(inventory: Inventory, host: InventoryHost, timeoutMs = 5000): Promise<string | undefined> {
    const expected = Buffer.from(host.hostKey.split(" ")[1] ?? "", "base64");
    return new Promise((resolve) => {
        const client = new Client();
        const end = (reason: string | undefined): void => {
            clearTimeout(timer);
            client.destroy();
            resolve(reason);
        };
        const timer = setTimeout(() => end("no answer"), timeoutMs);
        client.on("ready", () => end(undefined));
        client.on("error", (error) => end(error.message));
        client.on("close", () => end("the connection was closed"));
        client.connect({
            host: host.address,
            port: host.port,
            username: host.user,
            privateKey: fs.readFileSync(inventory.loginKey),
            hostVerifier: (key: Buffer) => key.equals(expected),
            algorithms: { serverHostKey: ["ssh-ed25519"] },
            readyTimeout: timeoutMs,
        });
    });
}
