import * as net from "node:net";
import { constants } from "node:os";
import type { Stack } from "@pulumi/pulumi/automation";
import { Fault, HaproxyFrontend, Unit, faultSeconds, manifest, restart } from "../../components";
import type { FaultSeconds, GaleraBackend } from "../../components";
import { monotonicMs } from "../../lab";
import { figure, upOk } from "./stack";
import { Bench, onHost, until } from "./support";

jest.setTimeout(180_000);

const { EADDRNOTAVAIL } = constants.errno;

/** Of the computed bound: the rest is this machine, which runs all hosts and the client. */
const ROOM = 1.25;
const WRITER = 3306;
const READERS = 3307;
/** Of sessions of before a reload. */
const HARD_STOP_SECONDS = 5;
const MEMBERS = ["app1", "app2", "app3"];

let bench: Bench;
let stack: Stack;
let bounds: Record<string, number>;
let returnSeconds: number;
let writer: Client;
let readers: Client[];
const clients: Client[] = [];

/** Says its name on the port of SQL and echoes what it hears; says on the port of health whether it is there for clients. */
const MEMBER = `use IO::Select;
use IO::Socket::INET;
my ($name, $address) = @ARGV;
$SIG{CHLD} = "IGNORE";
my ($sql, $health) = map { IO::Socket::INET->new(LocalAddr => $address, LocalPort => $_, Listen => 64, ReuseAddr => 1) or die $! } (3306, 9200);
my $listening = IO::Select->new($sql, $health);
while (my @ready = $listening->can_read) {
    for my $socket (@ready) {
        my $client = $socket->accept or next;
        next if fork;
        if ($socket == $health) {
            sysread $client, my $request, 2000;
            syswrite $client, (-e "/run/draining" ? "HTTP/1.0 503 Draining" : "HTTP/1.0 200 OK") . "\\r\\n\\r\\n";
        } else {
            syswrite $client, "$name\\n";
            syswrite $client, $_ while sysread $client, $_, 100;
        }
        exit;
    }
}
`;

const member = (name: string, address: string) =>
    manifest({
        unit: "member",
        files: [
            { path: "/usr/local/lib/member.pl", mode: "0644", owner: "root:root", content: MEMBER, onChange: [] },
            {
                path: "/etc/systemd/system/member.service",
                mode: "0644",
                owner: "root:root",
                // After a loss of power it may start before the host has its address.
                content: `[Unit]\nStartLimitIntervalSec=0\n[Service]\nExecStart=perl /usr/local/lib/member.pl ${name} ${address}\nRestartForceExitStatus=${EADDRNOTAVAIL}\nRestartSec=0.1\n[Install]\nWantedBy=multi-user.target\n`,
                onChange: [restart("member.service", 1)],
            },
        ],
        services: [{ name: "member.service", enabled: true, running: true }],
    });

const faults = [Fault.Process, Fault.Hang, Fault.Power];
/** A cluster that itself never stands still: what is measured is the load balancer. */
const cluster: Omit<GaleraBackend, "servers"> = {
    port: 3306,
    healthPort: 9200,
    healthPath: "/writer",
    intervalSeconds: 1,
    fastIntervalSeconds: 0.5,
    timeoutSeconds: 0.5,
    fall: 2,
    rise: 2,
    failover: faults.map((fault) => faultSeconds(fault, [])),
};

/** A client that stays connected as long as it is let, comes back at once, and notes where it is. */
class Client {
    /** Where it is: the member's name; empty: nowhere. */
    name = "";
    sinceMs = 0;
    /** How often it was cut. */
    cuts = 0;
    /** How long it was nowhere before it came to where it is. */
    awaySeconds = 0;
    private leftMs = 0;
    private socket: net.Socket | undefined;
    private retry: NodeJS.Timeout | undefined;

    constructor(private readonly port: number) {
        clients.push(this);
        this.connect();
    }

    private connect(): void {
        this.socket = net.connect(this.port, bench.host("lb1").inventory.address);
        this.socket.setEncoding("utf8").on("error", () => undefined);
        this.socket.once("data", (text: string) => this.at(text.trim()));
        this.socket.once("close", () => {
            if (this.name !== "") this.cuts++;
            this.at("");
            this.retry = setTimeout(() => this.connect(), 20);
        });
    }

    private at(name: string): void {
        const now = monotonicMs();
        if (name !== "") this.awaySeconds = (now - this.leftMs) / 1000;
        else if (this.name !== "") this.leftMs = now;
        this.name = name;
        this.sinceMs = now;
    }

    stop(): void {
        this.socket?.removeAllListeners("close").destroy();
        clearTimeout(this.retry);
    }
}

/** Seconds from a moment until a client is at a member. */
async function moved(client: Client, to: string, sinceMs: number): Promise<number> {
    await until(
        `the client is at ${to}`,
        15,
        () => Promise.resolve(client.name),
        (name) => name === to,
    );
    return (client.sinceMs - sinceMs) / 1000;
}

/** Runs something on a host; the moment before it. */
async function does(host: string, command: string): Promise<number> {
    const sinceMs = monotonicMs();
    await onHost(bench.host(host), command);
    return sinceMs;
}
const drain = (host: string) => does(host, "touch /run/draining");
const undrain = (host: string) => does(host, "rm -f /run/draining");

async function measured(what: string, bound: number, seconds: Promise<number>): Promise<void> {
    const took = await seconds;
    figure(`${what}, computed ${bound} s at most, after`, took);
    expect(took).toBeLessThanOrEqual(bound * ROOM);
}

beforeAll(async () => {
    bench = await Bench.up("t-hag", "10.86.0.0/24", ["lb1", ...MEMBERS]);
    stack = await bench.stack("sql", () => {
        const nodes = MEMBERS.map((name) => bench.node(name));
        const servers = MEMBERS.map((name) => ({ name, address: bench.host(name).inventory.address }));
        const units = nodes.map(
            (node, place) =>
                new Unit(`member-${node.name}`, { node, manifest: member(node.name, servers[place]!.address) }),
        );
        const frontend = (
            name: string,
            port: number,
            hardStopAfterSeconds: number,
            order: typeof servers,
            isBackup: (place: number) => boolean,
        ) =>
            new HaproxyFrontend(
                name,
                {
                    nodes: [bench.node("lb1")],
                    bind: { port },
                    hardStopAfterSeconds,
                    galera: {
                        ...cluster,
                        servers: order.map((server, place) => ({ ...server, backup: isBackup(place) })),
                    },
                    minimumServers: MEMBERS.length,
                },
                { dependsOn: units },
            );
        const sql = frontend("sql", WRITER, HARD_STOP_SECONDS, servers, (place) => place > 0);
        // Read after the other's: that of the writer decides all the same.
        const readFrom = [...servers.slice(1), servers[0]!];
        frontend("sqlread", READERS, 1800, readFrom, (place) => place === MEMBERS.length - 1);
        return Promise.resolve({ failover: sql.failover, returnSeconds: sql.returnSeconds });
    });
    await upOk(stack);
    const outputs = await stack.outputs();
    const promised = outputs.failover?.value as FaultSeconds[];
    bounds = Object.fromEntries(promised.map(({ fault, totalSeconds }) => [fault, totalSeconds]));
    returnSeconds = Number(outputs.returnSeconds?.value);
    writer = new Client(WRITER);
    readers = [1, 2, 3, 4].map(() => new Client(READERS));
});
afterAll(async () => {
    for (const client of clients) client.stop();
    await bench.down();
});

test("the first member gets what writes, the others what reads", async () => {
    await moved(writer, "app1", 0);
    await until(
        "the readers are spread",
        5,
        () => Promise.resolve(readers.map(({ name }) => name).sort()),
        (names) => names.join() === "app2,app2,app3,app3",
    );
});

test("a member that drains loses its clients to the next one, and the last one serves too", async () => {
    const noticed = cluster.intervalSeconds + (cluster.fall - 1) * cluster.fastIntervalSeconds;
    await measured("app1 drained, client at app2", noticed, moved(writer, "app2", await drain("app1")));
    figure("app1 drained, client without a member for", writer.awaySeconds);
    await measured("app2 drained, client at app3", noticed, moved(writer, "app3", await drain("app2")));
});

test("readers have the first member once no other is left, and only until one is back", async () => {
    await undrain("app1");
    const sinceMs = await drain("app3");
    for (const reader of readers) await moved(reader, "app1", sinceMs);
    const backMs = await undrain("app3");
    for (const reader of readers)
        await measured("a reader is at app3 again", returnSeconds, moved(reader, "app3", backMs));
    await drain("app1");
    await moved(writer, "app3", 0);
});

test("a member that is back takes the clients of all that come after it", async () => {
    const { cuts } = writer;
    await measured("app2 back, client at app2", returnSeconds, moved(writer, "app2", await undrain("app2")));
    await measured("app1 back, client at app1", returnSeconds, moved(writer, "app1", await undrain("app1")));
    expect(writer.cuts - cuts).toBe(2);
});

test.each<[string, Fault, () => Promise<number>, () => Promise<unknown>]>([
    [
        "killed",
        Fault.Process,
        () => does("app1", "systemctl kill --signal=KILL member"),
        () => does("app1", "systemctl restart member"),
    ],
    ["hung", Fault.Hang, async () => (await bench.host("app1").pause()).atMs, () => bench.host("app1").resume()],
    [
        "without power",
        Fault.Power,
        async () => (await bench.host("app1").powerOff()).atMs,
        () => bench.host("app1").powerOn(),
    ],
])("a writer that is %s is replaced within the computed time", async (what, fault, happens, heals) => {
    try {
        await measured(`app1 ${what}, client at app2`, bounds[fault] ?? 0, moved(writer, "app2", await happens()));
    } finally {
        await heals();
    }
    await moved(writer, "app1", 0);
});

test("a session of before a reload does not outlast its member's turn for longer than stated", async () => {
    await does("lb1", "systemctl reload haproxy");
    // The new process, which tells the old one to leave, starts from here on.
    const reloadMs = monotonicMs();
    const drainMs = await drain("app1");
    const newcomer = new Client(WRITER);
    await moved(newcomer, "app2", drainMs);
    await measured("session of before a reload at app2", HARD_STOP_SECONDS, moved(writer, "app2", reloadMs));
    await undrain("app1");
    for (const client of [newcomer, writer]) await moved(client, "app1", 0);
});
