import { createHash, createHmac } from "node:crypto";
import { HOST_KEY_KINDS, HOST_KEY_PATTERN } from "../../remote/reach";

/** A host's public key: `ssh-ed25519 AAAA…`, without a comment. */
export type HostKey = string;

const KEY = new RegExp(`(?<![\\w-])${HOST_KEY_PATTERN}`, "g");

/** As `ssh-keygen -l` and the host's own console show it: `SHA256:…`. */
export const fingerprint = (key: HostKey): string =>
    `SHA256:${createHash("sha256").update(blob(key)).digest("base64").replace(/=+$/, "")}`;

/** A key from its bytes on the wire (RFC 4253, 6.6); undefined for a kind that cannot be pinned. */
export function keyOf(bytes: Buffer): HostKey | undefined {
    const kind = kindOf(bytes);
    return kind !== undefined && HOST_KEY_KINDS.includes(kind) ? `${kind} ${bytes.toString("base64")}` : undefined;
}

/** Whether both are of one kind: only then does a difference say that the host's key has changed. */
export const sameKind = (one: HostKey, other: HostKey): boolean => one.split(" ")[0] === other.split(" ")[0];

/** A key without its comment. */
export const bare = (key: string): HostKey => key.trim().split(/\s+/).slice(0, 2).join(" ");

const blob = (key: HostKey): Buffer => Buffer.from(key.split(" ")[1] ?? "", "base64");

function kindOf(bytes: Buffer): string | undefined {
    if (bytes.length < 4) return undefined;
    const length = bytes.readUInt32BE(0);
    return bytes.length > 4 + length ? bytes.subarray(4, 4 + length).toString("latin1") : undefined;
}

/**
 * The keys in a text: what a console shows of `/etc/ssh/ssh_host_*_key.pub`, or cloud-init prints between `BEGIN SSH HOST KEY KEYS` and its end. One
 * of each kind.
 *
 * @throws Error when the text has two keys of a kind: then it is of two hosts.
 */
export function keysIn(text: string): HostKey[] {
    const found = [...new Set([...text.matchAll(KEY)].map(([, kind, base64]) => `${kind} ${base64}`))].filter(
        (key) => kindOf(blob(key)) === key.split(" ")[0],
    );
    const twice = found.find((key) => found.some((other) => other !== key && sameKind(other, key)));
    if (twice !== undefined)
        throw new Error(
            `the text has two keys of the kind ${twice.split(" ")[0]}: it is of two hosts. Give the text of one host, and name its node`,
        );
    return found;
}

/** The one to pin: Ed25519 where there is one. */
export const preferred = (keys: HostKey[]): HostKey | undefined =>
    [...keys].sort(
        (a, b) => HOST_KEY_KINDS.indexOf(a.split(" ")[0] ?? "") - HOST_KEY_KINDS.indexOf(b.split(" ")[0] ?? ""),
    )[0];

/** What a known_hosts file says of a host. */
export interface Known {
    keys: HostKey[];
    /** Keys that the file marks as revoked. */
    revoked: HostKey[];
}

/** The keys of a host in a known_hosts file (sshd(8)): by its names and addresses, plain or hashed, with `[host]:port` where the port is not 22. */
export function knownKeys(file: string, names: string[], port: number): Known {
    const wanted = names.map((name) => (port === 22 ? name : `[${name}]:${port}`));
    const found: Known = { keys: [], revoked: [] };
    for (const line of file.split("\n")) {
        const fields = line.trim().split(/\s+/);
        const marker = fields[0]?.startsWith("@") ? fields.shift() : undefined;
        const [hosts = "", kind = "", base64 = ""] = fields;
        if (hosts.startsWith("#") || marker === "@cert-authority" || !HOST_KEY_KINDS.includes(kind)) continue;
        if (!matches(hosts, wanted)) continue;
        (marker === "@revoked" ? found.revoked : found.keys).push(`${kind} ${base64}`);
    }
    return found;
}

function matches(hosts: string, wanted: string[]): boolean {
    const [, , salt, hash] = hosts.startsWith("|1|") ? hosts.split("|") : [];
    if (salt !== undefined)
        return wanted.some(
            (name) => createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest("base64") === hash,
        );
    return hosts.split(",").some((host) => wanted.includes(host));
}
