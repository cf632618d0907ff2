// Starts one command on a logged-in client.
import type { Client, ClientChannel } from "ssh2";
import { Failure } from "../handler";
import { rejected } from "./dial";
import { quoted } from "./quote";

/** What ssh2 1.17.0 uses inside for channels. It sends variables but has no way to hear if the server took them. */
interface Internals {
    _chanMgr: { add(opened: (error: Error | undefined, channel: Channel) => void): number };
    _protocol: {
        session(channel: number, window: number, packet: number): void;
        env(channel: number, name: string, value: string, wantReply: boolean): void;
        exec(channel: number, command: string, wantReply: boolean): void;
    };
}

type Channel = ClientChannel & {
    outgoing: { id: number };
    _callbacks: ((failed: boolean | Error) => void)[];
    subtype?: string;
};

/** ssh2's own sizes: https://github.com/mscdex/ssh2/blob/v1.17.0/lib/Channel.js */
const WINDOW = 2 * 1024 * 1024;
const PACKET = 32 * 1024;

/** One variable for the command. */
export interface Variable {
    name: string;
    value: string;
    /** The server did not take it. What is thrown here ends the session before the command is started. */
    refused: () => Promise<void>;
}

/**
 * Starts the command with these variables and answers what `started` answers. That is called in the same turn of the
 * event loop in which the server agrees, so that neither output nor exit are missed.
 */
export async function start<T>(
    client: Client,
    command: string,
    variables: Variable[],
    started: (channel: ClientChannel) => Promise<T>,
): Promise<T> {
    const notStarted = () => new Failure(`ssh: command ${quoted(command)} could not be started`);
    if (variables.length === 0) {
        return new Promise((resolve, reject) => {
            client.exec(command, (error, channel) => {
                if (error) reject(error.message === "Unable to exec" ? notStarted() : rejected(error));
                else resolve(started(channel));
            });
        });
    }
    const { _chanMgr: channels, _protocol: protocol } = client as unknown as Internals;
    const channel = await new Promise<Channel>((resolve, reject) => {
        const opened = (error: Error | undefined, made: Channel) => (error ? reject(rejected(error)) : resolve(made));
        protocol.session(channels.add(Object.assign(opened, { type: "session" })), WINDOW, PACKET);
    });
    const agreed = () => new Promise<boolean>((resolve) => channel._callbacks.push((failed) => resolve(!failed)));
    try {
        for (const { name, value, refused } of variables) {
            protocol.env(channel.outgoing.id, name, value, true);
            if (!(await agreed())) await refused();
        }
    } catch (error) {
        channel.close();
        throw error;
    }
    return new Promise((resolve, reject) => {
        channel._callbacks.push((failed) => {
            if (failed) return reject(notStarted());
            channel.subtype = "exec";
            resolve(started(channel));
        });
        protocol.exec(channel.outgoing.id, command, true);
    });
}
