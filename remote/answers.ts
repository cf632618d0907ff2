import { connect } from "node:net";
import * as pulumi from "@pulumi/pulumi";
import { DIAL_SECONDS } from "./node";
import type { NodeArgs } from "./node";

/** Seconds for a server to say that it speaks SSH once it has accepted a connection. OpenSSH says so at once. */
const BANNER_SECONDS = 15;

/**
 * Whether what listens at an address speaks SSH. A refused or unanswered dial is no verdict: the provider tries that again and words it well. But it
 * waits for ever where a connection is accepted and nothing follows (a hung host, a middlebox), so that is found here, in bounded time.
 *
 * @throws Error when the connection is accepted and then stays silent, or something else than SSH answers.
 */
export async function answers(host: string, port: number, bannerSeconds = BANNER_SECONDS): Promise<void> {
    await new Promise<void>((resolve, reject) => {
        const socket = connect({ host, port });
        const finish = (outcome: () => void) => {
            clearTimeout(timer);
            socket.destroy();
            outcome();
        };
        let timer = setTimeout(() => finish(resolve), DIAL_SECONDS * 1000);
        // Also a connection that is closed without a word, as by a host that boots: the provider tries again.
        socket.on("error", () => finish(resolve)).on("close", () => finish(resolve));
        socket.on("connect", () => {
            clearTimeout(timer);
            timer = setTimeout(
                () => finish(() => reject(new Error(silent(host, port, bannerSeconds)))),
                bannerSeconds * 1000,
            );
        });
        socket.once("data", (first) => {
            // RFC 4253, 4.2: the identification may follow other lines, so only what cannot be text of a server is refused.
            finish(() =>
                /^[\x20-\x7e\r\n\t]*$/.test(first.toString("latin1"))
                    ? resolve()
                    : reject(new Error(foreign(host, port))),
            );
        });
    });
}

const silent = (host: string, port: number, seconds: number) =>
    `${host} port ${port} accepts connections and then says nothing for ${seconds} s: its SSH server hangs, or something in between swallows the answer`;
const foreign = (host: string, port: number) => `what answers at ${host} port ${port} is no SSH server`;

/**
 * A hook for a unit's commands that are about to run on a node; undefined where the engine has no hooks (mocks in unit tests). Only creates and updates are
 * guarded: a hook on delete would make a plain `pulumi destroy` impossible.
 */
export function answersFirst(name: string, node: NodeArgs): pulumi.ResourceHookBinding | undefined {
    const monitor: unknown = pulumi.runtime.getMonitor();
    if (typeof (monitor as { registerResourceHook?: unknown } | undefined)?.registerResourceHook !== "function")
        return undefined;
    const first = node.bastion
        ? { address: node.bastion.address, port: node.bastion.port ?? 22 }
        : { address: node.sshAddress ?? node.address, port: node.port ?? 22 };
    const hook = new pulumi.ResourceHook(unique(`${name}-answers`), async () => {
        const { address, port } = await resolved(first);
        await answers(address, port);
    });
    return { beforeCreate: [hook], beforeUpdate: [hook] };
}

/** The engine knows hooks by their names alone, and units of two components may share one: `files-app1` of a volume and of the pair that mounts it. */
const taken = new Map<string, number>();
function unique(name: string): string {
    const count = (taken.get(name) ?? 0) + 1;
    taken.set(name, count);
    return count === 1 ? name : `${name}-${count}`;
}

const resolved = async (at: { address: pulumi.Input<string>; port: pulumi.Input<number> }) =>
    new Promise<{ address: string; port: number }>((resolve) => pulumi.output(at).apply(resolve));
