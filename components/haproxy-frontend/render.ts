import { manifest, reload, restart } from "../../remote/manifest";
import type { ManagedFile, Manifest } from "../../remote/manifest";
import { rootFile } from "../shared/files";
import { header } from "../shared/header";
import { nonlocalBind } from "../shared/nonlocal-bind";
import { PATHS, baseConf, certificateFile, frontendConf, frontendFile, serversCaFile } from "./conf";
import { SERVICE, acceptable, boundOnce, ports, portsFree, runsThis, serversUp } from "./host";
import { endsTls } from "./spec";
import type { FrontendNode, FrontendSpec } from "./spec";

const LOAD_SECONDS = 10;
const SERVERS_SECONDS = 60;

/** The credential that holds the frontend's certificate, its chain and its key. */
export const CERTIFICATE = "certificate";
/** The credential that holds the authorities of the servers' certificates. */
export const SERVERS_CA = "servers-ca";

const loaded = (path: string, mode: string, content: string, parts: Partial<ManagedFile> = {}): ManagedFile =>
    rootFile(path, mode, content, { onChange: [reload(SERVICE)], ...parts });

/**
 * Debian's unit splits `$CONFIG` into words. `/etc/default/haproxy` is not read any more, because its variables would go before this one; and systemd
 * does not give up on a process that is killed again and again.
 */
const systemdDropIn = `${header("HAProxy on this host")}
[Unit]
StartLimitIntervalSec=0

[Service]
EnvironmentFile=
Environment="CONFIG=${PATHS.base} -f ${PATHS.frontends}"
OOMScoreAdjust=-900
`;

const SYSTEMD_DIRECTORY = `/etc/systemd/system/${SERVICE}.d`;

/** HAProxy reads keys before it gives up root's rights: nobody else needs to. */
const secret = (path: string, credential: string): ManagedFile => loaded(path, "0600", "", { credential });

/** What one load balancer shall be for this frontend to run on it. */
export function render(spec: FrontendSpec, nodeName: string): Manifest {
    const node = nodeOf(spec, nodeName);
    return manifest({
        unit: `haproxy-${spec.name}`,
        packages: ["haproxy"],
        directories: [
            { path: PATHS.frontends, mode: "0755", owner: "root:root" },
            { path: PATHS.certificates, mode: "0700", owner: "root:root" },
            { path: SYSTEMD_DIRECTORY, mode: "0755", owner: "root:root" },
        ],
        files: [
            ...(spec.addresses.length > 0 ? [nonlocalBind] : []),
            loaded(`${SYSTEMD_DIRECTORY}/pulumi-ha.conf`, "0644", systemdDropIn, {
                shared: true,
                onChange: [restart(SERVICE, 1)],
            }),
            loaded(PATHS.base, "0644", baseConf, { shared: true }),
            ...(endsTls(spec) ? [secret(certificateFile(spec), CERTIFICATE)] : []),
            ...(spec.serverTls ? [secret(serversCaFile(spec), SERVERS_CA)] : []),
            loaded(frontendFile(spec), "0644", frontendConf(spec, node)),
        ],
        validators: [
            { name: "haproxy accepts the configuration", command: acceptable },
            { name: "every address and port is bound once", command: boundOnce },
            { name: `no other program listens on port ${ports(spec).join(" or ")}`, command: portsFree(spec) },
        ],
        services: [{ name: SERVICE, enabled: true, running: true }],
        gates: [
            { name: "haproxy runs with this configuration", command: runsThis(spec), withinSeconds: LOAD_SECONDS },
            ...(spec.minimumServers > 0
                ? [
                      {
                          name: `${spec.minimumServers} of ${spec.servers.length} servers of ${spec.name} pass their check`,
                          command: serversUp(spec),
                          withinSeconds: SERVERS_SECONDS,
                      },
                  ]
                : []),
        ],
        ports: [...ports(spec), ...(spec.metrics?.onNodeAddress ? [spec.metrics.port] : [])].map((port) => ({
            port: `tcp/${port}`,
            from: ["any"],
        })),
    });
}

function nodeOf(spec: FrontendSpec, name: string): FrontendNode {
    const node = spec.nodes.find((n) => n.name === name);
    if (node === undefined) throw new Error(`${name} is no node of ${spec.name}`);
    return node;
}
