import { header } from "../shared/header";
import { knownHosts, loginKey } from "./paths";
import type { ClusterSpec, LibvirtDevice } from "./spec";

/** The name under which a hypervisor's key is known: its address may be written in several ways. */
const ALIAS = "hypervisor";

/** What ssh goes by: this key and this host key alone, and no question that nobody answers. */
const sshOptions = (node: string, device: LibvirtDevice): string[] => [
    "-F /dev/null",
    ...[
        `HostKeyAlias=${ALIAS}`,
        `UserKnownHostsFile=${knownHosts(node, device)}`,
        "GlobalKnownHostsFile=/dev/null",
        "StrictHostKeyChecking=yes",
        "BatchMode=yes",
        "IdentitiesOnly=yes",
    ].map((option) => `-o ${option}`),
];

/**
 * What is asked at the prompt that fence_virsh expects. It takes every answer for "off" that it does not know: a virsh that is not there, or that speaks
 * another language, must not be asked.
 */
const SHELL = `command -v virsh >/dev/null && exec env LC_ALL=C LIBVIRT_DEFAULT_URI=qemu:///system "PS1=[EXPECT]#" bash --noprofile --norc`;

/** The parameters by which fence_virsh reaches a node's hypervisor. */
export const fenceVirsh = (node: string, device: LibvirtDevice) => ({
    ip: device.address,
    ipport: device.port,
    username: device.user,
    identity_file: loginKey(node, device),
    // These replace the agent's own, with which it opens the shell.
    ssh_options: [...sshOptions(node, device), `-t '${SHELL}'`].join(" "),
});

/** The line that pins a hypervisor's host key. */
export const knownHost = ({ hostKey }: LibvirtDevice): string => `${ALIAS} ${hostKey.split(/\s+/, 2).join(" ")}\n`;

/** The question whether a node's machine runs, for fence_virsh's standard input. */
export const question = ({ name }: ClusterSpec, node: string, device: LibvirtDevice): string =>
    [
        header(`PacemakerCluster ${name}`),
        "action=status",
        `plug=${device.domain}`,
        ...Object.entries(fenceVirsh(node, device)).map(([key, value]) => `${key}=${value}`),
        "",
    ].join("\n");

/** Hypervisors of a node's peers: it may have no way to its own, and never fences itself. */
export const peersOf = ({ libvirt = {} }: ClusterSpec, node: string): [string, LibvirtDevice][] =>
    Object.entries(libvirt).filter(([name]) => name !== node);
