import { Impact, manifest, restart, run } from "../../remote/manifest";
import type { Activation, ManagedFile, Manifest } from "../../remote/manifest";
import { rootFile } from "../shared/files";
import { header } from "../shared/header";
import { dynamicConf, membersConf, serverConf } from "./conf";
import { copyScript, healthScript, healthService, healthSocket, notifyScript } from "./health";
import { MEMBER } from "./member";
import { HEALTH_SERVICE, HEALTH_SOCKET, HEALTH_USER, PATHS, SERVICE } from "./paths";
import { settings } from "./settings";
import { MEMBER_PORTS, nodeOf, voters } from "./spec";
import type { GaleraSpec } from "./spec";

/** The credential that holds the authorities of all members' certificates. */
export const CA = "ca";
/** The credential that holds a member's certificate and its chain. */
export const CERTIFICATE = "certificate";
/** The credential that holds its key. */
export const KEY = "key";

/** Seconds that a restart of one member takes; clients of the writer go to another one meanwhile. */
const RESTART_SECONDS = 10;
const HEALTH_SECONDS = 10;

/**
 * The least that has all that is configured: `innodb_snapshot_isolation` came with MariaDB 10.11.8, `mysql.wsrep_allowlist` with 10.10.1 and
 * `wsrep_status_file` with 10.9.
 */
const PACKAGES = ["mariadb-server>=1:10.11.8", "mariadb-backup", "galera-4", "socat", "openssl"];

const member = (verb: string): string => `${PATHS.member} ${verb}`;
/** Beside clients that finish and a copy that is received: others that are waited for, the server's stop, being let in. */
const CONVERGE_SECONDS = 600;
const converge = ({ drainSeconds, joinSeconds }: GaleraSpec): Activation =>
    run(member("converge"), Impact.Restart, RESTART_SECONDS, {
        withinSeconds: CONVERGE_SECONDS + drainSeconds + joinSeconds,
    });
const reloadTls = run(member("tls"), Impact.Reload);
const restartHealth = restart(HEALTH_SERVICE, 0, Impact.None);

/** A certificate, or key, that the server's group reads. */
const pem = (path: string, credential: string): ManagedFile =>
    rootFile(path, "0640", "", { owner: "root:mysql", credential, onChange: [reloadTls] });

/**
 * A lost cluster is waited for as long as it takes: Debian's unit gives up on a member that found nobody to join. The directory of the server's state
 * leaves with the server, however it ended, so that no old state is taken for a new one.
 */
const dropIn = `${header("MariaDB on this host")}
[Unit]
StartLimitIntervalSec=0

[Service]
ExecStartPre=+${PATHS.member} starting
# A flag that began a cluster has done its work.
ExecStartPost=+-/bin/rm -f /run/mariadb-wsrep-new-cluster
Restart=on-failure
RestartSec=5
RuntimeDirectory=pulumi-ha-galera
RuntimeDirectoryMode=0755
OOMScoreAdjust=-600
`;

const SYSTEMD = "/etc/systemd/system";

/** What a host needs before it takes part: the packages, who belongs to the cluster, whom to trust, and an answer for those who ask how it is. */
export function renderMember(spec: GaleraSpec, nodeName: string): Manifest {
    const node = nodeOf(spec, nodeName);
    const endpoint = { cluster: spec.name, address: node.address, port: spec.health.port };
    return manifest({
        unit: `galera-member-${spec.name}`,
        packages: PACKAGES,
        users: [HEALTH_USER],
        directories: [
            { path: "/usr/local/lib/pulumi-ha", mode: "0755", owner: "root:root" },
            { path: PATHS.lib, mode: "0755", owner: "root:root" },
            { path: PATHS.tls, mode: "0750", owner: "root:mysql" },
        ],
        files: [
            rootFile(PATHS.settings, "0644", settings(spec, node)),
            rootFile(PATHS.member, "0755", MEMBER),
            rootFile(PATHS.notify, "0755", notifyScript),
            rootFile(PATHS.copy, "0755", copyScript),
            rootFile(PATHS.health, "0755", healthScript, { onChange: [restartHealth] }),
            rootFile(`${SYSTEMD}/${HEALTH_SOCKET}`, "0644", healthSocket(endpoint), {
                onChange: [restart(HEALTH_SOCKET, 0, Impact.None)],
            }),
            rootFile(`${SYSTEMD}/${HEALTH_SERVICE}`, "0644", healthService(spec.name), { onChange: [restartHealth] }),
            rootFile(PATHS.membersConf, "0644", membersConf(spec, node), { onChange: [run(member("members"))] }),
            pem(PATHS.ca, CA),
        ],
        validators: [{ name: "the authorities prove the certificate that is in use", command: stillProven }],
        services: [HEALTH_SOCKET, HEALTH_SERVICE].map((name) => ({ name, enabled: true, running: true })),
        removal: [{ name: "forgetting how the server was started", command: `rm -f ${PATHS.run}-* ${PATHS.run}.lock` }],
        gates: [{ name: "the health endpoint answers", command: answers(spec), withinSeconds: HEALTH_SECONDS }],
        // Load balancers ask, whichever they are; others are not told what only members may know.
        ports: [{ port: `tcp/${spec.health.port}`, from: ["any"] }],
    });
}

/** What a member is. */
export function renderServer(spec: GaleraSpec, nodeName: string): Manifest {
    const node = nodeOf(spec, nodeName);
    const peers = voters(spec).filter((voter) => voter.name !== nodeName);
    return manifest({
        unit: `galera-${spec.name}`,
        directories: [{ path: `${SYSTEMD}/${SERVICE}.d`, mode: "0755", owner: "root:root" }],
        files: [
            rootFile(`${SYSTEMD}/${SERVICE}.d/pulumi-ha.conf`, "0644", dropIn, { onChange: [converge(spec)] }),
            rootFile(PATHS.serverConf, "0644", serverConf(spec, node), { onChange: [converge(spec)] }),
            rootFile(PATHS.dynamicConf, "0644", dynamicConf(spec), { onChange: [run(member("set"), Impact.Reload)] }),
            pem(PATHS.certificate, CERTIFICATE),
            pem(PATHS.key, KEY),
        ],
        validators: [
            { name: "MariaDB accepts the configuration", command: acceptable },
            { name: "the certificate is valid, and the members' authorities prove it", command: proven },
        ],
        services: [{ name: SERVICE, enabled: true, running: true }],
        gates: [
            {
                name: `${nodeName} is a synced member of ${spec.name}`,
                command: member("synced"),
                withinSeconds: spec.joinSeconds,
            },
        ],
        ports: [
            { port: `tcp/${spec.port}`, from: ["any"] },
            ...Object.values(MEMBER_PORTS).map((port) => ({
                port: `tcp/${port}`,
                from: peers.map((peer) => peer.address),
            })),
        ],
    });
}

const answers = ({ health }: GaleraSpec): string => `exec 3<>/dev/tcp/127.0.0.1/${health.port}
printf 'GET /evidence HTTP/1.0\\r\\n\\r\\n' >&3
read -r _ status _ <&3
[ "$status" = 200 ]`;

/** A parse by the server itself, which touches no data; it also names a variable that this version does not know. */
const acceptable = `words=$(mariadbd --help --verbose 2>&1 >/dev/null) || {
    grep -E 'ERROR|error|unknown' <<<"$words" >&2 || echo "$words" >&2
    exit 1
}`;

/** A server that has no valid certificate keeps its connections, and is shut out with its next start. */
const proven = `words=$(openssl verify -CAfile ${PATHS.ca} -untrusted ${PATHS.certificate} ${PATHS.certificate} 2>&1) || {
    if openssl x509 -in ${PATHS.certificate} -noout -checkend 0 >/dev/null; then
        printf '%s\\n' "the certificate is not of an authority in ${PATHS.ca}:" "$words" >&2
    else
        echo "the certificate has expired: $(openssl x509 -in ${PATHS.certificate} -noout -enddate)" >&2
    fi
    exit 1
}
[ "$(openssl x509 -in ${PATHS.certificate} -noout -pubkey)" = "$(openssl pkey -in ${PATHS.key} -pubout)" ] || {
    echo "the key does not belong to the certificate" >&2
    exit 1
}`;

/** Authorities reach all members before any new certificate does: with others alone, no member would let in one that reconnects. */
const stillProven = `[ -e ${PATHS.certificate} ] || exit 0
openssl verify -no_check_time -CAfile ${PATHS.ca} -untrusted ${PATHS.certificate} ${PATHS.certificate} >/dev/null || {
    echo "members would no longer trust each other: their certificates are not of the new authority; let both authorities be trusted first (alsoTrusted)" >&2
    exit 1
}`;
