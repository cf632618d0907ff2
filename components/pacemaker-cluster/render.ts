import { Impact, manifest, restart, run } from "../../remote/manifest";
import type { ManagedFile, Manifest, Step } from "../../remote/manifest";
import { rootFile } from "../shared/files";
import { header } from "../shared/header";
import { NSS_DATABASE, NSS_PACKAGES, proven } from "../shared/nss";
import { packageOf, systemdUnit } from "./agents";
import { configuration } from "./cib";
import { corosyncConf, qdeviceOptions, quorumConf } from "./conf";
import { CREDENTIALS } from "./credentials";
import { plannedSeconds } from "./failover";
import { filesRecord, held, needed } from "./needed";
import { cluster, paths, statusQuestion } from "./paths";
import { SCRIPT, settings } from "./script";
import { nodeOf, switchesOff } from "./spec";
import type { ClusterSpec } from "./spec";
import { peersOf, question } from "./virsh";

const COROSYNC = "corosync.service";
const PACEMAKER = "pacemaker.service";
const QDEVICE = "corosync-qdevice.service";

const VOTE_PACKAGES = ["corosync-qdevice", ...NSS_PACKAGES];
const VOTE_SECONDS = 30;
/** What a member that starts for the first time takes, at most, where no longer is given: its own start, and the others'. */
const JOIN_SECONDS = 90;

const directory = (path: string, mode = "0755") => ({ path, mode, owner: "root:root" });

const systemdUnits = (spec: ClusterSpec): string[] => [
    ...new Set(Object.values(spec.resources).flatMap(({ agent }) => systemdUnit(agent) ?? [])),
];

/** From Debian 13 on each agent has its own package, and the one of all brings a gigabyte of clouds' libraries. */
const fenceAgent = (name: string): string => `fence-agents-${name}|fence-agents`;

const packages = (spec: ClusterSpec): string[] => [
    ...new Set([
        "corosync",
        "pacemaker",
        "pacemaker-cli-utils",
        ...Object.values(spec.resources).flatMap(({ agent }) => packageOf(agent) ?? []),
        ...(spec.ipmi === undefined ? [] : [fenceAgent("ipmilan"), "ipmitool"]),
        ...(spec.libvirt === undefined ? [] : [fenceAgent("virsh"), "openssh-client"]),
        ...(spec.sbd === undefined ? [] : ["sbd"]),
        ...(spec.sbd?.disk === undefined ? [] : [fenceAgent("sbd")]),
        // Those of the vote's unit too: one installation instead of two.
        ...(spec.witness === undefined ? [] : VOTE_PACKAGES),
        ...spec.packages,
    ]),
];

const checks = (spec: ClusterSpec): Step[] => Object.entries(spec.checks).map(([name, command]) => ({ name, command }));

/** The directories of what the configuration needs. */
const neededDirectories = (spec: ClusterSpec) => [
    ...(switchesOff(spec) ? [directory(paths.fencing, "0700")] : []),
    ...(spec.sbd?.disk === undefined ? [] : [directory(paths.corosyncDropIns)]),
];

/** What every member shall be. Applied on all of them at once: a cluster that does not exist yet is formed by those that are there. */
export function renderMember(spec: ClusterSpec, nodeName: string): Manifest {
    const node = nodeOf(spec, nodeName);
    const peers = spec.nodes.filter((other) => other !== node);
    const seconds = peers.flatMap(({ secondAddress }) => secondAddress ?? []);
    const hypervisors = peersOf(spec, nodeName);
    const units = [header(`PacemakerCluster ${spec.name}`), ...systemdUnits(spec), ""].join("\n");
    return manifest({
        unit: `pacemaker-${spec.name}`,
        packages: packages(spec),
        directories: [
            directory("/usr/local/lib/pulumi-ha"),
            directory(paths.lib),
            directory(paths.own),
            ...neededDirectories(spec),
        ],
        files: [
            rootFile(paths.script, "0755", SCRIPT),
            rootFile(paths.settings, "0644", settings(spec, node), { onChange: [run(cluster("seed"))] }),
            // What runs takes these by the one reload that follows on all members, but for who they are: a new one finds nobody before.
            rootFile(paths.corosyncConf, "0644", corosyncConf(spec), { onChange: [run(cluster("tell"))] }),
            rootFile(paths.authkey, "0400", "", { credential: CREDENTIALS.authkey }),
            rootFile(paths.units, "0644", units, { onChange: [run(cluster("own"))] }),
            rootFile(paths.files, "0644", filesRecord(spec)),
            ...needed(spec, nodeName),
            ...hypervisors.map(([name, device]) =>
                rootFile(statusQuestion(name, device), "0444", question(spec, name, device)),
            ),
        ],
        validators: [
            { name: "Corosync accepts the configuration", command: accepted },
            { name: "no other cluster runs here", command: cluster("free") },
            { name: "members keep their numbers", command: cluster("numbered") },
            ...(spec.sbd === undefined
                ? []
                : [{ name: "the watchdog and the fencing disk can be used", command: cluster("blank") }]),
            ...checks(spec),
        ],
        services: [COROSYNC, PACEMAKER].map((name) => ({ name, enabled: true, running: true })),
        gates: [
            {
                name: `all members of ${spec.name} are online`,
                command: cluster("members"),
                withinSeconds: Math.max(JOIN_SECONDS, spec.settleSeconds),
            },
            ...(spec.sbd?.disk === undefined
                ? []
                : [{ name: "SBD reads the fencing disk", command: cluster("watched"), withinSeconds: 30 }]),
            ...(spec.libvirt === undefined
                ? []
                : [
                      {
                          name: "the other members run where they would be ended",
                          command: cluster(
                              [
                                  "hypervisors",
                                  ...hypervisors.map(([name, device]) => statusQuestion(name, device)),
                              ].join(" "),
                          ),
                          withinSeconds: 10,
                      },
                  ]),
            { name: "no update left the node put aside", command: cluster("unrolled"), withinSeconds: 20 },
            { name: "the cluster alone starts its services", command: cluster("owned"), withinSeconds: 20 },
        ],
        // knet counts up from mcastport for each link: corosync.conf(5).
        ports: [
            { port: "udp/5405", from: peers.map(({ address }) => address) },
            ...(seconds.length === 0 ? [] : [{ port: "udp/5406", from: seconds }]),
        ],
        removal: [{ name: "forgetting the cluster", command: cluster("forget") }],
    });
}

const accepted = `words=$(corosync -t 2>&1) || {
    grep -vE 'notice|exiting' <<<"$words" >&2 || echo "$words" >&2
    exit 1
}`;

/** What has all members read their files again, on the first of them; the copies stand for the files, so that a change of those comes here. */
export function renderReload(spec: ClusterSpec): Manifest {
    const onChange = [run(cluster("reload"), Impact.Reload)];
    return manifest({
        unit: `pacemaker-reload-${spec.name}`,
        files: [
            rootFile(paths.commonConf, "0644", corosyncConf(spec), { onChange }),
            rootFile(paths.commonKey, "0400", "", { credential: CREDENTIALS.authkey, onChange }),
        ],
    });
}

/** A member's way to the witness. */
export function renderVote(spec: ClusterSpec, witness: string): Manifest {
    const serve = restart(QDEVICE, 0, Impact.None);
    const files = `${paths.ca} ${paths.certificate} ${paths.key}`;
    const makeDatabase = run(`bash ${paths.nssScript} ${paths.nssDatabase} 'Cluster Cert' root ${files}`);
    const credential = (path: string, name: string): ManagedFile =>
        rootFile(path, "0600", "", { credential: name, onChange: [makeDatabase, serve] });
    return manifest({
        unit: `pacemaker-vote-${spec.name}`,
        packages: VOTE_PACKAGES,
        directories: [
            directory("/etc/corosync/qdevice"),
            directory("/etc/corosync/qdevice/net"),
            directory(paths.vote, "0700"),
        ],
        files: [
            rootFile(paths.nssScript, "0755", NSS_DATABASE),
            credential(paths.ca, CREDENTIALS.ca),
            credential(paths.certificate, CREDENTIALS.certificate),
            credential(paths.key, CREDENTIALS.key),
            rootFile(paths.quorumConf, "0644", quorumConf(spec), { onChange: [serve] }),
            rootFile(paths.qdeviceDefaults, "0644", qdeviceOptions(spec, witness), { onChange: [serve] }),
        ],
        validators: [
            {
                name: "the certificate is valid, and the authorities prove it",
                command: proven(paths.ca, paths.certificate, paths.key),
            },
        ],
        services: [{ name: QDEVICE, enabled: true, running: true }],
        gates: [{ name: `the witness ${witness} votes`, command: cluster("vote"), withinSeconds: VOTE_SECONDS }],
        removal: [
            {
                name: "forgetting the certificates",
                command: `rm -rf ${paths.nssDatabase} ${paths.nssDatabase}.new`,
            },
        ],
    });
}

/** What the cluster runs: applied on its first member, for all. */
export function renderResources(spec: ClusterSpec): Manifest {
    return manifest({
        unit: `pacemaker-resources-${spec.name}`,
        files: [
            // What a change moves, Pacemaker decides: at most all of it, once. `effect` says of which it moves nothing.
            rootFile(paths.cib, "0644", configuration(spec), {
                onChange: [run(cluster("configure"), Impact.Failover, plannedSeconds(spec))],
            }),
        ],
        validators: [{ name: "Pacemaker accepts the configuration", command: cluster("verify") }],
        gates: [
            { name: "every resource runs", command: cluster("running"), withinSeconds: 90 },
            { name: "the cluster runs the stated configuration", command: cluster("configured"), withinSeconds: 60 },
        ],
        removal: [{ name: "stopping all resources", command: cluster("stop") }],
    });
}

/**
 * What the configuration that runs now needs on a member, applied once it runs: so what only the one before needed leaves after it, and not with the member's
 * own new files, which come before it. What was taken out is rolled here, where anything has to be started again for it.
 */
export function renderHeld(spec: ClusterSpec, nodeName: string): Manifest {
    const files = needed(spec, nodeName).map(held);
    return manifest({
        unit: `pacemaker-held-${spec.name}`,
        directories: neededDirectories(spec),
        files: [
            rootFile(
                paths.held,
                "0644",
                [header(`PacemakerCluster ${spec.name}`), ...Object.keys(spec.files), ""].join("\n"),
            ),
            ...files,
        ],
        validators: checks(spec),
    });
}
