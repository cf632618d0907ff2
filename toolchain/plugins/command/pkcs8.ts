// PKCS#8 private keys for ssh2, which reads OpenSSH, PKCS#1 and SEC1 only.
import { createPrivateKey } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { Failure } from "../handler";
import { opensshKey } from "../tls/openssh";

/**
 * The same key in OpenSSH's format; "locked" if it needs a passphrase, or another one.
 * @throws Failure for what is no key, or one that SSH has no use for.
 */
export function opensshFromPkcs8(pem: string, passphrase?: string): string {
    const key = unlocked(pem, passphrase);
    if (key === "locked") return key;
    const type = key.asymmetricKeyType ?? "";
    const text = ["rsa", "ec", "ed25519"].includes(type) ? opensshKey(key).privateKey : "";
    if (text === "") throw new Failure(`ssh: unsupported key type "${type}"`);
    return text;
}

function unlocked(pem: string, passphrase?: string): KeyObject | "locked" {
    try {
        return createPrivateKey({ key: pem, passphrase });
    } catch {
        if (pem.includes("BEGIN ENCRYPTED")) return "locked";
        throw new Failure("ssh: cannot parse private key: malformed PKCS#8");
    }
}
