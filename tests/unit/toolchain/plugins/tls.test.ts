import { spawnSync } from "node:child_process";
import { X509Certificate, generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { utils } from "ssh2";
import { resources } from "../../../../toolchain/plugins/tls/resources";
import { rfc3339 } from "../../../../toolchain/plugins/tls/time";
import type { Properties } from "../../../../toolchain/plugins/values";
import { createCall, diffCall, plain, readCall, texts, updateCall } from "./calls";

const key = resources["tls:index/privateKey:PrivateKey"];
const request = resources["tls:index/certRequest:CertRequest"];
const selfSigned = resources["tls:index/selfSignedCert:SelfSignedCert"];
const locallySigned = resources["tls:index/locallySignedCert:LocallySignedCert"];

const made = async (type: typeof key, inputs: Properties) => texts((await type.create(createCall(inputs))).properties);
const newKey = async (inputs: Properties) => (await made(key, inputs)).privateKeyPem ?? "";
const caUses = ["cert_signing", "crl_signing", "digital_signature"];

let folder: string;
beforeAll(() => (folder = mkdtempSync(path.join(tmpdir(), "tls-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a tool on texts that are given to it as files; the arguments name them as `@name`. */
function tool(
    program: string,
    args: string[],
    files: Record<string, string>,
): { status: number | null; output: string } {
    for (const [name, content] of Object.entries(files))
        writeFileSync(path.join(folder, name), content, { mode: 0o600 });
    const resolved = args.map((arg) => (arg.startsWith("@") ? path.join(folder, arg.slice(1)) : arg));
    const { status, stdout, stderr, error } = spawnSync(program, resolved, { encoding: "utf8" });
    if (error !== undefined) throw new Error(`${program} is needed for this test: ${error.message}`);
    return { status, output: stdout + stderr };
}

const verify = (files: { root: string; intermediate: string; leaf: string }, extra: string[] = []) =>
    tool(
        "openssl",
        ["verify", "-x509_strict", ...extra, "-CAfile", "@root", "-untrusted", "@intermediate", "@leaf"],
        files,
    );

/** A root, an intermediate below it and a leaf below that, all with keys of the same kind. */
async function chain(keyInputs: Properties, more: { root?: Properties; intermediate?: Properties } = {}) {
    const rootKey = await newKey(keyInputs);
    const root = await made(selfSigned, {
        privateKeyPem: rootKey,
        subject: { commonName: "Root", organization: "Prüfstelle" },
        isCaCertificate: true,
        setAuthorityKeyId: true,
        validityPeriodHours: 87600,
        allowedUses: caUses,
        ...more.root,
    });
    const sign = async (caPrivateKeyPem: string, caCertPem: string, wanted: Properties, inputs: Properties) => {
        const privateKeyPem = await newKey(keyInputs);
        const { certRequestPem = "" } = await made(request, { privateKeyPem, ...wanted });
        const certificate = await made(locallySigned, {
            caPrivateKeyPem,
            caCertPem,
            certRequestPem,
            validityPeriodHours: 24,
            ...inputs,
        });
        return { privateKeyPem, certPem: certificate.certPem ?? "" };
    };
    const intermediate = await sign(
        rootKey,
        root.certPem ?? "",
        { subject: { commonName: "Intermediate" } },
        { isCaCertificate: true, allowedUses: caUses, ...more.intermediate },
    );
    const leaf = await sign(
        intermediate.privateKeyPem,
        intermediate.certPem,
        { dnsNames: ["db1.example", "*.db.example"], ipAddresses: ["192.0.2.7", "2001:db8::7"] },
        { allowedUses: ["server_auth", "digital_signature"], setSubjectKeyId: true },
    );
    return {
        root: root.certPem ?? "",
        intermediate: intermediate.certPem,
        leaf: leaf.certPem,
        leafKey: leaf.privateKeyPem,
    };
}

const kinds: [string, Properties][] = [
    ["ECDSA P224", { algorithm: "ECDSA" }],
    ["ECDSA P256", { algorithm: "ECDSA", ecdsaCurve: "P256" }],
    ["ECDSA P384", { algorithm: "ECDSA", ecdsaCurve: "P384" }],
    ["ECDSA P521", { algorithm: "ECDSA", ecdsaCurve: "P521" }],
    ["ED25519", { algorithm: "ED25519" }],
    ["RSA", { algorithm: "RSA", rsaBits: 2048 }],
];

describe.each(kinds)("keys of kind %s", (kind, inputs) => {
    test("openssl verifies root, intermediate and leaf, by name and by address", async () => {
        const files = await chain(inputs);
        for (const name of ["db1.example", "x.db.example"]) {
            expect(verify(files, ["-purpose", "sslserver", "-verify_hostname", name])).toMatchObject({ status: 0 });
        }
        for (const address of ["192.0.2.7", "2001:db8::7"]) {
            expect(verify(files, ["-verify_ip", address])).toMatchObject({ status: 0 });
        }
        expect(verify(files, ["-verify_hostname", "db2.example"]).output).toMatch(/hostname mismatch/i);
        expect(new X509Certificate(files.leaf).checkIssued(new X509Certificate(files.intermediate))).toBe(true);
    });

    test("both private forms and the public one are the same key", async () => {
        const { privateKeyPem = "", privateKeyPemPkcs8 = "", publicKeyPem = "" } = await made(key, inputs);
        for (const form of [privateKeyPem, privateKeyPemPkcs8]) {
            expect(tool("openssl", ["pkey", "-in", "@key", "-pubout"], { key: form })).toEqual({
                status: 0,
                output: publicKeyPem,
            });
        }
    });

    test("the OpenSSH form is read by an SSH client, with the same public key and fingerprint", async () => {
        const { privateKeyOpenssh = "", publicKeyOpenssh, privateKeyPem = "" } = await made(key, inputs);
        if (kind === "ECDSA P224") return expect(privateKeyOpenssh).toBe("");
        const parsed = utils.parseKey(privateKeyOpenssh);
        if (parsed instanceof Error) throw parsed;
        expect(`${parsed.type} ${parsed.getPublicSSH().toString("base64")}\n`).toBe(publicKeyOpenssh);
        const signature = parsed.sign("message", parsed.type === "ssh-rsa" ? "sha256" : undefined);
        expect(parsed.verify("message", signature, parsed.type === "ssh-rsa" ? "sha256" : undefined)).toBe(true);
        expect(privateKeyPem).not.toBe("");
    });
});

describe("certificates", () => {
    let caKey: string;
    let caCert: string;
    beforeAll(async () => {
        caKey = await newKey({ algorithm: "ECDSA", ecdsaCurve: "P256" });
        caCert = (await ca({})).certPem ?? "";
    });
    const ca = (inputs: Properties) =>
        made(selfSigned, {
            privateKeyPem: caKey,
            subject: { commonName: "CA" },
            isCaCertificate: true,
            validityPeriodHours: 24,
            allowedUses: caUses,
            ...inputs,
        });
    const printed = (certificate: string) =>
        tool("openssl", ["x509", "-in", "@c", "-noout", "-text"], { c: certificate }).output;
    const signedOff = async (requestInputs: Properties, inputs: Properties = {}) => {
        const { certRequestPem = "" } = await made(request, { privateKeyPem: caKey, ...requestInputs });
        const signing = { caPrivateKeyPem: caKey, caCertPem: caCert, validityPeriodHours: 24, allowedUses: [] };
        return made(locallySigned, { ...signing, certRequestPem, ...inputs });
    };

    test("a path length of 0 is written and kept: a CA below such a CA is not believed", async () => {
        expect(printed((await ca({ maxPathLength: 0 })).certPem ?? "")).toContain("CA:TRUE, pathlen:0");
        const ed25519 = { algorithm: "ED25519" };
        expect(verify(await chain(ed25519, { intermediate: { maxPathLength: 0 } }))).toMatchObject({ status: 0 });
        expect(verify(await chain(ed25519, { root: { maxPathLength: 0 } })).output).toContain(
            "path length constraint exceeded",
        );
    });

    test("a path length that older originals wrote as -1, or not at all, is no change", async () => {
        const inputs = {
            privateKeyPem: caKey,
            subject: { commonName: "CA" },
            validityPeriodHours: 24,
            allowedUses: [],
        };
        const { properties } = await selfSigned.create(createCall(inputs));
        for (const state of [properties, { ...properties, maxPathLength: -1 }]) {
            expect(await selfSigned.diff(diffCall(state, inputs))).toMatchObject({ changes: "none" });
        }
        expect(await selfSigned.diff(diffCall(properties, { ...inputs, maxPathLength: 1 }))).toMatchObject({
            replaces: ["maxPathLength"],
        });
    });

    test("ends after 2049 are written in four digits", async () => {
        const {
            certPem = "",
            validityStartTime = "",
            validityEndTime = "",
        } = await ca({ validityPeriodHours: 300_000 });
        const certificate = new X509Certificate(certPem);
        expect(Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)).toBe(300_000 * 3_600_000);
        expect(Date.parse(validityEndTime) - Date.parse(validityStartTime)).toBe(300_000 * 3_600_000);
    });

    test("subjects hold UTF-8 and an e-mail address, and reach a signed certificate unchanged", async () => {
        const subject = { commonName: "Zoë", organization: "Prüf & Söhne", emailAddress: "ca@example.org" };
        const { certPem = "" } = await signedOff({ subject });
        expect(new X509Certificate(certPem).subject).toBe("O=Prüf & Söhne\nCN=Zoë\nemailAddress=ca@example.org");
    });

    test("alternative names are critical where the subject is empty", async () => {
        expect(printed((await signedOff({ dnsNames: ["a.example"] })).certPem ?? "")).toContain(
            "Alternative Name: critical",
        );
    });

    test("serial numbers have 128 random bits and are the id", async () => {
        const { properties, id } = await selfSigned.create(
            createCall({ privateKeyPem: caKey, validityPeriodHours: 1, allowedUses: [] }),
        );
        const certificate = new X509Certificate(texts(properties).certPem ?? "");
        expect(BigInt(`0x${certificate.serialNumber}`).toString()).toBe(id);
    });

    test("are renewed when their time is within the early renewal hours, by replacement", async () => {
        const inputs = { privateKeyPem: caKey, validityPeriodHours: 24, earlyRenewalHours: 2, allowedUses: [] };
        const { properties } = await selfSigned.create(createCall(inputs));
        const endingIn = (hours: number) => ({
            ...properties,
            validityEndTime: new Date(Date.now() + hours * 3_600_000).toISOString(),
        });
        expect(await selfSigned.diff(diffCall(endingIn(2.01), inputs))).toMatchObject({ changes: "none" });
        expect(await selfSigned.diff(diffCall(endingIn(1.99), inputs))).toMatchObject({
            replaces: ["readyForRenewal"],
        });
        expect((await selfSigned.read(readCall("x", endingIn(1.99)))).properties.readyForRenewal).toBe(true);
        const updated = await selfSigned.update(updateCall(endingIn(1.99), { ...inputs, earlyRenewalHours: 1 }));
        expect(plain(updated)).toMatchObject({ earlyRenewalHours: 1, readyForRenewal: false });
    });

    test("number texts are stored as numbers", async () => {
        const inputs = { privateKeyPem: caKey, validityPeriodHours: "24", allowedUses: [] };
        const { properties } = await selfSigned.create(createCall(inputs));
        expect(properties.validityPeriodHours).toBe(24);
        expect(await selfSigned.diff(diffCall(properties, inputs))).toMatchObject({ changes: "none" });
    });

    const signing = (inputs: Properties): Properties => ({
        privateKeyPem: caKey,
        validityPeriodHours: 1,
        allowedUses: [],
        ...inputs,
    });
    test.each<[string, () => Properties, string]>([
        ["a CA without subject", () => signing({ isCaCertificate: true }), "subject: a CA must have at least one name"],
        [
            "an authority key id without subject key id",
            () => signing({ setAuthorityKeyId: true }),
            "setAuthorityKeyId: ",
        ],
        ["an address with a zone", () => signing({ ipAddresses: ["fe80::1%eth0"] }), 'ipAddresses[0]: "fe80::1%eth0"'],
        ["an address that is cut", () => signing({ ipAddresses: ["10.0.1"] }), 'ipAddresses[0]: "10.0.1" is not'],
        ["a name outside ASCII", () => signing({ dnsNames: ["ok.example", "bücher.example"] }), "dnsNames[1]: "],
        ["a URI without scheme", () => signing({ uris: ["example.org/x"] }), 'uris[0]: "example.org/x" is not a URI'],
        [
            "a key that is cut",
            () => signing({ privateKeyPem: cut(caKey) }),
            "privateKeyPem: the private key cannot be read",
        ],
        ["a key of another curve", () => signing({ privateKeyPem: koblitz() }), "privateKeyPem: the curve secp256k1"],
        ["a locked key", () => signing({ privateKeyPem: locked() }), "privateKeyPem: the private key has a passphrase"],
        ["a public key", () => signing({ privateKeyPem: publicHalf() }), "privateKeyPem: is PEM of type PUBLIC KEY"],
    ])("fails: %s", async (_, wrong, message) => {
        const inputs = wrong();
        const error: unknown = await made(selfSigned, inputs).catch((thrown: unknown) => thrown);
        expect(String(error)).toContain(message);
        for (const line of texts(inputs).privateKeyPem?.split("\n").slice(1, -2) ?? [])
            expect(String(error)).not.toContain(line || "\n");
    });

    test("fails: a CA key that is not the CA certificate's", async () => {
        const other = await newKey({ algorithm: "ECDSA", ecdsaCurve: "P256" });
        await expect(signedOff({}, { caPrivateKeyPem: other })).rejects.toThrow(
            "caPrivateKeyPem: the key is not that of the certificate in caCertPem",
        );
    });

    test("fails: a short RSA key", async () => {
        await expect(newKey({ algorithm: "RSA", rsaBits: 512 })).rejects.toThrow("rsaBits: 512 bits are insecure");
    });

    test("fails: all faults of the inputs are named at once", async () => {
        const news = { privateKeyPemWo: "x", validityPeriodHours: -1, allowedUses: ["server_auth", "serve"] };
        const { failures = [] } = await selfSigned.check({ ...createCall({}), olds: {}, news });
        expect(failures.map(({ reason }) => reason.split(":")[0])).toEqual([
            "privateKeyPem",
            "validityPeriodHours",
            "allowedUses[1]",
            "privateKeyPemWo",
        ]);
    });
});

test("times are in RFC 3339 with the zone's offset", () => {
    const time = Date.UTC(2026, 6, 1, 23, 30, 5, 120);
    expect(rfc3339(time, 0)).toBe("2026-07-01T23:30:05.12Z");
    expect(rfc3339(time, 120)).toBe("2026-07-02T01:30:05.12+02:00");
    expect(rfc3339(time, -210)).toBe("2026-07-01T20:00:05.12-03:30");
    expect(rfc3339(time - 120, 0)).toBe("2026-07-01T23:30:05Z");
});

const cut = (pem: string) => pem.split("\n").toSpliced(2, 1).join("\n");
const pemForm = { type: "sec1", format: "pem" } as const;
const koblitz = () => generateKeyPairSync("ec", { namedCurve: "secp256k1" }).privateKey.export(pemForm).toString();
const locked = () =>
    generateKeyPairSync("ec", { namedCurve: "prime256v1" })
        .privateKey.export({ ...pemForm, cipher: "aes-128-cbc", passphrase: "secret" })
        .toString();
const publicHalf = () => generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "pem" }).toString();
