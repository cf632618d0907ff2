import type { ClientChannel } from "ssh2";
import { dial } from "../toolchain/plugins/command/dial";
import type { Connection } from "../toolchain/plugins/command/inputs";
import { start } from "../toolchain/plugins/command/session";

/** A command on a host. */
export interface RemoteJob {
    /** What ssh executes; holds no secret. */
    command: string;
    /** What it reads: scripts, and whatever may be a secret. */
    stdin: string;
    /** For all of it, the dial included; the connection is closed then. */
    seconds: number;
    /** How often a dial that fails is repeated. Default: 3. */
    retries?: number;
    /** For one attempt to connect, and again to log in. Default: 5. */
    dialSeconds?: number;
    /** Takes the lines of stderr as they come. */
    onLine?: (line: string) => void;
}

/** How a command on a host ended. */
export interface RemoteEnd {
    /** Its exit status; 255: none, as the connection was lost or the time was up. */
    code: number;
    stdout: string;
    stderr: string;
}

const DIAL_SECONDS = 5;

/** A command as root, which the login may have to become first. */
export const asRoot = (user: string, command: string): string => (user === "root" ? command : `sudo -n ${command}`);

/**
 * Runs a command on a host of the stack: by the same way, with the same key and the same pinned host keys as `up`.
 *
 * @throws Error when the host can't be reached or the login fails; never says anything of the key.
 */
export async function runOn(connection: Connection, job: RemoteJob): Promise<RemoteEnd> {
    const until = performance.now() + job.seconds * 1000;
    const quick = { dialErrorLimit: job.retries ?? 3, perDialTimeout: job.dialSeconds ?? DIAL_SECONDS };
    const link = await dial(
        { ...connection, ...quick, proxy: connection.proxy && { ...connection.proxy, ...quick } },
        { signal: AbortSignal.timeout(job.seconds * 1000), log: () => Promise.resolve() },
    );
    // A host that hangs answers nothing any more, not even that the connection ends.
    const late = setTimeout(() => link.client.destroy(), until - performance.now());
    try {
        link.client.on("error", () => undefined);
        return await start(link.client, job.command, [], (channel) => ended(channel, job, until));
    } finally {
        clearTimeout(late);
        link.close();
    }
}

async function ended(channel: ClientChannel, { stdin, seconds, onLine }: RemoteJob, until: number): Promise<RemoteEnd> {
    const end: RemoteEnd = { code: 255, stdout: "", stderr: "" };
    let line = "";
    channel.on("exit", (code: number | null) => (end.code = code ?? 255));
    channel.on("error", () => undefined);
    channel.setEncoding("utf8").on("data", (text: string) => (end.stdout += text));
    channel.stderr.setEncoding("utf8").on("data", (text: string) => {
        end.stderr += text;
        const lines = (line + text).split("\n");
        line = lines.pop() ?? "";
        lines.forEach((whole) => onLine?.(whole));
    });
    const closed = new Promise<void>((resolve) => channel.once("close", resolve));
    channel.end(stdin);
    await closed;
    if (performance.now() >= until) end.stderr += `no end within ${seconds} s\n`;
    return end;
}
