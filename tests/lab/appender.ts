import { connect } from "node:net";
import type { Socket } from "node:net";
import { manifest } from "../../components";
import type { Manifest } from "../../components";
import { monotonicMs } from "../../lab";

/** Port of the appender. */
export const PORT = 7000;
/** The unit that runs it. */
export const APPENDER = "appender.service";

// A record is a line; the answer says the host, after the record is on the disk: `ok 17 app1`.
const PROGRAM = `#!/usr/bin/perl
use strict; use warnings; use IO::Socket::INET; use IO::Handle; use Sys::Hostname;
my ($file, $host) = ($ARGV[0], hostname);
open(my $log, '>>', $file) or die "$file: $!\\n";
my $server = IO::Socket::INET->new(LocalPort => ${PORT}, Listen => 5, ReuseAddr => 1) or die "listen: $!\\n";
while (my $client = $server->accept) {
    while (my $line = <$client>) {
        $line =~ s/\\s+\\z//;
        print $log "$line $host\\n" and $log->flush and $log->sync or die "$file: $!\\n";
        print $client "ok $line $host\\n" or last;
        $client->flush;
    }
}
`;

/** A service that appends what it is told to a file on the volume, and answers once that is on the disk. The cluster starts it. */
export const appender = (file: string): Manifest =>
    manifest({
        unit: "appender",
        files: [
            { path: "/usr/local/bin/appender", mode: "0755", owner: "root:root", content: PROGRAM, onChange: [] },
            {
                path: `/etc/systemd/system/${APPENDER}`,
                mode: "0644",
                owner: "root:root",
                content: `[Service]\nExecStart=/usr/local/bin/appender ${file}\n`,
                onChange: [],
            },
        ],
    });

/** One record that was answered. */
interface Answered {
    record: number;
    host: string;
    /** When the answer came, on the machine's monotonic clock. */
    atMs: number;
}

const ANSWER_MS = 3000;

/** A client that sends one record after the other, and again on a new connection where no answer came. */
export class Records {
    /** What was answered, in order. */
    readonly answered: Answered[] = [];
    private stopped = false;
    private readonly running: Promise<void>;

    constructor(private readonly address: string) {
        this.running = this.run();
    }

    /** The longest time between two answers that ended after an instant. */
    longestGapMs(sinceMs: number): number {
        const times = this.answered.map(({ atMs }) => atMs);
        return Math.max(0, ...times.slice(1).map((at, n) => (at > sinceMs ? at - times[n]! : 0)));
    }

    /** The first answer after an instant. */
    firstAfter(ms: number): Answered | undefined {
        return this.answered.find(({ atMs }) => atMs > ms);
    }

    async stop(): Promise<void> {
        this.stopped = true;
        await this.running;
    }

    private async run(): Promise<void> {
        let record = 0;
        while (!this.stopped) {
            const socket = connect({ host: this.address, port: PORT });
            try {
                await once(socket, "connect", 1000);
                while (!this.stopped) {
                    socket.write(`${record + 1}\n`);
                    const words = (await once(socket, "data", ANSWER_MS)).toString().trim().split(" ");
                    if (words[0] !== "ok" || Number(words[1]) !== record + 1) throw new Error(words.join(" "));
                    this.answered.push({ record: ++record, host: words[2] ?? "", atMs: monotonicMs() });
                    await new Promise((resume) => setTimeout(resume, 20));
                }
            } catch {
                // Whatever it was, the record is sent again.
                await new Promise((resume) => setTimeout(resume, 50));
            } finally {
                socket.destroy();
            }
        }
    }
}

function once(socket: Socket, event: "connect" | "data", ms: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`no ${event} within ${ms} ms`)), ms);
        const fail = (error?: Error) => reject(error ?? new Error("closed"));
        socket
            .once(event, resolve as (data: Buffer) => void)
            .once("error", fail)
            .once("close", fail);
        socket.once(event, () => clearTimeout(late));
    });
}
