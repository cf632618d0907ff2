// Private keys: making, reading, and the ways they are written down.
import { createHash, createPrivateKey, createPublicKey, generateKeyPair } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { promisify } from "node:util";
import { pemBlock } from "./pem";

/** The algorithms by their names in the plugin. */
export const ALGORITHMS = ["RSA", "ECDSA", "ED25519"] as const;

/** A key's algorithm. */
export type Algorithm = (typeof ALGORITHMS)[number];

/** OpenSSL's name of each curve. */
export const CURVES = { P224: "secp224r1", P256: "prime256v1", P384: "secp384r1", P521: "secp521r1" } as const;

/** An elliptic curve. */
export type Curve = keyof typeof CURVES;

/** Shorter RSA keys are refused, as the original's Go library does. */
const LEAST_RSA_BITS = 1024;

const generate = promisify(generateKeyPair);

/** Makes a private key. `curve` counts for ECDSA alone, `rsaBits` for RSA alone. */
export async function newPrivateKey(algorithm: Algorithm, curve: Curve, rsaBits: number): Promise<KeyObject> {
    switch (algorithm) {
        case "RSA":
            if (!Number.isInteger(rsaBits) || rsaBits < LEAST_RSA_BITS) {
                throw new Error(`rsaBits: ${rsaBits} bits are insecure, use at least ${LEAST_RSA_BITS}`);
            }
            return (await generate("rsa", { modulusLength: rsaBits })).privateKey;
        case "ECDSA":
            return (await generate("ec", { namedCurve: CURVES[curve] })).privateKey;
        case "ED25519":
            return (await generate("ed25519")).privateKey;
    }
}

/**
 * Reads the first PEM block as a private key without passphrase: PKCS#1, SEC1 or PKCS#8. `path` is the property's name
 * for the error, which never quotes the key.
 */
export function readPrivateKey(pem: string, path: string): KeyObject {
    const types = ["RSA PRIVATE KEY", "EC PRIVATE KEY", "PRIVATE KEY"];
    const block = pemBlock(pem, types, path);
    if (/^Proc-Type: *4,ENCRYPTED/m.test(block)) {
        throw new Error(`${path}: the private key has a passphrase, which is not supported; give it without one`);
    }
    let key: KeyObject;
    try {
        key = createPrivateKey(block);
    } catch {
        throw new Error(`${path}: the private key cannot be read; it must be PKCS#1, SEC1 or PKCS#8 in PEM`);
    }
    algorithmOf(key, path);
    return key;
}

/** The plugin's name for a key's algorithm. */
export function algorithmOf(key: KeyObject, path: string): Algorithm {
    const names: Record<string, Algorithm> = { rsa: "RSA", ec: "ECDSA", ed25519: "ED25519" };
    const type = key.asymmetricKeyType ?? "none";
    const name = names[type];
    if (name === undefined)
        throw new Error(`${path}: keys of type ${type} are not supported, only ${ALGORITHMS.join(", ")}`);
    if (name === "ECDSA" && curveOf(key) === undefined) {
        const curve = key.asymmetricKeyDetails?.namedCurve ?? "unknown";
        throw new Error(`${path}: the curve ${curve} is not supported, only ${Object.keys(CURVES).join(", ")}`);
    }
    return name;
}

/** The curve of an elliptic key, if it is one of ours. */
export function curveOf(key: KeyObject): Curve | undefined {
    const named = key.asymmetricKeyDetails?.namedCurve;
    return (Object.keys(CURVES) as Curve[]).find((curve) => CURVES[curve] === named);
}

/** The public half as SubjectPublicKeyInfo in DER. */
export function publicKeyDer(key: KeyObject): Buffer {
    const half = key.type === "private" ? createPublicKey(key) : key;
    return half.export({ type: "spki", format: "der" });
}

/** The key as the plugin writes it: RSA as PKCS#1, ECDSA as SEC1, ED25519 as PKCS#8. */
export function privateKeyPem(key: KeyObject): string {
    const types = { rsa: "pkcs1", ec: "sec1" } as const;
    const type =
        key.asymmetricKeyType === "rsa" || key.asymmetricKeyType === "ec" ? types[key.asymmetricKeyType] : "pkcs8";
    return key.export({ type, format: "pem" }).toString();
}

/** The id of something that has no number: SHA-1 of its DER. The original trims the DER like a text before that. */
export function idOf(der: Buffer): string {
    let end = der.length;
    while (end > 0 && " \t\n\v\f\r".includes(String.fromCharCode(der[end - 1] ?? 0))) end--;
    return createHash("sha1").update(der.subarray(0, end)).digest("hex");
}
