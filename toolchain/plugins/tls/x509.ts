// Certificates and certificate requests (RFC 5280, RFC 2986): the structures of @peculiar/asn1-x509, signed by
// node:crypto. Loading the ASN.1 library takes some 40 ms, so this file is loaded when the first certificate is made.
import { X509Certificate, createHash, createPublicKey, randomBytes, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { Attributes, CertificationRequest, CertificationRequestInfo } from "@peculiar/asn1-csr";
import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import {
    AlgorithmIdentifier,
    Attribute,
    AuthorityKeyIdentifier,
    BasicConstraints,
    Certificate,
    ExtendedKeyUsage,
    Extension,
    Extensions,
    KeyIdentifier,
    KeyUsage,
    SubjectKeyIdentifier,
    SubjectPublicKeyInfo,
    TBSCertificate,
    Validity,
    Version,
    id_ce_authorityKeyIdentifier,
    id_ce_basicConstraints,
    id_ce_extKeyUsage,
    id_ce_keyUsage,
    id_ce_subjectAltName,
    id_ce_subjectKeyIdentifier,
} from "@peculiar/asn1-x509";
import type { GeneralNames, Name } from "@peculiar/asn1-x509";
import { curveOf, publicKeyDer } from "./keys";
import { pemBlock, pemBytes, pemText } from "./pem";
import { EXTENSION_REQUEST, alternativeNames, nameOf, requestedNames } from "./names";
import type { AlternativeNames, Subject } from "./names";
import { EXTENDED_KEY_USAGES, KEY_USAGES } from "./usages";

/** Random bits of a serial number. */
const SERIAL_BYTES = 16;

/** What a certificate shall say, whoever signs it. */
export interface CertificateWishes {
    /** Milliseconds since 1970; certificates hold whole seconds. */
    notBefore: number;
    notAfter: number;
    allowedUses: string[];
    isCa: boolean;
    /** How many CAs may follow below this one. Default: any number. Without meaning if it is no CA. */
    maxPathLength?: number;
    setSubjectKeyId: boolean;
}

/** A certificate and its serial number in decimal. */
export interface Issued {
    pem: string;
    serial: string;
}

/** A certificate request in DER. */
export function certificateRequest(key: KeyObject, subject: Subject, names: AlternativeNames): Buffer {
    const san = alternativeNames(names);
    const extensions = san === undefined ? [] : [extension(id_ce_subjectAltName, san)];
    const attributes = extensions.map(
        () => new Attribute({ type: EXTENSION_REQUEST, values: [AsnConvert.serialize(new Extensions(extensions))] }),
    );
    const info = new CertificationRequestInfo({
        version: 0,
        subject: nameOf(subject),
        subjectPKInfo: publicKeyInfo(key),
        attributes: new Attributes(attributes),
    });
    const request = new CertificationRequest({
        certificationRequestInfo: info,
        signatureAlgorithm: signatureAlgorithm(key),
        signature: signed(info, key),
    });
    return Buffer.from(AsnConvert.serialize(request));
}

/** A certificate for the key itself. */
export function selfSigned(
    key: KeyObject,
    subject: Subject,
    names: AlternativeNames,
    wishes: CertificateWishes & { setAuthorityKeyId: boolean },
): Issued {
    const name = nameOf(subject);
    const ownId = wishes.isCa || wishes.setSubjectKeyId ? subjectKeyId(publicKeyDer(key)) : undefined;
    if (wishes.setAuthorityKeyId && ownId === undefined) {
        throw new Error(
            "setAuthorityKeyId: the certificate has no subject key id to point at; set setSubjectKeyId too",
        );
    }
    return issue(key, {
        subject: name,
        issuer: name,
        publicKey: publicKeyDer(key),
        san: alternativeNames(names),
        authorityKeyId: wishes.setAuthorityKeyId ? ownId : undefined,
        wishes,
    });
}

/** A certificate for the key, subject and names of a request, signed by a CA. Its other wishes do not count. */
export function signedByCa(requestPem: string, caPem: string, caKey: KeyObject, wishes: CertificateWishes): Issued {
    const { certificationRequestInfo: request } = parsed(requestPem, "CERTIFICATE REQUEST", "certRequestPem", (der) =>
        AsnConvert.parse(der, CertificationRequest),
    );
    const ca = parsed(caPem, "CERTIFICATE", "caCertPem", (der) => ({
        node: new X509Certificate(der),
        tbs: AsnConvert.parse(der, Certificate).tbsCertificate,
    }));
    if (!ca.node.checkPrivateKey(caKey))
        throw new Error("caPrivateKeyPem: the key is not that of the certificate in caCertPem");
    // A chain is found by comparing names byte for byte.
    if (!ca.node.raw.includes(der(ca.tbs.subject)))
        throw new Error("caCertPem: the subject is in an encoding that is not supported");

    const caId = ca.tbs.extensions?.find(({ extnID }) => extnID === id_ce_subjectKeyIdentifier);
    const sameName = der(ca.tbs.subject).equals(der(request.subject));
    return issue(caKey, {
        subject: request.subject,
        issuer: ca.tbs.subject,
        publicKey: der(request.subjectPKInfo),
        san: requestedNames(request),
        authorityKeyId: caId === undefined || sameName ? undefined : keyIdBytes(caId),
        wishes,
    });
}

interface Draft {
    subject: Name;
    issuer: Name;
    /** SubjectPublicKeyInfo in DER. */
    publicKey: Buffer;
    san: GeneralNames | undefined;
    authorityKeyId: Buffer | undefined;
    wishes: CertificateWishes;
}

function issue(key: KeyObject, draft: Draft): Issued {
    const { subject, wishes } = draft;
    if (wishes.isCa && subject.length === 0)
        throw new Error("subject: a CA must have at least one name in its subject");
    const serial = randomBytes(SERIAL_BYTES);
    const tbs = new TBSCertificate({
        version: Version.v3,
        serialNumber: unsigned(serial),
        signature: signatureAlgorithm(key),
        issuer: draft.issuer,
        validity: new Validity({ notBefore: new Date(wishes.notBefore), notAfter: new Date(wishes.notAfter) }),
        subject,
        subjectPublicKeyInfo: AsnConvert.parse(draft.publicKey, SubjectPublicKeyInfo),
        extensions: new Extensions(extensions(draft)),
    });
    const certificate = new Certificate({
        tbsCertificate: tbs,
        signatureAlgorithm: signatureAlgorithm(key),
        signatureValue: signed(tbs, key),
    });
    const pem = pemText("CERTIFICATE", der(certificate));
    if (!new X509Certificate(pem).verify(createPublicKey(key)))
        throw new Error("the new certificate's signature is not valid");
    return { pem, serial: BigInt(`0x${serial.toString("hex")}`).toString() };
}

/** In the original's order. */
function extensions({ subject, publicKey, san, authorityKeyId, wishes }: Draft): Extension[] {
    const { allowedUses, isCa, maxPathLength = -1, setSubjectKeyId } = wishes;
    const usage = KEY_USAGES.reduce((bits, use, bit) => (allowedUses.includes(use) ? bits | (1 << bit) : bits), 0);
    const purposes = allowedUses.flatMap((use) => EXTENDED_KEY_USAGES[use] ?? []);
    const pathLength = isCa && maxPathLength >= 0 ? { pathLenConstraint: maxPathLength } : {};
    const keyId = isCa || setSubjectKeyId ? subjectKeyId(publicKey) : undefined;
    return [
        usage !== 0 && extension(id_ce_keyUsage, new KeyUsage(usage), true),
        purposes.length > 0 && extension(id_ce_extKeyUsage, new ExtendedKeyUsage(purposes)),
        extension(id_ce_basicConstraints, new BasicConstraints({ cA: isCa, ...pathLength }), true),
        keyId && extension(id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(keyId)),
        authorityKeyId &&
            extension(
                id_ce_authorityKeyIdentifier,
                new AuthorityKeyIdentifier({ keyIdentifier: new KeyIdentifier(authorityKeyId) }),
            ),
        // Without a subject the alternative names are all there is: RFC 5280 4.2.1.6.
        san && extension(id_ce_subjectAltName, san, subject.length === 0),
    ].filter((entry) => entry instanceof Extension);
}

function extension(oid: string, content: object, critical = false): Extension {
    return new Extension({ extnID: oid, critical, extnValue: new OctetString(AsnConvert.serialize(content)) });
}

function parsed<Result>(pem: string, type: string, path: string, parse: (der: Buffer) => Result): Result {
    const block = pemBlock(pem, [type], path);
    try {
        return parse(pemBytes(block));
    } catch {
        throw new Error(`${path}: the ${type.toLowerCase()} cannot be read; it is damaged or cut off`);
    }
}

/** ECDSA with the hash of the curve's strength, RSA with SHA-256, Ed25519 as it is. */
function signatureScheme(key: KeyObject): { oid: string; hash: string | null; nullParameters?: boolean } {
    if (key.asymmetricKeyType === "ed25519") return { oid: "1.3.101.112", hash: null };
    switch (curveOf(key)) {
        case undefined:
            return { oid: "1.2.840.113549.1.1.11", hash: "sha256", nullParameters: true };
        case "P224":
        case "P256":
            return { oid: "1.2.840.10045.4.3.2", hash: "sha256" };
        case "P384":
            return { oid: "1.2.840.10045.4.3.3", hash: "sha384" };
        case "P521":
            return { oid: "1.2.840.10045.4.3.4", hash: "sha512" };
    }
}

function signatureAlgorithm(key: KeyObject): AlgorithmIdentifier {
    const { oid, nullParameters } = signatureScheme(key);
    return new AlgorithmIdentifier({ algorithm: oid, ...(nullParameters === true && { parameters: null }) });
}

function signed(content: object, key: KeyObject): ArrayBuffer {
    return bytes(sign(signatureScheme(key).hash, der(content), key));
}

/** SHA-1 of the key's bit string; for Ed25519 the original hashes it as a DER octet string. */
function subjectKeyId(publicKey: Buffer): Buffer {
    const { algorithm, subjectPublicKey } = AsnConvert.parse(publicKey, SubjectPublicKeyInfo);
    const isEd25519 = algorithm.algorithm === "1.3.101.112";
    const content = isEd25519 ? der(new OctetString(subjectPublicKey)) : Buffer.from(subjectPublicKey);
    return createHash("sha1").update(content).digest();
}

function keyIdBytes({ extnValue }: Extension): Buffer {
    return Buffer.from(AsnConvert.parse(extnValue, SubjectKeyIdentifier).buffer);
}

function publicKeyInfo(key: KeyObject): SubjectPublicKeyInfo {
    return AsnConvert.parse(publicKeyDer(key), SubjectPublicKeyInfo);
}

function der(content: object): Buffer {
    return Buffer.from(AsnConvert.serialize(content));
}

/** The content of a DER integer that is not negative. */
function unsigned(value: Buffer): ArrayBuffer {
    const first = value.findIndex((byte) => byte !== 0);
    const digits = value.subarray(first < 0 ? value.length - 1 : first);
    return bytes((digits[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), digits]) : digits);
}

function bytes(buffer: Buffer): ArrayBuffer {
    return new Uint8Array(buffer).buffer;
}
