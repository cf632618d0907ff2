import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import type { NodeArgs } from "../../remote/node";
import type { IssuedCertificate, Issuer, KeyAlgorithm } from "../shared/issuer";
import { checked } from "../shared/rules";
import { certificateRules, certificateSpec } from "./certificate-rules";
import { leafUses, privateKey } from "./keys";

/** What a certificate is issued for. At least one name or address is needed. */
export interface CertificateArgs {
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

/** Where the resources of a certificate belong. */
export interface IssueOptions {
    /** The component that needs the certificate. */
    parent: pulumi.ComponentResource;
}

/**
 * A certificate with a key of its own, made as children of the component that needs it: `NAME-key`, `NAME-request`, `NAME-certificate`.
 *
 * A renewal replaces the certificate and keeps the key.
 *
 * @throws pulumi.ResourceError with all violations and their paths.
 */
export function issueCertificate(
    name: string,
    issuer: Issuer,
    args: CertificateArgs,
    opts: IssueOptions,
): IssuedCertificate {
    const spec = checked(
        opts.parent,
        name,
        {
            ...args,
            issuer: {
                algorithm: issuer.algorithm,
                lifetimeHours: issuer.lifetimeHours,
                earlyRenewalHours: issuer.earlyRenewalHours,
                longestLifetimeHours: issuer.longestLifetimeHours,
            },
        },
        certificateSpec,
        certificateRules,
    );
    const child = { parent: opts.parent };
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
    const chainPem = pulumi.output(issuer.chainPem);
    return {
        certificatePem: certificate.certPem,
        chainPem,
        fullChainPem: pulumi.concat(certificate.certPem, chainPem),
        privateKeyPem: pulumi.secret(key.privateKeyPem),
        trustedPem: pulumi.output(issuer.trustedPem),
        validUntil: certificate.validityEndTime,
    };
}

/**
 * A key and a certificate for each node, by the node's name: `NAME-NODE-key` and so on. It is valid for the node's name and addresses besides what
 * `args` says, which holds for all of them, such as the name of the cluster.
 *
 * @throws pulumi.ResourceError with all violations and their paths.
 */
export function issueForNodes(
    name: string,
    issuer: Issuer,
    nodes: NodeArgs[],
    args: CertificateArgs,
    opts: IssueOptions,
): Record<string, IssuedCertificate> {
    const issue = (node: NodeArgs) =>
        issueCertificate(`${name}-${node.name}`, issuer, { ...args, ...ofNode(node, args) }, opts);
    return Object.fromEntries(nodes.map((node) => [node.name, issue(node)]));
}

/** The names and addresses of a node, its own first. */
function ofNode(node: NodeArgs, args: CertificateArgs): CertificateArgs {
    const addresses = [node.address, ...(node.address6 === undefined ? [] : [node.address6])];
    return {
        commonName: args.commonName ?? node.name,
        dnsNames: pulumi.all([node.name, args.dnsNames ?? []]).apply(([own, more]) => [own, ...more]),
        ipAddresses: pulumi.all([addresses, args.ipAddresses ?? []]).apply(([own, more]) => [...own, ...more]),
    };
}
