import * as net from "node:net";
import { monotonicMs, until } from "../run";

/** An open conversation in QEMU's protocol: one JSON object a line (qemu.org/docs/master/interop/qmp-spec.html). */
export interface Conversation {
    /** Has a command carried out and gives what it returns. @throws Error with the reason that QEMU or the guest's agent gives. */
    call(command: string, commandArguments?: object): Promise<unknown>;
    /** Waits for an event, which may have come before. */
    event(name: string, matches?: (data: Record<string, unknown>) => boolean): Promise<void>;
}

interface Message {
    return?: unknown;
    error?: { desc: string };
    event?: string;
    data?: Record<string, unknown>;
}

/** How a conversation begins: what to send first, and which answer to wait for. */
interface Opening {
    first: Buffer;
    isReady: (message: Message) => boolean;
}

async function converse<T>(
    socket: string,
    what: string,
    seconds: number,
    { first, isReady }: Opening,
    talk: (line: Conversation) => Promise<T>,
): Promise<T> {
    const connection = net.connect(socket, () => connection.write(first));
    const events: Message[] = [];
    // Each takes the message it waits for and says so.
    const waiting: ((message: Message) => boolean)[] = [];
    const expected = (take: (message: Message) => boolean): void => void waiting.push(take);
    let rest = "";
    connection.setEncoding("utf8").on("data", (text: string) => {
        const lines = (rest + text).split("\n");
        rest = lines.pop() ?? "";
        for (const message of lines.map(parse)) {
            if (message.event !== undefined) events.push(message);
            const index = waiting.findIndex((take) => take(message));
            if (index >= 0) waiting.splice(index, 1);
        }
    });
    const line: Conversation = {
        call: (command, details) =>
            new Promise((resolve, reject) => {
                expected((message) => {
                    if (message.error !== undefined) reject(new Error(`${what}: ${command}: ${message.error.desc}`));
                    else if ("return" in message) resolve(message.return);
                    else return false;
                    return true;
                });
                connection.write(request(command, details));
            }),
        event: (name, matches = () => true) =>
            new Promise((resolve) => {
                const take = (message: Message): boolean => {
                    const found = message.event === name && matches(message.data ?? {});
                    if (found) resolve();
                    return found;
                };
                if (!events.some(take)) expected(take);
            }),
    };
    let timer: NodeJS.Timeout | undefined;
    const broken = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`${what} does not answer within ${seconds} s`)), seconds * 1000);
        connection.once("error", (error) => reject(new Error(`${what} can't be reached: ${error.message}`)));
        connection.once("close", () => reject(new Error(`${what} ended the conversation`)));
    });
    const ready = new Promise<void>((resolve) =>
        expected((message) => {
            if (isReady(message)) resolve();
            return isReady(message);
        }),
    );
    try {
        return await Promise.race([ready.then(() => talk(line)), broken]);
    } finally {
        clearTimeout(timer);
        connection.destroy();
    }
}

/** A line as a message; nothing where it is none. The agent begins an answer with a byte that is no text: what lies before is of an earlier conversation. */
function parse(line: string): Message {
    try {
        return JSON.parse(line.slice(line.lastIndexOf("\ufffd") + 1)) as Message;
    } catch {
        return {};
    }
}

const request = (command: string, details?: object): Buffer =>
    Buffer.from(`${JSON.stringify({ execute: command, arguments: details })}\n`);

/** Talks with a QEMU process. @throws Error when it does not answer in time (default: 10 seconds). */
export const qmp = <T>(socket: string, talk: (line: Conversation) => Promise<T>, seconds = 10): Promise<T> =>
    converse(
        socket,
        "QEMU",
        seconds,
        { first: request("qmp_capabilities"), isReady: (message) => "return" in message },
        talk,
    );

/**
 * Talks with the agent inside a guest, over a serial line that needs no network.
 * @throws Error when it does not answer in time (default: 60 seconds).
 */
export function agent<T>(socket: string, talk: (line: Conversation) => Promise<T>, seconds = 60): Promise<T> {
    const id = Math.floor(monotonicMs());
    // The first byte makes it drop what is left of an earlier conversation.
    const first = Buffer.concat([Buffer.from([0xff]), request("guest-sync-delimited", { id })]);
    return converse(socket, "the guest's agent", seconds, { first, isReady: (message) => message.return === id }, talk);
}

/** Waits until a QEMU process takes commands. Gives whether it does before `seconds` are over or it ends. */
export const answers = async (socket: string, runs: () => boolean, seconds = 10): Promise<boolean> =>
    (await until(
        async () => {
            try {
                return await qmp(socket, () => Promise.resolve(true), 2);
            } catch {
                return runs() ? undefined : false;
            }
        },
        { seconds },
    )) ?? false;
