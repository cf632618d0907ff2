import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { existingRules, existingSpec } from "../../../../components/certificate-authority/existing";
import { violations } from "../../../../components/shared/rules";

let folder: string;
const at = (name: string) => path.join(folder, name);
const read = (name: string) => fs.readFileSync(at(name), "utf8");
const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });

/** A certificate made by openssl: a witness that is none of ours. */
function make(name: string, issuer: string | undefined, constraints: string, days = 30): void {
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", `${name}.key`);
    openssl("req", "-new", "-key", `${name}.key`, "-subj", `/O=Elsewhere/CN=${name}`, "-out", `${name}.csr`);
    fs.writeFileSync(at(`${name}.ext`), constraints);
    const signer = issuer ? ["-CA", `${issuer}.pem`, "-CAkey", `${issuer}.key`] : ["-signkey", `${name}.key`];
    openssl(
        "x509",
        "-req",
        "-in",
        `${name}.csr`,
        ...signer,
        "-days",
        String(days),
        "-extfile",
        `${name}.ext`,
        "-out",
        `${name}.pem`,
    );
}

beforeAll(() => {
    folder = fs.mkdtempSync(path.join(tmpdir(), "pulumi-ha-existing-"));
    make("root", undefined, "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n");
    make("other", undefined, "basicConstraints=CA:TRUE\n");
    make("issuing", "root", "basicConstraints=critical,CA:TRUE,pathlen:0\n");
    make("wide", "root", "basicConstraints=CA:TRUE,pathlen:300\n");
    make("server", "root", "basicConstraints=critical,CA:FALSE\n");
    make("signless", undefined, "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,digitalSignature\n");
});
afterAll(() => fs.rmSync(folder, { recursive: true }));

interface Look {
    certificates: string[];
    key?: string;
    anIntermediate?: boolean;
    forHours?: number;
    inDays?: number;
}
const look = ({ certificates, key, anIntermediate = false, forHours = 24, inDays = 1 }: Look) =>
    existingSpec(
        {
            certificatePem: certificates.map((name) => read(`${name}.pem`)).join("\n"),
            privateKeyPem: read(`${key ?? certificates[0]}.key`),
        },
        { anIntermediate, forHours },
        new Date(Date.now() + inDays * 86_400_000),
    );
const found = (given: Look) => violations(look(given), existingRules).map((v) => `${v.level} ${v.path}: ${v.message}`);

test.each<[string, Look]>([
    ["a root", { certificates: ["root"] }],
    ["a root for an intermediate", { certificates: ["root"], anIntermediate: true }],
    ["an intermediate with its root", { certificates: ["issuing", "root"] }],
])("takes %s", (_, given) => expect(found(given)).toEqual([]));

test.each<[string, Look, RegExp]>([
    ["a key of another", { certificates: ["root"], key: "other" }, /^refuse privateKeyPem: does not belong.*CN=root/],
    [
        "a server's certificate",
        { certificates: ["server", "root"] },
        /^refuse certificatePem\[0\]: .*CN=server is no authority/,
    ],
    [
        "an authority that may not sign",
        { certificates: ["signless"] },
        /^refuse certificatePem\[0\]: .*is no authority/,
    ],
    [
        "no way to a root",
        { certificates: ["issuing"] },
        /^refuse certificatePem: ends with .*CN=issuing, which is no root/,
    ],
    [
        "the root of another",
        { certificates: ["issuing", "other"] },
        /^refuse certificatePem\[0\]: .*not signed by the certificate after/,
    ],
    [
        "a path too short for an intermediate",
        { certificates: ["issuing", "root"], anIntermediate: true },
        /^refuse certificatePem\[0\]: .*allows 0 authorities below it and 1/,
    ],
    [
        "one that ended",
        { certificates: ["root"], inDays: 31, forHours: 0 },
        /^refuse certificatePem\[0\]: .*CN=root ended on/,
    ],
    [
        "one that is not valid yet",
        { certificates: ["root"], inDays: -1 },
        /^refuse certificatePem\[0\]: .*valid only from/,
    ],
])("fails: %s", (_, given, expected) => {
    const refused = found(given).filter((line) => line.startsWith("refuse"));
    expect(refused).toEqual([expect.stringMatching(expected)]);
});

test("warns of an authority that ends before what it signs", () => {
    expect(found({ certificates: ["root"], forHours: 2160 })).toEqual([
        expect.stringMatching(/^warn certificatePem: .*renew the authority by 20/),
    ]);
});

test("the path length is read as openssl wrote it", () => {
    const length = (name: string) => look({ certificates: [name] }).chain[0]?.pathLength;
    expect(["root", "issuing", "wide", "server"].map(length)).toEqual([undefined, 0, 300, undefined]);
});
