import fc from "fast-check";
import { HaproxyMode } from "../../../../components/haproxy-frontend";
import type { HaproxyBalance } from "../../../../components/haproxy-frontend";
import { baseConf, frontendConf } from "../../../../components/haproxy-frontend/conf";
import { rules } from "../../../../components/haproxy-frontend/rules";
import { toSpec } from "../../../../components/haproxy-frontend/spec";
import type { FrontendSpec } from "../../../../components/haproxy-frontend/spec";
import { violations } from "../../../../components/shared/rules";
import { app1, app2, fullArgs, spec, sqlArgs, webArgs, withServer } from "./specs";

const found = (s: FrontendSpec, level: "refuse" | "warn") =>
    violations(s, rules)
        .filter((v) => v.level === level)
        .map((v) => v.path);
const tcp = { mode: HaproxyMode.Tcp, certificates: [] as [] };
const check = (changes: object) => spec(webArgs, { check: { http: { path: "/healthz" }, ...changes } });

test.each<[string, FrontendSpec]>([
    ["a web frontend", spec(webArgs)],
    ["a database", toSpec("sql", sqlArgs)],
    ["every option", spec(fullArgs)],
    ["all addresses", spec(webArgs, { bind: { port: 443 } })],
    ["servers by name", withServer({ address: "app-1.internal" })],
    ["servers at IPv6 addresses", withServer({ address: "2001:db8::21" })],
    ["a Host header with a port", check({ http: { host: "www.example.org:8443" } })],
])("%s is neither refused nor warned of", (_, s) => {
    expect(violations(s, rules)).toEqual([]);
});

test.each<[string, string, FrontendSpec]>([
    ["a name that is no file name", "name", toSpec("../web", webArgs)],
    ["a name in upper case", "name", toSpec("Web", webArgs)],
    ["no node", "nodes", spec(webArgs, { nodes: [] })],
    ["a node twice", "nodes[0].name", spec(webArgs, { nodes: [webArgs.nodes[0]!, webArgs.nodes[0]!] })],
    ["a node at no address", "nodes[0].address", spec(webArgs, { nodes: [{ name: "lb1", address: "lb1" }] })],
    ["a name to bind", "bind.address", spec(webArgs, { bind: { address: "www.example.org", port: 443 } })],
    [
        "the same address in another spelling",
        "bind.extraAddresses[1]",
        spec(webArgs, { bind: { address: "192.0.2.1", extraAddresses: ["2001:db8::1", "2001:db8:0::1"], port: 443 } }),
    ],
    ["port 0", "bind.port", spec(webArgs, { bind: { port: 0 }, redirectHttp: false })],
    ["port 65536", "bind.port", spec(webArgs, { bind: { port: 65536 }, redirectHttp: false })],
    ["half a port", "servers.app1.port", withServer({ port: 80.5 })],
    ["an unknown mode", "mode", spec(webArgs, { mode: "udp" as HaproxyMode, redirectHttp: false })],
    ["an unknown algorithm", "balance", spec(webArgs, { balance: "random" as HaproxyBalance })],
    ["no server", "servers", spec(webArgs, { servers: {}, minimumServers: 0 })],
    ["backups alone", "servers", spec(webArgs, { servers: { app1: { ...app1, backup: true } } })],
    [
        "weights of 0 alone",
        "servers",
        spec(webArgs, { servers: { app1: { ...app1, weight: 0 }, app2: { ...app2, weight: 0 } } }),
    ],
    ["one address and port twice", "servers.twin.address", spec(webArgs, { servers: { app1, app2, twin: app1 } })],
    ["itself as server", "servers.app1.address", withServer({ address: "192.0.2.100", port: 443 })],
    ["weight 257", "servers.app1.weight", withServer({ weight: 257 })],
    ["weight -1", "servers.app1.weight", withServer({ weight: -1 })],
    ["no connections at a server", "servers.app1.maxConnections", withServer({ maxConnections: 0 })],
    ["an address out of range", "servers.app1.address", withServer({ address: "192.0.2.256" })],
    ["two certificates", "tls", spec(webArgs, { certificates: ["issuer", "tls"] })],
    [
        "host names without an issuer",
        "hostNames",
        spec(webArgs, { certificates: ["tls"], hostNames: ["www.example.org"] }),
    ],
    ["HSTS without TLS", "hstsSeconds", spec(webArgs, { certificates: [], hstsSeconds: 60 })],
    ["a negative HSTS", "hstsSeconds", spec(webArgs, { hstsSeconds: -1 })],
    ["a redirect without TLS", "redirectHttp", spec(webArgs, { certificates: [], redirectHttp: true })],
    ["a redirect to another port", "redirectHttp", spec(webArgs, { bind: { port: 8443 }, redirectHttp: true })],
    ["two kinds of check", "check", check({ tcp: true })],
    ["fall 0", "check.fall", check({ fall: 0 })],
    ["rise 1.5", "check.rise", check({ rise: 1.5 })],
    ["an interval of 0", "check.intervalSeconds", check({ intervalSeconds: 0, fastIntervalSeconds: 0.5 })],
    ["an interval that is no number", "check.intervalSeconds", check({ intervalSeconds: Number.NaN })],
    ["a fast interval that is slower", "check.fastIntervalSeconds", check({ fastIntervalSeconds: 2 })],
    ["a timeout longer than the interval", "check.timeoutSeconds", check({ timeoutSeconds: 2 })],
    ["a check's port out of range", "check.port", check({ port: 70000 })],
    ["a status out of range", "check.http.status", check({ http: { status: 20 } })],
    ["a cookie in mode tcp", "stickyCookie", spec(webArgs, { ...tcp, stickyCookie: {}, check: {} })],
    [
        "retries of requests in mode tcp",
        "retrySafeRequests",
        spec(webArgs, { ...tcp, retrySafeRequests: true, check: {} }),
    ],
    ["a negative slow start", "slowStartSeconds", spec(webArgs, { slowStartSeconds: -1 })],
    ["no connections", "maxConnections", spec(webArgs, { maxConnections: 0 })],
    ["no time to connect", "timeouts.connectSeconds", spec(webArgs, { timeouts: { connectSeconds: 0 } })],
    ["an endless timeout", "timeouts.tunnelSeconds", spec(webArgs, { timeouts: { tunnelSeconds: Infinity } })],
    [
        "tunnels in mode tcp",
        "timeouts.tunnelSeconds",
        spec(webArgs, { ...tcp, timeouts: { tunnelSeconds: 60 }, check: {} }),
    ],
    ["a hard stop at once", "hardStopAfterSeconds", spec(webArgs, { hardStopAfterSeconds: 0 })],
    ["metrics on the clients' port", "metrics.port", spec(webArgs, { metrics: { port: 443 } })],
    ["metrics on the redirect's port", "metrics.port", spec(webArgs, { metrics: { port: 80 } })],
    ["more servers wanted than there are", "minimumServers", spec(webArgs, { minimumServers: 3 })],
])("fails: %s, at %s", (_, path, s) => {
    expect(found(s, "refuse")).toContain(path);
});

test.each<[string, string, FrontendSpec]>([
    ["one server", "servers", spec(webArgs, { servers: { app1 } })],
    ["a check that a hung process passes", "check.tcp", spec(webArgs, { check: { tcp: true } })],
    ["plain HTTP on port 443", "bind.port", spec(webArgs, { certificates: [] })],
    ["a reload that cuts idle connections", "hardStopAfterSeconds", spec(webArgs, { hardStopAfterSeconds: 10 })],
])("warns of %s, at %s", (_, path, s) => {
    expect(found(s, "warn")).toEqual([path]);
    expect(found(s, "refuse")).toEqual([]);
});

test("fails with all that is wrong at once", () => {
    const s = spec(webArgs, {
        bind: { port: 0 },
        redirectHttp: false,
        servers: { "a b": { address: "x y", port: -1 } },
    });
    expect(found(s, "refuse")).toEqual(["bind.port", "servers.a b", "servers.a b.address", "servers.a b.port"]);
});

// Whatever a text holds, it is refused or it stands in the configuration as one word.
const nasty = fc
    .array(
        fc.oneof(
            fc.constantFrom(
                "\n",
                " ",
                "\t",
                "\r",
                '"',
                "'",
                "#",
                "\\",
                "$",
                "${PATH}",
                "%",
                "%[env(PATH)]",
                "{",
                "}",
                "/",
                ".",
            ),
            fc.string({ unit: "grapheme", maxLength: 4 }),
        ),
        { minLength: 1, maxLength: 6 },
    )
    .map((parts) => parts.join(""));

test.each<[string, (text: string) => FrontendSpec]>([
    ["the check's path", (text) => check({ http: { path: `/${text}` } })],
    ["the check's Host header", (text) => check({ http: { host: text } })],
    ["a server's address", (text) => withServer({ address: text })],
    ["a server's name", (text) => spec(webArgs, { servers: { [text]: app1, app2 } })],
    ["the cookie's name", (text) => spec(webArgs, { stickyCookie: { name: text } })],
    ["the name of the servers' certificates", (text) => spec(webArgs, { serverTls: { serverName: text } })],
    ["a bound address", (text) => spec(webArgs, { bind: { address: text, port: 443 } })],
    ["a node's address", (text) => spec(webArgs, { nodes: [{ name: "lb1", address: text }] })],
])("nothing can be smuggled into the configuration by %s", (_, made) => {
    const lines = (s: FrontendSpec) =>
        frontendConf(s, s.nodes[0]!)
            .split("\n")
            .filter((line) => line !== "")
            .slice(1); // the header, a comment
    const keywords = new Set([...lines(made("x")), ...lines(spec(fullArgs))].map((line) => line.trim().split(" ")[0]));
    fc.assert(
        fc.property(nasty, (text) => {
            const s = made(text);
            if (found(s, "refuse").length > 0) return;
            expect(lines(s).join("\n")).not.toMatch(/["'\\#$\t\r]|%(?!\[src\])/);
            expect(lines(s).filter((line) => !keywords.has(line.trim().split(" ")[0]))).toEqual([]);
        }),
    );
});

test("the shared configuration says nothing of any frontend", () => {
    expect(baseConf).not.toMatch(/frontend|backend|bind \d/);
});
