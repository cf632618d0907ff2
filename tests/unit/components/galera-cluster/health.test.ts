import { spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { healthScript, healthService, healthSocket, notifyScript } from "../../../../components/galera-cluster/health";
import { PATHS } from "../../../../components/galera-cluster/paths";
import { Member, NOTIFY, SCRIPT, Server, manners } from "./health-host";

const UUID = "83128996-c6e1-11f0-9a2b-0a5cde9f8d11";
const MEMBERS = "00000000-1/db1/10.0.0.1:0,00000000-2/db2/10.0.0.2:0";
const view = (status: string, primary = "yes"): string[] => [
    "--status",
    status,
    "--uuid",
    UUID,
    "--primary",
    primary,
    "--index",
    "0",
    "--members",
    MEMBERS,
];

/** The script shares an answer for 100 ms. */
const eventually = async (check: () => Promise<void>): Promise<void> => {
    for (const until = Date.now() + 3000; ; await pause(20)) {
        try {
            return await check();
        } catch (error) {
            if (Date.now() > until) throw error;
        }
    }
};

describe("the health endpoint", () => {
    let member: Member;
    let server: Server;

    beforeEach(async () => {
        member = new Member();
        server = new Server(member);
        await server.start();
        member.notify(...view("synced"));
        await member.start();
    });
    afterEach(async () => {
        await member.stop();
        await server.stop();
        fs.rmSync(member.root, { recursive: true });
    });

    const says = (target: string, status: number, body: string): Promise<void> =>
        eventually(async () => {
            const answer = await member.get(target);
            expect([target, answer.status, answer.body]).toEqual([target, status, `${body}\n`]);
        });

    test("says synced of a member that is, as a complete answer", async () => {
        const answer = await member.get("/");
        expect(answer).toMatchObject({ status: 200, body: "synced\n" });
        expect(answer.headers).toMatchObject({
            "content-length": "7",
            connection: "close",
            "content-type": "text/plain",
        });
        expect(await member.get("/writer")).toMatchObject({ status: 200, body: "synced\n" });
        expect(await member.get("/reader")).toMatchObject({ status: 200, body: "synced\n" });
        expect(await member.get("/", "HEAD")).toMatchObject({ status: 200, body: "", headers: answer.headers });
    });

    test("logs in as a user without password and takes its leave", async () => {
        await member.get("/");
        await eventually(async () => expect(server.heard.endsWith("\x01\0\0\0\x01")).toBe(true));
        expect(server.heard).toContain("galera-health\0\0auth_socket\0");
        expect(server.heard.charCodeAt(0)).toBe(server.heard.indexOf("auth_socket\0") + "auth_socket\0".length - 4);
    });

    test.each(["joiner", "joined", "connected", "initialized", "disconnected", "error"])(
        "fails while %s",
        async (status) => {
            member.notify(...view(status));
            await says("/", 503, status);
            await says("/writer", 503, status);
            await says("/reader", 503, status);
        },
    );

    test("fails outside of the primary component, while draining and without a state", async () => {
        member.notify(...view("synced", "no"));
        await says("/", 503, "not in the primary component, synced");
        member.write(PATHS.draining, "");
        await says("/", 503, "draining");
        member.remove(PATHS.draining);
        member.remove(PATHS.state);
        await says("/", 503, "the server has not told its state");
    });

    const THREE = `${MEMBERS},00000000-3/db3/10.0.0.3:0`;
    const ARBITRATED = `${MEMBERS},00000000-4/third/`;
    const NAMES = "NODE=db1\nMEMBERS=db1=10.0.0.1 db2=10.0.0.2 db3=10.0.0.3\nGREETING_SECONDS=0.3\n";

    test.each([
        ["beside a single other member, which copies from it", MEMBERS, "", 503, 200, 200],
        ["beside that one and an arbitrator", ARBITRATED, "", 503, 200, 200],
        ["where another one may serve readers", THREE, "", 503, 503, 200],
        ["that may serve readers", THREE, "DONOR_SERVES=1\n", 200, 200, 200],
        ["that takes no statement", MEMBERS, "DONOR_WRITES=0\n", 503, 503, 503],
    ])("of a donor %s", async (_, members, settings, state, reader, writer) => {
        member.write(PATHS.settings, `${NAMES}DONOR_SERVES=0\nDONOR_WRITES=1\n${settings}`);
        member.notify(...view("donor"), "--members", members);
        await says("/", state, "donor");
        await says("/reader", reader, "donor");
        await says("/writer", writer, "donor");
    });

    test("fails for a donor outside of the primary component, or draining, as for others", async () => {
        member.notify(...view("donor", "no"));
        await says("/writer", 503, "not in the primary component, donor");
        member.write(PATHS.draining, "");
        await says("/writer", 503, "draining");
    });

    test("goes on without its settings", async () => {
        member.remove(PATHS.settings);
        await says("/", 200, "synced");
    });

    test.each([
        ["greets in pieces", manners.inPieces],
        ["has no connection left", manners.error(1040)],
        ["has no account for the check", manners.withoutAccount],
    ])("counts a server that %s as alive", async (_, how) => {
        server.manners = how;
        await says("/", 200, "synced");
    });

    test.each([
        ["greets late", manners.late, "no greeting within 0.3 s"],
        ["is silent", manners.silent, "no greeting within 0.3 s"],
        ["answers no login", manners.greetsOnly, "no answer to a login within 0.3 s"],
        ["closes", manners.closes, "the server closed the connection without a greeting"],
        ["shuts down", manners.error(1053), "the server refuses with error 1053"],
        ["is something else", manners.protocol, "a greeting of protocol 9 instead of 10"],
    ])("fails with a server that %s, and recovers with it", async (_, how, why) => {
        server.manners = how;
        await says("/", 503, why);
        expect((await member.get("/writer")).milliseconds).toBeLessThan(700);
        server.manners = manners.well;
        await says("/", 200, "synced");
        expect(member.log).toContain(`503 ${why}\n`);
    });

    test("fails when nobody listens, and tells a copy in progress", async () => {
        await server.stop();
        await says("/", 503, `not running: ${member.at(PATHS.socket)}: No such file or directory`);
        member.notify(...view("joiner"));
        await says("/", 503, "joiner");
        expect(JSON.parse((await member.get("/evidence")).body)).toMatchObject({ running: true, status: "joiner" });
    });

    test("fails in time when the server's queue is full, and recovers", async () => {
        await server.stop();
        const stopped = spawn("perl", ["-MIO::Socket::UNIX", "-e", STOPPED_SERVER, member.at(PATHS.socket)], {
            stdio: "pipe",
        });
        await new Promise((resolve) => createInterface(stopped.stdout).once("line", resolve));
        const answer = await member.get("/");
        expect(answer).toMatchObject({ status: 503, body: "no greeting within 0.3 s\n" });
        expect(answer.milliseconds).toBeLessThan(700);
        stopped.stdin.end();
        await says("/", 200, "synced");
        stopped.kill("SIGKILL");
    });

    test("serves a hundred at once with few questions to the server, also while it hangs", async () => {
        const crowd = () => Promise.all(Array.from({ length: 100 }, () => member.get("/")));
        expect((await crowd()).map((answer) => answer.status)).toEqual(Array(100).fill(200));
        server.manners = manners.silent;
        await says("/", 503, "no greeting within 0.3 s");
        const answers = await crowd();
        expect(answers.map((answer) => answer.status)).toEqual(Array(100).fill(503));
        expect(Math.max(...answers.map((answer) => answer.milliseconds))).toBeLessThan(1500);
        expect(server.connections).toBeLessThan(20);
    });

    test("answers load balancers while many clients are slow or silent", async () => {
        const slow = Array.from({ length: 600 }, () => member.connect("127.0.0.2"));
        slow.forEach((socket, n) => socket.once("connect", () => n % 2 && socket.write("GET / HT")));
        await Promise.all(slow.map((socket) => new Promise((resolve) => socket.once("connect", resolve))));
        const answers = await Promise.all(Array.from({ length: 20 }, () => member.get("/")));
        expect(answers.map((answer) => answer.status)).toEqual(Array(20).fill(200));
        expect(Math.max(...answers.map((answer) => answer.milliseconds))).toBeLessThan(900);
        slow.forEach((socket) => socket.destroy());
    });

    test("gives up a client that sends no whole request in a second", async () => {
        const start = performance.now();
        expect(await member.raw("GET / HTTP/1.0\r\nHost: ")).toBe("");
        expect(performance.now() - start).toBeLessThan(2000);
        expect(performance.now() - start).toBeGreaterThan(900);
    });

    test.each([
        ["an empty line", "\r\n\r\n", 400],
        ["HTTP/0.9", "GET /\r\n\r\n", 400],
        ["no version", "GET / HTTP/x\r\n\r\n", 400],
        ["a proxy's target", "GET http://x/ HTTP/1.0\r\n\r\n", 400],
        ["TLS", "\x16\x03\x01\n", 400],
        ["an endless head", `GET / HTTP/1.0\r\nX: ${"x".repeat(9000)}`, 400],
        ["an unknown path", "GET /nothing HTTP/1.0\r\n\r\n", 404],
        ["a path upwards", "GET /../ HTTP/1.0\r\n\r\n", 404],
        ["another method", "POST / HTTP/1.0\r\n\r\n", 405],
        ["two requests", "GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\n\r\n", 200],
        ["bare line feeds", "GET / HTTP/1.0\n\n", 200],
    ])("answers %s", async (_, bytes, status) => {
        const [first = ""] = (await member.raw(bytes)).split("\r\n");
        expect(first.split(" ").slice(0, 2)).toEqual(["HTTP/1.0", String(status)]);
    });

    test("finishes what it has accepted when it is told to end", async () => {
        server.manners = manners.silent;
        const waiting = member.get("/");
        await eventually(async () => expect(server.connections).toBe(1));
        expect(await member.stop()).toBe(0);
        expect(await waiting).toMatchObject({ status: 503 });
    });

    test("states evidence", async () => {
        for (const name of ["mysql", "performance_schema", "sys", "lost+found", ".hidden", "#innodb_redo", "shop"])
            fs.mkdirSync(member.at(`${PATHS.dataDirectory}/${name}`));
        fs.writeFileSync(member.at(`${PATHS.dataDirectory}/ibdata1`), "");
        const answer = await member.get("/evidence");
        expect(answer.headers["content-type"]).toBe("application/json");
        expect(answer.body).toBe(
            `{"node":"db1","cluster":"orders","running":true,"status":"synced","primary":true,"uuid":"${UUID}",` +
                `"members":["db1","db2"],"identity":false,"databases":["shop"],"draining":false}\n`,
        );
        await server.stop();
        member.remove(PATHS.state);
        fs.writeFileSync(member.at(`${PATHS.dataDirectory}/grastate.dat`), "");
        member.write(PATHS.draining, "");
        await eventually(async () =>
            expect(JSON.parse((await member.get("/evidence")).body)).toEqual({
                node: "db1",
                cluster: "orders",
                running: false,
                status: "",
                primary: false,
                uuid: "",
                members: [],
                identity: true,
                databases: ["shop"],
                draining: true,
            }),
        );
    });

    test.each([
        ["the member itself", "127.0.0.1", 200],
        ["another member", "127.0.0.3", 200],
        ["the arbitrator", "127.0.0.4", 200],
        ["a load balancer", "127.0.0.2", 403],
        ["one whose address begins like a member's", "127.0.0.30", 403],
    ])("states evidence to %s or not", async (_, address, status) => {
        member.write(
            PATHS.settings,
            "NODE=db1\nGREETING_SECONDS=0.3\nMEMBERS=db1=127.0.0.1 db2=127.0.0.3\nARBITRATOR=127.0.0.4\n",
        );
        fs.mkdirSync(member.at(`${PATHS.dataDirectory}/shop`));
        const evidence = await member.raw("GET /evidence HTTP/1.0\r\n\r\n", address);
        expect(evidence.split(" ")[1]).toBe(String(status));
        expect(evidence.includes("shop")).toBe(status === 200);
        expect(await member.raw("GET /writer HTTP/1.0\r\n\r\n", address)).toContain(" 200 OK");
    });

    test("states evidence to the host alone when it does not know its members", async () => {
        member.remove(PATHS.settings);
        expect((await member.get("/evidence")).status).toBe(200);
        expect(await member.raw("GET /evidence HTTP/1.0\r\n\r\n", "127.0.0.3")).toContain(" 403 Forbidden");
    });

    test("names databases whatever their directories are called, and links that lead out of sight", async () => {
        const names = ['a"b', "a\\b", "a\nb", "a@002db", "größe", "𝕏", "\u007f"].sort();
        for (const name of names) fs.mkdirSync(member.at(`${PATHS.dataDirectory}/${name}`));
        fs.mkdirSync(Buffer.concat([Buffer.from(member.at(PATHS.dataDirectory)), Buffer.from([47, 0xff])]));
        fs.symlinkSync("/nonexistent/db", member.at(`${PATHS.dataDirectory}/linked`));
        const { body } = await member.get("/evidence");
        expect(body).toMatch(/^[ -~]+\n$/);
        const { databases } = JSON.parse(body) as { databases: string[] };
        expect(databases.sort()).toEqual([...names, "linked", "ÿ"].sort());
    });

    test("fails to state evidence when the data is out of sight", async () => {
        member.remove(PATHS.dataDirectory);
        await says("/evidence", 503, `cannot read ${member.at(PATHS.dataDirectory)}: No such file or directory`);
        fs.mkdirSync(member.at(PATHS.dataDirectory));
        fs.symlinkSync("x".repeat(255), member.at(`${PATHS.dataDirectory}/unrelated`));
        await eventually(async () => expect((await member.get("/evidence")).status).toBe(200));
    });

    test("rests when nobody asks", async () => {
        await member.get("/");
        const ticks = (): number => {
            const fields = fs.readFileSync(`/proc/${member.pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
            return Number(fields[11]) + Number(fields[12]);
        };
        const before = ticks();
        const silent = member.connect();
        await new Promise((resolve) => silent.once("close", resolve).resume());
        expect(ticks() - before).toBeLessThan(5);
    });
});

/** A server that listens and accepts nothing, with its queue full, until its standard input ends. */
const STOPPED_SERVER = `
my $listener = IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 1) or die $!;
my @queue;
while (1) {
    my $socket = IO::Socket::UNIX->new(Type => SOCK_STREAM);
    $socket->blocking(0);
    last unless connect $socket, pack_sockaddr_un($ARGV[0]);
    push @queue, $socket;
}
syswrite STDOUT, "full\\n";
<STDIN>;
@queue = ();
$SIG{PIPE} = "IGNORE";
while (my $client = $listener->accept) {
    syswrite $client, "\\5\\0\\0\\0\\x{a}x\\0yz";
    sysread $client, my $login, 200;
    syswrite $client, "\\1\\0\\0\\2\\0";
}
`;

describe("the state of a member", () => {
    let member: Member;
    beforeEach(() => (member = new Member()));
    afterEach(() => fs.rmSync(member.root, { recursive: true }));
    const read = (file: string): string => fs.readFileSync(member.at(file), "utf8");

    test("is what the server said last, for all to read", () => {
        expect(member.notify(...view("joined")).status).toBe(0);
        expect(read(PATHS.state)).toBe(`status=joined\nprimary=yes\nuuid=${UUID}\nindex=0\nmembers=${MEMBERS}\n`);
        expect(fs.statSync(member.at(PATHS.state)).mode & 0o777).toBe(0o644);
        member.notify("--status", "synced");
        expect(read(PATHS.state)).toBe(`status=synced\nprimary=yes\nuuid=${UUID}\nindex=0\nmembers=${MEMBERS}\n`);
        expect(fs.readdirSync(member.at(PATHS.run)).sort()).toEqual(["history", "state"]);
        expect(read(`${PATHS.run}/history`).split("\n")).toEqual([
            expect.stringMatching(/^\d{4}-\d\d-\d\dT\S+ status=joined primary=yes /) as string,
            expect.stringMatching(/^\d{4}-\d\d-\d\dT\S+ status=synced primary=yes /) as string,
            "",
        ]);
    });

    test("keeps the end of a long history", () => {
        member.write(`${PATHS.run}/history`, "an old line of the history\n".repeat(4000));
        member.notify(...view("synced"));
        const lines = read(`${PATHS.run}/history`).trimEnd().split("\n");
        expect(lines).toHaveLength(201);
        expect(lines[200]).toContain("status=synced");
    });

    test("fails without its directory", () => {
        member.remove(PATHS.run);
        expect(member.notify(...view("synced")).status).not.toBe(0);
    });
});

describe("what is put on a host", () => {
    test("is the scripts as they are", () => {
        expect(healthScript).toBe(fs.readFileSync(SCRIPT, "utf8"));
        expect(notifyScript).toBe(fs.readFileSync(NOTIFY, "utf8"));
    });

    test("agrees on the paths", () => {
        const { settings, state, draining, dataDirectory, socket } = PATHS;
        for (const file of [settings, state, draining, dataDirectory, socket])
            expect(healthScript).toContain(`$root${file}"`);
        expect(notifyScript).toContain(`:-${PATHS.run}}`);
    });

    test("needs no perl but perl-base", () => {
        const only = "BEGIN { @INC = grep { m{/perl-base$} } @INC } do $ARGV[0]; print $@";
        const { stdout } = spawnSync("perl", ["-e", only, SCRIPT], {
            encoding: "utf8",
            env: { PATH: process.env.PATH },
        });
        expect(stdout).toBe("no listening socket: systemd starts this script by its socket unit\n");
        expect(spawnSync("perl", ["-wc", SCRIPT], { encoding: "utf8" }).stderr).toBe(`${SCRIPT} syntax OK\n`);
    });

    test("listens on the member's address and for the host itself", () => {
        const streams = (address?: string) =>
            healthSocket({ cluster: "orders", ...(address === undefined ? {} : { address }), port: 9200 }).match(
                /^Listen.*$/gm,
            );
        expect(streams("10.0.0.1")).toEqual(["ListenStream=10.0.0.1:9200", "ListenStream=127.0.0.1:9200"]);
        expect(streams("fd00::1")).toEqual(["ListenStream=[fd00::1]:9200", "ListenStream=127.0.0.1:9200"]);
        expect(streams()).toEqual(["ListenStream=9200"]);
    });

    test("runs what is put there, as a user of its own", () => {
        expect(healthService("orders")).toContain(`\nExecStart=/usr/bin/perl ${PATHS.health}\nUser=galera-health\n`);
    });
});
