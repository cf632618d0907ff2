import { KeyAlgorithm } from "../shared/issuer";
import type { IssuerTerms } from "../shared/issuer";
import { each, violations } from "../shared/rules";
import type { Rule, Rules } from "../shared/rules";
import { NAME_LENGTH } from "./certificate-rules";
import { existingRules, existingSpec, isCertificate, lifetimeHours } from "./existing";
import type { ExistingSpec } from "./existing";
import { algorithmRule } from "./keys";
import { validity, validityRules } from "./validity";
import type { GivenValidity, Validity } from "./validity";

/** Longest organization that leaves room for what its authorities are called after it. */
const ORGANIZATION_LENGTH = NAME_LENGTH - " Intermediate CA".length;

/** The arguments of an authority, resolved. */
export interface GivenAuthority {
    organization: string;
    algorithm?: KeyAlgorithm;
    root?: GivenValidity;
    intermediate?: GivenValidity;
    leaf?: GivenValidity;
    alsoTrusted?: string[];
    existing?: { certificatePem: string; privateKeyPem: string };
}

/** An authority to be: nothing of it is secret. */
export interface AuthoritySpec {
    organization: string;
    algorithm: KeyAlgorithm;
    root: Validity;
    intermediate: Validity;
    leaf: Validity;
    alsoTrusted: string[];
    existing?: ExistingSpec;
    hasIntermediate: boolean;
    /** A validity is given for a root that is not made here. */
    idleRoot: boolean;
}

/** Lifetimes unless said otherwise: 10 years, 3 years, 90 days. */
const YEAR = 365 * 24;
const ROOT_HOURS = 10 * YEAR;
const INTERMEDIATE_HOURS = 3 * YEAR;
const LEAF_HOURS = 90 * 24;

/** An authority's arguments with their defaults. */
export function authoritySpec(given: GivenAuthority, now: Date): AuthoritySpec {
    const intermediate = validity(given.intermediate, INTERMEDIATE_HOURS);
    const leaf = validity(given.leaf, LEAF_HOURS);
    const hasIntermediate = given.intermediate !== undefined;
    const signs = { anIntermediate: hasIntermediate, forHours: (hasIntermediate ? intermediate : leaf).lifetimeHours };
    return {
        organization: given.organization,
        algorithm: given.algorithm ?? KeyAlgorithm.EcdsaP256,
        root: validity(given.root, ROOT_HOURS),
        intermediate,
        leaf,
        alsoTrusted: given.alsoTrusted ?? [],
        existing: given.existing && existingSpec(given.existing, signs, now),
        hasIntermediate,
        idleRoot: given.existing !== undefined && given.root !== undefined,
    };
}

/** The terms on which it issues certificates. */
export const issuerTerms = (spec: AuthoritySpec): IssuerTerms => ({
    algorithm: spec.algorithm,
    ...spec.leaf,
    longestLifetimeHours: spec.hasIntermediate
        ? spec.intermediate.earlyRenewalHours
        : spec.existing
          ? lifetimeHours(spec.existing)
          : spec.root.earlyRenewalHours,
});

/** A lifetime that ends with its issuer's at the latest: what is signed last before the issuer's renewal counts. */
const withinIssuer = (child: "intermediate" | "leaf", issuer: "root" | "intermediate"): Rule<AuthoritySpec> => ({
    path: `${child}.lifetimeHours`,
    refuses: (spec) => spec[child].lifetimeHours > spec[issuer].earlyRenewalHours,
    because: (spec) =>
        `${spec[child].lifetimeHours} h can outlive the ${issuer}, which is renewed only ${spec[issuer].earlyRenewalHours} h ` +
        `before its own end: at most that, or a larger ${issuer}.earlyRenewalHours`,
});

const only = (rule: Rule<AuthoritySpec>, when: (spec: AuthoritySpec) => boolean): Rule<AuthoritySpec> => ({
    ...rule,
    refuses: (spec) => when(spec) && rule.refuses(spec),
});

/** What is refused about an authority. */
export const authorityRules: Rules<AuthoritySpec> = [
    {
        path: "organization",
        refuses: (spec) => spec.organization.trim() === "" || spec.organization.length > ORGANIZATION_LENGTH,
        because: (spec) => `${JSON.stringify(spec.organization)} must have 1 to ${ORGANIZATION_LENGTH} characters`,
    },
    algorithmRule,
    {
        path: "root",
        refuses: (spec) => spec.idleRoot,
        because: () => "has no effect on the authority given as existing: leave one of the two out",
    },
    validityRules("root", (spec) => spec.root),
    validityRules("intermediate", (spec) => spec.intermediate),
    validityRules("leaf", (spec) => spec.leaf),
    only(withinIssuer("intermediate", "root"), (spec) => spec.hasIntermediate && !spec.existing),
    only(withinIssuer("leaf", "intermediate"), (spec) => spec.hasIntermediate),
    only(withinIssuer("leaf", "root"), (spec) => !spec.hasIntermediate && !spec.existing),
    (spec) =>
        (spec.existing ? violations(spec.existing, existingRules) : []).map((v) => ({
            ...v,
            path: `existing.${v.path}`,
        })),
    each("alsoTrusted", (spec) => spec.alsoTrusted, [
        {
            path: "",
            refuses: (pem) => !isCertificate(pem),
            because: () => "is no certificate in PEM form: -----BEGIN CERTIFICATE----- is expected",
        },
    ]),
];
