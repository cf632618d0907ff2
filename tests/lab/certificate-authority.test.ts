import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import type { EngineEvent, OutputMap, PulumiFn, Stack } from "@pulumi/pulumi/automation";
import * as random from "@pulumi/random";
import { CertificateAuthority } from "../../components";
import { PROJECT, stackIn } from "../stack";

// A run of the engine takes seconds; keys and certificates are those of the tls plugin.
jest.setTimeout(300_000);

let dir: string;
let stack: Stack;
const programs: string[] = [];
beforeAll(async () => {
    dir = mkdtempSync(path.join(tmpdir(), "pulumi-ha-ca-"));
    stack = await stackIn(dir, "ca", authority);
});
afterAll(() => [dir, ...programs].forEach((folder) => rmSync(folder, { recursive: true })));

/** An authority with an intermediate, a certificate, and something that follows the certificate. */
const authority: PulumiFn = async () => {
    const ca = new CertificateAuthority("ca", { organization: "Example Shop", intermediate: {} });
    const web = ca.issue("web", { dnsNames: ["www.example.org"], ipAddresses: ["192.0.2.7", "2001:db8::7"] });
    new random.RandomString("follower", { length: 4, keepers: { certificate: web.certificatePem } });
    return { trusted: ca.trustedPem, leaf: web.certificatePem, chain: web.chainPem, key: web.privateKeyPem };
};

interface Issued {
    trusted: string;
    leaf: string;
    chain: string;
    key: string;
}
const issued = (outputs: OutputMap): Issued =>
    Object.fromEntries(Object.entries(outputs).map(([name, output]) => [name, output.value])) as unknown as Issued;

/** A stack of a program in a process of its own, which a failing one takes down with it. It uses the built library. */
async function programIn(name: string, program: string): Promise<Stack> {
    const workDir = mkdtempSync(path.join(PROJECT, ".pulumi-ha", "test-"));
    programs.push(workDir);
    writeFileSync(path.join(workDir, "index.js"), program);
    writeFileSync(path.join(workDir, "Pulumi.yaml"), "{ name: test, runtime: nodejs, main: index.js }");
    return stackIn(dir, name, workDir);
}

/** Runs `up`; gives what it issued, and what it did to each resource it did not leave alone. */
async function up(): Promise<Issued & { done: Record<string, string> }> {
    const done: Record<string, string> = {};
    const onEvent = ({ resourcePreEvent }: EngineEvent) => {
        const { op, urn } = resourcePreEvent?.metadata ?? { op: "same", urn: "" };
        if (["create", "update", "replace"].includes(op)) done[urn.split("::").at(-1) ?? ""] = op;
    };
    const { outputs } = await stack.up({ onEvent });
    return { ...issued(outputs), done };
}

/** Whether openssl follows the certificate up to a trusted one. */
function verifies(leaf: string, chain: string, trusted: string): boolean {
    const files = Object.entries({ leaf, chain, trusted }).map(([name, pem]) => {
        writeFileSync(path.join(dir, name), pem);
        return path.join(dir, name);
    });
    const [leafFile = "", chainFile = "", trustedFile = ""] = files;
    const args = ["-x509_strict", "-purpose", "sslserver", "-CAfile", trustedFile, "-untrusted", chainFile];
    return execFileSync("openssl", ["verify", ...args, leafFile], { encoding: "utf8" }).includes(": OK");
}

/** Lets a certificate come to an hour before its end, in the state by which the plugin judges. */
async function age(name: string): Promise<void> {
    const { deployment, ...rest } = await stack.exportStack();
    const { resources } = deployment as { resources: { urn: string; outputs?: Record<string, unknown> }[] };
    const found = resources.find((resource) => resource.urn.endsWith(`::${name}`));
    if (!found?.outputs) throw new Error(`the state has no ${name}`);
    found.outputs.validityEndTime = new Date(Date.now() + 3_600_000).toISOString();
    await stack.importStack({ ...rest, deployment });
}

test("a real up issues a chain that openssl accepts, with what was asked for in it", async () => {
    const { leaf, chain, trusted, key, done } = await up();
    expect(Object.keys(done)).toEqual(
        expect.arrayContaining(["ca-root-key", "ca-intermediate-key", "web-certificate"]),
    );
    expect(verifies(leaf, chain, trusted)).toBe(true);
    const x509 = new X509Certificate(leaf);
    expect(x509.subjectAltName).toBe("DNS:www.example.org, IP Address:192.0.2.7, IP Address:2001:DB8:0:0:0:0:0:7");
    expect(x509.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
    expect(key).toMatch(/^-----BEGIN EC PRIVATE KEY-----/);
});

test("the state holds no key in clear", async () => {
    const { key } = issued(await stack.outputs());
    const state = readFileSync(path.join(dir, ".pulumi", "stacks", "test", "ca.json"), "utf8");
    // The secret number is in the first line; the ones after it hold the public key, as certificates do.
    const [, secret = "PRIVATE KEY"] = key.split("\n");
    expect(["PRIVATE KEY", secret].filter((text) => state.includes(text))).toEqual([]);
});

test("a second up changes nothing", async () => {
    await expect(stack.up({ expectNoChanges: true })).resolves.toBeDefined();
});

test("inside its window, up replaces the certificate and touches what follows it, and nothing else", async () => {
    const before = issued(await stack.outputs());
    await age("web-certificate");
    const { done, ...after } = await up();
    expect(done).toEqual({ "web-certificate": "replace", follower: "replace" });
    expect(after.key).toBe(before.key);
    expect(new X509Certificate(after.leaf).serialNumber).not.toBe(new X509Certificate(before.leaf).serialNumber);
    expect(verifies(after.leaf, after.chain, after.trusted)).toBe(true);
});

test("a renewed root keeps its key: old and new roots prove old and new certificates", async () => {
    const before = issued(await stack.outputs());
    await age("ca-root-certificate");
    const { done, ...after } = await up();
    expect(done).toEqual({
        "ca-root-certificate": "replace",
        "ca-intermediate-certificate": "replace",
        "web-certificate": "replace",
        follower: "replace",
    });
    expect(after.trusted).not.toBe(before.trusted);
    expect(verifies(before.leaf, before.chain, after.trusted)).toBe(true);
    expect(verifies(after.leaf, after.chain, before.trusted)).toBe(true);
});

test("fails: an existing authority with the key of another, known only to the engine, in words and without the key", async () => {
    const { trusted, key } = issued(await stack.outputs());
    const mismatched = await programIn(
        "mismatched",
        `const pulumi = require("@pulumi/pulumi");
        const { CertificateAuthority } = require("pulumi-ha");
        const existing = { certificatePem: ${JSON.stringify(trusted)}, privateKeyPem: pulumi.secret(${JSON.stringify(key)}) };
        new CertificateAuthority("ca", { organization: "Example Shop", existing });`,
    );
    const failed = await mismatched.preview().catch((error: Error) => error.message);
    expect(failed).toMatch(
        /existing\.privateKeyPem: does not belong to the certificate of O=Example Shop, CN=Example Shop Root CA/,
    );
    expect(failed).not.toContain("PRIVATE KEY");
});
