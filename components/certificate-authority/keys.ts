import type * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import { KeyAlgorithm } from "../shared/issuer";
import type { Rule } from "../shared/rules";

/** The vendor's words for an algorithm. */
interface KeyParameters {
    algorithm: string;
    ecdsaCurve?: string;
    rsaBits?: number;
    /** What a server's key is used for: RSA keys also transport the session's key in TLS 1.2. */
    serverUses: string[];
}

const PARAMETERS: Record<KeyAlgorithm, KeyParameters> = {
    [KeyAlgorithm.EcdsaP256]: { algorithm: "ECDSA", ecdsaCurve: "P256", serverUses: ["digital_signature"] },
    [KeyAlgorithm.EcdsaP384]: { algorithm: "ECDSA", ecdsaCurve: "P384", serverUses: ["digital_signature"] },
    [KeyAlgorithm.Rsa3072]: { algorithm: "RSA", rsaBits: 3072, serverUses: ["digital_signature", "key_encipherment"] },
    [KeyAlgorithm.Rsa4096]: { algorithm: "RSA", rsaBits: 4096, serverUses: ["digital_signature", "key_encipherment"] },
    [KeyAlgorithm.Ed25519]: { algorithm: "ED25519", serverUses: ["digital_signature"] },
};

/** The algorithm may come from a program without types. */
export const algorithmRule: Rule<{ algorithm: KeyAlgorithm }> = {
    path: "algorithm",
    refuses: (spec) => !Object.hasOwn(PARAMETERS, spec.algorithm),
    because: (spec) => `${JSON.stringify(spec.algorithm)} is unknown: one of ${Object.keys(PARAMETERS).join(", ")}`,
};

/** A private key; all its encodings are secrets. */
export function privateKey(
    name: string,
    algorithm: pulumi.Output<KeyAlgorithm>,
    opts: pulumi.CustomResourceOptions,
): tls.PrivateKey {
    const parameters = algorithm.apply((a) => PARAMETERS[a]);
    return new tls.PrivateKey(
        name,
        {
            algorithm: parameters.algorithm,
            ecdsaCurve: parameters.ecdsaCurve,
            rsaBits: parameters.rsaBits,
        },
        opts,
    );
}

/** What a certificate for a server may be used for, and for a client too where peers prove themselves to each other. */
export const leafUses = (algorithm: KeyAlgorithm, clientAuth: boolean): string[] => [
    ...PARAMETERS[algorithm].serverUses,
    "server_auth",
    ...(clientAuth ? ["client_auth"] : []),
];

/** What the certificate of an authority may be used for. */
export const AUTHORITY_USES = ["cert_signing", "crl_signing"];
