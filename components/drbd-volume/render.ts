import { Impact, manifest, run } from "../../remote/manifest";
import type { Activation, Directory, ManagedFile, Manifest } from "../../remote/manifest";
import { rootFile } from "../shared/files";
import { header } from "../shared/header";
import { Promotion } from "../shared/volume";
import { FileSystem } from "./args";
import { SECRET, resourceConf } from "./conf";
import { PATHS, bootTarget, contentFile, resourceFile, settingsFile, sizeFile, verifyUnit } from "./paths";
import { SCRIPT } from "./script";
import { settings } from "./settings";
import { deviceOf, peersOf, sideOf } from "./spec";
import type { VolumeSpec } from "./spec";

/** Seconds for a side to come up, and for the other one to answer, on a busy host. */
const UP_SECONDS = 60;

const TOOLS: Record<FileSystem, string> = { [FileSystem.Xfs]: "xfsprogs", [FileSystem.Ext4]: "e2fsprogs" };

const volume = (verb: string, { name }: VolumeSpec): string => `${PATHS.script} ${verb} ${name}`;

const directory = (path: string): Directory => ({ path, mode: "0755", owner: "root:root" });

/** What a host needs before it takes part: the tools, and, but for a tiebreaker, a device that is a replica, if an empty one so far. */
export function renderDisk(spec: VolumeSpec, nodeName: string): Manifest {
    const prepare = run(volume("prepare", spec), Impact.Data);
    return manifest({
        unit: `drbd-disk-${spec.name}`,
        packages: ["drbd-utils", TOOLS[spec.fileSystem]],
        directories: [directory(PATHS.lib), directory(PATHS.drbd)],
        files: [
            rootFile(PATHS.module, "0644", `${header("DRBD on this host")}\ndrbd\n`, { shared: true }),
            rootFile(PATHS.script, "0755", SCRIPT, { shared: true }),
            rootFile(settingsFile(spec.name), "0644", settings(spec, nodeName), { onChange: [prepare] }),
        ],
        validators: [
            {
                name: sideOf(spec, nodeName)
                    ? `${nodeName} has a device for a replica of ${spec.name}`
                    : `${nodeName} has the DRBD of ${spec.name}`,
                command: volume("admit", spec),
            },
        ],
    });
}

/** A side of the volume, or its tiebreaker, up and connected where the others are. */
export function renderNode(spec: VolumeSpec, nodeName: string): Manifest {
    const converge = run(volume("converge", spec), Impact.Reload);
    const peers = peersOf(spec, nodeName);
    const side = sideOf(spec, nodeName) !== undefined;
    const first = isFirst(spec, nodeName);
    return manifest({
        unit: `drbd-${spec.name}`,
        files: [
            rootFile(resourceFile(spec.name), "0600", resourceConf(spec), { fill: [SECRET], onChange: [converge] }),
            ...(side && spec.sizeMebibytes > 0 ? [growing(spec)] : []),
            ...(comparesHere(spec, nodeName) ? verifyFiles(spec) : []),
        ],
        validators: [{ name: "drbdadm accepts the resource", command: `drbdadm sh-nop ${spec.name}` }],
        services: [
            { name: bootTarget(spec.name), ...startsAtBoot(spec) },
            ...(comparesHere(spec, nodeName)
                ? [{ name: `${verifyUnit(spec.name)}.timer`, enabled: true, running: true }]
                : []),
        ],
        // Those that come up before the last have not all others to talk to yet.
        gates: first
            ? [
                  {
                      name: `${[nodeName, ...peers.map(({ name }) => name)].join(" and ")} replicate ${spec.name}`,
                      command: volume("connected", spec),
                      withinSeconds: UP_SECONDS,
                  },
                  // The last side: whichever has it mounted has made it larger by now.
                  ...(spec.sizeMebibytes > 0
                      ? [
                            {
                                name: `${spec.name} offers ${spec.sizeMebibytes} MiB`,
                                command: volume("grown", spec),
                                withinSeconds: UP_SECONDS,
                            },
                        ]
                      : []),
              ]
            : [
                  {
                      name: side ? `${nodeName} has its side of ${spec.name}` : `${nodeName} votes on ${spec.name}`,
                      command: volume("attached", spec),
                      withinSeconds: UP_SECONDS,
                  },
              ],
        ports: [{ port: `tcp/${spec.port}`, from: peers.map(({ address }) => address) }],
        removal: [{ name: `stopping this side of ${spec.name}`, command: volume("leave", spec) }],
    });
}

/** What the volume holds, by the node that begins. */
export function renderContent(spec: VolumeSpec): Manifest {
    const form: Activation = run(volume("form", spec), Impact.Data);
    return manifest({
        unit: `drbd-content-${spec.name}`,
        files: [
            rootFile(
                contentFile(spec.name),
                "0644",
                `${header(`DrbdVolume ${spec.name}`)}\nFILE_SYSTEM=${spec.fileSystem}\nDEVICE=${deviceOf(spec)}\n`,
                { onChange: [form] },
            ),
        ],
        gates: [
            {
                name: `${spec.name} holds ${spec.fileSystem}, and its replicas are alike or being made so`,
                command: volume("healthy", spec),
                withinSeconds: UP_SECONDS,
            },
        ],
    });
}

/** Its change is what makes a volume larger: when the sides' devices have been admitted, and after DRBD's own settings. */
const growing = (spec: VolumeSpec): ManagedFile =>
    rootFile(
        sizeFile(spec.name),
        "0644",
        `${header(`DrbdVolume ${spec.name}`)}\nSIZE_MEBIBYTES=${spec.sizeMebibytes}\n`,
        { onChange: [run(volume("grow", spec), Impact.Reload)] },
    );

const isFirst = ({ nodes }: VolumeSpec, nodeName: string): boolean => nodes[0]?.name === nodeName;

/** Both sides would read their whole disks at once; one comparison reads them both. */
const comparesHere = (spec: VolumeSpec, nodeName: string): boolean => spec.verify !== "" && isFirst(spec, nodeName);

/** Under Pacemaker the agent brings the volume up, and nothing else may. */
const startsAtBoot = ({ promotion }: VolumeSpec): { enabled: boolean; running: boolean } => {
    const byHand = promotion === Promotion.Manual;
    return { enabled: byHand, running: byHand };
};

/** The comparison and its timer. */
function verifyFiles(spec: VolumeSpec): ManagedFile[] {
    const service = `${header(`DrbdVolume ${spec.name}`)}
[Unit]
Description=Compare the replicas of ${spec.name}

[Service]
Type=oneshot
ExecStart=${volume("verify", spec)}
Nice=10
`;
    const timer = `${header(`DrbdVolume ${spec.name}`)}
[Unit]
Description=Compare the replicas of ${spec.name} from time to time

[Timer]
OnCalendar=${spec.verify}
RandomizedDelaySec=1h
Persistent=true

[Install]
WantedBy=timers.target
`;
    const path = `${PATHS.systemd}/${verifyUnit(spec.name)}`;
    return [
        rootFile(`${path}.service`, "0644", service),
        rootFile(`${path}.timer`, "0644", timer, {
            onChange: [{ do: "restart", target: `${verifyUnit(spec.name)}.timer`, impact: Impact.None, seconds: 0 }],
        }),
    ];
}
