import * as pulumi from "@pulumi/pulumi";
import type { NodeArgs } from "../../remote/node";
import type { IssuedCertificate, Issuer, KeyAlgorithm } from "../shared/issuer";
import { checked, isPlain, recorded } from "../shared/rules";
import { existing, intermediate, root } from "./authority";
import type { ExistingAuthorityArgs } from "./authority";
import type { IssueArgs } from "./certificate";
import { issueCertificate, issueForNodes } from "./issue";
import { authorityRules, authoritySpec, issuerTerms } from "./rules";
import type { GivenAuthority } from "./rules";

/** How long a kind of certificate is valid, and when it is renewed. */
export interface ValidityArgs {
    /** Hours from issue to end. */
    lifetimeHours?: pulumi.Input<number>;
    /** Hours before the end from which on the next `up` replaces the certificate. Default: a third of the lifetime. */
    earlyRenewalHours?: pulumi.Input<number>;
}

/** Arguments of a `CertificateAuthority`. */
export interface CertificateAuthorityArgs {
    /** Who runs the authority: part of its name in every client's list of authorities. At most 48 characters. */
    organization: pulumi.Input<string>;
    /** Kind of all keys made here. Default: `KeyAlgorithm.EcdsaP256`. */
    algorithm?: pulumi.Input<KeyAlgorithm>;
    /** Validity of the root. Default: 87600 hours, 10 years. */
    root?: ValidityArgs;
    /**
     * Given, if only as `{}`, an intermediate signs in the root's place. Default of its validity: 26280 hours, 3 years. Default: none, the root
     * signs itself.
     */
    intermediate?: ValidityArgs;
    /** Validity of the certificates issued. Default: 2160 hours, 90 days. */
    leaf?: ValidityArgs;
    /** An authority that exists already, in place of a new root. */
    existing?: ExistingAuthorityArgs;
    /** Further roots that clients are told to trust, PEM: the old one and the new one while an authority is exchanged. Default: none. */
    alsoTrusted?: pulumi.Input<pulumi.Input<string>[]>;
    /** Whether neither `destroy` nor a changed algorithm may discard the root's key until this is false again. Default: false. */
    protectRootKey?: boolean;
}

/**
 * A private certificate authority: a root, if wanted an intermediate, and the certificates that it issues.
 *
 * ```ts
 * const ca = new CertificateAuthority("ca", { organization: "Example Shop" });
 * new HaproxyFrontend("web", { issuer: ca.issuer, … });
 * ```
 *
 * Renewal: an `up` inside a certificate's early-renewal window replaces it, and what is issued from it; keys stay. A renewed root therefore has the
 * name and the key of the one before: certificates issued under either are proven by both until the old one ends.
 */
export class CertificateAuthority extends pulumi.ComponentResource {
    static readonly __pulumiType = "pulumi-ha:index:CertificateAuthority";
    /** What components take that need certificates. Holds the signing key. */
    readonly issuer: Issuer;
    /** Certificate of the root. */
    readonly certificatePem: pulumi.Output<string>;
    /** Certificate of the root and all of `alsoTrusted`: what clients are given to trust. */
    readonly trustedPem: pulumi.Output<string>;

    constructor(name: string, args: CertificateAuthorityArgs, opts?: pulumi.ComponentResourceOptions) {
        super(CertificateAuthority.__pulumiType, name, recorded(args), opts);
        const toSpec = (given: GivenAuthority) => authoritySpec(given, new Date());
        // A secret if a key was part of what was checked; all that the spec holds is public.
        const spec = pulumi.unsecret(checked(this, name, args, toSpec, authorityRules));

        const top = args.existing
            ? existing(args.existing, spec)
            : root(`${name}-root`, spec, { parent: this, protect: args.protectRootKey });
        const signer = args.intermediate ? intermediate(`${name}-intermediate`, top, spec, { parent: this }) : top;

        this.certificatePem = top.rootPem;
        this.trustedPem = pulumi.all([top.rootPem, spec.alsoTrusted]).apply(([own, more]) => bundle([own, ...more]));
        this.issuer = {
            certificatePem: signer.certificatePem,
            privateKeyPem: signer.privateKeyPem,
            chainPem: signer.chainPem,
            trustedPem: this.trustedPem,
            terms: isPlain(args) ? issuerTerms(toSpec(args as GivenAuthority)) : spec.apply(issuerTerms),
        };
        this.registerOutputs({ issuer: this.issuer, certificatePem: this.certificatePem, trustedPem: this.trustedPem });
    }

    /** A key and a certificate for one server or client; `issueCertificate` with this authority. */
    issue(name: string, args: IssueArgs): IssuedCertificate {
        return issueCertificate(name, this.issuer, args, { parent: this });
    }

    /** A key and a certificate for each node, by the node's name; `issueForNodes` with this authority. */
    issueForNodes(name: string, nodes: NodeArgs[], args: IssueArgs = {}): Record<string, IssuedCertificate> {
        return issueForNodes(name, this.issuer, nodes, args, { parent: this });
    }
}

const bundle = (pems: string[]): string =>
    [...new Set(pems.map((pem) => pem.trim()))].map((pem) => `${pem}\n`).join("");
