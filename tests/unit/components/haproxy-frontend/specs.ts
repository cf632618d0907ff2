import { execFileSync } from "node:child_process";
import { HaproxyMode } from "../../../../components/haproxy-frontend";
import type { HaproxyServerArgs } from "../../../../components/haproxy-frontend";
import { Fault, faultSeconds } from "../../../../components/shared/failover";
import { toSpec } from "../../../../components/haproxy-frontend/spec";
import type { FrontendSpec } from "../../../../components/haproxy-frontend/spec";

type Args = Parameters<typeof toSpec>[1];
type Galera = NonNullable<Args["galera"]>;

const nodes = [
    { name: "lb1", address: "192.0.2.11" },
    { name: "lb2", address: "192.0.2.12" },
];

export const app1 = { address: "192.0.2.21", port: 8080 };
export const app2 = { address: "192.0.2.22", port: 8080 };

/** A web frontend as most are: TLS on a virtual address, two servers. */
export const webArgs: Args = {
    nodes,
    bind: { address: "192.0.2.100", port: 443 },
    certificates: ["issuer"],
    serverTls: undefined,
    servers: { app1, app2 },
    check: { http: { path: "/healthz" } },
};

/** A database behind the same address: one writer, the others in reserve. */
export const sqlArgs: Args = {
    nodes,
    bind: { address: "192.0.2.100", port: 3306 },
    certificates: [],
    serverTls: undefined,
    mode: HaproxyMode.Tcp,
    servers: {
        db1: { address: "192.0.2.31", port: 3306 },
        db2: { address: "192.0.2.32", port: 3306, backup: true },
    },
    check: { http: { path: "/ready" }, port: 9200, intervalSeconds: 0.5, fall: 2 },
};

const stalls: Galera["failover"] = [
    stall(Fault.Process, 0.5),
    stall(Fault.Hang, 3.75),
    stall(Fault.Power, 3.75),
    stall(Fault.Link, 3.75),
    stall(Fault.Partition, 4.5, "stall until it is marked down"),
    stall(Fault.Planned, 0.25),
];

function stall(fault: Fault, seconds: number, name = "stall") {
    return faultSeconds(fault, [{ name, seconds, detects: true, source: "test" }]);
}

/** The writer of a cluster of three. */
export const writer: Galera = {
    servers: [
        { name: "db1", address: "192.0.2.31", backup: false },
        { name: "db2", address: "192.0.2.32", backup: true },
        { name: "db3", address: "192.0.2.33", backup: true },
    ],
    port: 3306,
    healthPort: 9200,
    healthPath: "/writer",
    intervalSeconds: 0.5,
    fastIntervalSeconds: 0.25,
    timeoutSeconds: 0.5,
    fall: 2,
    rise: 2,
    failover: stalls,
};

/** The readers of the same cluster: the writer is their reserve. */
export const readers: Galera = {
    ...writer,
    servers: ["db2", "db3", "db1"].map((name) => ({
        ...writer.servers.find((server) => server.name === name)!,
        backup: name === "db1",
    })),
    healthPath: "/reader",
};

/** A frontend in front of a cluster, with nothing but what it needs. */
export const galeraArgs = (galera: Galera): Args => ({
    nodes,
    bind: { address: "192.0.2.100", port: 3306 },
    certificates: [],
    serverTls: undefined,
    galera,
});

/** Every option that leaves a trace in the configuration. */
export const fullArgs: Args = {
    ...webArgs,
    bind: { address: "192.0.2.100/24", extraAddresses: ["2001:db8::100"], port: 443 },
    servers: {
        app1: { ...app1, weight: 50, maxConnections: 200 },
        app2,
        spare: { address: "localhost", port: 8443, backup: true },
    },
    hostNames: ["www.example.org"],
    hstsSeconds: 31536000,
    serverTls: { serverName: "app.example.org" },
    stickyCookie: {},
    slowStartSeconds: 30,
    shutdownSessionsWhenDown: false,
    maxConnections: 5000,
    timeouts: { clientSeconds: 60, connectSeconds: 1.5 },
    metrics: { port: 8405, onNodeAddress: true },
    hardStopAfterSeconds: 600,
    logRequests: false,
};

export const spec = (args: Args, changes: Partial<Args> = {}): FrontendSpec => toSpec("web", { ...args, ...changes });

/** The web frontend with one server replaced. */
export const withServer = (changes: Partial<Record<keyof HaproxyServerArgs, unknown>>): FrontendSpec =>
    spec(webArgs, { servers: { app1: { ...app1, ...changes } as typeof app1, app2 } });

/** A certificate made for a test, by openssl, and its key. */
export function selfSigned(): { certificatePem: string; privateKeyPem: string } {
    const request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "-"];
    const both = execFileSync("openssl", [...request, "-subj", "/CN=www.example.org", "-days", "2"], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
    });
    const at = both.indexOf("-----BEGIN CERTIFICATE");
    return { certificatePem: both.slice(at), privateKeyPem: both.slice(0, at) };
}
