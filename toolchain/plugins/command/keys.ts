// Keys as users give them: private keys in the usual PEM forms, and the pinned host key.
import { utils } from "ssh2";
import type { ParsedKey } from "ssh2";
import { Failure } from "../handler";
import { opensshFromPkcs8 } from "./pkcs8";

/**
 * A private key: OpenSSH, PKCS#1, SEC1 or PKCS#8, as PEM, perhaps locked with a passphrase.
 * @throws Failure that says what is wrong with it; never holds any of the key.
 */
export function privateKey(pem: string, passphrase: string | undefined): ParsedKey {
    const block = /-----BEGIN ([A-Z ]*PRIVATE KEY)-----[\s\S]+?-----END \1-----/
        .exec(pem)?.[0]
        .replaceAll("\r\n", "\n");
    if (block === undefined) throw new Failure("ssh: no key found");
    const open = parse(block);
    if (open !== "locked") {
        if (passphrase !== undefined) throw new Failure("ssh: key is not password protected");
        return open;
    }
    if (passphrase === undefined) throw new Failure("ssh: this private key is passphrase protected");
    const unlocked = parse(block, passphrase);
    if (unlocked === "locked") throw new Failure("x509: decryption password incorrect");
    return unlocked;
}

function parse(block: string, passphrase?: string): ParsedKey | "locked" {
    const text = /^-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/.test(block) ? opensshFromPkcs8(block, passphrase) : block;
    if (text === "locked") return "locked";
    const key = utils.parseKey(text, passphrase);
    if (!(key instanceof Error)) return key;
    if (passphrase !== undefined || key.message.includes("no passphrase given")) return "locked";
    throw new Failure(`ssh: cannot parse private key: ${key.message}`);
}

/** The host key algorithms to offer for a pinned key: only those that a key of this type can sign with. */
const ALGORITHMS: Record<string, string[]> = {
    "ssh-ed25519": ["ssh-ed25519"],
    "ecdsa-sha2-nistp256": ["ecdsa-sha2-nistp256"],
    "ecdsa-sha2-nistp384": ["ecdsa-sha2-nistp384"],
    "ecdsa-sha2-nistp521": ["ecdsa-sha2-nistp521"],
    "ssh-rsa": ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"],
};

/** A server's public key: its type, the whole of it in SSH's own encoding, and what it can sign with, best first. */
export interface HostKey {
    type: string;
    blob: Buffer;
    algorithms: string[];
}

/**
 * The pinned key out of an authorized_keys line: a type and base64, perhaps after options or host names; or several such
 * lines, of which the first good one counts.
 * @throws Failure if there is none.
 */
export function hostKey(text: string): HostKey {
    let fault = "";
    for (const line of text.split("\n").map((item) => item.trim())) {
        if (line === "" || line.startsWith("#")) continue;
        const words = line.split(/[ \t]+/);
        for (const encoded of words.slice(1, 3)) {
            const key = decodeHostKey(encoded);
            if (typeof key !== "string") return key;
            fault = `; last parsing error for ignored line: ${key}`;
        }
    }
    throw new Failure(`failed to parse host key: ssh: no key found${fault}`);
}

function decodeHostKey(encoded: string): HostKey | string {
    const bad = encoded.search(/[^A-Za-z0-9+/=]/);
    const at = bad >= 0 ? bad : encoded.length % 4 === 0 ? -1 : encoded.length - (encoded.length % 4);
    if (at >= 0) return `illegal base64 data at input byte ${at}`;
    const blob = Buffer.from(encoded, "base64");
    const length = blob.length >= 4 ? blob.readUInt32BE(0) : 0;
    const type = blob.toString("latin1", 4, 4 + length);
    if (!/^[\w@.-]+$/.test(type) || blob.length <= 4 + length) return "ssh: short read";
    const algorithms = ALGORITHMS[type];
    return algorithms === undefined ? `ssh: unknown key algorithm: ${type}` : { type, blob, algorithms };
}
