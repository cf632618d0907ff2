import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { PATHS } from "../../../../components/galera-cluster/paths";

const HOST = path.join(__dirname, "../../../../components/galera-cluster/host");
export const SCRIPT = path.join(HOST, "health.pl");
export const NOTIFY = path.join(HOST, "notify.sh");

/** Opens a port as systemd does for a socket unit, says which, and becomes the script. */
const LAUNCHER = `
use IO::Socket::INET; use POSIX ();
$^F = 9;
my $listener = IO::Socket::INET->new(Listen => 512, LocalAddr => "127.0.0.1") or die $!;
POSIX::dup2(fileno $listener, 3);
$ENV{LISTEN_FDS} = 1;
syswrite STDOUT, $listener->sockport . "\\n";
exec "perl", @ARGV;
`;

export interface Answer {
    status: number;
    headers: Record<string, string>;
    body: string;
    milliseconds: number;
}

/** The health endpoint of a member whose files lie in a directory of this machine. */
export class Member {
    readonly root = fs.mkdtempSync(path.join(os.tmpdir(), "health-"));
    port = 0;
    log = "";
    private script?: ChildProcess;

    constructor() {
        for (const directory of [PATHS.lib, PATHS.run, PATHS.dataDirectory, path.dirname(PATHS.socket)])
            fs.mkdirSync(this.at(directory), { recursive: true });
        this.write(PATHS.settings, "CLUSTER=orders\nNODE=db1\nGREETING_SECONDS=0.3\nDONOR_SERVES=0\nDONOR_WRITES=1\n");
    }

    at(file: string): string {
        return path.join(this.root, file);
    }

    write(file: string, content: string): void {
        fs.writeFileSync(`${this.at(file)}.new`, content);
        fs.renameSync(`${this.at(file)}.new`, this.at(file));
    }

    remove(file: string): void {
        fs.rmSync(this.at(file), { recursive: true, force: true });
    }

    notify(...words: string[]): ReturnType<typeof spawnSync> {
        return spawnSync("sh", [NOTIFY, ...words], {
            env: { ...process.env, GALERA_STATE_DIRECTORY: this.at(PATHS.run) },
        });
    }

    async start(): Promise<void> {
        const script = spawn("perl", ["-e", LAUNCHER, SCRIPT, this.root], { stdio: ["ignore", "pipe", "pipe"] });
        this.script = script;
        script.stderr.on("data", (text: Buffer) => (this.log += text.toString()));
        this.port = await new Promise((resolve, reject) => {
            createInterface(script.stdout).once("line", (line) => resolve(Number(line)));
            script.once("exit", () => reject(new Error(`the script ended: ${this.log}`)));
        });
    }

    get pid(): number {
        return this.script?.pid ?? 0;
    }

    /** The status with which the script ends after SIGTERM. */
    async stop(): Promise<number | null> {
        const { script } = this;
        if (!script || script.exitCode !== null) return script?.exitCode ?? null;
        const ended = new Promise<number | null>((resolve) => script.once("exit", resolve));
        script.kill();
        return ended;
    }

    connect(localAddress = "127.0.0.1"): net.Socket {
        return net.connect({ port: this.port, host: "127.0.0.1", localAddress }).on("error", () => undefined);
    }

    /** Sends these bytes and gives what comes back until the other side closes. */
    raw(bytes: string, localAddress = "127.0.0.1"): Promise<string> {
        return new Promise((resolve, reject) => {
            let got = "";
            const socket = net.connect({ port: this.port, host: "127.0.0.1", localAddress }, () => socket.write(bytes));
            socket.on("data", (text) => (got += text.toString()));
            socket.on("end", () => resolve(got));
            socket.on("error", reject);
        });
    }

    async get(target: string, method = "GET"): Promise<Answer> {
        const start = performance.now();
        const text = await this.raw(`${method} ${target} HTTP/1.0\r\nHost: x\r\n\r\n`);
        const [head = "", ...body] = text.split("\r\n\r\n");
        const [first = "", ...lines] = head.split("\r\n");
        const headers = Object.fromEntries(lines.map((line) => line.toLowerCase().split(": ", 2) as [string, string]));
        return {
            status: Number(first.split(" ")[1]),
            headers,
            body: body.join("\r\n\r\n"),
            milliseconds: performance.now() - start,
        };
    }
}

export const packet = (sequence: number, payload: Buffer): Buffer =>
    Buffer.concat([Buffer.from([payload.length & 255, payload.length >> 8, 0, sequence]), payload]);
export const GREETING = packet(0, Buffer.from("\n5.5.5-10.11.19-MariaDB\0rest of the greeting", "latin1"));
export const OK = packet(2, Buffer.from([0, 0, 0, 2, 0, 0, 0]));
export const error = (code: number, sequence = 0): Buffer =>
    packet(sequence, Buffer.concat([Buffer.from([255, code & 255, code >> 8]), Buffer.from("#08004why")]));

/** What a server does with a connection. */
export type Manners = (socket: net.Socket) => void;

const answersLogin =
    (answer: Buffer): Manners =>
    (socket) => {
        socket.write(GREETING);
        socket.once("data", () => socket.write(answer));
    };

export const manners = {
    well: answersLogin(OK),
    withoutAccount: answersLogin(error(1045, 2)),
    inPieces: (socket: net.Socket): void => {
        for (const [n, byte] of [...GREETING].entries()) setTimeout(() => socket.write(Buffer.from([byte])), n * 2);
        socket.once("data", () => socket.write(OK));
    },
    late: (socket: net.Socket): void => void setTimeout(() => socket.write(GREETING), 600),
    greetsOnly: (socket: net.Socket): void => void socket.write(GREETING),
    silent: (): void => undefined,
    closes: (socket: net.Socket): void => void socket.end(),
    error:
        (code: number): Manners =>
        (socket) =>
            void socket.end(error(code)),
    protocol: (socket: net.Socket): void => void socket.write(packet(0, Buffer.from("\t3.20\0"))),
} as const;

/** A server on the member's unix socket. */
export class Server {
    manners: Manners = manners.well;
    connections = 0;
    heard = "";
    private readonly open = new Set<net.Socket>();
    private readonly server: net.Server;

    constructor(private readonly member: Member) {
        this.server = net.createServer((socket) => {
            this.connections++;
            this.open.add(socket);
            socket.on("error", () => undefined);
            socket.on("data", (bytes) => (this.heard += bytes.toString("latin1")));
            socket.on("close", () => this.open.delete(socket));
            this.manners(socket);
        });
    }

    start(): Promise<void> {
        return new Promise((resolve) => this.server.listen(this.member.at(PATHS.socket), resolve));
    }

    stop(): Promise<void> {
        for (const socket of this.open) socket.destroy();
        return new Promise((resolve) => {
            this.server.close(() => resolve());
        });
    }
}
