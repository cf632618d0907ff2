import { bare, fingerprint, preferred, sameKind } from "./keys";
import type { HostKey } from "./keys";

/** A node of the stack's config, as far as trust goes. */
export interface TrustedNode {
    name: string;
    /** Where SSH reaches it. */
    address: string;
    port: number;
    /** Pinned today. */
    hostKey?: string;
}

/** What is found about a node. */
export interface Finding {
    node: TrustedNode;
    outcome: Outcome;
    /** In words, with fingerprints. */
    words: string;
    /** To be pinned. */
    pin?: HostKey;
}

/** From harmless to alarming. */
export const Outcome = {
    /** As pinned. */
    Same: "same",
    /** Not pinned before; now it is, or could be. */
    New: "new",
    /** Nothing can be said. */
    Unknown: "unknown",
    /** Another key than the one that is pinned, or a revoked one. */
    Alarm: "alarm",
} as const;
export type Outcome = (typeof Outcome)[keyof typeof Outcome];

/** Keys of a node from somewhere, or why there are none. */
export interface Source {
    keys: HostKey[];
    revoked?: HostKey[];
    /** Why there are no keys. */
    missing?: string;
}

/** What the keys mean for a node. A key that differs from the pinned one is never taken: somebody has to say first that the host has a new one. */
export function judge(node: TrustedNode, { keys, revoked = [], missing }: Source): Finding {
    const pinned = node.hostKey === undefined ? undefined : bare(node.hostKey);
    const withdrawn = [...keys, ...(pinned ? [pinned] : [])].find((key) => revoked.includes(key));
    if (withdrawn !== undefined)
        return { node, outcome: Outcome.Alarm, words: `${shown(withdrawn)} is marked as revoked: do not use it` };

    const other = pinned && keys.find((key) => sameKind(key, pinned) && key !== pinned);
    if (pinned !== undefined && other !== undefined)
        return { node, outcome: Outcome.Alarm, words: changed(pinned, other) };
    if (pinned !== undefined && keys.includes(pinned))
        return { node, outcome: Outcome.Same, words: `${shown(pinned)}, as pinned` };

    const found = preferred(keys);
    if (found === undefined)
        return { node, outcome: Outcome.Unknown, words: missing ?? "no Ed25519 or ECDSA key of it was found" };
    if (pinned !== undefined)
        return {
            node,
            outcome: Outcome.Unknown,
            words: `${shown(pinned)} is pinned, and only keys of other kinds were found`,
        };
    return { node, outcome: Outcome.New, words: shown(found), pin: found };
}

const shown = (key: HostKey): string => `${key.split(" ")[0]} ${fingerprint(key)}`;

const changed = (pinned: HostKey, found: HostKey): string =>
    `the key has changed: pinned is ${shown(pinned)}, found was ${shown(found)}`;

const STATUS: Record<Outcome, number> = { same: 0, new: 0, unknown: 3, alarm: 2 };

/** The command's exit status: an alarm goes before what is unknown. */
export const statusOf = (findings: Finding[]): number => {
    const found = findings.map(({ outcome }) => STATUS[outcome]);
    return found.includes(2) ? 2 : Math.max(0, ...found);
};
