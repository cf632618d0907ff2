import { createHash } from "node:crypto";
import { Impact, run } from "../../remote/manifest";
import type { Activation, ManagedFile } from "../../remote/manifest";
import { rootFile } from "../shared/files";
import { header } from "../shared/header";
import { corosyncAfterSbd, sbdConf } from "./conf";
import { CREDENTIALS } from "./credentials";
import { plannedSeconds } from "./failover";
import { cluster, knownHosts, loginKey, passwordFile, passwordScript, paths } from "./paths";
import type { ClusterSpec } from "./spec";
import { knownHost } from "./virsh";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/**
 * A change for which one node after the other is put aside: in all, what runs moves once. Which node has it, only the cluster knows when the time comes; for a
 * plan it is the first.
 */
const roll = (spec: ClusterSpec, node: string): Activation =>
    node === spec.nodes[0]?.name
        ? run(cluster("roll"), Impact.Failover, plannedSeconds(spec))
        : run(cluster("roll"), Impact.None);

/** A controller's password, and the program by which the fence agent asks for it: not in the configuration, where the group haclient reads it. */
const passwords = ({ ipmi = {} }: ClusterSpec): ManagedFile[] =>
    Object.entries(ipmi).flatMap(([node, device]) => [
        rootFile(passwordFile(node, device), "0400", "", { credential: CREDENTIALS.password(node) }),
        rootFile(passwordScript(node, device), "0500", `#!/bin/sh\nexec cat ${passwordFile(node, device)}\n`),
    ]);

/** A hypervisor's key and the one that opens it. */
const logins = ({ libvirt = {} }: ClusterSpec): ManagedFile[] =>
    Object.entries(libvirt).flatMap(([node, device]) => [
        rootFile(loginKey(node, device), "0400", "", { credential: CREDENTIALS.login(node) }),
        rootFile(knownHosts(node, device), "0444", knownHost(device)),
    ]);

/** SBD's own file; and what it, Corosync and Pacemaker run with, which says to the script that there is SBD here. */
function sbdFiles(spec: ClusterSpec, node: string): ManagedFile[] {
    if (spec.sbd === undefined) return [];
    const content = sbdConf(spec, spec.sbd);
    return [
        rootFile(paths.sbdDefaults, "0644", content, { onChange: [run(cluster("sbd"))] }),
        ...(spec.sbd.disk === undefined
            ? []
            : [rootFile(`${paths.corosyncDropIns}/sbd.conf`, "0644", corosyncAfterSbd(spec))]),
        rootFile(paths.daemons, "0644", content, { onChange: [roll(spec, node)] }),
    ];
}

const resourceFiles = ({ files, ...spec }: ClusterSpec, node: string): ManagedFile[] =>
    Object.entries(files).map(([path, content]) =>
        rootFile(path, "0644", content, { onChange: [roll({ files, ...spec }, node)] }),
    );

/**
 * The files that the configuration refers to, or that what it runs reads. They reach all members before a configuration that needs them, and leave after it, so
 * that the one that runs never refers to what is gone: two units of a member state them, one that is applied before it and one after.
 */
export const needed = (spec: ClusterSpec, node: string): ManagedFile[] =>
    [...passwords(spec), ...logins(spec), ...sbdFiles(spec, node), ...resourceFiles(spec, node)].map((file) => ({
        ...file,
        shared: true,
    }));

/** The same file, in the unit that keeps it until the configuration has changed. */
export const held = ({ credential: _, ...file }: ManagedFile): ManagedFile => ({ ...file, content: "", held: true });

/** The digests of the files that resources read: what a member has taken is told by them. */
export const filesRecord = ({ name, files }: ClusterSpec): string =>
    [
        header(`PacemakerCluster ${name}`),
        ...Object.entries(files).map(([path, content]) => `${sha256(content)}  ${path}`),
        "",
    ].join("\n");
