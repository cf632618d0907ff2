import { createPrivateKey } from "node:crypto";

/** What marks a secret in a deployment: sdk/go/common/resource/sig. */
const SECRET_MARK = "4dabf18193072939515e22adb298388d";

/** Every text that a deployment exported with its secrets marks as one, or that is part of such a value. */
export function plaintexts(value: unknown, secret = false): string[] {
    if (typeof value === "string") return secret ? [value] : [];
    if (typeof value !== "object" || value === null) return [];
    if (SECRET_MARK in value && "plaintext" in value) return plaintexts(JSON.parse(String(value.plaintext)), true);
    return Object.values(value).flatMap((inner) => plaintexts(inner, secret));
}

/**
 * What to look for: base64 of the private part of every key, as it stands in its PEM text; credentials as they travel, where a key ends them; other
 * secrets as they are. Line ends are left out on both sides, and so is all that a public key shows as well.
 */
export function needles(secret: string): string[] {
    if (secret.includes("pulumi-ha manifest 1")) {
        const bodies =
            secret.slice(secret.lastIndexOf("pulumi-ha manifest 1")).match(/(?<=^credential .*\n)(\| .*\n)+/gm) ?? [];
        return bodies.map((body) => joined(`\n${body}`)).flatMap(needlesOfCredential);
    }
    const keys = [...secret.matchAll(/-----BEGIN ([A-Z ]*)PRIVATE KEY-----\n([\s\S]*?)\n-----END/g)];
    if (keys.length === 0) return /^[\w+/=-]{16,}$/.test(secret) ? [secret] : [];
    return keys.map(([text, kind = "", body = ""]) => {
        const bytes = Buffer.from(body, "base64");
        return base64Of(bytes, privateAt(`${text} ${kind}PRIVATE KEY-----\n`, bytes), 32);
    });
}

/** A credential as it travels: part of the key that ends it, nothing of what is only certificates, else the whole. */
function needlesOfCredential(text: string): string[] {
    if (text.includes("PRIVATE KEY")) return [text.slice(-250, -190)];
    return text.includes("BEGIN CERTIFICATE") ? [] : [text.trim()];
}

/** Where the 32 private bytes are in a key's DER, or in the form of OpenSSH (PROTOCOL.key) for Ed25519, where all before has a fixed length. */
function privateAt(pem: string, bytes: Buffer): number {
    if (pem.includes("OPENSSH")) {
        const ecdsa = bytes.lastIndexOf("nistp256");
        // After the second mention of the curve come the point (4 + 65 bytes) and the number (a length of 4 bytes, perhaps a zero).
        return ecdsa < 0 ? 161 : ecdsa + 8 + 69 + 4;
    }
    return bytes.indexOf(Buffer.from(createPrivateKey(pem).export({ format: "jwk" }).d ?? "", "base64url"));
}

/** The base64 characters that depend on nothing but the given bytes of a whole. */
const base64Of = (whole: Buffer, at: number, length: number): string =>
    whole.toString("base64").slice(Math.ceil((at * 4) / 3) + 1, Math.floor(((at + length) * 4) / 3) - 1);

/** A text without line ends, escapes of them, and the bar that begins a manifest's body lines. */
export const joined = (text: string): string => text.replaceAll(/(\r?\n|\\n)(\| )?/g, "");
