// PKCS#8 private keys for ssh2, which reads OpenSSH, PKCS#1 and SEC1 only.
import { createPrivateKey } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { Failure } from "../provider";

/**
 * The same key in a form that ssh2 reads; "locked" if it needs a passphrase, or another one.
 * @throws Failure for keys that SSH has no use for.
 */
export function opensshFromPkcs8(pem: string, passphrase?: string): string {
    const key = unlocked(pem, passphrase);
    if (key === "locked") return key;
    switch (key.asymmetricKeyType) {
        case "rsa":
            return key.export({ type: "pkcs1", format: "pem" }).toString();
        case "ec":
            return key.export({ type: "sec1", format: "pem" }).toString();
        case "ed25519":
            return opensshEd25519(key);
        default:
            throw new Failure(`ssh: unsupported key type "${key.asymmetricKeyType ?? "unknown"}"`);
    }
}

function unlocked(pem: string, passphrase?: string): KeyObject | "locked" {
    try {
        return createPrivateKey({ key: pem, passphrase });
    } catch {
        if (pem.includes("ENCRYPTED")) return "locked";
        throw new Failure("ssh: cannot parse private key: malformed PKCS#8");
    }
}

/** https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key */
function opensshEd25519(key: KeyObject): string {
    const { d = "", x = "" } = key.export({ format: "jwk" });
    const seed = Buffer.from(d, "base64url");
    const point = Buffer.from(x, "base64url");
    const type = field("ssh-ed25519");
    const check = Buffer.alloc(8);
    const secret = Buffer.concat([check, type, field(point), field(Buffer.concat([seed, point])), field("")]);
    const padding = Buffer.from(Array.from({ length: (8 - (secret.length % 8)) % 8 }, (_, index) => index + 1));
    const none = field("none");
    const whole = Buffer.concat([
        Buffer.from("openssh-key-v1\0"),
        ...[none, none, field(""), uint32(1)],
        field(Buffer.concat([type, field(point)])),
        field(Buffer.concat([secret, padding])),
    ]);
    const lines = whole.toString("base64").replace(/.{70}/g, "$&\n");
    return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

function uint32(value: number): Buffer {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
}

function field(content: string | Buffer): Buffer {
    const bytes = Buffer.from(content);
    return Buffer.concat([uint32(bytes.length), bytes]);
}
