// The resource types of the tls plugin.
import { createRequire } from "node:module";
import { bridgedResource } from "../bridged";
import type { ResourceType } from "../bridged";
import { flag, integerFrom, listOf, numeral, oneOf, record, text } from "../property";
import type { Property } from "../property";
import type { Properties, Value } from "../values";
import {
    ALGORITHMS,
    CURVES,
    algorithmOf,
    idOf,
    newPrivateKey,
    privateKeyPem,
    publicKeyDer,
    readPrivateKey,
} from "./keys";
import type { Algorithm, Curve } from "./keys";
import { opensshKey } from "./openssh";
import { pemText } from "./pem";
import type { AlternativeNames, Subject } from "./names";
import { HOUR, dueForRenewal, now, rfc3339 } from "./time";
import { ALLOWED_USES } from "./usages";
import type * as X509 from "./x509";

// Loaded when the first certificate is made: most runs of the plugin make none.
const load = createRequire(__filename);
const x509 = () => load("./x509") as typeof X509;

interface NamesInputs {
    privateKeyPem: string;
    subject?: Subject;
    dnsNames?: string[];
    ipAddresses?: string[];
    uris?: string[];
}

interface CertificateInputs {
    validityPeriodHours: number;
    earlyRenewalHours: number;
    allowedUses: string[];
    isCaCertificate: boolean;
    maxPathLength?: number;
    setSubjectKeyId: boolean;
}

interface LocallySignedInputs extends CertificateInputs {
    caCertPem: string;
    caPrivateKeyPem: string;
    certRequestPem: string;
}

const output: Property = { type: text };
const secretOutput: Property = { type: text, secret: true };
const required: Property = { type: text, input: "required" };
const privateKey: Property = { ...required, secret: true };
const optionalTexts: Property = { type: listOf(text), input: "optional" };
const off: Property = { type: flag, input: "optional", default: false };
const hours: Property = { type: numeral, faults: integerFrom(0) };

const names: Record<string, Property> = {
    privateKeyPem: privateKey,
    subject: {
        type: record({
            commonName: text,
            country: text,
            emailAddress: text,
            locality: text,
            organization: text,
            organizationalUnit: text,
            postalCode: text,
            province: text,
            serialNumber: text,
            streetAddresses: listOf(text),
        }),
        input: "optional",
    },
    dnsNames: optionalTexts,
    ipAddresses: optionalTexts,
    uris: optionalTexts,
};

const certificate: Record<string, Property> = {
    validityPeriodHours: { ...hours, input: "required" },
    earlyRenewalHours: { ...hours, input: "optional", default: 0, onChange: "update" },
    allowedUses: { type: listOf(text), input: "required", faults: useFaults },
    isCaCertificate: off,
    maxPathLength: { type: numeral, input: "optional", keepsState: true, faults: integerFrom(-1) },
    setSubjectKeyId: off,
    id: output,
    certPem: output,
    readyForRenewal: { type: flag, default: false },
    validityStartTime: output,
    validityEndTime: output,
};

const keyOutputs: Record<string, Property> = {
    id: output,
    privateKeyOpenssh: secretOutput,
    privateKeyPem: secretOutput,
    privateKeyPemPkcs8: secretOutput,
    publicKeyFingerprintMd5: output,
    publicKeyFingerprintSha256: output,
    publicKeyOpenssh: output,
    publicKeyPem: output,
};

const key: ResourceType<{ algorithm: Algorithm; ecdsaCurve: Curve; rsaBits: number }> = {
    schemaVersion: 1,
    properties: {
        algorithm: { ...required, faults: oneOf(ALGORITHMS) },
        ecdsaCurve: { type: text, input: "optional", default: "P224", faults: oneOf(Object.keys(CURVES)) },
        rsaBits: { type: numeral, input: "optional", default: 2048 },
        ...keyOutputs,
    },
    create: async ({ algorithm, ecdsaCurve, rsaBits }) => {
        const made = await newPrivateKey(algorithm, ecdsaCurve, rsaBits);
        const ssh = opensshKey(made);
        const spki = publicKeyDer(made);
        return {
            id: idOf(spki),
            outputs: {
                privateKeyPem: privateKeyPem(made),
                privateKeyPemPkcs8: made.export({ type: "pkcs8", format: "pem" }).toString(),
                privateKeyOpenssh: ssh.privateKey,
                publicKeyPem: pemText("PUBLIC KEY", spki),
                publicKeyOpenssh: ssh.publicKey,
                publicKeyFingerprintMd5: ssh.fingerprintMd5,
                publicKeyFingerprintSha256: ssh.fingerprintSha256,
            },
        };
    },
    follow: (changed) => ({ diffs: changed.length > 0 ? Object.keys(keyOutputs) : [] }),
};

const request: ResourceType<NamesInputs> = {
    properties: { ...names, id: output, keyAlgorithm: output, certRequestPem: output },
    faults: writeOnlyFaults("privateKeyPem"),
    create: (inputs) => {
        const signer = readPrivateKey(inputs.privateKeyPem, "privateKeyPem");
        const der = x509().certificateRequest(signer, inputs.subject ?? {}, namesOf(inputs));
        const keyAlgorithm = algorithmOf(signer, "privateKeyPem");
        return { id: idOf(der), outputs: { keyAlgorithm, certRequestPem: pemText("CERTIFICATE REQUEST", der) } };
    },
};

const selfSigned: ResourceType<NamesInputs & CertificateInputs & { setAuthorityKeyId: boolean }> = {
    properties: { ...names, ...certificate, setAuthorityKeyId: off, keyAlgorithm: output },
    faults: writeOnlyFaults("privateKeyPem"),
    create: (inputs) => {
        const signer = readPrivateKey(inputs.privateKeyPem, "privateKeyPem");
        const { setAuthorityKeyId, subject = {} } = inputs;
        return issued(inputs, { keyAlgorithm: algorithmOf(signer, "privateKeyPem") }, (wishes) =>
            x509().selfSigned(signer, subject, namesOf(inputs), { ...wishes, setAuthorityKeyId }),
        );
    },
    ...renewal(),
};

const locallySigned: ResourceType<LocallySignedInputs> = {
    properties: {
        ...certificate,
        caCertPem: required,
        caPrivateKeyPem: privateKey,
        certRequestPem: required,
        caKeyAlgorithm: output,
    },
    faults: writeOnlyFaults("caPrivateKeyPem"),
    create: (inputs) => {
        const signer = readPrivateKey(inputs.caPrivateKeyPem, "caPrivateKeyPem");
        return issued(inputs, { caKeyAlgorithm: algorithmOf(signer, "caPrivateKeyPem") }, (wishes) =>
            x509().signedByCa(inputs.certRequestPem, inputs.caCertPem, signer, wishes),
        );
    },
    ...renewal(),
};

/** The handlers by type token. */
export const resources = {
    "tls:index/privateKey:PrivateKey": bridgedResource(key),
    "tls:index/certRequest:CertRequest": bridgedResource(request),
    "tls:index/selfSignedCert:SelfSignedCert": bridgedResource(selfSigned),
    "tls:index/locallySignedCert:LocallySignedCert": bridgedResource(locallySigned),
};

function namesOf({ dnsNames = [], ipAddresses = [], uris = [] }: NamesInputs): AlternativeNames {
    return { dnsNames, ipAddresses, uris };
}

function issued(inputs: CertificateInputs, outputs: Properties, make: (wishes: X509.CertificateWishes) => X509.Issued) {
    const start = now();
    const end = start + inputs.validityPeriodHours * HOUR;
    const { pem, serial } = make({
        notBefore: wholeSecond(start),
        notAfter: wholeSecond(end),
        allowedUses: inputs.allowedUses,
        isCa: inputs.isCaCertificate,
        maxPathLength: inputs.maxPathLength,
        setSubjectKeyId: inputs.setSubjectKeyId,
    });
    const validityEndTime = rfc3339(end);
    return {
        id: serial,
        outputs: {
            ...outputs,
            certPem: pem,
            validityStartTime: rfc3339(start),
            validityEndTime,
            readyForRenewal: dueForRenewal(validityEndTime, inputs.earlyRenewalHours),
        },
    };
}

function wholeSecond(milliseconds: number): number {
    return Math.floor(milliseconds / 1000) * 1000;
}

/** How a certificate's state follows the clock. */
function renewal(): Pick<ResourceType<never>, "follow" | "refresh" | "update"> {
    const due = (state: Properties, early: Value | undefined) => dueForRenewal(state.validityEndTime, early);
    return {
        // Renewed by replacing it, whatever else changes; what is only no longer due is put right in place.
        follow: (changed, state, inputs) => {
            const renew = due(state, inputs.earlyRenewalHours);
            const shown = renew || state.readyForRenewal === true || changed.includes("validityPeriodHours");
            return { diffs: shown ? ["readyForRenewal"] : [], replaces: renew ? ["readyForRenewal"] : [] };
        },
        refresh: (state): Properties => (due(state, state.earlyRenewalHours) ? { readyForRenewal: true } : {}),
        update: (state) => ({ readyForRenewal: due(state, state.earlyRenewalHours) }),
    };
}

function useFaults(uses: Value, path: string): string[] {
    const fault = oneOf(ALLOWED_USES);
    return Array.isArray(uses) ? uses.flatMap((use, index) => fault(use, `${path}[${index}]`)) : [];
}

function writeOnlyFaults(name: string): (inputs: Properties) => string[] {
    return (inputs) =>
        [`${name}Wo`, `${name}WoVersion`]
            .filter((field) => inputs[field] !== undefined)
            .map((field) => `${field}: write-only keys are not known to this stand-in of the tls plugin, use ${name}`);
}
