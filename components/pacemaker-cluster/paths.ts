import { createHash } from "node:crypto";
import type { IpmiDevice } from "./spec";

const OWN = "/etc/pulumi-ha-pacemaker";
const VOTE = "/etc/corosync/qdevice/net/pulumi-ha";
const LIB = "/usr/local/lib/pulumi-ha/pacemaker";

/** Where things lie on a member. */
export const paths = {
    corosyncConf: "/etc/corosync/corosync.conf",
    authkey: "/etc/corosync/authkey",
    sbdDefaults: "/etc/default/sbd",
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
    /** Passwords of controllers, and programs that print them. */
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

/** Another user, or another controller, has files of its own: those of the one before are there for as long as the configuration names them. */
const account = ({ address, port, user }: IpmiDevice): string =>
    createHash("sha256").update(`${user}@${address}:${port}`).digest("hex").slice(0, 8);
/** The program that prints a controller's password, for fence agents. */
export const passwordScript = (node: string, device: IpmiDevice): string =>
    `${paths.fencing}/${node}-${account(device)}`;
/** A controller's password. */
export const passwordFile = (node: string, device: IpmiDevice): string => `${passwordScript(node, device)}.password`;
