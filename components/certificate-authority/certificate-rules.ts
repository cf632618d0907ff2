import { canonical, family } from "../shared/addresses";
import type { IssuerTerms, KeyAlgorithm } from "../shared/issuer";
import { each } from "../shared/rules";
import type { ItemRule, Rules } from "../shared/rules";
import { algorithmRule } from "./keys";
import { validity, validityRules } from "./validity";
import type { GivenValidity, Validity } from "./validity";

/** Longest common name and organization that RFC 5280 has room for. */
export const NAME_LENGTH = 64;

/** A certificate's arguments and its issuer's terms, resolved. */
export interface GivenCertificate extends GivenValidity {
    commonName?: string;
    dnsNames?: string[];
    ipAddresses?: string[];
    clientAuth?: boolean;
    algorithm?: KeyAlgorithm;
    terms: IssuerTerms;
}

/** A certificate to be. */
export interface CertificateSpec extends Validity {
    commonName: string;
    dnsNames: string[];
    ipAddresses: string[];
    clientAuth: boolean;
    algorithm: KeyAlgorithm;
    longestLifetimeHours: number;
}

/** A certificate's arguments with their defaults. */
export function certificateSpec(given: GivenCertificate): CertificateSpec {
    const { terms, dnsNames = [], ipAddresses = [] } = given;
    const names = [...dnsNames, ...ipAddresses];
    const window = given.lifetimeHours === undefined ? terms.earlyRenewalHours : undefined;
    return {
        commonName: given.commonName ?? names.find((name) => name.length <= NAME_LENGTH) ?? "",
        dnsNames,
        ipAddresses,
        clientAuth: given.clientAuth ?? false,
        algorithm: given.algorithm ?? terms.algorithm,
        ...validity({ ...given, earlyRenewalHours: given.earlyRenewalHours ?? window }, terms.lifetimeHours),
        longestLifetimeHours: terms.longestLifetimeHours,
    };
}

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;
const labels = (name: string): string[] => name.replace(/^\*\./, "").split(".");
const isDnsName = (name: string): boolean => name.length <= 253 && labels(name).every((label) => LABEL.test(label));
const isMisplacedWildcard = (name: string): boolean => name.replace(/^\*\./, "").includes("*");

const dnsNameRules: ItemRule<CertificateSpec, string>[] = [
    {
        path: "",
        refuses: (name) => family(name) !== undefined,
        because: (name) => `${JSON.stringify(name)} is an address: list it in ipAddresses`,
    },
    {
        path: "",
        refuses: isMisplacedWildcard,
        because: (name) => `${JSON.stringify(name)}: a wildcard is the whole first label, as in *.example.org`,
    },
    {
        // OpenSSL and browsers match no wildcard directly below the top.
        path: "",
        refuses: (name) => name.startsWith("*.") && labels(name).length < 2,
        because: (name) =>
            `${JSON.stringify(name)}: no client accepts a wildcard below a top-level domain; two labels must follow it, ` +
            "as in *.example.org",
    },
    {
        path: "",
        refuses: (name) => !isMisplacedWildcard(name) && !isDnsName(name),
        because: (name) =>
            `${JSON.stringify(name)} is no DNS name: labels of a-z, 0-9 and inner hyphens, at most 63 characters each and 253 in all, ` +
            "joined by dots; other scripts in their xn-- form",
    },
];

const ipAddressRules: ItemRule<CertificateSpec, string>[] = [
    {
        path: "",
        refuses: (address) => family(address) === undefined || address.includes("/"),
        because: (address) =>
            `${JSON.stringify(address)} is no IPv4 or IPv6 address` +
            (address.includes("/") ? ": leave out the prefix length" : ""),
    },
];

const repeated = (values: string[]): string[] => values.filter((value, index) => values.indexOf(value) !== index);
const repeatedNames = (spec: CertificateSpec): string[] => repeated(spec.dnsNames.map((name) => name.toLowerCase()));
const repeatedAddresses = (spec: CertificateSpec): string[] =>
    repeated(spec.ipAddresses.filter((address) => family(address) !== undefined).map(canonical));

/** What is refused about a single certificate. */
export const certificateRules: Rules<CertificateSpec> = [
    {
        path: "dnsNames",
        refuses: (spec) => spec.dnsNames.length + spec.ipAddresses.length === 0,
        because: () => "neither dnsNames nor ipAddresses is given: clients compare these, and never the common name",
    },
    {
        path: "commonName",
        refuses: (spec) => spec.commonName.length > NAME_LENGTH,
        because: (spec) => `${JSON.stringify(spec.commonName)} has more than ${NAME_LENGTH} characters`,
    },
    each("dnsNames", (spec) => spec.dnsNames, dnsNameRules),
    each("ipAddresses", (spec) => spec.ipAddresses, ipAddressRules),
    {
        path: "dnsNames",
        refuses: (spec) => repeatedNames(spec).length > 0,
        because: (spec) => `listed twice: ${repeatedNames(spec).join(", ")}`,
    },
    {
        path: "ipAddresses",
        refuses: (spec) => repeatedAddresses(spec).length > 0,
        because: (spec) => `listed twice: ${repeatedAddresses(spec).join(", ")}`,
    },
    algorithmRule,
    validityRules("", (spec) => spec),
    {
        path: "lifetimeHours",
        refuses: (spec) => spec.lifetimeHours > spec.longestLifetimeHours,
        because: (spec) =>
            `${spec.lifetimeHours} h could outlive the authority that signs it: at most ${spec.longestLifetimeHours} h, ` +
            "the early-renewal window of that authority",
    },
];
