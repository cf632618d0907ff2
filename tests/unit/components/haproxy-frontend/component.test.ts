import * as pulumi from "@pulumi/pulumi";
import { HaproxyFrontend, HaproxyMode } from "../../../../components/haproxy-frontend";
import type { HaproxyFrontendArgs } from "../../../../components/haproxy-frontend";
import { KeyAlgorithm } from "../../../../components/shared/issuer";
import type { Issuer } from "../../../../components/shared/issuer";
import type { NodeArgs } from "../../../../remote/node";
import { mocked, promised } from "../mocked";
import type { Registered } from "../mocked";
import { selfSigned, writer } from "./specs";

const SECRET = "4dabf18193072939515e22adb298388d";

const GENERATED: Record<string, Record<string, string>> = {
    "random:index/randomPassword:RandomPassword": { result: "digest key" },
    "tls:index/privateKey:PrivateKey": { privateKeyPem: "key of a node\n" },
    "tls:index/certRequest:CertRequest": { certRequestPem: "request of a node\n" },
    "tls:index/locallySignedCert:LocallySignedCert": { certPem: "certificate of a node\n" },
};

/** Runs a program against mocks; in a preview what is generated is unknown. */
async function deploy(preview: boolean, program: (opts: pulumi.ComponentResourceOptions) => HaproxyFrontend) {
    const dependencies: Record<string, string[]> = {};
    const record: pulumi.ResourceTransformation = ({ name, opts }) => {
        dependencies[name] = [opts.dependsOn ?? []]
            .flat()
            .map((resource) => (resource as unknown as { __name?: string }).__name ?? "");
        return undefined;
    };
    const { registered, result } = await mocked(
        preview,
        async () => {
            const { url, endpoint, failover, returnSeconds } = program({ transformations: [record] });
            return {
                url: await promised(url),
                endpoint: await promised(endpoint),
                failover: await promised(failover),
                returnSeconds: await promised(returnSeconds),
            };
        },
        (type) => (preview ? {} : (GENERATED[type] ?? {})),
    );
    const named = (name: string) => registered.find((r) => r.name === name)?.inputs ?? {};
    return { registered, named, dependencies, result };
}

const node = (name: string, address: string): NodeArgs => ({
    name,
    address,
    hostKey: "ssh-ed25519 AAAA",
    privateKey: `login key of ${name}`,
});

const issuer: Issuer = {
    certificatePem: "certificate of the authority\n",
    privateKeyPem: "key of the authority\n",
    chainPem: "",
    trustedPem: "certificate of the authority\n",
    terms: {
        algorithm: KeyAlgorithm.EcdsaP256,
        lifetimeHours: 2160,
        earlyRenewalHours: 720,
        longestLifetimeHours: 87600,
    },
};

const args: HaproxyFrontendArgs = {
    nodes: [node("lb1", "192.0.2.11"), node("lb2", "192.0.2.12")],
    bind: { address: pulumi.output("192.0.2.100"), port: 443 },
    servers: { app1: { address: "192.0.2.21", port: 8080 }, app2: { address: "192.0.2.22", port: 8080 } },
};

const frontend = (changes: Partial<HaproxyFrontendArgs>) => (opts: pulumi.ComponentResourceOptions) =>
    new HaproxyFrontend("web", { ...args, ...changes }, opts);

const isSecret = (value: unknown): value is { value?: string } =>
    typeof value === "object" && value !== null && SECRET in value;

/** All that was registered, but for what is marked as secret. */
const inClear = (registered: Registered[]): string =>
    JSON.stringify(registered, (_key, value: unknown) => (isSecret(value) ? "secret" : value));

describe.each([
    ["preview", true],
    ["update", false],
])("as a %s", (_, preview) => {
    test("prepares and applies on every node, each with a certificate of its own", async () => {
        const { registered } = await deploy(preview, frontend({ issuer }));
        const names = registered.map((r) => r.name);
        for (const lb of ["lb1", "lb2"])
            expect(names).toEqual(
                expect.arrayContaining([
                    `web-${lb}-prepare`,
                    `web-${lb}-apply`,
                    `web-${lb}-key`,
                    `web-${lb}-certificate`,
                ]),
            );
    });

    test("shows its configuration, and computes its promises", async () => {
        const { named, result } = await deploy(preview, frontend({ issuer }));
        expect(named("web-lb1-apply").stdin).toContain(
            "|     bind 192.0.2.100:443 ssl crt /etc/haproxy/certs/web.pem alpn h2,http/1.1\n",
        );
        expect(result).toMatchObject({ url: "https://192.0.2.100", endpoint: "192.0.2.100:443", returnSeconds: 1.5 });
        expect(result.failover.map((f) => f.fault)).toEqual(["process", "hang", "power", "link", "planned"]);
    });

    test("sends logins and keys as secrets alone", async () => {
        const tls = selfSigned();
        const byIssuer = inClear((await deploy(preview, frontend({ issuer }))).registered);
        for (const key of ["login key of lb1", "key of the authority", "key of a node"])
            expect(byIssuer).not.toContain(key);
        const { registered, named } = await deploy(preview, frontend({ tls }));
        const rows = tls.privateKeyPem.split("\n").filter((row) => row.length > 20 && !row.startsWith("-"));
        for (const row of rows) expect(inClear(registered)).not.toContain(row);
        expect(isSecret(named("web-lb1-prepare").stdin)).toBe(true);
    });

    test("the node that usually serves is changed once the other has passed its gates", async () => {
        const { dependencies } = await deploy(preview, frontend({ issuer }));
        expect(dependencies["web-lb1-apply"]).toContain("web-lb2-apply");
        expect(dependencies["web-lb2-apply"]).not.toContain("web-lb1-apply");
    });
});

test("the certificate, its chain and its key travel as one file", async () => {
    const chained = { ...issuer, chainPem: "intermediate\n" };
    const { named } = await deploy(false, frontend({ issuer: chained }));
    const stdin = named("web-lb1-prepare").stdin;
    const text = isSecret(stdin) ? (stdin.value ?? "") : "";
    const sent = /^credential certificate\n((?:\| .*\n)+)/m.exec(text)?.[1] ?? "";
    expect(Buffer.from(sent.replaceAll(/^\| /gm, ""), "base64").toString()).toBe(
        "certificate of a node\nintermediate\nkey of a node\n",
    );
});

test("a certificate for the bound addresses and the names, or the node's own address where all are bound", async () => {
    const hostNames = ["www.example.org"];
    const bound = await deploy(false, frontend({ issuer, hostNames }));
    expect(bound.named("web-lb1-request")).toMatchObject({ dnsNames: hostNames, ipAddresses: ["192.0.2.100"] });
    const anywhere = await deploy(false, frontend({ issuer, bind: { port: 443 } }));
    expect(anywhere.named("web-lb2-request")).toMatchObject({ ipAddresses: ["192.0.2.12"] });
});

test("fails at once with all that is wrong, before anything is registered for a host", async () => {
    const wrong = { issuer, bind: { address: "front", port: 443 }, servers: {}, minimumServers: 0 };
    await expect(deploy(false, frontend(wrong))).rejects.toThrow(
        /HaproxyFrontend "web": 2 things must change[^]*bind\.address: "front" is no IP address[^]*servers: no server/,
    );
});

test.each<[string, Partial<HaproxyFrontendArgs>, string, string]>([
    [
        "another port",
        { issuer, bind: { address: "192.0.2.100", port: 8443 } },
        "https://192.0.2.100:8443",
        "192.0.2.100:8443",
    ],
    [
        "IPv6",
        { issuer, bind: { address: "2001:db8::100", port: 443 } },
        "https://[2001:db8::100]",
        "[2001:db8::100]:443",
    ],
    ["all addresses", { issuer, bind: { port: 443 } }, "https://192.0.2.11", "192.0.2.11:443"],
    ["no TLS", { bind: { port: 80 } }, "http://192.0.2.11", "192.0.2.11:80"],
    [
        "mode tcp",
        { mode: HaproxyMode.Tcp, check: { tls: true }, bind: { address: "192.0.2.100", port: 3306 } },
        "tcp://192.0.2.100:3306",
        "192.0.2.100:3306",
    ],
    [
        "the writer of a cluster, known later",
        { servers: undefined, galera: pulumi.output(writer), bind: { address: "192.0.2.100", port: 3306 } },
        "tcp://192.0.2.100:3306",
        "192.0.2.100:3306",
    ],
])("where clients go: %s", async (_, changes, url, endpoint) => {
    expect((await deploy(false, frontend(changes))).result).toMatchObject({ url, endpoint });
});
