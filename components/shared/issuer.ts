import type * as pulumi from "@pulumi/pulumi";

/** Kind and size of a private key. */
export const KeyAlgorithm = {
    /** ECDSA on P-256: small, fast, understood everywhere. */
    EcdsaP256: "ECDSA-P256",
    /** ECDSA on P-384. */
    EcdsaP384: "ECDSA-P384",
    /** RSA with 3072 bits: for clients without elliptic curves. */
    Rsa3072: "RSA-3072",
    /** RSA with 4096 bits. */
    Rsa4096: "RSA-4096",
    /** Ed25519: between own machines; browsers refuse it in certificates. */
    Ed25519: "ED25519",
} as const;
export type KeyAlgorithm = (typeof KeyAlgorithm)[keyof typeof KeyAlgorithm];

/** On which terms an authority issues certificates. */
export interface IssuerTerms {
    /** Algorithm of the keys that are made for certificates unless they ask for another. */
    algorithm: KeyAlgorithm;
    /** Hours for which a certificate is valid unless it asks for another lifetime. */
    lifetimeHours: number;
    /** Hours before its end from which on the next `up` replaces a certificate, unless it asks for another window. */
    earlyRenewalHours: number;
    /** The longest lifetime that ends before the signing certificate does, whenever the certificate is issued. */
    longestLifetimeHours: number;
}

/**
 * What signs certificates, as plain data: `ca.issuer` of a `CertificateAuthority`, handed to components that need certificates. It holds the signing
 * key, so it goes only to what is trusted to issue in the authority's name.
 */
export interface Issuer {
    /** Certificate of the signing authority. */
    certificatePem: pulumi.Input<string>;
    /** Its private key: a secret. */
    privateKeyPem: pulumi.Input<string>;
    /** What a server presents after its own certificate: the intermediates, lowest first, without the root. Empty where a root signs itself. */
    chainPem: pulumi.Input<string>;
    /** Roots that prove the certificates issued from here: what a client is given to trust. */
    trustedPem: pulumi.Input<string>;
    /** Kind and lifetime of what it issues. */
    terms: pulumi.Input<IssuerTerms>;
}

/** A certificate with its key, as outputs. */
export interface IssuedCertificate {
    /** The certificate alone. */
    certificatePem: pulumi.Output<string>;
    /** The intermediates between it and the root, lowest first, without the root; may be empty. */
    chainPem: pulumi.Output<string>;
    /** Certificate, then chain: what a server presents. */
    fullChainPem: pulumi.Output<string>;
    /** Its private key (RSA: PKCS#1, ECDSA: SEC 1, Ed25519: PKCS#8): a secret. */
    privateKeyPem: pulumi.Output<string>;
    /** Roots that prove it. */
    trustedPem: pulumi.Output<string>;
    /** End of its validity, RFC 3339. */
    validUntil: pulumi.Output<string>;
}
