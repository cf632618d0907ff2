import type { EnforcementLevel, PolicyPackConfig } from "@pulumi/policy";

type Settings = Record<string, unknown>;

/** What a profile says of a rule: its level, and settings that differ from the rule's own. */
type Entry = EnforcementLevel | [EnforcementLevel, Settings];

const [off, advice, must] = ["disabled", "advisory", "mandatory"] as const;

/** The profiles, in the order of the columns. */
export const PROFILES = ["dev", "standard", "strict"] as const;
export type Profile = (typeof PROFILES)[number];

const STRICT_SECONDS = { process: 15, hang: 15, power: 10, link: 10, partition: 15, planned: 5 };

/** How each rule is enforced: in a stack to try things in, by default, and where nothing is let through. */
export const LEVELS: Record<string, [dev: Entry, standard: Entry, strict: Entry]> = {
    "host-keys-pinned": [must, must, must],
    "no-password-login": [must, must, must],
    "addresses-unique": [must, must, must],
    "vrid-unique": [must, must, must],
    "odd-votes": [advice, must, must],
    "stateful-pair-fenced": [advice, must, must],
    "no-accepted-risk": [advice, must, must],
    "no-data-deletion": [advice, must, must],
    "data-protected": [advice, must, must],
    "encryption-in-transit": [advice, must, [must, { everyHop: true }]],
    "database-checks": [advice, must, must],
    "failover-within-budget": [
        advice,
        must,
        [must, { componentSeconds: STRICT_SECONDS, stackSeconds: STRICT_SECONDS }],
    ],
    "members-apart": [off, must, [must, { required: true }]],
    "certificate-lifetime": [advice, must, [must, { maxLifetimeHours: 2400 }]],
    "memory-fits": [advice, must, [must, { required: true }]],
    "two-corosync-links": [off, advice, must],
    "no-raw-commands": [off, advice, must],
    "engine-version": [advice, must, must],
    "packages-pinned": [off, advice, advice],
};

/** A profile as the SDK takes it: a file given by --policy-pack-config goes before it. */
export const configOf = (profile: Profile): PolicyPackConfig =>
    Object.fromEntries(
        Object.entries(LEVELS).map(([rule, levels]) => {
            const entry = levels[PROFILES.indexOf(profile)] ?? "mandatory";
            const [enforcementLevel, settings] = typeof entry === "string" ? [entry, {}] : entry;
            return [rule, { enforcementLevel, ...settings }];
        }),
    );
