const CONF = "/etc/mysql/mariadb.conf.d";
const TLS = "/etc/mysql/pulumi-ha";
const LIB = "/usr/local/lib/pulumi-ha/galera";
/** The value of `wsrep_sst_method`. */
export const COPY_METHOD = "pulumi_ha";
const RUN = "/run/pulumi-ha-galera";

/** Where things lie on a member. */
export const PATHS = {
    /** Read by MariaDB after Debian's own files, in this order. */
    membersConf: `${CONF}/70-pulumi-ha-members.cnf`,
    serverConf: `${CONF}/71-pulumi-ha-server.cnf`,
    dynamicConf: `${CONF}/72-pulumi-ha-dynamic.cnf`,
    tls: TLS,
    ca: `${TLS}/ca.pem`,
    certificate: `${TLS}/cert.pem`,
    key: `${TLS}/key.pem`,
    lib: LIB,
    /** What is done to a member: start, restart, variables, TLS. */
    member: `${LIB}/member`,
    /** Called by the server whenever its state changes. */
    notify: `${LIB}/notify`,
    /** How a member gets a whole copy: `wsrep_sst_METHOD`, found by the server on its PATH. */
    copy: `/usr/local/bin/wsrep_sst_${COPY_METHOD}`,
    /** The health endpoint. */
    health: `${LIB}/health`,
    /** What these scripts know of the cluster. */
    settings: `${LIB}/settings`,
    /** Made with the server's start and gone with its end, however it ends. */
    run: RUN,
    state: `${RUN}/state`,
    statusFile: `${RUN}/status.json`,
    /** While it exists, the health endpoint sends clients away. */
    draining: "/run/pulumi-ha-galera-draining",
    dataDirectory: "/var/lib/mysql",
    socket: "/run/mysqld/mysqld.sock",
} as const;

/** The systemd unit of Debian's package. */
export const SERVICE = "mariadb.service";
/** Holds the port of the health endpoint, and starts it. */
export const HEALTH_SOCKET = "pulumi-ha-galera-health.socket";
/** The health endpoint. */
export const HEALTH_SERVICE = "pulumi-ha-galera-health.service";
/** Runs the health endpoint, and owns nothing. */
export const HEALTH_USER = "galera-health";
