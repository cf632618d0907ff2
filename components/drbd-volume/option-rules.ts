import type { ItemRule } from "../shared/rules";
import { quoted } from "../shared/syntax";
import { DrbdVersion } from "./args";
import type { VolumeSpec } from "./spec";

/** An option of DRBD's own, as given. */
export interface GivenOption {
    name: string;
    value: string;
}

/** Options that an argument of the component is for. */
const ARGUMENTS: Record<string, string> = {
    fencing: "promotion decides it",
    "resync-rate": "give resync",
    "c-min-rate": "give resync",
    "c-plan-ahead": "give resync",
    "al-extents": "give activityLogExtents",
    "shared-secret": "it is generated; secretVersion makes another",
    "cram-hmac-alg": "the nodes always prove themselves with sha256",
    protocol: "a write is acknowledged when both replicas have it (C)",
    "ping-int": "give timing.pingSeconds",
    "ping-timeout": "give timing.pingTimeoutSeconds",
    timeout: "give timing.timeoutSeconds",
    "connect-int": "give timing.connectSeconds",
    "ko-count": "give timing.koCount",
    size: "give sizeMebibytes, or a device of that size",
};

const QUORUM = "it is set where three hosts vote: give a third node or a tiebreaker, with DRBD 9 and without Pacemaker";

/** Options that can lose data, or do what nobody means. */
const HARMFUL: Record<string, string> = {
    "allow-two-primaries": "a file system that is mounted on two nodes is destroyed",
    "always-asbp": "it throws data away that no policy would",
    "after-sb-0pri": "what is thrown away after a split brain is decided by a person: pulumi-ha recover drbd",
    "after-sb-1pri": "what is thrown away after a split brain is decided by a person: pulumi-ha recover drbd",
    "after-sb-2pri": "what is thrown away after a split brain is decided by a person: pulumi-ha recover drbd",
    "rr-conflict": "a node that serves must not take another one's data",
    "on-io-error": "a side whose disk fails goes on with the other side's data (detach)",
    "disk-timeout":
        "a disk that answers late after it was given up can crash the kernel, or change data that was given to others",
    "disk-barrier": "writes that are acknowledged would be lost with the power",
    "disk-flushes": "writes that are acknowledged would be lost with the power",
    "md-flushes": "writes that are acknowledged would be lost with the power",
    "disk-drain": "writes that are acknowledged would be lost with the power",
    "al-updates": "after a crash the replicas would differ, and nobody would know where",
    "data-integrity-alg":
        "buffers that change in flight make it drop the connection; it is for tests of the network alone",
    "on-congestion": "it acknowledges writes that the other side does not have",
    quorum: QUORUM,
    "on-no-quorum": QUORUM,
    "quorum-minimum-redundancy": QUORUM,
    "on-suspended-primary-outdated": QUORUM,
};

const NINE = "is an option of DRBD 9, and the volume is written for the DRBD 8.4 of the kernel (version)";

/** Options of DRBD 9. */
const OF_NINE: Record<string, string> = {
    tls: `${NINE}: where the link is not trusted, put it into WireGuard or IPsec`,
    "tls-keyring": NINE,
    transport: NINE,
    "load-balance-paths": NINE,
    "allow-remote-read": NINE,
    "rdma-ctrl-rcvbuf-size": NINE,
    "rdma-ctrl-sndbuf-size": NINE,
    "rs-discard-granularity": NINE,
};

/** As DRBD writes options; names and values become part of its file. */
const NAME = /^[a-z][a-z0-9-]{0,40}$/;
const VALUE = /^[A-Za-z0-9._-]{1,60}$/;

const ownOf = (table: Record<string, string>, name: string): string | undefined =>
    Object.hasOwn(table, name) ? table[name] : undefined;

/** What is refused about an option. */
export const optionRules: ItemRule<VolumeSpec, GivenOption>[] = [
    {
        path: "",
        refuses: ({ name, value }) => !NAME.test(name) || !VALUE.test(value),
        because: ({ name, value }) =>
            `${quoted(`${name} ${value}`)} is no option of DRBD: a name of letters and -, and a value of letters, digits, ".", "_" and "-"`,
    },
    {
        path: "",
        refuses: ({ name }) => ownOf(HARMFUL, name) !== undefined,
        because: ({ name }) => `${name} can't be asked for: ${HARMFUL[name] ?? ""}`,
    },
    {
        path: "",
        refuses: ({ name }, { version }) => version === DrbdVersion.Kernel && ownOf(OF_NINE, name) !== undefined,
        because: ({ name }) => `${name} ${OF_NINE[name] ?? ""}`,
    },
    {
        path: "",
        refuses: ({ name }) => ownOf(ARGUMENTS, name) !== undefined,
        because: ({ name }) => `${name} has an argument of its own: ${ARGUMENTS[name] ?? ""}`,
    },
];

/** Options as a record of items for rules. */
export const given = (options: Record<string, string>): Record<string, GivenOption> =>
    Object.fromEntries(Object.entries(options).map(([name, value]) => [name, { name, value }]));
