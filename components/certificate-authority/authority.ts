import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import type { KeyAlgorithm } from "../shared/issuer";
import { checked } from "../shared/rules";
import { existingRules, existingSpec, lifetimeHours } from "./existing";
import { AUTHORITY_USES, privateKey } from "./keys";
import type { AuthoritySpec } from "./rules";
import type { Validity } from "./validity";

/** An authority in this component: what it signs with, and what proves it. */
export interface Authority {
    certificatePem: pulumi.Output<string>;
    privateKeyPem: pulumi.Output<string>;
    /** Intermediates from it upwards, without the root. */
    chainPem: pulumi.Output<string>;
    rootPem: pulumi.Output<string>;
    /** The longest lifetime of what it signs. */
    longestLifetimeHours: pulumi.Output<number>;
}

/** What a new authority is made from. */
export interface AuthorityParameters {
    commonName: pulumi.Output<string>;
    organization: pulumi.Output<string>;
    algorithm: pulumi.Output<KeyAlgorithm>;
    validity: pulumi.Output<Validity>;
}

const subject = (of: AuthorityParameters) => ({ commonName: of.commonName, organization: of.organization });

/** A root of its own. It may always sign one level of intermediates, so that adding one later does not replace the root. */
export function root(name: string, of: AuthorityParameters, opts: pulumi.CustomResourceOptions): Authority {
    const key = privateKey(`${name}-key`, of.algorithm, opts);
    const certificate = new tls.SelfSignedCert(
        `${name}-certificate`,
        {
            privateKeyPem: key.privateKeyPem,
            subject: subject(of),
            isCaCertificate: true,
            maxPathLength: 1,
            allowedUses: AUTHORITY_USES,
            setSubjectKeyId: true,
            setAuthorityKeyId: true,
            validityPeriodHours: of.validity.lifetimeHours,
            earlyRenewalHours: of.validity.earlyRenewalHours,
        },
        { parent: opts.parent },
    );
    return {
        certificatePem: certificate.certPem,
        privateKeyPem: pulumi.secret(key.privateKeyPem),
        chainPem: pulumi.output(""),
        rootPem: certificate.certPem,
        longestLifetimeHours: of.validity.earlyRenewalHours,
    };
}

/** An intermediate that signs nothing but certificates of servers and clients. */
export function intermediate(
    name: string,
    issuer: Authority,
    of: AuthorityParameters,
    opts: pulumi.CustomResourceOptions,
): Authority {
    const key = privateKey(`${name}-key`, of.algorithm, opts);
    const request = new tls.CertRequest(
        `${name}-request`,
        { privateKeyPem: key.privateKeyPem, subject: subject(of) },
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
            validityPeriodHours: of.validity.lifetimeHours,
            earlyRenewalHours: of.validity.earlyRenewalHours,
        },
        opts,
    );
    return {
        certificatePem: certificate.certPem,
        privateKeyPem: pulumi.secret(key.privateKeyPem),
        chainPem: pulumi.concat(certificate.certPem, issuer.chainPem),
        rootPem: issuer.rootPem,
        longestLifetimeHours: of.validity.earlyRenewalHours,
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

/** Takes over an authority, after a look at its certificates and its key. */
export function existing(
    component: pulumi.ComponentResource,
    name: string,
    args: ExistingAuthorityArgs,
    of: pulumi.Output<AuthoritySpec>,
): Authority {
    const purpose = of.apply((o) => ({
        signsIntermediate: o.hasIntermediate,
        signsForHours: o[o.hasIntermediate ? "intermediate" : "leaf"].lifetimeHours,
    }));
    const spec = checked(
        component,
        name,
        { ...args, purpose },
        (given) => existingSpec(given, given.purpose, new Date()),
        existingRules,
    );
    // Secrets by now, as they were checked together with the key; certificates and their times are none.
    const chain = pulumi.unsecret(spec.chain);
    return {
        certificatePem: chain.apply((c) => c[0]?.pem ?? ""),
        privateKeyPem: pulumi.secret(spec.apply(() => args.privateKeyPem)),
        chainPem: chain.apply((c) => c.flatMap((i) => (i.selfSigned ? [] : [i.pem])).join("")),
        rootPem: chain.apply((c) => c.at(-1)?.pem ?? ""),
        longestLifetimeHours: pulumi.unsecret(spec.apply(lifetimeHours)),
    };
}
