import { header } from "../shared/header";
import { paths } from "./paths";
import type { ClusterNode, ClusterSpec, Sbd } from "./spec";

/** A section of corosync.conf: keys with values, and sections. */
interface Section {
    name: string;
    items: ([string, string | number] | Section)[];
}

const lines = ({ name, items }: Section, indent = ""): string[] => [
    `${indent}${name} {`,
    ...items.flatMap((item) =>
        Array.isArray(item) ? [`${indent}    ${item[0]}: ${item[1]}`] : lines(item, `${indent}    `),
    ),
    `${indent}}`,
];

const ms = (seconds: number): number => Math.round(seconds * 1000);

/** Seconds until the members agree that one is lost, beyond the token: the least that Corosync takes. */
export const consensusSeconds = ({ tokenSeconds }: ClusterSpec): number => 1.2 * tokenSeconds;

/**
 * How long a member and the witness bear each other's silence. The witness drops a member that said nothing for 1.2 times as long (measured, and
 * corosync-qnetd's dpd_interval_coefficient 1.5 x heartbeat 0.8): that is before the others have agreed, so that its answer costs them nothing. Not
 * below the daemons' least heartbeat of a second.
 */
export const voteSeconds = ({ tokenSeconds }: ClusterSpec): number => Math.max(1.25, 1.5 * tokenSeconds);

/** Seconds for which members that lost one wait for the witness at most; then they are without its vote. */
export const voteSyncSeconds = (spec: ClusterSpec): number => 2 * voteSeconds(spec);

/** The quorum section: the witness's vote; or two members, of which the first one to fence goes on; or a majority. */
const quorum = (spec: ClusterSpec): Section => ({
    name: "quorum",
    items: [
        ["provider", "corosync_votequorum"],
        ...(spec.witness === undefined
            ? spec.nodes.length === 2
                ? [["two_node", 1] as [string, number]]
                : []
            : [
                  {
                      name: "device",
                      items: [
                          ["model", "net"],
                          ["votes", 1],
                          ["timeout", ms(voteSeconds(spec))],
                          ["sync_timeout", ms(voteSyncSeconds(spec))],
                          {
                              name: "net",
                              items: [
                                  ["host", spec.witness.address],
                                  ["port", spec.witness.port],
                                  ["tls", "required"],
                                  ["algorithm", "ffsplit"],
                              ],
                          },
                      ],
                  } satisfies Section,
              ]),
    ],
});

/** The quorum section as text: what the vote's daemon reads when it starts. */
export const quorumConf = (spec: ClusterSpec): string => `${lines(quorum(spec)).join("\n")}\n`;

const byNumber = (nodes: ClusterNode[]): ClusterNode[] => [...nodes].sort((a, b) => a.id - b.id);

/** What Corosync reads on every member. */
export function corosyncConf(spec: ClusterSpec): string {
    const links = spec.nodes.some((node) => node.secondAddress !== undefined) ? [0, 1] : [0];
    const sections: Section[] = [
        {
            name: "totem",
            items: [
                ["version", 2],
                ["cluster_name", spec.name],
                ["transport", "knet"],
                ...(links.length > 1 ? [["link_mode", "passive"] as [string, string]] : []),
                ["crypto_cipher", "aes256"],
                ["crypto_hash", "sha256"],
                ["keyfile", paths.authkey],
                ["token", ms(spec.tokenSeconds)],
                // By default 0.65 s more for each member beyond the second, and none for consensus.
                ["token_coefficient", 0],
                ["consensus", ms(consensusSeconds(spec))],
            ],
        },
        {
            name: "nodelist",
            // By number: the order of the arguments is not the cluster's.
            items: byNumber(spec.nodes).map((node) => ({
                name: "node",
                items: [
                    ["name", node.name],
                    ["nodeid", node.id],
                    ["ring0_addr", node.address],
                    ...(node.secondAddress === undefined
                        ? []
                        : [["ring1_addr", node.secondAddress] as [string, string]]),
                ],
            })),
        },
        quorum(spec),
        {
            name: "logging",
            items: [
                ["to_syslog", "yes"],
                ["to_logfile", "no"],
                ["to_stderr", "no"],
            ],
        },
    ];
    return [header(`PacemakerCluster ${spec.name}`), ...sections.flatMap((section) => lines(section)), ""].join("\n");
}

/** What the vote's daemon is started with: where its certificates are, and whom it expects at the witness's address. */
export const qdeviceOptions = ({ name }: ClusterSpec, witness: string): string =>
    [
        header(`PacemakerCluster ${name}`),
        `COROSYNC_QDEVICE_OPTIONS="-S net_nss_db_dir=${paths.nssDatabase} -S net_nss_qnetd_cn=${witness}"`,
        "",
    ].join("\n");

/**
 * What is added to Corosync's unit where SBD has a disk. One that starts beside SBD, which waits for its disk and for the others' fence, is a member
 * without Pacemaker meanwhile, or for good where there is no disk: DRBD's handler waits for such a member for as long, and what ran on it starts nowhere.
 */
export const corosyncAfterSbd = ({ name }: ClusterSpec): string =>
    [header(`PacemakerCluster ${name}`), "[Unit]", "After=sbd.service", ""].join("\n");

/** What SBD reads. It starts and ends with Corosync. */
export const sbdConf = ({ name }: ClusterSpec, sbd: Sbd): string =>
    [
        header(`PacemakerCluster ${name}`),
        ...(sbd.disk === undefined ? [] : [`SBD_DEVICE="${sbd.disk}"`]),
        "SBD_PACEMAKER=yes",
        "SBD_STARTMODE=always",
        // Nothing starts before SBD watches.
        "SBD_SYNC_RESOURCE_STARTUP=yes",
        // A member that reset itself and is back within the others' wait would find its own message again.
        `SBD_DELAY_START=${sbd.disk === undefined ? "no" : "yes"}`,
        `SBD_WATCHDOG_DEV=${sbd.watchdog}`,
        `SBD_WATCHDOG_TIMEOUT=${sbd.watchdogTimeoutSeconds}`,
        "SBD_TIMEOUT_ACTION=flush,reboot",
        "SBD_MOVE_TO_ROOT_CGROUP=auto",
        "SBD_OPTS=",
        "",
    ].join("\n");
