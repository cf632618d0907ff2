// The names in certificates: distinguished ones (RFC 5280 4.1.2.4) and alternative ones (4.2.1.6).
import { isIP } from "node:net";
import type { CertificationRequestInfo } from "@peculiar/asn1-csr";
import { AsnConvert } from "@peculiar/asn1-schema";
import {
    AttributeTypeAndValue,
    AttributeValue,
    Extensions,
    GeneralName,
    GeneralNames,
    Name,
    RelativeDistinguishedName,
    id_ce_subjectAltName,
} from "@peculiar/asn1-x509";

/** PKCS #9: the extensions that a request asks for. */
export const EXTENSION_REQUEST = "1.2.840.113549.1.9.14";

/** Who a certificate is for or from. */
export interface Subject {
    commonName?: string;
    country?: string;
    emailAddress?: string;
    locality?: string;
    organization?: string;
    organizationalUnit?: string;
    postalCode?: string;
    province?: string;
    serialNumber?: string;
    streetAddresses?: string[];
}

/** The names that a certificate is good for, beside its subject. */
export interface AlternativeNames {
    dnsNames: string[];
    ipAddresses: string[];
    uris: string[];
}

const EMAIL_ADDRESS = "1.2.840.113549.1.9.1";

/** The fields in the original's order. */
const FIELDS: [keyof Subject, string][] = [
    ["country", "2.5.4.6"],
    ["province", "2.5.4.8"],
    ["locality", "2.5.4.7"],
    ["streetAddresses", "2.5.4.9"],
    ["postalCode", "2.5.4.17"],
    ["organization", "2.5.4.10"],
    ["organizationalUnit", "2.5.4.11"],
    ["commonName", "2.5.4.3"],
    ["serialNumber", "2.5.4.5"],
    ["emailAddress", EMAIL_ADDRESS],
];

/** The subject as a name; no fields, or empty ones, are an empty name. */
export function nameOf(subject: Subject): Name {
    const parts = FIELDS.map(([field, oid]) => [[subject[field] ?? []].flat().filter(Boolean), oid] as const);
    return new Name(parts.filter(([values]) => values.length > 0).map(([values, oid]) => relativeName(oid, values)));
}

/** The alternative names as an extension has them; undefined if there are none. */
export function alternativeNames({ dnsNames, ipAddresses, uris }: AlternativeNames): GeneralNames | undefined {
    const ascii = (path: string) => (name: string, index: number) => {
        if (/^[\x20-\x7e]+$/.test(name)) return name;
        throw new Error(
            `${path}[${index}]: ${JSON.stringify(name)} must be ASCII and not empty; write other letters as Punycode`,
        );
    };
    const names = [
        ...dnsNames.map(ascii("dnsNames")).map((dNSName) => new GeneralName({ dNSName })),
        ...ipAddresses.map((address, index) => {
            if (isIP(address) !== 0 && !address.includes("%"))
                return new GeneralName({ iPAddress: withoutMapping(address) });
            throw new Error(`ipAddresses[${index}]: ${JSON.stringify(address)} is not an IPv4 or IPv6 address`);
        }),
        ...uris.map(ascii("uris")).map((uri, index) => {
            if (/^[a-z][a-z0-9+.-]*:/i.test(uri)) return new GeneralName({ uniformResourceIdentifier: uri });
            throw new Error(`uris[${index}]: ${JSON.stringify(uri)} is not a URI with a scheme, such as https:`);
        }),
    ];
    return names.length === 0 ? undefined : new GeneralNames(names);
}

/** Names that a request asks for, of the kinds that the original takes, in its order. */
export function requestedNames({ attributes }: CertificationRequestInfo): GeneralNames | undefined {
    const value = attributes.find(({ type }) => type === EXTENSION_REQUEST)?.values[0];
    const wanted = value === undefined ? [] : AsnConvert.parse(value, Extensions);
    const san = wanted.find(({ extnID }) => extnID === id_ce_subjectAltName);
    const names = san === undefined ? [] : [...AsnConvert.parse(san.extnValue, GeneralNames)];
    const kinds = ["dNSName", "iPAddress", "uniformResourceIdentifier"] as const;
    const kept = kinds.flatMap((kind) => names.filter((name) => name[kind] !== undefined));
    return kept.length === 0 ? undefined : new GeneralNames(kept);
}

function relativeName(oid: string, values: string[]): RelativeDistinguishedName {
    const attributes = values.map(
        (value) => new AttributeTypeAndValue({ type: oid, value: attributeValue(oid, value) }),
    );
    // DER sorts the members of a set; the library leaves them as they come.
    const encoded = attributes.map((attribute) => [Buffer.from(AsnConvert.serialize(attribute)), attribute] as const);
    encoded.sort(([a], [b]) => Buffer.compare(a, b));
    return new RelativeDistinguishedName(encoded.map(([, attribute]) => attribute));
}

function attributeValue(oid: string, value: string): AttributeValue {
    if (oid === EMAIL_ADDRESS) return new AttributeValue({ ia5String: value });
    const printable = /^[A-Za-z0-9 '()+,\-./:=?]*$/.test(value);
    return new AttributeValue(printable ? { printableString: value } : { utf8String: value });
}

/** An IPv4 address in IPv6 clothes is an IPv4 address, as in the original. */
function withoutMapping(address: string): string {
    return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
}
