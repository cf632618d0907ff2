import { manifest, restart } from "../../remote/manifest";
import type { ManagedFile, Manifest } from "../../remote/manifest";
import { urlHost } from "../shared/addresses";
import { rootFile } from "../shared/files";
import { HARDENED } from "../shared/hardened";
import { header } from "../shared/header";
import { listenOn, groupOptions, optionsText, tlsOptions } from "./provider";
import { CA, CERTIFICATE, KEY } from "./render";
import { MEMBER_PORTS, donors } from "./spec";
import type { GaleraArbitrator, GaleraSpec } from "./spec";

/** Seconds for the arbitrator to find the members and be let in; it tries again for as long as it takes. */
const JOIN_SECONDS = 60;
/** Seconds for which writes wait while it leaves and comes back; measured: 0.6. */
const LEAVE_SECONDS = 1;
const CREDENTIALS = [CA, CERTIFICATE, KEY];

/** A host serves as arbitrator of several clusters: each has files and a unit of its own. */
const arbitratorService = (spec: GaleraSpec): string => `pulumi-ha-garbd-${spec.name}.service`;
const folder = (spec: GaleraSpec): string => `/etc/pulumi-ha-garbd/${spec.name}`;
const configuration = (spec: GaleraSpec): string => `${folder(spec)}/garbd.cfg`;
const pem = (spec: GaleraSpec, credential: string): string => `${folder(spec)}/${credential}.pem`;
/** Where systemd shows a credential to the service, and to nobody else. */
const shown = (spec: GaleraSpec, credential: string): string =>
    `/run/credentials/${arbitratorService(spec)}/${credential}`;

/** What garbd reads when it starts. Its timing is the members': one that is more or less patient than they would be lost at other times. */
export const arbitratorConf = (spec: GaleraSpec, arbitrator: GaleraArbitrator): string => {
    const options = {
        "gmcast.listen_addr": listenOn(arbitrator.address, arbitrator.port),
        ...groupOptions(spec),
        ...tlsOptions({ ca: shown(spec, CA), certificate: shown(spec, CERTIFICATE), key: shown(spec, KEY) }),
    };
    const peers = spec.nodes.map(({ address }) => `${urlHost(address)}:${MEMBER_PORTS.replication}`);
    return [
        header(`the arbitrator of GaleraCluster ${spec.name}`),
        `name = ${arbitrator.name}`,
        `group = ${spec.name}`,
        `donor = ${donors(spec)}`,
        `address = gcomm://${peers.join(",")}`,
        `options = ${optionsText(options)}`,
        "",
    ].join("\n");
};

/**
 * The arbitrator's unit. Its user exists while it runs; systemd reads the certificate and key, which only root reads, and shows them to it.
 *
 * It keeps who was in the cluster last: after a power loss of all hosts the members go on by themselves once all of them are back, the arbitrator too
 * (measured: 3 s after the last one booted). It ends by SIGINT as in Debian's own unit: one that leaves without a word would be missed like a lost
 * member, and a single member beside it would stop.
 */
export const arbitratorUnit = (spec: GaleraSpec): string => `${header(`the arbitrator of GaleraCluster ${spec.name}`)}
[Unit]
Description=Arbitrator of the Galera cluster ${spec.name}
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
ExecStart=/usr/bin/garbd --cfg ${configuration(spec)} --workdir %S/${folderName(spec)}
DynamicUser=yes
StateDirectory=${folderName(spec)}
StateDirectoryMode=0700
${CREDENTIALS.map((credential) => `LoadCredential=${credential}:${pem(spec, credential)}`).join("\n")}
KillSignal=SIGINT
TimeoutStopSec=15
Restart=always
RestartSec=1
OOMScoreAdjust=-600
UMask=0077
${HARDENED}
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
SystemCallFilter=~@privileged

[Install]
WantedBy=multi-user.target
`;

const folderName = (spec: GaleraSpec): string => `pulumi-ha-garbd-${spec.name}`;

/** What the witness shall be for one cluster. */
export function renderArbitrator(spec: GaleraSpec, arbitrator: GaleraArbitrator): Manifest {
    const service = arbitratorService(spec);
    const file = (path: string, mode: string, parts: Partial<ManagedFile>): ManagedFile =>
        rootFile(path, mode, "", { onChange: [restart(service, LEAVE_SECONDS)], ...parts });
    return manifest({
        unit: `galera-arbitrator-${spec.name}`,
        // `--workdir` came with 26.4.12.
        packages: ["galera-arbitrator-4>=26.4.12"],
        directories: [
            { path: "/etc/pulumi-ha-garbd", mode: "0755", owner: "root:root" },
            { path: folder(spec), mode: "0755", owner: "root:root" },
        ],
        files: [
            ...CREDENTIALS.map((credential) => file(pem(spec, credential), "0600", { credential })),
            file(configuration(spec), "0644", { content: arbitratorConf(spec, arbitrator) }),
            file(`/etc/systemd/system/${service}`, "0644", { content: arbitratorUnit(spec) }),
        ],
        validators: [
            { name: "no arbitrator runs here that was set up by hand", command: byHand },
            { name: `no other program listens on port ${arbitrator.port}`, command: portFree(spec, arbitrator) },
        ],
        services: [
            // Debian starts it with its package, without a configuration, and it fails.
            { name: "garb.service", enabled: false, running: false },
            { name: service, enabled: true, running: true },
        ],
        gates: [
            {
                name: `the members of ${spec.name} count ${arbitrator.name} in`,
                command: countedIn(spec, arbitrator),
                withinSeconds: JOIN_SECONDS,
            },
        ],
        ports: [{ port: `tcp/${arbitrator.port}`, from: spec.nodes.map(({ address }) => address) }],
        removal: [{ name: "forget who was in the cluster", command: `systemctl clean --what=state ${service}` }],
    });
}

const byHand = `! systemctl is-active --quiet garb.service || {
    echo "garb.service runs an arbitrator that was set up by hand: stop it (systemctl disable --now garb), or give another host" >&2
    exit 1
}`;

/** Two arbitrators on one port: the second one never gets in, and its cluster lacks a vote. */
const portFree = (spec: GaleraSpec, { port }: GaleraArbitrator): string => `command -v ss >/dev/null || exit 0
own=$(systemctl show --property MainPID --value ${arbitratorService(spec)})
others=$(ss -Hltnp "sport = :${port}" | grep -v "pid=$own,") || exit 0
echo "$others" >&2
echo "give the cluster another arbitratorPort" >&2
exit 1`;

/** The arbitrator itself answers nobody: that a member of a Primary component lists it is what counts. */
const countedIn = (
    spec: GaleraSpec,
    arbitrator: GaleraArbitrator,
): string => `systemctl is-active --quiet ${arbitratorService(spec)} || {
    journalctl --unit ${arbitratorService(spec)} --lines 5 --output cat >&2
    exit 1
}
for member in ${spec.nodes.map(({ address }) => address).join(" ")}; do
    evidence=$(timeout 2 bash -c 'exec 3<>"/dev/tcp/$1/$2"; printf "GET /evidence HTTP/1.0\\r\\n\\r\\n" >&3; cat <&3' - "$member" ${spec.health.port}) ||
        evidence="no answer on port ${spec.health.port}"
    [[ $evidence =~ \\"primary\\":true && $evidence =~ \\"members\\":\\[[^]]*\\"${arbitrator.name}\\" ]] && exit 0
    echo "$member: \${evidence##*$'\\n'}" >&2
done
exit 1`;
