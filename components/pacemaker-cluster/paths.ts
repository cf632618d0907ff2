import { createHash } from "node:crypto";
import type { IpmiDevice, LibvirtDevice } from "./spec";

const OWN = "/etc/pulumi-ha-pacemaker";
const VOTE = "/etc/corosync/qdevice/net/pulumi-ha";
const LIB = "/usr/local/lib/pulumi-ha/pacemaker";

/** Where things lie on a member. */
export const paths = {
    corosyncConf: "/etc/corosync/corosync.conf",
    authkey: "/etc/corosync/authkey",
    sbdDefaults: "/etc/default/sbd",
    /** What is added to Corosync's unit. */
    corosyncDropIns: "/etc/systemd/system/corosync.service.d",
    qdeviceDefaults: "/etc/default/corosync-qdevice",
    lib: LIB,
    /** What is done to a member and to the cluster. */
    script: `${LIB}/cluster`,
    nssScript: `${LIB}/nss-database`,
    own: OWN,
    /** What the script knows of the cluster. */
    settings: `${OWN}/settings`,
    /** systemd units that the cluster alone starts. */
    units: `${OWN}/systemd-units`,
    /** Passwords of controllers with programs that print them, and keys for hypervisors. */
    fencing: `${OWN}/fencing`,
    /** The configuration that the cluster runs; on the first member. */
    cib: `${OWN}/cib.xml`,
    /** What Corosync, Pacemaker and SBD have to be started again for, and the digests of the files that resources read: a change of either is rolled. */
    daemons: `${OWN}/daemons`,
    files: `${OWN}/files`,
    /** Paths of the resources' files that the configuration that runs may need. */
    held: `${OWN}/held`,
    /** What all members were last told to read; on the first member. */
    commonConf: `${OWN}/corosync.conf`,
    commonKey: `${OWN}/authkey`,
    /** What the vote's daemon has to be started again for. */
    quorumConf: `${OWN}/quorum.conf`,
    vote: VOTE,
    ca: `${VOTE}/ca.pem`,
    certificate: `${VOTE}/certificate.pem`,
    key: `${VOTE}/key.pem`,
    nssDatabase: `${VOTE}/nssdb`,
} as const;

/** What is done to a member or to the cluster. */
export const cluster = (verb: string): string => `${paths.script} ${verb}`;

/**
 * Another user, or another controller or hypervisor, has files of its own: those of the one before are there for as long as the configuration names them.
 */
const account = (node: string, identity: string): string => {
    const digest = createHash("sha256").update(identity).digest("hex").slice(0, 8);
    return `${paths.fencing}/${node}-${digest}`;
};
/** The program that prints a controller's password, for fence agents. */
export const passwordScript = (node: string, { user, address, port }: IpmiDevice): string =>
    account(node, `${user}@${address}:${port}`);
/** A controller's password. */
export const passwordFile = (node: string, device: IpmiDevice): string => `${passwordScript(node, device)}.password`;

const hypervisor = (node: string, { user, address, port, hostKey }: LibvirtDevice): string =>
    account(node, `${user}@${address}:${port} ${hostKey}`);
/** The private key for a node's hypervisor. */
export const loginKey = (node: string, device: LibvirtDevice): string => `${hypervisor(node, device)}.key`;
/** The hypervisor's host key, as ssh reads it. */
export const knownHosts = (node: string, device: LibvirtDevice): string => `${hypervisor(node, device)}.known_hosts`;
/** The question whether a node runs on its hypervisor, as fence_virsh reads it. */
export const statusQuestion = (node: string, device: LibvirtDevice): string => `${hypervisor(node, device)}.status`;
