import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import { AUTHORITY_USES, privateKey } from "./keys";
import type { AuthoritySpec } from "./rules";

/** An authority in this component: what it signs with, and what proves it. */
export interface Authority {
    certificatePem: pulumi.Output<string>;
    privateKeyPem: pulumi.Output<string>;
    /** Intermediates from it upwards, without the root. */
    chainPem: pulumi.Output<string>;
    rootPem: pulumi.Output<string>;
}

/** What its certificate says of it. */
const subject = (spec: pulumi.Output<AuthoritySpec>, title: string) => ({
    commonName: pulumi.interpolate`${spec.organization} ${title}`,
    organization: spec.organization,
});

/** A root of its own. It may always sign one level of intermediates, so that adding one later does not replace the root. */
export function root(name: string, spec: pulumi.Output<AuthoritySpec>, opts: pulumi.CustomResourceOptions): Authority {
    const key = privateKey(`${name}-key`, spec.algorithm, opts);
    const certificate = new tls.SelfSignedCert(
        `${name}-certificate`,
        {
            privateKeyPem: key.privateKeyPem,
            subject: subject(spec, "Root CA"),
            isCaCertificate: true,
            maxPathLength: 1,
            allowedUses: AUTHORITY_USES,
            setSubjectKeyId: true,
            setAuthorityKeyId: true,
            validityPeriodHours: spec.root.lifetimeHours,
            earlyRenewalHours: spec.root.earlyRenewalHours,
        },
        { parent: opts.parent },
    );
    return {
        certificatePem: certificate.certPem,
        privateKeyPem: pulumi.secret(key.privateKeyPem),
        chainPem: pulumi.output(""),
        rootPem: certificate.certPem,
    };
}

/** An intermediate that signs nothing but certificates of servers and clients. */
export function intermediate(
    name: string,
    issuer: Authority,
    spec: pulumi.Output<AuthoritySpec>,
    opts: pulumi.CustomResourceOptions,
): Authority {
    const key = privateKey(`${name}-key`, spec.algorithm, opts);
    const request = new tls.CertRequest(
        `${name}-request`,
        { privateKeyPem: key.privateKeyPem, subject: subject(spec, "Intermediate CA") },
        opts,
    );
    const certificate = new tls.LocallySignedCert(
        `${name}-certificate`,
        {
            certRequestPem: request.certRequestPem,
            caCertPem: issuer.certificatePem,
            caPrivateKeyPem: issuer.privateKeyPem,
            isCaCertificate: true,
            maxPathLength: 0,
            allowedUses: AUTHORITY_USES,
            setSubjectKeyId: true,
            validityPeriodHours: spec.intermediate.lifetimeHours,
            earlyRenewalHours: spec.intermediate.earlyRenewalHours,
        },
        opts,
    );
    return {
        certificatePem: certificate.certPem,
        privateKeyPem: pulumi.secret(key.privateKeyPem),
        chainPem: pulumi.concat(certificate.certPem, issuer.chainPem),
        rootPem: issuer.rootPem,
    };
}

/** An authority whose certificate and key were made elsewhere. */
export interface ExistingAuthorityArgs {
    /**
     * Certificate of the authority in PEM form. Where it is no root, the certificates above it follow, each after what it signed, root last; where the
     * key of the root is kept offline, this is the way.
     */
    certificatePem: pulumi.Input<string>;
    /** Its private key in PEM form, not encrypted; always treated as a secret. */
    privateKeyPem: pulumi.Input<string>;
}

/** An authority as it was given, once it has been looked at. */
export function existing(args: ExistingAuthorityArgs, spec: pulumi.Output<AuthoritySpec>): Authority {
    const chain = spec.apply((s) => s.existing?.chain ?? []);
    return {
        certificatePem: chain.apply((c) => c[0]?.pem ?? ""),
        privateKeyPem: pulumi.secret(chain.apply(() => args.privateKeyPem)),
        chainPem: chain.apply((c) => c.flatMap((i) => (i.selfSigned ? [] : [i.pem])).join("")),
        rootPem: chain.apply((c) => c.at(-1)?.pem ?? ""),
    };
}
