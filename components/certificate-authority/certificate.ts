import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import type { IssuedCertificate, Issuer, KeyAlgorithm } from "../shared/issuer";
import { checked, recorded } from "../shared/rules";
import { certificateRules, certificateSpec } from "./certificate-rules";
import { leafUses, privateKey } from "./keys";

/** What a certificate is issued for. At least one name or address is needed. */
export interface IssueArgs {
    /** Common name, at most 64 characters. Default: the first DNS name or address. */
    commonName?: pulumi.Input<string>;
    /** Names under which the server is reached: `www.example.org`, `*.example.org`, `db1`. Default: none. */
    dnsNames?: pulumi.Input<pulumi.Input<string>[]>;
    /** Addresses under which the server is reached, without prefix length. Default: none. */
    ipAddresses?: pulumi.Input<pulumi.Input<string>[]>;
    /** Whether the holder may also prove itself as a client, as members of a cluster do to each other. Default: false. */
    clientAuth?: pulumi.Input<boolean>;
    /** Kind of the key. Default: the issuer's. */
    algorithm?: pulumi.Input<KeyAlgorithm>;
    /** Hours for which it is valid. Default: the issuer's, 2160 (90 days). */
    lifetimeHours?: pulumi.Input<number>;
    /** Hours before its end from which on the next `up` replaces it. Default: the issuer's, or a third of `lifetimeHours` where that is given. */
    earlyRenewalHours?: pulumi.Input<number>;
}

/** Arguments of a `Certificate`. */
export interface CertificateArgs extends IssueArgs {
    /** Who signs it: `issuer` of a `CertificateAuthority`. */
    issuer: Issuer;
}

/**
 * A certificate with a key of its own, signed by an issuer.
 *
 * ```ts
 * const certificate = new Certificate("www", { issuer: ca.issuer, dnsNames: ["www.example.org"] });
 * ```
 *
 * Its renewal, by an `up` inside the early-renewal window, keeps the key. A new one is made by
 * `pulumi up --replace` with the URN of `NAME-key`.
 */
export class Certificate extends pulumi.ComponentResource implements IssuedCertificate {
    static readonly __pulumiType = "pulumi-ha:index:Certificate";
    /** The certificate alone. */
    readonly certificatePem: pulumi.Output<string>;
    /** The intermediates between it and the root, lowest first, without the root; may be empty. */
    readonly chainPem: pulumi.Output<string>;
    /** Certificate, then chain: what a server presents. */
    readonly fullChainPem: pulumi.Output<string>;
    /** Its private key (RSA: PKCS#1, ECDSA: SEC 1, Ed25519: PKCS#8): a secret. */
    readonly privateKeyPem: pulumi.Output<string>;
    /** Roots that prove it. */
    readonly trustedPem: pulumi.Output<string>;
    /** End of its validity, RFC 3339. */
    readonly validUntil: pulumi.Output<string>;

    constructor(name: string, args: CertificateArgs, opts?: pulumi.ComponentResourceOptions) {
        const { issuer, ...wishes } = args;
        super(Certificate.__pulumiType, name, recorded(wishes), opts);
        const spec = checked(this, name, { ...wishes, terms: issuer.terms }, certificateSpec, certificateRules);

        const child = { parent: this };
        const key = privateKey(`${name}-key`, spec.algorithm, child);
        const request = new tls.CertRequest(
            `${name}-request`,
            {
                privateKeyPem: key.privateKeyPem,
                subject: { commonName: spec.commonName },
                dnsNames: spec.dnsNames,
                ipAddresses: spec.ipAddresses,
            },
            child,
        );
        const certificate = new tls.LocallySignedCert(
            `${name}-certificate`,
            {
                certRequestPem: request.certRequestPem,
                caCertPem: issuer.certificatePem,
                caPrivateKeyPem: pulumi.secret(issuer.privateKeyPem),
                allowedUses: spec.apply((s) => leafUses(s.algorithm, s.clientAuth)),
                setSubjectKeyId: true,
                validityPeriodHours: spec.lifetimeHours,
                earlyRenewalHours: spec.earlyRenewalHours,
            },
            child,
        );

        this.certificatePem = certificate.certPem;
        this.chainPem = pulumi.output(issuer.chainPem);
        this.fullChainPem = pulumi.concat(certificate.certPem, issuer.chainPem);
        this.privateKeyPem = pulumi.secret(key.privateKeyPem);
        this.trustedPem = pulumi.output(issuer.trustedPem);
        this.validUntil = certificate.validityEndTime;
        this.registerOutputs({ ...outputs(this) });
    }
}

/** The outputs of a certificate without the resource they belong to. */
export const outputs = (certificate: IssuedCertificate): IssuedCertificate => ({
    certificatePem: certificate.certificatePem,
    chainPem: certificate.chainPem,
    fullChainPem: certificate.fullChainPem,
    privateKeyPem: certificate.privateKeyPem,
    trustedPem: certificate.trustedPem,
    validUntil: certificate.validUntil,
});
