import { createHmac } from "node:crypto";
import { stackless } from "./stackless";

/**
 * Keys, certificates and passwords on their way to one unit, by name. A manifest refers to them by these names; the values travel in the
 * stdin of `prepare` alone.
 */
export type Credentials = Record<string, string>;

/** What an apply without credentials gives for their digest. */
export const NO_CREDENTIALS = "-";

const sorted = (credentials: Credentials) => Object.entries(credentials).sort(([a], [b]) => (a < b ? -1 : 1));

/**
 * A short keyed hash over names and values: it changes when any of them does, and tells nothing about a weak password to who lacks the key.
 *
 * @param key a secret of the stack.
 */
export function digest(key: string, credentials: Credentials): string {
    const hmac = createHmac("sha256", key);
    for (const [name, value] of sorted(credentials)) hmac.update(`${name}\0${Buffer.byteLength(value)}\0${value}`);
    return hmac.digest("hex").slice(0, 16);
}

/** The directives that carry credentials: base64 in bodies, so that any byte arrives as it is. */
export function credentialText(credentials: Credentials): string[] {
    return sorted(credentials).flatMap(([name, value]) => {
        if (!/^[a-z0-9][a-z0-9._-]*$/.test(name))
            throw stackless(
                new Error(`${JSON.stringify(name)} is no name for a credential: use a-z, 0-9, ".", "_", "-"`),
            );
        const rows =
            Buffer.from(value, "utf8")
                .toString("base64")
                .match(/.{1,76}/g) ?? [];
        return [`credential ${name}`, ...rows.map((row) => `| ${row}`)];
    });
}
