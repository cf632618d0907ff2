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

/** The program that prints a controller's password, for fence agents. */
export const passwordScript = (node: string): string => `${paths.fencing}/${node}`;
/** A controller's password. */
export const passwordFile = (node: string): string => `${paths.fencing}/${node}.password`;
