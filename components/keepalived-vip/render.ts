import { manifest, reload } from "../../remote/manifest";
import type { Gate, ManagedFile, Manifest } from "../../remote/manifest";
import { rootFile } from "../shared/files";
import { header } from "../shared/header";
import { nonlocalBind } from "../shared/nonlocal-bind";
import { PATHS, baseConf, hooks, instanceConf, instanceFile, joinedFile, scriptFile } from "./conf";
import { acceptable, hookScript, releaseAddresses, rollableCheck, stateCheck, trackScript } from "./scripts";
import { SCRIPT_USER } from "./spec";
import type { VipNode, VipSpec } from "./spec";

const SERVICE = "keepalived.service";
const GATE_SECONDS = 15;

/** A script with a user's commands: only who runs it may read it. */
const script = (path: string, user: string, content: string): ManagedFile =>
    rootFile(path, "0750", content, { owner: `root:${user}` });

const directory = (path: string) => ({ path, mode: "0755", owner: "root:root" });

/** Debian's unit neither restarts keepalived nor takes its addresses off a host on which it died. */
const systemdDropIn = `${header("keepalived on this host")}
[Unit]
StartLimitIntervalSec=0

[Service]
Restart=on-failure
RestartSec=1
OOMScoreAdjust=-900
ExecStopPost=${PATHS.releaseAddresses}
`;

/** What every address of a host states with the same bytes. */
const shared: ManagedFile[] = [
    rootFile(PATHS.releaseAddresses, "0755", releaseAddresses, { shared: true }),
    rootFile("/etc/systemd/system/keepalived.service.d/pulumi-ha.conf", "0644", systemdDropIn, { shared: true }),
    nonlocalBind,
    rootFile(PATHS.base, "0644", baseConf, { shared: true, onChange: [reload(SERVICE)] }),
];

/** What one node shall be for this address to live on it. */
export function render(vip: VipSpec, nodeName: string): Manifest {
    const node = nodeOf(vip, nodeName);
    const peers = vip.nodes.filter((other) => other.name !== nodeName);
    const onSystemd = Object.values(vip.track).some((track) => track.systemdUnit !== undefined);
    return manifest({
        unit: `vip-${vip.name}`,
        // An unprivileged `systemctl is-active` asks over D-Bus.
        packages: ["keepalived", ...(onSystemd ? ["dbus"] : [])],
        users: [SCRIPT_USER],
        directories: [
            directory(PATHS.directory),
            directory(PATHS.instances),
            directory(PATHS.scripts),
            directory(PATHS.joined),
            directory("/etc/systemd/system/keepalived.service.d"),
        ],
        files: [
            ...shared,
            ...Object.entries(vip.track).map(([name, track]) =>
                script(scriptFile(vip, `track_${name}`), SCRIPT_USER, trackScript(track)),
            ),
            ...hooks(vip).map((hook) =>
                script(scriptFile(vip, hook.script), vip.notify.user, hookScript(hook.command)),
            ),
            rootFile(instanceFile(vip), "0644", instanceConf(vip, node), { onChange: [reload(SERVICE)] }),
        ],
        validators: [
            { name: "keepalived accepts the configuration", command: acceptable },
            { name: "the change can be made on one node after the other", command: rollableCheck(vip) },
        ],
        services: [{ name: SERVICE, enabled: true, running: true }],
        gates: [gate(vip, node)],
        ports: [{ port: "vrrp", from: peers.map((peer) => peer.address ?? "") }],
    });
}

/** What makes a node that has its configuration, and whose peers have theirs, one that takes the address. */
export function renderJoin(vip: VipSpec, nodeName: string): Manifest {
    return manifest({
        unit: `joined-${vip.name}`,
        // keepalived watches the file, so nothing needs to be reloaded.
        files: [rootFile(joinedFile(vip), "0644", "1\n")],
        gates: [gate(vip, nodeOf(vip, nodeName))],
    });
}

const gate = (vip: VipSpec, node: VipNode): Gate => ({
    name: `keepalived runs ${vip.name} as configured`,
    command: stateCheck(vip, node),
    withinSeconds: GATE_SECONDS + vip.startupDelaySeconds,
});

function nodeOf(vip: VipSpec, name: string): VipNode {
    const node = vip.nodes.find((n) => n.name === name);
    if (node === undefined) throw new Error(`${name} is no node of ${vip.name}`);
    return node;
}
