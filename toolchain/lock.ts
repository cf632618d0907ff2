import { createHash } from "node:crypto";
import * as net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const POLL_MILLISECONDS = 200;

/**
 * Runs `work` while no other process on this machine runs with the same `name`. The lock is a socket in Linux's abstract
 * namespace, which the kernel takes back when its process ends, however that ends. On other systems there is no lock.
 */
export async function exclusively<T>(name: string, waiting: () => void, work: () => Promise<T>): Promise<T> {
    if (process.platform !== "linux") return work();
    const address = `\0pulumi-ha/${createHash("sha256").update(name).digest("hex").slice(0, 32)}`;
    let lock = await listen(address);
    if (lock === undefined) waiting();
    for (; lock === undefined; lock = await listen(address)) await sleep(POLL_MILLISECONDS);
    try {
        return await work();
    } finally {
        lock.close();
    }
}

function listen(address: string): Promise<net.Server | undefined> {
    return new Promise((resolve, reject) => {
        const server = net.createServer((socket) => socket.destroy());
        server.once("error", (error: NodeJS.ErrnoException) =>
            error.code === "EADDRINUSE" ? resolve(undefined) : reject(error),
        );
        server.listen(address, () => resolve(server));
    });
}
