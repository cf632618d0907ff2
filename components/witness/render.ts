import { manifest, restart, run } from "../../remote/manifest";
import type { ManagedFile, Manifest } from "../../remote/manifest";
import { rootFile } from "../shared/files";
import { header } from "../shared/header";
import { NSS_DATABASE, NSS_PACKAGES, proven } from "../shared/nss";

/** Where a witness is, and its name in certificates. */
export interface WitnessSpec {
    name: string;
    node: string;
    address: string;
    port: number;
}

const SERVICE = "corosync-qnetd.service";
const FOLDER = "/etc/corosync/qnetd/pulumi-ha";
const DATABASE = `${FOLDER}/nssdb`;
/** The name under which qnetd looks for its certificate. */
const NICKNAME = "QNetd Cert";
const LIB = "/usr/local/lib/pulumi-ha/witness";
const LISTEN_SECONDS = 15;

/** The credentials of a witness: authorities, certificate, key. */
export const CREDENTIALS = { ca: "ca", certificate: "certificate", key: "key" } as const;
const pem = (credential: string): string => `${FOLDER}/${credential}.pem`;
const [ca, certificate, key] = [CREDENTIALS.ca, CREDENTIALS.certificate, CREDENTIALS.key].map(pem) as [
    string,
    string,
    string,
];

/** Clusters reconnect within two seconds; as all their members are up, nobody misses the vote. */
const serve = restart(SERVICE, 0);
const makeDatabase = run(`bash ${LIB}/nss-database ${DATABASE} '${NICKNAME}' coroqnetd ${ca} ${certificate} ${key}`);

const credential = (name: string): ManagedFile =>
    rootFile(pem(name), "0600", "", { credential: name, onChange: [makeDatabase, serve] });

/** What corosync-qnetd is started with: nobody without a certificate of ours is answered. */
export const options = ({ name, port }: WitnessSpec): string =>
    [
        header(`Witness ${name}`),
        `COROSYNC_QNETD_OPTIONS="-s req -c on -p ${port} -S nss_db_dir=${DATABASE}"`,
        'COROSYNC_QNETD_RUNAS=""',
        "",
    ].join("\n");

/** What the witness's host shall be. */
export function render(spec: WitnessSpec): Manifest {
    return manifest({
        unit: `witness-${spec.name}`,
        packages: ["corosync-qnetd", ...NSS_PACKAGES],
        directories: [
            { path: "/usr/local/lib/pulumi-ha", mode: "0755", owner: "root:root" },
            { path: LIB, mode: "0755", owner: "root:root" },
            { path: FOLDER, mode: "0750", owner: "root:coroqnetd" },
        ],
        files: [
            rootFile(`${LIB}/nss-database`, "0755", NSS_DATABASE),
            ...Object.values(CREDENTIALS).map(credential),
            rootFile("/etc/default/corosync-qnetd", "0644", options(spec), { onChange: [serve] }),
        ],
        validators: [
            { name: "the certificate is valid, and the authorities prove it", command: proven(ca, certificate, key) },
        ],
        services: [{ name: SERVICE, enabled: true, running: true }],
        gates: [
            {
                name: `corosync-qnetd listens on port ${spec.port}`,
                command: listens(spec),
                withinSeconds: LISTEN_SECONDS,
            },
        ],
        ports: [{ port: `tcp/${spec.port}`, from: ["any"] }],
        removal: [{ name: "forgetting the certificates", command: `rm -rf ${DATABASE} ${DATABASE}.new` }],
    });
}

const listens = ({ port }: WitnessSpec): string => `systemctl is-active --quiet ${SERVICE} || {
    journalctl --unit ${SERVICE} --lines 5 --output cat >&2
    exit 1
}
timeout 2 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/${port}"'`;
