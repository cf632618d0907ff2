import { X509Certificate, createPrivateKey } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { each } from "../shared/rules";
import type { Rule, Rules } from "../shared/rules";

/** What is looked at in one certificate. */
interface CertificateFacts {
    pem: string;
    subject: string;
    isAuthority: boolean;
    /** How many authorities may stand below it in a chain; undefined: any number. */
    pathLength?: number;
    selfSigned: boolean;
    validFrom: Date;
    validTo: Date;
    /** Whether the next certificate of the chain signed it. */
    signedByNext: boolean;
    /** Authorities that stand below it here. */
    below: number;
}

/** An authority that was made elsewhere, with all that decides whether it can be used. */
export interface ExistingSpec {
    /** The authority itself first, then those above it up to the root. */
    chain: CertificateFacts[];
    /** Why the key cannot be read; undefined when it can. */
    keyFault?: string;
    keyFits: boolean;
    /** Hours for which what it signs is valid. */
    signsForHours: number;
    now: Date;
}

/** What it is wanted for. */
export interface Signs {
    /** Whether an intermediate is to be signed by it. */
    anIntermediate: boolean;
    /** Hours for which what it signs is valid. */
    forHours: number;
}

const hours = (from: Date, to: Date): number => (to.getTime() - from.getTime()) / 3_600_000;

const PEM = /-----BEGIN CERTIFICATE-----[\sA-Za-z0-9+/=]+-----END CERTIFICATE-----/g;

function readCertificate(pem: string): X509Certificate | undefined {
    try {
        return new X509Certificate(pem);
    } catch {
        return undefined;
    }
}

/** Whether a text is one or more certificates in PEM form. */
export function isCertificate(text: string): boolean {
    const found = text.match(PEM) ?? [];
    return found.length > 0 && found.every((pem) => readCertificate(pem) !== undefined);
}

/** Its key, or why there is none; never a part of the text, which is a secret. */
function readKey(pem: string): { key?: KeyObject; fault?: string } {
    if (/ENCRYPTED/.test(pem)) return { fault: "is encrypted: decrypt it with `openssl pkey` and keep it as a secret" };
    try {
        return { key: createPrivateKey(pem) };
    } catch {
        return { fault: "is no private key in PEM form: -----BEGIN PRIVATE KEY-----, EC or RSA, is expected" };
    }
}

// basicConstraints as in RFC 5280 4.2.1.9: its OID, a `critical` of true that may be there, and an octet string with the sequence in it.
const BASIC_CONSTRAINTS = Buffer.from("0603551d13", "hex");

/** The path length that Node's reader leaves out: SEQUENCE { cA BOOLEAN, pathLenConstraint INTEGER OPTIONAL }. */
function pathLength(certificate: X509Certificate): number | undefined {
    const der = certificate.raw;
    const after = der.indexOf(BASIC_CONSTRAINTS) + BASIC_CONSTRAINTS.length;
    const octets = der[after] === 0x01 ? after + 3 : after;
    const [cA, integer] = [octets + 4, octets + 7];
    const ends = octets + 4 + (der[octets + 3] ?? 0);
    const given = der[cA] === 0x01 && integer < ends && der[integer] === 0x02;
    return given ? der.readUIntBE(integer + 2, der[integer + 1] ?? 1) : undefined;
}

/** Reads what is given; nothing is refused yet. */
export function existingSpec(
    given: { certificatePem: string; privateKeyPem: string },
    signs: Signs,
    now: Date,
): ExistingSpec {
    const certificates = (given.certificatePem.match(PEM) ?? []).flatMap((pem) => {
        const x509 = readCertificate(pem);
        return x509 ? [{ pem: `${pem}\n`, x509 }] : [];
    });
    const { key, fault } = readKey(given.privateKeyPem);
    const chain = certificates.map(({ pem, x509 }, index) => {
        const next = certificates[index + 1]?.x509;
        return {
            pem,
            subject: x509.subject.replaceAll("\n", ", "),
            isAuthority: x509.ca,
            pathLength: pathLength(x509),
            selfSigned: x509.subject === x509.issuer && x509.verify(x509.publicKey),
            validFrom: new Date(x509.validFrom),
            validTo: new Date(x509.validTo),
            signedByNext: next === undefined || (x509.checkIssued(next) && x509.verify(next.publicKey)),
            below: index + (signs.anIntermediate ? 1 : 0),
        };
    });
    const keyFits = key !== undefined && (certificates[0]?.x509.checkPrivateKey(key) ?? false);
    return { chain, keyFault: fault, keyFits, signsForHours: signs.forHours, now };
}

const keyRules: Rule<ExistingSpec>[] = [
    {
        path: "privateKeyPem",
        refuses: (spec) => spec.keyFault !== undefined,
        because: (spec) => spec.keyFault ?? "",
    },
    {
        path: "privateKeyPem",
        refuses: (spec) => spec.keyFault === undefined && spec.chain.length > 0 && !spec.keyFits,
        because: (spec) => `does not belong to the certificate of ${spec.chain[0]?.subject}`,
    },
];

/** What is refused about an authority that was made elsewhere, below its arguments. */
export const existingRules: Rules<ExistingSpec> = [
    {
        path: "certificatePem",
        refuses: (spec) => spec.chain.length === 0,
        because: () => "holds no certificate in PEM form: -----BEGIN CERTIFICATE----- is expected",
    },
    ...keyRules,
    each("certificatePem", (spec) => spec.chain, [
        {
            path: "",
            refuses: (c) => !c.isAuthority,
            because: (c) =>
                `${c.subject} is no authority: its basic constraints or key usage do not let it sign certificates`,
        },
        {
            path: "",
            refuses: (c, { now }) => c.validTo <= now,
            because: (c) => `${c.subject} ended on ${c.validTo.toISOString()}: renew it first`,
        },
        {
            path: "",
            refuses: (c, { now }) => c.validFrom > now,
            because: (c) =>
                `${c.subject} is valid only from ${c.validFrom.toISOString()}: look at this machine's clock too`,
        },
        {
            path: "",
            refuses: (c) => c.isAuthority && c.pathLength !== undefined && c.pathLength < c.below,
            because: (c) =>
                `${c.subject} allows ${c.pathLength} authorities below it and ${c.below} are wanted: ` +
                "leave out the intermediate, or use an authority with a longer path",
        },
        {
            path: "",
            refuses: (c) => !c.signedByNext,
            because: (c) =>
                `${c.subject} is not signed by the certificate after it: list each issuer after what it signed, root last`,
        },
    ]),
    {
        path: "certificatePem",
        refuses: (spec) => spec.chain.length > 0 && !spec.chain.at(-1)?.selfSigned,
        because: (spec) =>
            `ends with ${spec.chain.at(-1)?.subject}, which is no root: add the certificates above it, root last`,
    },
    {
        path: "certificatePem",
        level: "warn",
        refuses: (spec) => spec.chain.some((c) => hours(spec.now, c.validTo) < spec.signsForHours),
        because: (spec) =>
            `what it signs is valid for ${spec.signsForHours} h, longer than the authority itself: renew the authority by ` +
            `${new Date(Math.min(...spec.chain.map((c) => c.validTo.getTime()))).toISOString()}, or use shorter lifetimes`,
    },
];

/** Hours from the beginning to the end of the authority. */
export const lifetimeHours = (spec: ExistingSpec): number =>
    Math.floor(Math.min(...spec.chain.map((c) => hours(c.validFrom, c.validTo))));
