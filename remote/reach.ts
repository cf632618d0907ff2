import * as pulumi from "@pulumi/pulumi";
import type { NodeArgs } from "./node";
import { stackless } from "./stackless";

/** Kinds of host keys that a node can pin, the preferred one first: by RSA, current servers and the provider find no signature that both take. */
export const HOST_KEY_KINDS = ["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"];
/** How such a key is written: its kind, then its bytes in base64, each a group of the pattern. */
export const HOST_KEY_PATTERN = `(${HOST_KEY_KINDS.join("|")})[ \\t]+(AAAA[A-Za-z0-9+/]*={0,2})`;
/** A host key as a line of `known_hosts` without the name; a comment may follow. */
export const HOST_KEY = new RegExp(`^${HOST_KEY_PATTERN}(\\s|$)`);

/** Something wrong with how a node is reached. */
export interface Fault {
    /** The field of the node, e.g. `bastion.port`. */
    path: string;
    /** What is wrong, what is allowed and the likely fix. */
    message: string;
}

interface Field {
    path: "address" | "sshAddress" | "port" | "user" | "hostKey" | "reachWithinSeconds";
    fits: (value: unknown) => boolean;
    because: (value: string) => string;
}

/** A day: dials are counted ahead, and nobody waits longer for a host. */
const LONGEST_SECONDS = 86_400;

const word = (value: unknown): boolean => typeof value === "string" && /^\S+$/.test(value);
const within = (value: unknown, least: number, most: number): boolean =>
    typeof value === "number" && value >= least && value <= most;

const FIELDS: Field[] = [
    { path: "address", fits: word, because: (value) => `${value} is no address: an IP address or a host name` },
    { path: "sshAddress", fits: word, because: (value) => `${value} is no address: an IP address or a host name` },
    {
        path: "port",
        fits: (value) => Number.isInteger(value) && within(value, 1, 65535),
        because: (value) => `${value} is no port: a whole number from 1 to 65535`,
    },
    { path: "user", fits: word, because: (value) => `${value} is no login name: without blanks, as in /etc/passwd` },
    {
        path: "hostKey",
        fits: (value) => typeof value === "string" && HOST_KEY.test(value),
        because: (value) =>
            `${value} is no host key that can be pinned: Ed25519 or ECDSA, "ssh-ed25519 AAAA…", as in /etc/ssh/ssh_host_ed25519_key.pub on the host (npx pulumi-ha trust gets and pins it)`,
    },
    {
        path: "reachWithinSeconds",
        fits: (value) => within(value, Number.MIN_VALUE, LONGEST_SECONDS),
        because: (value) => `${value} s is no time to wait for a host: more than 0, and ${LONGEST_SECONDS} at most`,
    },
];

const unpinned = (unless = ""): string =>
    `is missing: pin the host's own with npx pulumi-ha trust, "ssh-ed25519 AAAA…" of /etc/ssh/ssh_host_ed25519_key.pub there${unless}`;

/** Whether a value is known later only. */
export const isLater = (value: unknown): boolean => pulumi.Output.isInstance(value) || value instanceof Promise;

/**
 * What is wrong with how a node is reached, as far as it is known already; `whenKnown` looks at the rest. Never at its private key.
 */
export function reachFaults(node: NodeArgs): Fault[] {
    const { bastion } = node;
    const anybody = node.hostKey === undefined && !node.acceptUnknownHostKey?.trim();
    return [
        ...(anybody ? [{ path: "hostKey", message: unpinned(", or say in acceptUnknownHostKey why not") }] : []),
        // What components ask of an address is stricter, and theirs to say.
        ...faultsOf({ ...node, address: undefined }),
        ...(bastion ? bastionFaults(bastion) : []).map(({ path, message }) => ({ path: `bastion.${path}`, message })),
    ];
}

const bastionFaults = (bastion: NonNullable<NodeArgs["bastion"]>): Fault[] => [
    ...((bastion.hostKey as unknown) === undefined ? [{ path: "hostKey", message: unpinned() }] : []),
    ...faultsOf(bastion),
];

const faultsOf = (values: Partial<Record<Field["path"], unknown>>): Fault[] =>
    FIELDS.filter(({ path, fits }) => values[path] !== undefined && !isLater(values[path]) && !fits(values[path])).map(
        ({ path, because }) => ({ path, message: because(shown(values[path])) }),
    );

/** The beginning is enough: what was given by mistake may be longer, and confidential. */
function shown(value: unknown): string {
    if (typeof value === "number") return String(value);
    const text = JSON.stringify(value);
    return text.length > 24 ? `${text.slice(0, 24)}…` : text;
}

/**
 * A value of a connection, once it is known.
 *
 * @param path the field of the node, e.g. `bastion.port`.
 * @throws Error with the field, and not the value, which may be a secret.
 */
export function verified<T>(node: NodeArgs, path: string, value: T): T {
    const field = FIELDS.find((one) => one.path === path.split(".").at(-1));
    if (field && value !== undefined && !field.fits(value))
        throw stackless(new Error(`node ${node.name}: ${path}: ${field.because("what it came to")}`));
    return value;
}

/** A value of a connection that is known later only, looked at before the host is dialled; one that is known is returned as it is. */
export const whenKnown = <T>(
    node: NodeArgs,
    path: string,
    value: pulumi.Input<T> | undefined,
): pulumi.Input<T> | undefined =>
    isLater(value) ? (pulumi.output(value).apply((known) => verified(node, path, known)) as pulumi.Output<T>) : value;
