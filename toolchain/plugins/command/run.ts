// Runs one command on one server: environment, stdin, output line by line, and how it ended.
import { constants } from "node:os";
import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import type { Client, ClientChannel } from "ssh2";
import { Failure } from "../handler";
import type { LongCall } from "../handler";
import { dial } from "./dial";
import type { Connection } from "./inputs";
import { quoted } from "./quote";
import { start } from "./session";
import type { Variable } from "./session";

/** A longer line is logged in pieces of this many characters; what is stored stays whole. */
const LONGEST_LINE = 64 * 1024;

/** Log lines waiting for the engine before the server is asked to hold back its output. */
const WAITING_LINES = 256;

/** One command to run. */
export interface Job {
    command: string;
    /** "" for none: the command then sees the end of its input at once. */
    stdin: string;
    /** `stdout`, `stderr`, `stdoutAndStderr`; anything else logs nothing. */
    logging: string;
    /** Variables the server must take. */
    environment: Record<string, string>;
    /** Variables the server may refuse; empty ones are not sent. */
    previousOutput: Record<string, string>;
    connection: Connection;
}

/** What a command printed, as UTF-8 (bytes that are none become U+FFFD), each without one trailing newline. */
export interface Output {
    stdout: string;
    stderr: string;
}

type Watcher = Pick<LongCall, "log" | "signal">;

/**
 * Connects, runs the command and waits until its output has ended.
 * @throws Failure if it cannot be run, or does not exit with 0; the text then has all it printed.
 */
export async function run(job: Job, watcher: Watcher): Promise<Output> {
    const link = await dial(job.connection, watcher);
    try {
        return await start(link.client, job.command, variables(job, watcher), (channel) =>
            ended(link.client, channel, job, watcher),
        );
    } finally {
        link.close();
    }
}

function variables({ environment, previousOutput }: Job, { log }: Watcher): Variable[] {
    const advice = (name: string) =>
        `Unable to set '${name}'. The SSH server refuses it: allow it there with "AcceptEnv ${name}" in sshd_config`;
    const required = Object.entries(environment).map(([name, value]) => ({
        name,
        value,
        refused: async () => {
            await log({ severity: "error", message: `${advice(name)}, or pass the value in stdin.` });
            throw new Failure(`could not set environment variable ${quoted(name)}: ssh: setenv failed`);
        },
    }));
    const welcome = Object.entries(previousOutput)
        .filter(([, value]) => value !== "")
        .map(([name, value]) => ({
            name,
            value,
            refused: () =>
                log({ severity: "warning", message: `${advice(name)}, or set addPreviousOutputInEnv to false.` }),
        }));
    return [...required, ...welcome];
}

type Exit = { code: number | null; signal?: string; reason?: string };

async function ended(client: Client, channel: ClientChannel, job: Job, { log }: Watcher): Promise<Output> {
    const logs = (stream: string) => job.logging === stream || job.logging === "stdoutAndStderr";
    const print = (message: string) => log({ severity: "info", ephemeral: true, message });
    const all: Buffer[] = [];
    const stdout = collected(channel, all, logs("stdout") ? print : undefined);
    const stderr = collected(channel.stderr, all, logs("stderr") ? print : undefined);
    let exit: Exit | undefined;
    let cause = "";
    channel.on("exit", (code: number | null, signal?: string, _dumped?: string, reason?: string) => {
        exit = { code, signal: signal?.replace(/^SIG/, ""), reason };
    });
    channel.on("error", () => undefined);
    client.on("error", (error: Error) => {
        if (error.message === "Keepalive timeout") cause = ": the server has stopped answering";
    });
    const closed = new Promise<void>((resolve) => channel.once("close", resolve));
    channel.end(job.stdin);
    await closed;

    const output = { stdout: await stdout(), stderr: await stderr() };
    if (exit?.code === 0) return output;
    const why =
        exit === undefined ? `wait: remote command exited without exit status or exit signal${cause}` : describe(exit);
    throw new Failure(`${why}: running ${quoted(job.command)}:\n${Buffer.concat(all).toString()}`);
}

function describe({ code, signal, reason }: Exit): string {
    const number = constants.signals[`SIG${signal ?? ""}` as NodeJS.Signals] as number | undefined;
    const status = code ?? 128 + (number ?? 0);
    return [
        `Process exited with status ${status}`,
        signal ? ` from signal ${signal}` : "",
        reason ? `. Reason was: ${reason}` : "",
    ].join("");
}

/** Gathers a stream, also into `all`, and prints its lines as they come. The result waits until the last one is printed. */
function collected(stream: Readable, all: Buffer[], print?: (line: string) => Promise<void>): () => Promise<string> {
    const chunks: Buffer[] = [];
    const decoder = new StringDecoder("utf8");
    let rest = "";
    let waiting = 0;
    let last = Promise.resolve();
    const write = (line: string) => {
        waiting++;
        if (waiting > WAITING_LINES) stream.pause();
        last = (print ?? (() => Promise.resolve()))(line.replace(/\r$/, "")).then(() => {
            waiting--;
            if (waiting === 0) stream.resume();
        });
    };
    stream.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        all.push(chunk);
        if (print === undefined) return;
        const lines = (rest + decoder.write(chunk)).split("\n");
        rest = lines.pop() ?? "";
        lines.forEach((line) => pieces(line).forEach(write));
        while (rest.length > LONGEST_LINE) {
            write(rest.slice(0, LONGEST_LINE));
            rest = rest.slice(LONGEST_LINE);
        }
    });
    return async () => {
        rest += decoder.end();
        if (rest !== "") pieces(rest).forEach(write);
        await last;
        return Buffer.concat(chunks).toString().replace(/\n$/, "");
    };
}

function pieces(line: string): string[] {
    const count = Math.max(1, Math.ceil(line.length / LONGEST_LINE));
    return Array.from({ length: count }, (_, index) => line.slice(index * LONGEST_LINE, (index + 1) * LONGEST_LINE));
}
