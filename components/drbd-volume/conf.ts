import { placeholder } from "../../remote/manifest";
import { family } from "../shared/addresses";
import { header } from "../shared/header";
import { Promotion } from "../shared/volume";
import { DrbdVersion } from "./args";
import { deviceOf, hasQuorum, hostsOf, nodeId, sideOf } from "./spec";
import type { VolumeHost, VolumeSpec } from "./spec";

/** The credential that the nodes prove themselves to each other with. */
export const SECRET = "secret";

type Options = Record<string, string | number>;

/** One without options is left out. */
const section = (title: string, options: Options): string[] => {
    const lines = Object.entries(options).map(([key, value]) => `        ${key} ${value};`);
    return lines.length === 0 ? [] : [`    ${title} {`, ...lines, "    }"];
};

/** DRBD counts some times in tenths of a second. */
const tenths = (seconds: number): number => Math.round(seconds * 10);

/**
 * Seconds for which a Primary that lost its peer waits, with writes frozen, until the cluster has fenced that peer. After that the handler lets it write on
 * without knowing, so this is more than fencing can take: a volume does not know its cluster's, and the longest that a `PacemakerCluster` has by default is
 * 1446 s (`stonith-timeout` with SBD's `watchdogTimeoutSeconds: 600`). A peer that is fenced earlier, or is alive and only the link is lost, is noticed within
 * 2 s: a higher value costs nothing there.
 */
const FENCED_WITHIN_SECONDS = 1800;

/**
 * Seconds for which it tries to reach the cluster's coordinator, which may be the lost peer. More than the above, as crm-fence-peer.sh asks with
 * `resource-and-stonith`: once it gives up on the coordinator it has failed, and writes stay frozen until the peer is back.
 */
const COORDINATOR_WITHIN_SECONDS = FENCED_WITHIN_SECONDS + 60;

/**
 * The handlers of Pacemaker (drbd-utils): before a Primary that lost its peer goes on, the cluster forbids that peer to be promoted; it may again once it is
 * up to date.
 */
const handlers = (suffix: string): Options => ({
    "fence-peer": `"/usr/lib/drbd/crm-fence-peer${suffix} --timeout ${FENCED_WITHIN_SECONDS} --dc-timeout ${COORDINATOR_WITHIN_SECONDS}"`,
    "unfence-peer": `"/usr/lib/drbd/crm-unfence-peer${suffix} --quiet"`,
});

/**
 * A side that sees no majority freezes its writes: when the others come back without having been promoted, it goes on as if nothing had been. When one of them
 * was, it gives the volume up by itself: what was frozen there, and was never acknowledged, fails; then it connects again, and its data is brought up to date.
 */
const QUORUM = {
    options: {
        quorum: "majority",
        "on-no-quorum": "suspend-io",
        "on-no-data-accessible": "suspend-io",
        "on-suspended-primary-outdated": "force-secondary",
    },
    net: { "rr-conflict": "retry-connect" },
};

/** What the versions write in different words or places. */
interface Syntax {
    handlers: Options;
    /** The section that says how a lost peer is kept from being promoted. */
    fencing: "disk" | "net";
    options: (spec: VolumeSpec) => Options;
    on: (spec: VolumeSpec, host: VolumeHost) => Options;
}

const SYNTAX: Record<DrbdVersion, Syntax> = {
    [DrbdVersion.Kernel]: { handlers: handlers(".sh"), fencing: "disk", options: () => ({}), on: () => ({}) },
    [DrbdVersion.Nine]: {
        handlers: handlers(".9.sh"),
        fencing: "net",
        // Nobody gets the volume by opening it.
        options: (spec) => ({ "auto-promote": "no", ...(hasQuorum(spec) ? QUORUM.options : {}) }),
        on: (spec, host) => ({ "node-id": nodeId(spec, host.name) }),
    },
};

const fencing = ({ version, promotion }: VolumeSpec, place: Syntax["fencing"]): Options =>
    SYNTAX[version].fencing === place
        ? { fencing: promotion === Promotion.Pacemaker ? "resource-and-stonith" : "dont-care" }
        : {};

const disk = (spec: VolumeSpec): Options => ({
    "on-io-error": "detach",
    ...fencing(spec, "disk"),
    "al-extents": spec.activityLogExtents,
    // A fixed rate: what is computed from it holds. While the volume is in use, a resync may fall to a quarter of it.
    "c-plan-ahead": 0,
    "resync-rate": `${spec.resync.mebibytesPerSecond}M`,
    "c-min-rate": `${Math.max(1, Math.floor(spec.resync.mebibytesPerSecond / 4))}M`,
    ...spec.diskOptions,
});

const net = (spec: VolumeSpec): Options => ({
    protocol: "C",
    ...fencing(spec, "net"),
    "cram-hmac-alg": "sha256",
    "shared-secret": `"${placeholder(SECRET)}"`,
    "verify-alg": "crc32c",
    // After a crash most of what the activity log covers is alike: hashes spare the copy. One by which no two blocks are taken for the same.
    "csums-alg": "sha256",
    "csums-after-crash-only": "yes",
    "ping-int": spec.timing.pingSeconds,
    "ping-timeout": tenths(spec.timing.pingTimeoutSeconds),
    timeout: tenths(spec.timing.timeoutSeconds),
    "connect-int": spec.timing.connectSeconds,
    "ko-count": spec.timing.koCount,
    "after-sb-0pri": "discard-zero-changes",
    // The Secondary gives way only where it has written nothing: what both sides wrote is decided on by a person.
    "after-sb-1pri": "consensus",
    "after-sb-2pri": "disconnect",
    ...(hasQuorum(spec) ? QUORUM.net : {}),
    ...spec.netOptions,
});

const endpoint = ({ address }: VolumeHost, port: number): string =>
    family(address) === 6 ? `ipv6 [${address}]:${port}` : `${address}:${port}`;

/** A tiebreaker is there without a disk. */
const on = (spec: VolumeSpec, host: VolumeHost): string[] =>
    section(`on ${host.name}`, {
        ...SYNTAX[spec.version].on(spec, host),
        disk: sideOf(spec, host.name)?.device ?? "none",
        address: endpoint(host, spec.port),
    });

/** Two hosts are connected without a word. */
const mesh = (spec: VolumeSpec): string[] =>
    hasQuorum(spec)
        ? section("connection-mesh", {
              hosts: hostsOf(spec)
                  .map(({ name }) => name)
                  .join(" "),
          })
        : [];

/** The volume as DRBD reads it, the same on all its hosts. @see drbd.conf-8.4(5), drbd.conf-9.0(5) */
export const resourceConf = (spec: VolumeSpec): string =>
    [
        header(`DrbdVolume ${spec.name}`),
        `resource ${spec.name} {`,
        `    device ${deviceOf(spec)} minor ${spec.minor};`,
        "    meta-disk internal;",
        ...section("options", SYNTAX[spec.version].options(spec)),
        ...section("handlers", spec.promotion === Promotion.Pacemaker ? SYNTAX[spec.version].handlers : {}),
        ...section("disk", disk(spec)),
        ...section("net", net(spec)),
        ...hostsOf(spec).flatMap((host) => on(spec, host)),
        ...mesh(spec),
        "}",
        "",
    ].join("\n");
