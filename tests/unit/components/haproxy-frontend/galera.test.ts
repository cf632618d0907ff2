import { HaproxyBalance, HaproxyMode } from "../../../../components/haproxy-frontend";
import { frontendConf } from "../../../../components/haproxy-frontend/conf";
import { failover } from "../../../../components/haproxy-frontend/failover";
import { rules } from "../../../../components/haproxy-frontend/rules";
import { toSpec } from "../../../../components/haproxy-frontend/spec";
import type { FrontendSpec } from "../../../../components/haproxy-frontend/spec";
import { Fault } from "../../../../components/shared/failover";
import { violations } from "../../../../components/shared/rules";
import { app1, galeraArgs, readers, spec, sqlArgs, writer } from "./specs";

type Changes = Parameters<typeof spec>[1];

const lb1 = { name: "lb1", address: "192.0.2.11" };
const of = (galera: typeof writer, changes: Changes = {}) => spec(galeraArgs(galera), changes);
const lines = (s: FrontendSpec) =>
    frontendConf(s, lb1)
        .split("\n")
        .map((line) => line.trim());

test("the configuration of a writer", () => {
    expect(frontendConf(of(writer), lb1)).toMatchSnapshot();
});

test("the configuration of readers", () => {
    expect(frontendConf(of(readers), lb1)).toMatchSnapshot();
});

test.each([
    ["writer", of(writer)],
    ["readers", of(readers)],
])("the %s of a cluster is neither refused nor warned of", (_, s) => {
    expect(violations(s, rules)).toEqual([]);
});

test("members keep the cluster's order, whatever they are called", () => {
    const named = ["db", "2", "1"].map((name, place) => ({ ...writer.servers[place]!, name }));
    expect(of({ ...writer, servers: named }).servers.map(({ name }) => name)).toEqual(["db", "2", "1"]);
});

test("two members need no backend for a second reserve", () => {
    const pair = lines(of({ ...writer, servers: writer.servers.slice(0, 2) }));
    expect(pair.filter((line) => /^(backend|use_backend)/.test(line))).toEqual(["backend web from pulumi-ha"]);
});

test("each reserve after the first one serves only while all before it are down, and loses its clients to each of them", () => {
    const five = [
        ...writer.servers,
        ...["db4", "db5"].map((name, n) => ({ name, address: `192.0.2.4${n}`, backup: true })),
    ];
    const conf = lines(of({ ...writer, servers: five }));
    expect(conf.filter((line) => line.startsWith("use_backend"))).toEqual([
        "use_backend web.db3 if !{ srv_is_up(web/db1) } !{ srv_is_up(web/db2) } { srv_is_up(web/db3) }",
        "use_backend web.db4 if !{ srv_is_up(web/db1) } !{ srv_is_up(web/db2) } !{ srv_is_up(web/db3) } { srv_is_up(web/db4) }",
        "use_backend web.db5 if !{ srv_is_up(web/db1) } !{ srv_is_up(web/db2) } !{ srv_is_up(web/db3) } !{ srv_is_up(web/db4) } { srv_is_up(web/db5) }",
    ]);
    const last = conf.slice(conf.indexOf("backend web.db5 from pulumi-ha"));
    expect(last.filter((line) => line.startsWith("server"))).toEqual([
        ...["db1 192.0.2.31", "db2 192.0.2.32", "db3 192.0.2.33", "db4 192.0.2.40"].map(
            (server) => `server ${server}:3306 track web/${server.slice(0, 3)} on-marked-up shutdown-backup-sessions`,
        ),
        "server db5 192.0.2.41:3306 track web/db5 backup",
    ]);
});

test("ordinary servers with several backups stay in one backend, and their backups' sessions last", () => {
    const s = toSpec("sql", { ...sqlArgs, servers: { ...sqlArgs.servers, db3: { ...app1, backup: true } } });
    expect(lines(s).join("\n")).not.toMatch(/use_backend|shutdown-backup-sessions/);
});

const found = (s: FrontendSpec) =>
    violations(s, rules)
        .filter(({ level }) => level === "refuse")
        .map(({ path }) => path);

test.each<[string, Changes]>([
    ["mode", { mode: HaproxyMode.Http }],
    ["balance", { balance: HaproxyBalance.RoundRobin }],
    ["check", { check: { tcp: true } }],
    ["serverTls", { serverTls: { serverName: "db.example.org" } }],
    ["issuer", { certificates: ["issuer"] }],
    ["tls", { certificates: ["tls"] }],
    ["hostNames", { hostNames: ["db.example.org"] }],
    ["stickyCookie", { stickyCookie: {} }],
    ["hstsSeconds", { hstsSeconds: 60 }],
    ["redirectHttp", { redirectHttp: true }],
    ["retrySafeRequests", { retrySafeRequests: true }],
    ["shutdownSessionsWhenDown", { shutdownSessionsWhenDown: false }],
    ["galera", { servers: { app1 } }],
])("fails: %s beside the writer of a cluster, and says that alone", (path, changes) => {
    expect(found(of(writer, changes))).toEqual([path]);
});

test.each([
    [
        "sessions of before a reload are cut soon where they could outlast their member's turn",
        of(writer),
        ["hard-stop-after 60s"],
    ],
    ["readers' sessions may last", of(readers), []],
    ["what is asked for counts", of(writer, { hardStopAfterSeconds: 5 }), ["hard-stop-after 5s"]],
])("%s", (_, s, stop) => {
    expect(lines(s).filter((line) => line.startsWith("hard-stop-after"))).toEqual(stop);
});

test.each([
    [of(writer, { hardStopAfterSeconds: 60 }), []],
    [of(writer, { hardStopAfterSeconds: 61 }), ["hardStopAfterSeconds"]],
    [of(readers, { hardStopAfterSeconds: 60 }), ["hardStopAfterSeconds"]],
    [of(readers, { hardStopAfterSeconds: 1800 }), []],
])(
    "warns of a writer's sessions that a reload leaves alone for long, and of readers' that it cuts while they may idle",
    (s, paths) => {
        expect(violations(s, rules).map(({ level, path }) => `${level} ${path}`)).toEqual(
            paths.map((path) => `warn ${path}`),
        );
    },
);

test.each(["serverSeconds", "clientSeconds"])(
    "fails: timeouts.%s that ends sessions while the cluster stands still",
    (field) => {
        expect(found(of(writer, { timeouts: { [field]: 4.5 } }))).toEqual([`timeouts.${field}`]);
        expect(found(of(writer, { timeouts: { [field]: 4.6 } }))).toEqual([]);
    },
);

test("fails: and says what would make it stand still for less", () => {
    const s = of({ ...writer, timingKnob: "orders.timing" }, { timeouts: { serverSeconds: 2 } });
    expect(violations(s, rules).map(({ message }) => message)).toEqual([
        "2 s end sessions that only wait for the cluster, which stands still for up to 4.5 s after a fault: give more, or change orders.timing",
    ]);
});

test("fails: neither servers nor a cluster", () => {
    expect(found(spec(galeraArgs(writer), { galera: undefined }))).toEqual(["servers"]);
});

test("readers may be balanced otherwise, and end their sessions when they please", () => {
    const other = of(readers, { balance: HaproxyBalance.Source, shutdownSessionsWhenDown: false });
    expect(found(other)).toEqual([]);
    expect(lines(other)).toContain("balance source");
});

const promise = (s: FrontendSpec, fault: Fault) => failover(s).find((f) => f.fault === fault);

test.each<[Fault, number, string]>([
    [
        Fault.Process,
        1.25,
        "max(stall (0.5 s), check interval (0.5 s) + 2 x answer that it is down (0 s) + 1 x fast interval (0.25 s) + pause before a refused connection is tried again (0.5 s))",
    ],
    [
        Fault.Hang,
        3.75,
        "max(stall (3.75 s), check interval (0.5 s) + 2 x check timeout (1 s) + 1 x fast interval (0.25 s) + its sessions end (0 s))",
    ],
    [
        Fault.Power,
        3.75,
        "max(stall (3.75 s), check interval (0.5 s) + 2 x connection attempt (1 s) + 1 x fast interval (0.25 s) + its sessions end (0 s))",
    ],
    [
        Fault.Partition,
        4.5,
        "max(stall until it is marked down (4.5 s), check interval (0.5 s) + 2 x answer that it is down (0 s) + 1 x fast interval (0.25 s) + its sessions end (0 s))",
    ],
    [Fault.Planned, 0.25, "max(stall (0.25 s), its sessions end, and go to the next member (0 s))"],
])("%s: %d s, by the slower of the cluster and the load balancer", (fault, seconds, formula) => {
    expect(promise(of(writer), fault)).toMatchObject({ totalSeconds: seconds, formula });
});

test("no promise where the cluster gives none", () => {
    const silent = { ...writer, failover: writer.failover.filter(({ fault }) => fault !== Fault.Hang) };
    expect(promise(of(silent), Fault.Hang)).toBeUndefined();
});
