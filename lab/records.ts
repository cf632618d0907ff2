import * as net from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { monotonicMs } from "./run";

/**
 * A service that keeps records: `recorder FILE PORT` writes every line it is sent to the file, with the name of its host, and answers `ok LINE HOST` when
 * that is on the disk.
 */
export const RECORDER = `#!/usr/bin/perl
use strict;
use warnings;
use IO::Handle;
use IO::Select;
use IO::Socket::INET;
use Sys::Hostname;

my ($file, $port, $host) = (@ARGV[0, 1], hostname);
$SIG{PIPE} = 'IGNORE';
open(my $records, '>>', $file) or die "$file: $!\\n";
my $server = IO::Socket::INET->new(LocalPort => $port, Listen => 5, ReuseAddr => 1) or die "listen: $!\\n";
my $sockets = IO::Select->new($server);
while (my @ready = $sockets->can_read) {
    for my $socket (@ready) {
        if ($socket == $server) {
            $sockets->add($server->accept);
            next;
        }
        my $line = <$socket>;
        if (!defined $line) {
            $sockets->remove($socket);
            close $socket;
            next;
        }
        $line =~ s/\\s+\\z//;
        print $records "$line $host\\n" and $records->flush and $records->sync or die "$file: $!\\n";
        print $socket "ok $line $host\\n";
        $socket->flush;
    }
}
`;

/** A record that the service has answered for. */
export interface Acknowledged {
    number: number;
    /** The host that kept it. */
    host: string;
    /** On this machine's monotonic clock. */
    atMs: number;
}

/** What the service's file says of the records of one client. */
export interface Kept {
    /** Acknowledged, and not in the file. */
    lost: number[];
    /** Lines that come after one of a higher number: somebody wrote who no longer should have. */
    disordered: number;
    /** Who wrote, in the order of the file; each once for every time that it took over. */
    writers: string[];
}

/** How to write. */
export interface RecordOptions {
    /** Milliseconds between an answer and the next record. Default: 20. */
    everyMs?: number;
    /** Milliseconds to wait for an answer; then the connection is given up, and the record sent again over another one. Default: 3000. */
    timeoutMs?: number;
}

/** A client that sends 1, 2, 3, … and each number again until it is acknowledged. */
export class RecordWriter {
    readonly acknowledged: Acknowledged[] = [];
    /** What its records begin with: those of other clients are in the file too. */
    readonly label = Date.now().toString(36);
    private stopped = false;
    private readonly over: Promise<void>;

    constructor(
        private readonly to: { host: string; port: number },
        private readonly options: RecordOptions = {},
    ) {
        this.over = this.write();
    }

    /** The host that acknowledged last. */
    get server(): string | undefined {
        return this.acknowledged.at(-1)?.host;
    }

    /** The longest time without an answer since an instant, in seconds: that which still lasts counts up to now. */
    gapSeconds(sinceMs: number): number {
        const first = this.acknowledged.findIndex(({ atMs }) => atMs >= sinceMs);
        const from = first < 0 ? this.acknowledged.length : first;
        const instants = [...this.acknowledged.slice(Math.max(0, from - 1)).map(({ atMs }) => atMs), monotonicMs()];
        return Math.max(0, ...instants.slice(1).map((atMs, place) => atMs - instants[place]!)) / 1000;
    }

    /** Ends when the record under way has its answer, or has failed. */
    async stop(): Promise<void> {
        this.stopped = true;
        await this.over;
    }

    private goesOn(): boolean {
        return !this.stopped;
    }

    private async write(): Promise<void> {
        const { everyMs = 20, timeoutMs = 3000 } = this.options;
        while (this.goesOn()) {
            const socket = net.connect(this.to).setNoDelay(true);
            try {
                await heard(socket, "connect", timeoutMs);
                while (this.goesOn()) {
                    const number = this.acknowledged.length + 1;
                    const record = `${this.label}-${number}`;
                    socket.write(`${record}\n`);
                    const [word, echo, host = ""] = (await heard(socket, "data", timeoutMs)).trim().split(" ");
                    if (word !== "ok" || echo !== record) break;
                    this.acknowledged.push({ number, host, atMs: monotonicMs() });
                    await pause(everyMs);
                }
            } catch {
                await pause(everyMs);
            } finally {
                socket.destroy();
            }
        }
    }

    /** Compares what was acknowledged with the service's file. */
    judge(file: string): Kept {
        const rows = file
            .split("\n")
            .flatMap((line) => [...line.matchAll(/^(\w+)-(\d+) (\S+)$/g)])
            .filter(([, label]) => label === this.label)
            .map(([, , number, host = ""]) => ({ number: Number(number), host }));
        const there = new Set(rows.map(({ number }) => number));
        return {
            lost: this.acknowledged.map(({ number }) => number).filter((number) => !there.has(number)),
            disordered: rows.filter(({ number }, place) => place > 0 && number < rows[place - 1]!.number).length,
            writers: rows.map(({ host }) => host).filter((host, place, all) => host !== all[place - 1]),
        };
    }
}

const heard = (socket: net.Socket, event: "connect" | "data", milliseconds: number): Promise<string> =>
    new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error("no answer in time")), milliseconds);
        const settle = (act: () => void) => {
            clearTimeout(timer);
            socket.removeAllListeners();
            // One that breaks while nobody waits for it must not end the process.
            socket.on("error", () => undefined);
            act();
        };
        socket.once(event, (data?: Buffer) => settle(() => resolve(data?.toString() ?? "")));
        socket.once("error", (error) => settle(() => reject(error)));
        socket.once("close", () => settle(() => reject(new Error("the connection ended"))));
    });
