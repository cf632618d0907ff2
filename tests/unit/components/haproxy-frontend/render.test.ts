import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { HaproxyBalance, HaproxyMode } from "../../../../components/haproxy-frontend";
import { PATHS, baseConf, frontendConf } from "../../../../components/haproxy-frontend/conf";
import { render } from "../../../../components/haproxy-frontend/render";
import { toSpec } from "../../../../components/haproxy-frontend/spec";
import type { FrontendSpec } from "../../../../components/haproxy-frontend/spec";
import { toText } from "../../../../remote/manifest";
import { fullArgs, galeraArgs, readers, selfSigned, spec, sqlArgs, webArgs, writer } from "./specs";

const lb1 = { name: "lb1", address: "192.0.2.11" };

test("the whole manifest of a TLS frontend", () => {
    expect(toText(render(spec(webArgs), "lb1"))).toMatchSnapshot();
});

test("the configuration of a database frontend", () => {
    expect(frontendConf(toSpec("sql", sqlArgs), lb1)).toMatchSnapshot();
});

test("the configuration with every option", () => {
    expect(frontendConf(spec(fullArgs), lb1)).toMatchSnapshot();
});

test("the nodes differ in the metrics' address alone", () => {
    const [one, two] = ["lb1", "lb2"].map((node) => toText(render(spec(fullArgs), node)).split("\n"));
    expect(two?.filter((row, number) => row !== one?.[number])).toEqual(["|     bind 192.0.2.12:8405"]);
});

test("all ports that others reach are listed, that of metrics where it is bound to the node's address", () => {
    const listed = (onNodeAddress: boolean) =>
        render(spec(webArgs, { metrics: { port: 8405, onNodeAddress } }), "lb1").ports.map(({ port }) => port);
    expect(listed(true)).toEqual([...listed(false), "tcp/8405"]);
    expect(listed(false)).toContain("tcp/443");
});

test("what all frontends of a host share has the same bytes from each", () => {
    const shared = (s: FrontendSpec) => render(s, "lb1").files.filter((file) => file.shared);
    expect(shared(spec(fullArgs))).toEqual(shared(toSpec("sql", sqlArgs)));
    expect(shared(spec(webArgs)).map((file) => file.path)).toContain(PATHS.base);
});

test("nothing but the reload of haproxy follows from a changed frontend or certificate", () => {
    const own = render(spec(webArgs), "lb1").files.filter((file) => !file.shared);
    expect(own.flatMap((file) => file.onChange)).toEqual(
        own.map(() => ({ do: "reload", target: "haproxy.service", impact: "reload", seconds: 0 })),
    );
});

test("keys lie in files that root alone reads, and never in the manifest", () => {
    const manifest = render(spec(fullArgs), "lb1");
    const secrets = manifest.files.filter((file) => file.credential !== undefined);
    expect(
        secrets.map(({ path: at, mode, owner, content, credential }) => [at, mode, owner, content, credential]),
    ).toEqual([
        ["/etc/haproxy/certs/web.pem", "0600", "root:root", "", "certificate"],
        ["/etc/haproxy/certs/web-servers-ca.pem", "0600", "root:root", "", "servers-ca"],
    ]);
});

test("a frontend on all addresses needs no foreign ones", () => {
    const anywhere = spec(webArgs, { bind: { port: 443 } });
    expect(render(anywhere, "lb1").files.map((file) => file.path)).not.toContain(
        "/etc/sysctl.d/60-pulumi-ha-nonlocal-bind.conf",
    );
    expect(frontendConf(anywhere, lb1)).toContain("    bind *:443 ssl ");
});

/** The rows of a configuration that hold a word. */
const rows = (of: FrontendSpec, word: string): string[] =>
    frontendConf(of, lb1)
        .split("\n")
        .map((row) => row.trim())
        .filter((row) => row.split(" ").includes(word));

test("a client's address stays at its server when another one comes or goes", () => {
    const bySource = frontendConf(spec(webArgs, { balance: HaproxyBalance.Source }), lb1);
    expect(bySource).toContain("\n    balance source\n    hash-type consistent\n");
    expect(frontendConf(spec(webArgs), lb1)).not.toContain("hash-type");
});

test.each<[string, Partial<typeof webArgs>, string]>([
    ["as it is", { check: { tls: true } }, "check-ssl verify none"],
    ["on another port", { check: { tls: true, port: 9443 } }, "check-ssl verify none"],
    [
        "beside verified TLS, on another port",
        { check: { tls: true, port: 9443 }, serverTls: { serverName: undefined } },
        "ssl verify required ca-file /etc/haproxy/certs/web-servers-ca.pem check-ssl",
    ],
])("a check by TLS, %s, speaks it and nothing above it", (_, changes, words) => {
    for (const mode of [HaproxyMode.Http, HaproxyMode.Tcp]) {
        const checked = spec(webArgs, { mode, ...changes });
        expect(rows(checked, "default-server")).toEqual([expect.stringMatching(new RegExp(` ${words}$`))]);
        expect(rows(checked, "httpchk")).toEqual([]);
    }
});

test("a check by TLS beside verified TLS on the same port is made with it", () => {
    const checked = spec(webArgs, { check: { tls: true }, serverTls: { serverName: undefined } });
    expect(rows(checked, "default-server")[0]).toContain(" ssl verify required ");
    expect(frontendConf(checked, lb1)).not.toContain("verify none");
});

const installed = spawnSync("haproxy", ["-v"]).status === 0;
if (!installed)
    console.warn("skipped: haproxy is not installed here, so its own parser reads nothing back (apt install haproxy)");

/** The files as on a host, below a folder, with a certificate made for the test, as haproxy itself judges them. */
function haproxyCheck(specs: FrontendSpec[]): { status: number | null; said: string } {
    const root = fs.mkdtempSync(path.join(tmpdir(), "pulumi-ha-haproxy-"));
    try {
        const here = (text: string) => text.replaceAll("/etc/haproxy", root);
        const write = (at: string, text: string) => {
            fs.mkdirSync(path.dirname(here(at)), { recursive: true });
            fs.writeFileSync(here(at), here(text));
        };
        write(PATHS.base, baseConf);
        const { certificatePem, privateKeyPem } = selfSigned();
        for (const s of specs) {
            write(`${PATHS.frontends}/${s.name}.cfg`, frontendConf(s, lb1));
            write(`${PATHS.certificates}/${s.name}.pem`, certificatePem + privateKeyPem);
            write(`${PATHS.certificates}/${s.name}-servers-ca.pem`, certificatePem);
        }
        const ran = spawnSync("haproxy", ["-c", "-dW", "-f", here(PATHS.base), "-f", here(PATHS.frontends)], {
            encoding: "utf8",
        });
        return { status: ran.status, said: ran.stderr };
    } finally {
        fs.rmSync(root, { recursive: true });
    }
}

(installed ? describe : describe.skip)("read back by haproxy", () => {
    test.each<[string, FrontendSpec[]]>([
        ["TLS and http", [spec(webArgs)]],
        ["a database", [toSpec("sql", sqlArgs)]],
        ["the writer of a cluster and its readers", [spec(galeraArgs(writer)), toSpec("readers", galeraArgs(readers))]],
        ["every option", [spec(fullArgs)]],
        ["every option, by source", [spec(fullArgs, { balance: HaproxyBalance.Source })]],
        ["several frontends", [spec(fullArgs), toSpec("sql", sqlArgs)]],
        ["plain http on all addresses", [spec(webArgs, { bind: { port: 80 }, certificates: [] })]],
        [
            "TLS checked only",
            [spec(webArgs, { mode: HaproxyMode.Tcp, certificates: [], check: { tls: true }, bind: { port: 443 } })],
        ],
        [
            "TLS checked on another port",
            [spec(webArgs, { serverTls: { serverName: undefined }, check: { http: {}, port: 9443 } })],
        ],
    ])("%s: valid, without a warning", (_, specs) => {
        expect(haproxyCheck(specs)).toEqual({ status: 0, said: "" });
    });

    // What HAProxy reads of this, it refuses.
    const unreadable = toSpec("web", { ...webArgs, hardStopAfterSeconds: Number.NaN });

    test.each<[string, FrontendSpec[], number]>([
        ["of one alone counts", [unreadable], 1],
        ["counts beside readers", [unreadable, toSpec("readers", galeraArgs(readers))], 1],
        ["does not count after that of a cluster's writer", [unreadable, toSpec("sql", galeraArgs(writer))], 0],
    ])("the hard stop of a frontend %s", (_, specs, status) => {
        expect(haproxyCheck(specs).status).toBe(status);
    });

    test("a writer that left the configuration decides no more, though the reloaded process has its environment", () => {
        process.env["PULUMI_HA_GALERA_WRITER"] = "1";
        try {
            expect(haproxyCheck([unreadable]).status).toBe(1);
        } finally {
            delete process.env["PULUMI_HA_GALERA_WRITER"];
        }
    });

    test("fails with haproxy's own message for what it does not know", () => {
        const odd = { ...spec(webArgs), balance: "fastest" as HaproxyBalance };
        const { status, said } = haproxyCheck([odd]);
        expect(status).toBe(1);
        expect(said).toContain("balance only supports");
    });
});
