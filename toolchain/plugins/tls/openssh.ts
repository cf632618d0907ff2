// Keys in OpenSSH's formats.
// Public key: RFC 4253 6.6, RFC 5656 3.1, RFC 8709. Private key:
// https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key
import { createHash, randomBytes } from "node:crypto";
import type { JsonWebKey, KeyObject } from "node:crypto";
import { curveOf } from "./keys";
import { pemText } from "./pem";

/** A private key in OpenSSH's formats. All are empty for P224: SSH does not know that curve. */
export interface OpensshKey {
    /** `openssh-key-v1` in PEM, without passphrase and comment. */
    privateKey: string;
    /** A line of authorized_keys, without comment. */
    publicKey: string;
    fingerprintMd5: string;
    fingerprintSha256: string;
}

/** Unencrypted private keys are padded to this many bytes. */
const BLOCK_SIZE = 8;

/** Writes a private key in OpenSSH's formats. */
export function opensshKey(key: KeyObject): OpensshKey {
    const parts = keyParts(key);
    if (parts === undefined) return { privateKey: "", publicKey: "", fingerprintMd5: "", fingerprintSha256: "" };
    const blob = Buffer.concat([field(parts.type), ...parts.open]);
    const digest = (algorithm: string) => createHash(algorithm).update(blob).digest();
    return {
        privateKey: privateKeyText(blob, Buffer.concat([field(parts.type), ...parts.secret])),
        publicKey: `${parts.type} ${blob.toString("base64")}\n`,
        fingerprintMd5: (digest("md5").toString("hex").match(/../g) ?? []).join(":"),
        fingerprintSha256: `SHA256:${digest("sha256").toString("base64").replace(/=+$/, "")}`,
    };
}

function privateKeyText(blob: Buffer, secret: Buffer): string {
    const check = randomBytes(4);
    const body = Buffer.concat([check, check, secret, field("")]);
    const missing = (BLOCK_SIZE - (body.length % BLOCK_SIZE)) % BLOCK_SIZE;
    const padding = Buffer.from(Array.from({ length: missing }, (_, index) => index + 1));
    const container = Buffer.concat([
        Buffer.from("openssh-key-v1\0"),
        field("none"),
        field("none"),
        field(""),
        uint32(1),
        field(blob),
        field(Buffer.concat([body, padding])),
    ]);
    return pemText("OPENSSH PRIVATE KEY", container);
}

/** The fields of the key in wire form: those of the public key, and those of the private one. */
function keyParts(key: KeyObject): { type: string; open: Buffer[]; secret: Buffer[] } | undefined {
    const curve = curveOf(key);
    if (curve === "P224") return undefined;
    const jwk = key.export({ format: "jwk" });
    const bytes = (name: keyof JsonWebKey) => Buffer.from(String(jwk[name]), "base64url");
    if (curve !== undefined) {
        const name = { P256: "nistp256", P384: "nistp384", P521: "nistp521" }[curve];
        const open = [field(name), field(Buffer.concat([Buffer.from([4]), bytes("x"), bytes("y")]))];
        return { type: `ecdsa-sha2-${name}`, open, secret: [...open, mpint(bytes("d"))] };
    }
    if (key.asymmetricKeyType === "rsa") {
        const numbers = (names: (keyof JsonWebKey)[]) => names.map((name) => mpint(bytes(name)));
        return { type: "ssh-rsa", open: numbers(["e", "n"]), secret: numbers(["n", "e", "d", "qi", "p", "q"]) };
    }
    const open = [field(bytes("x"))];
    return { type: "ssh-ed25519", open, secret: [...open, field(Buffer.concat([bytes("d"), bytes("x")]))] };
}

function uint32(value: number): Buffer {
    const buffer = Buffer.alloc(4);
    buffer.writeUInt32BE(value);
    return buffer;
}

function field(value: string | Buffer): Buffer {
    const bytes = Buffer.from(value);
    return Buffer.concat([uint32(bytes.length), bytes]);
}

/** A positive integer: no needless zero bytes in front, one if the first bit is set (RFC 4251 5). */
function mpint(value: Buffer): Buffer {
    const first = value.findIndex((byte) => byte !== 0);
    const digits = first < 0 ? Buffer.alloc(0) : value.subarray(first);
    return field(digits.length > 0 && (digits[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), digits]) : digits);
}
