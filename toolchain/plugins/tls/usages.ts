// The words for what a key may be used for.

/** Key usages, the first for bit 0 (RFC 5280 4.2.1.3). */
export const KEY_USAGES = [
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "cert_signing",
    "crl_signing",
    "encipher_only",
    "decipher_only",
];

const PKIX = "1.3.6.1.5.5.7.3";
const MICROSOFT = "1.3.6.1.4.1.311";

/** Extended key usages by their object identifiers (RFC 5280 4.2.1.12). */
export const EXTENDED_KEY_USAGES: Partial<Record<string, string>> = {
    any_extended: "2.5.29.37.0",
    server_auth: `${PKIX}.1`,
    client_auth: `${PKIX}.2`,
    code_signing: `${PKIX}.3`,
    email_protection: `${PKIX}.4`,
    ipsec_end_system: `${PKIX}.5`,
    ipsec_tunnel: `${PKIX}.6`,
    ipsec_user: `${PKIX}.7`,
    timestamping: `${PKIX}.8`,
    ocsp_signing: `${PKIX}.9`,
    microsoft_server_gated_crypto: `${MICROSOFT}.10.3.3`,
    netscape_server_gated_crypto: "2.16.840.1.113730.4.1",
    microsoft_commercial_code_signing: `${MICROSOFT}.2.1.22`,
    microsoft_kernel_code_signing: `${MICROSOFT}.61.1.1`,
};

/** Every word of either kind. */
export const ALLOWED_USES = [...KEY_USAGES, ...Object.keys(EXTENDED_KEY_USAGES)].sort();
