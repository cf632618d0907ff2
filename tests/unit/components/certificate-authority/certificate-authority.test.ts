import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { CertificateAuthority } from "../../../../components/certificate-authority";
import type { CertificateAuthorityArgs } from "../../../../components/certificate-authority";
import type { IssueArgs } from "../../../../components/certificate-authority/certificate";
import { KeyAlgorithm } from "../../../../components/shared/issuer";
import type { NodeArgs } from "../../../../remote/node";
import { certificates, deploy, isSecret } from "./world";

// RSA keys take seconds.
jest.setTimeout(60_000);

const organization = "Example Shop";
const db = (number: number): NodeArgs => ({ name: `db${number}`, address: `192.0.2.1${number}` });

/** An authority with one certificate of its own. */
const issuing =
    (args: Partial<CertificateAuthorityArgs> = {}, certificate: IssueArgs = { dnsNames: ["www.example.org"] }) =>
    (opts: pulumi.ComponentResourceOptions) => {
        const ca = new CertificateAuthority("ca", { organization, ...args }, opts);
        return {
            ca: { certificatePem: ca.certificatePem, trustedPem: ca.trustedPem, issuer: ca.issuer },
            web: ca.issue("web", certificate),
        };
    };

/** What `openssl verify` says to a server's certificate, given what a client trusts and what the server presents. */
function verified(leaf: string, chain: string, trusted: string, ...options: string[]): string {
    const folder = fs.mkdtempSync(path.join(tmpdir(), "pulumi-ha-ca-"));
    const file = (name: string, text: string) => {
        fs.writeFileSync(path.join(folder, name), text);
        return path.join(folder, name);
    };
    try {
        const untrusted = chain === "" ? [] : ["-untrusted", file("chain.pem", chain)];
        const args = ["verify", "-x509_strict", "-CAfile", file("ca.pem", trusted), ...untrusted, ...options];
        return execFileSync("openssl", [...args, file("leaf.pem", leaf)], { encoding: "utf8", stdio: "pipe" });
    } finally {
        fs.rmSync(folder, { recursive: true });
    }
}

describe.each([
    ["preview", true],
    ["update", false],
])("as a %s", (_, preview) => {
    test("a root and a certificate of its own, each with its key", async () => {
        const { registered } = await deploy(preview, issuing());
        expect(
            registered
                .filter((r) => r.type.startsWith("tls:"))
                .map((r) => r.name)
                .sort(),
        ).toEqual(["ca-root-certificate", "ca-root-key", "web-certificate", "web-key", "web-request"]);
    });

    test("with an intermediate, the root signs that alone", async () => {
        const { named } = await deploy(preview, issuing({ intermediate: {} }));
        expect(named("ca-root-certificate").inputs).toMatchObject({
            maxPathLength: 1,
            validityPeriodHours: 87600,
            earlyRenewalHours: 29200,
        });
        expect(named("ca-intermediate-certificate").inputs).toMatchObject({
            maxPathLength: 0,
            validityPeriodHours: 26280,
            earlyRenewalHours: 8760,
        });
        expect(named("web-certificate").inputs).toMatchObject({ validityPeriodHours: 2160, earlyRenewalHours: 720 });
    });

    test("no private key leaves as anything but a secret", async () => {
        const { registered } = await deploy(preview, issuing({ intermediate: {} }));
        const keys = registered.flatMap((r) => Object.entries(r.inputs).filter(([name]) => /privateKey/i.test(name)));
        // In a preview they are unknown, which hides their marks.
        if (!preview) expect(keys.map(([, value]) => isSecret(value))).toEqual([true, true, true, true, true]);
        const clear = JSON.stringify(registered, (_key, value) => (isSecret(value) ? "secret" : value));
        expect(clear).not.toContain("PRIVATE KEY");
    });

    test("an existing authority's key is not recorded with the component", async () => {
        const existing = await selfMade();
        const { named } = await deploy(
            preview,
            issuing({ existing: { ...existing, privateKeyPem: pulumi.secret(existing.privateKeyPem) } }),
        );
        expect(named("ca").inputs.existing).toEqual({ certificatePem: existing.certificatePem });
        expect(isSecret(named("web-certificate").inputs.caPrivateKeyPem)).toBe(true);
        expect(typeof named("web-certificate").inputs.caCertPem).toBe("string");
    });

    test("certificates are no secrets, keys are", async () => {
        const secrets = await deploy(preview, (opts) => {
            const { ca, web } = issuing()(opts);
            return {
                keys: [pulumi.isSecret(pulumi.output(ca.issuer.privateKeyPem)), pulumi.isSecret(web.privateKeyPem)],
                others: [
                    ca.trustedPem,
                    web.certificatePem,
                    web.chainPem,
                    web.fullChainPem,
                    web.trustedPem,
                    web.validUntil,
                ].map((o) => pulumi.isSecret(o)),
            };
        });
        expect(secrets.result.keys).toEqual([true, true]);
        expect(new Set(secrets.result.others)).toEqual(new Set([false]));
    });

    test("each node gets a certificate for its name and addresses, named after it", async () => {
        const nodes = [db(1), { ...db(2), address6: "2001:db8::2" }];
        const { named, result } = await deploy(preview, (opts) =>
            new CertificateAuthority("ca", { organization }, opts).issueForNodes("orders", nodes, {
                dnsNames: ["orders.example.org"],
                clientAuth: true,
            }),
        );
        expect(Object.keys(result)).toEqual(["db1", "db2"]);
        expect(named("orders-db1-request").inputs).toMatchObject({
            subject: { commonName: "db1" },
            dnsNames: ["db1", "orders.example.org"],
            ipAddresses: ["192.0.2.11"],
        });
        expect(named("orders-db2-request").inputs.ipAddresses).toEqual(["192.0.2.12", "2001:db8::2"]);
        expect(named("orders-db2-certificate").inputs.allowedUses).toEqual([
            "digital_signature",
            "server_auth",
            "client_auth",
        ]);
    });

    test("the same arguments give the same inputs", async () => {
        const inputs = async () => (await deploy(true, issuing({ intermediate: {} }))).registered;
        expect(await inputs()).toEqual(await inputs());
    });

    test("another node touches its own certificate alone", async () => {
        const of = (...nodes: NodeArgs[]) =>
            deploy(true, (opts) => new CertificateAuthority("ca", { organization }, opts).issueForNodes("db", nodes));
        const [two, three] = [await of(db(1), db(2)), await of(db(1), db(2), db(3))];
        const more = three.registered.filter((r) => !two.registered.some((s) => s.name === r.name));
        expect(more.map((r) => r.name).sort()).toEqual([
            "db-db3",
            "db-db3-certificate",
            "db-db3-key",
            "db-db3-request",
        ]);
        for (const r of two.registered) expect(three.named(r.name).inputs).toEqual(r.inputs);
    });

    test("fails: names that no certificate can carry, all at once", async () => {
        const bad = { dnsNames: ["a b", "*.org"], ipAddresses: ["192.0.2.1/24"] };
        await expect(deploy(preview, issuing({}, bad))).rejects.toThrow(
            /dnsNames\[0\].*no DNS name[^]*dnsNames\[1\].*two labels[^]*ipAddresses\[0\].*prefix length/,
        );
    });

    test("fails: an existing authority with the key of another", async () => {
        const [mine, other] = [await selfMade(), await selfMade()];
        const failed = deploy(preview, issuing({ existing: { ...mine, privateKeyPem: other.privateKeyPem } }));
        await expect(failed).rejects.toThrow(
            /existing\.privateKeyPem: does not belong to the certificate of .*Example Shop/,
        );
        await expect(failed).rejects.not.toThrow(/BEGIN/);
    });
});

test("the root's key can be protected, and nothing else is", async () => {
    expect((await deploy(true, issuing({ protectRootKey: true }))).protectedNames).toEqual(["ca-root-key"]);
    expect((await deploy(true, issuing())).protectedNames).toEqual([]);
});

test.each(Object.values(KeyAlgorithm))(
    "openssl accepts the chain of %s keys through an intermediate",
    async (algorithm) => {
        const { result } = await deploy(
            false,
            issuing({ algorithm, intermediate: {} }, { dnsNames: ["www.example.org"], ipAddresses: ["192.0.2.7"] }),
        );
        const { web, ca } = result;
        expect(
            verified(
                web.certificatePem,
                web.chainPem,
                ca.trustedPem,
                "-purpose",
                "sslserver",
                "-verify_hostname",
                "www.example.org",
            ),
        ).toMatch(/: OK/);
        expect(verified(web.certificatePem, web.chainPem, ca.trustedPem, "-verify_ip", "192.0.2.7")).toMatch(/: OK/);
    },
);

test("a server presents its certificate and the intermediate, and not the root", async () => {
    const { result } = await deploy(false, issuing({ intermediate: {} }));
    const presented = certificates(result.web.fullChainPem).map((c) => c.subject);
    expect(presented).toEqual(["CN=www.example.org", "O=Example Shop\nCN=Example Shop Intermediate CA"]);
    expect(certificates(result.web.trustedPem).map((c) => c.subject)).toEqual([
        "O=Example Shop\nCN=Example Shop Root CA",
    ]);
});

test("without an intermediate the chain is empty and the root proves the certificate", async () => {
    const { web } = (await deploy(false, issuing())).result;
    expect(web.chainPem).toBe("");
    expect(verified(web.certificatePem, "", web.trustedPem)).toMatch(/: OK/);
});

test("fails: openssl, for a client's purpose that the certificate was not issued for", async () => {
    const { web } = (await deploy(false, issuing())).result;
    expect(() => verified(web.certificatePem, "", web.trustedPem, "-purpose", "sslclient")).toThrow(
        /unsuitable certificate purpose/,
    );
});

test("a certificate ends 90 days from now", async () => {
    const { web } = (await deploy(false, issuing())).result;
    const days = (Date.parse(web.validUntil) - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(89.9);
    expect(days).toBeLessThanOrEqual(90);
});

test("an existing root issues, and openssl accepts it", async () => {
    const existing = await selfMade();
    const { web } = (await deploy(false, issuing({ existing, intermediate: {} }))).result;
    expect(verified(web.certificatePem, web.chainPem, existing.certificatePem)).toMatch(/: OK/);
});

test("an existing intermediate issues, its root stays elsewhere", async () => {
    const above = await deploy(false, issuing({ intermediate: {} }));
    const { issuer } = above.result.ca;
    const existing = {
        certificatePem: `${issuer.certificatePem}${above.result.ca.certificatePem}`,
        privateKeyPem: issuer.privateKeyPem,
    };
    const { web, ca } = (await deploy(false, issuing({ existing }))).result;
    expect(ca.trustedPem).toBe(above.result.ca.trustedPem);
    expect(verified(web.certificatePem, web.chainPem, ca.trustedPem)).toMatch(/: OK/);
    await expect(deploy(false, issuing({ existing, intermediate: {} }))).rejects.toThrow(
        /allows 0 authorities below it and 1/,
    );
});

test("while an authority is exchanged, clients trust both", async () => {
    const old = await selfMade();
    const { ca } = (await deploy(false, issuing({ alsoTrusted: [old.certificatePem.trim(), old.certificatePem] })))
        .result;
    expect(certificates(ca.trustedPem).map((c) => c.fingerprint256)).toEqual(
        [ca.certificatePem, old.certificatePem].map((pem) => certificates(pem)[0]?.fingerprint256),
    );
});

test("fails: an encrypted key, a certificate for a key that was never written, no certificate at all", async () => {
    const { certificatePem } = await selfMade();
    const { privateKey } = generateKeyPairSync("ed25519");
    const encrypted = privateKey.export({
        type: "pkcs8",
        format: "pem",
        cipher: "aes-256-cbc",
        passphrase: "p",
    }) as string;
    await expect(deploy(true, issuing({ existing: { certificatePem, privateKeyPem: encrypted } }))).rejects.toThrow(
        /is encrypted/,
    );
    await expect(deploy(true, issuing({ existing: { certificatePem, privateKeyPem: "" } }))).rejects.toThrow(
        /is no private key in PEM form/,
    );
    await expect(deploy(true, issuing({ existing: { certificatePem: "?", privateKeyPem: "" } }))).rejects.toThrow(
        /holds no certificate/,
    );
});

/** A root that this library did not make in the same run. */
async function selfMade(): Promise<{ certificatePem: string; privateKeyPem: string }> {
    const { result } = await deploy(false, issuing());
    return { certificatePem: result.ca.certificatePem, privateKeyPem: result.ca.issuer.privateKeyPem };
}
