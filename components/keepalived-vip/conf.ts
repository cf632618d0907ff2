import { family } from "../shared/addresses";
import { header } from "../shared/header";
import { SCRIPT_USER } from "./spec";
import type { Tracker, VipNode, VipSpec } from "./spec";

const DIRECTORY = "/etc/keepalived";

/** Where things are on a host. */
export const PATHS = {
    directory: DIRECTORY,
    /** Globals; the same bytes from every address of the host. */
    base: `${DIRECTORY}/keepalived.conf`,
    /** One file for each address. */
    instances: `${DIRECTORY}/conf.d`,
    scripts: `${DIRECTORY}/scripts`,
    /** One file for each address that this node may take; without it the node stands by. */
    joined: `${DIRECTORY}/joined`,
    releaseAddresses: `${DIRECTORY}/scripts/release-addresses`,
    reloadLog: "/run/keepalived-reload.log",
} as const;

/** Path of the configuration of this address. */
export const instanceFile = (vip: VipSpec): string => `${PATHS.instances}/${vip.name}.conf`;
/** Path of the file that lets a node take this address. */
export const joinedFile = (vip: VipSpec): string => `${PATHS.joined}/${vip.name}`;
/** Path of a script of this address: a check or a hook. */
export const scriptFile = (vip: VipSpec, script: string): string => `${PATHS.scripts}/${vip.name}_${script}`;

const block = (head: string, lines: string[]): string[] => [`${head} {`, ...lines.map((line) => `    ${line}`), "}"];
const list = (head: string, lines: string[]): string[] => (lines.length === 0 ? [] : block(head, lines));
function text(lines: string[]): string {
    return `${lines.join("\n")}\n`;
}

/**
 * Runs a command without privileges. keepalived could change the user itself, but then the config test of 2.2.7 ends itself with SIGTERM, and with it
 * every checked reload (fixed in 2.2.8: `restore_privileges`).
 */
const as = (user: string): string =>
    user === "root" ? "" : `/usr/bin/setpriv --reuid=${user} --regid=${user} --init-groups --no-new-privs `;

/** keepalived's own timeout is a backstop: it counts whole seconds, and up to 2.2.8 a script that outlives its interval is started twice. */
function trackScript(vip: VipSpec, name: string, track: Tracker): string[] {
    const command = `/usr/bin/timeout --kill-after=0.1 ${track.timeoutSeconds} ${scriptFile(vip, `track_${name}`)}`;
    return block(`vrrp_script ${vip.name}_${name}`, [
        `script "${as(SCRIPT_USER)}${command}"`,
        `interval ${track.intervalSeconds}`,
        `timeout ${track.intervalSeconds}`,
        `fall ${track.fall}`,
        `rise ${track.rise}`,
        ...(track.weight === 0 ? [] : [`weight ${track.weight}`]),
    ]);
}

const HOOKS = [
    ["notify_master", "onMaster"],
    ["notify_backup", "onBackup"],
    ["notify_fault", "onFault"],
] as const;

/** The hooks that are given: keepalived's keyword, the name of the script, its commands. */
export const hooks = (vip: VipSpec) =>
    HOOKS.flatMap(([keyword, hook]) => {
        const command = vip.notify[hook];
        return command === undefined ? [] : [{ keyword, script: keyword, command }];
    });

/** What ends the line of a peer that does not take the VIP: such a one may leave the list. */
export const STANDS_BY = "# stands by";

/** keepalived sends IPv4 adverts with a TTL of 255, which no router leaves as it is; IPv6 ones with the kernel's hop limit (`vrrp_complete_instance`). */
function peerLine({ address = "", standsBy }: VipNode): string {
    return [address, ...(family(address) === 4 ? ["min_ttl 255"] : []), ...(standsBy ? [STANDS_BY] : [])].join(" ");
}

/**
 * The part of keepalived's configuration that is this address on this node.
 *
 * Only the address itself is advertised: what is advertised must be the same on all nodes, and could not be changed on one after the other.
 */
export function instanceConf(vip: VipSpec, node: VipNode): string {
    const device = `dev ${node.interface ?? ""}`;
    const peers = vip.nodes.filter((other) => other.name !== node.name).map(peerLine);
    const extra = vip.extraAddresses.map((address) => `${address} ${device}`);
    const tracks = Object.keys(vip.track).map((name) => `${vip.name}_${name}`);
    const notify = hooks(vip).map(
        ({ keyword, script }) => `${keyword} "${as(vip.notify.user)}${scriptFile(vip, script)}"`,
    );
    const instance = [
        `version ${vip.version}`,
        "state BACKUP",
        ...returning(vip, node),
        `interface ${node.interface ?? ""}`,
        `virtual_router_id ${vip.virtualRouterId}`,
        `priority ${node.priority}`,
        `advert_int ${vip.advertIntervalSeconds}`,
        `unicast_src_ip ${node.address ?? ""}`,
        "check_unicast_src",
        ...block("unicast_peer", peers),
        `garp_master_repeat ${vip.garp.repeat}`,
        `garp_master_delay ${vip.garp.delaySeconds}`,
        `garp_master_refresh ${vip.garp.refreshSeconds}`,
        // After two nodes held the address, the one that keeps it says so again, until the neighbours believe it.
        `garp_lower_prio_repeat ${vip.garp.repeat}`,
        `garp_lower_prio_delay ${vip.garp.delaySeconds}`,
        "higher_prio_send_advert",
        ...block("virtual_ipaddress", [`${vip.address} ${device}`]),
        ...list("virtual_ipaddress_excluded", extra),
        ...block("track_file", [`${vip.name}_joined weight 0 reverse`]),
        ...list("track_script", tracks),
        ...notify,
    ];
    return text([
        header(`KeepalivedVip ${vip.name}`),
        ...startup(vip),
        ...joining(vip),
        ...Object.entries(vip.track).flatMap(([name, track]) => trackScript(vip, name, track)),
        ...block(`vrrp_instance ${vip.name}`, instance),
    ]);
}

function returning(vip: VipSpec, node: VipNode): string[] {
    if (!vip.preempt) return ["nopreempt", ...(vip.timerExpiredBackup ? [afterPause(vip, node)] : [])];
    return vip.preemptDelaySeconds === 0 ? [] : [`preempt_delay ${vip.preemptDelaySeconds}`];
}

/** How long the others waited before one of them took the address: their highest priority says. */
const afterPause = (vip: VipSpec, node: VipNode): string => {
    const others = vip.nodes.filter((other) => other.name !== node.name);
    return `timer_expired_backup ${Math.max(...others.map((other) => other.priority))}`;
};

const startup = (vip: VipSpec): string[] =>
    vip.startupDelaySeconds === 0 ? [] : block("global_defs", [`vrrp_startup_delay ${vip.startupDelaySeconds}`]);

/**
 * Holds a node off until its file is there: a node that starts before its peers know it hears no adverts, and would take an address that is held.
 * Weight 0 reversed: 0, or no file, is a fault.
 */
const joining = (vip: VipSpec): string[] =>
    block(`track_file ${vip.name}_joined`, [`file ${joinedFile(vip)}`, "weight 0"]);

/** What all addresses of a host share. */
export const baseConf = text([
    header("keepalived on this host"),
    "# Scripts give up root by setpriv: the configuration test of keepalived 2.2.7 fails where script_user is another user.",
    ...block("global_defs", [
        "vrrp_version 3",
        "enable_script_security",
        "script_user root",
        `reload_check_config ${PATHS.reloadLog}`,
    ]),
    `include ${PATHS.instances}/*.conf`,
]);
