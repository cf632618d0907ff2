import { urlHost, withoutPrefix } from "../shared/addresses";
import { WAYS_OUT } from "../shared/leaving";
import { PATHS, STANDS_BY, instanceFile, joinedFile, scriptFile } from "./conf";
import { SCRIPT_USER } from "./spec";
import type { Tracker, VipNode, VipSpec } from "./spec";

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** A unit's full name: `haproxy` means `haproxy.service`. */
const unit = (name: string): string => (name.includes(".") ? name : `${name}.service`);

function httpProbe(url: URL, status: number): string[] {
    const host = url.hostname.replace(/^\[|\]$/g, "");
    return [
        `exec 3<>/dev/tcp/${host}/${url.port || 80}`,
        `printf 'GET %s HTTP/1.0\\r\\nHost: %s\\r\\nConnection: close\\r\\n\\r\\n' ${quoted(url.pathname + url.search)} ${quoted(url.host)} >&3`,
        "read -r _ status _ <&3",
        `[[ $status == ${status} ]] || { echo "${urlHost(host)} answers with status $status, not ${status}"; exit 1; }`,
    ];
}

/**
 * Whether systemd says of a unit that it does not run; it prints that, and prints nothing where it could not be asked. No answer is no fault of the
 * service: a bus that is down or flooded, or a systemd that executes itself anew, as in an upgrade, would take the address from one node after the other.
 * Half of the check's time is systemd's, so that a check whose systemd hangs still ends by itself, and with the answers of the others.
 */
const unitProbe = (name: string, seconds: number): string[] => [
    `state=$(timeout --kill-after=0.1 ${seconds} systemctl is-active -- ${quoted(name)} 2>/dev/null) || true`,
    'case "$state" in',
    `inactive | failed | activating | deactivating | maintenance) echo "systemd says that it is $state"; exit 1 ;;`,
    "esac",
];

/** The check of a tracked service: status 0 when the node serves it. `timeout` bounds it from outside. */
export const trackScript = (track: Tracker): string =>
    [
        "#!/bin/bash",
        "set -eu",
        ...(track.systemdUnit === undefined ? [] : unitProbe(unit(track.systemdUnit), track.timeoutSeconds / 2)),
        ...(track.tcp === undefined ? [] : [`: 3<>/dev/tcp/${track.tcp.address}/${track.tcp.port}`]),
        ...(track.http === undefined ? [] : httpProbe(new URL(track.http.url), track.http.status)),
        ...(track.command === undefined ? [] : ["set +eu", track.command]),
        "",
    ].join("\n");

/** The script of a hook: the user's commands in bash. */
export const hookScript = (command: string): string => `#!/bin/bash\n${command}\n`;

/** Keepalived's own judgement of all files, and the way out where two addresses have one number. */
export const acceptable = `words=$(keepalived --config-test 2>&1) && exit 0
printf '%s\\n' "$words" >&2
if [[ $words == *"duplicate VRID"* ]]; then echo "${WAYS_OUT}" >&2; fi
exit 1`;

/** Runs whenever keepalived has ended, however it did: an address that stays on a host without keepalived is soon on two. */
export const releaseAddresses = `#!/bin/bash
# Takes every virtual address of ${PATHS.instances} off this host.
awk '$2 == "dev" && NF == 3 { print $1, $3 }' ${PATHS.instances}/*.conf |
    while read -r address interface; do ip address delete "$address" dev "$interface" 2>/dev/null; done
exit 0
`;

/**
 * Whether a peer is there, as the neighbour table says: that depends on no port and no service of it. What the kernel remembers is dropped first: it
 * is up to 45 s old (base_reachable_time), and the peer may have another card now. A datagram makes the kernel ask anew, three times in 3 s unless
 * it is tuned. What stays undecided counts as there.
 */
export const answers = `answers() {
    local entries
    ip neigh flush to "$1"
    { echo >"/dev/udp/$1/9"; } 2>/dev/null || return 0
    for _ in {1..50}; do
        entries=$(ip -o neigh show to "$1")
        if [[ $entries == *REACHABLE* ]]; then return 0; fi
        if [[ -n $entries ]] && ! grep -qv FAILED <<<"$entries"; then return 1; fi
        sleep 0.2
    done
}`;

/**
 * Refuses a change that no node can make alone: while some have it and others not, nodes ignore each other's adverts, and two hold the address. The
 * configuration in use is seen through init's root, past the staged one.
 */
export function rollableCheck(vip: VipSpec): string {
    const file = instanceFile(vip);
    return `live=/proc/1/root${file}
[[ -f $live ]] || exit 0
peers() { awk '$1 == "unicast_peer" { found = 1; next } found && $1 == "}" { exit } found' "$1"; }
${answers}
while read -r peer note; do
    if [[ $note == *"${STANDS_BY}" ]] || grep -qE "^ *$peer( |$)" <(peers ${file}) || ! answers "$peer"; then continue; fi
    echo "$peer would leave while it may take ${withoutPrefix(vip.address)}: without its peers it hears no adverts, and takes what is held"
    echo "list that node in standby, run pulumi up, then take it out of nodes and standby"
    exit 1
done < <(peers "$live")
setting() { awk -v key="$2" '$1 == key { print $2; exit }' "$1"; }
advertised() { awk 'found { print $1; exit } $1 == "virtual_ipaddress" { found = 1 }' "$1"; }
[[ $(advertised "$live") == "$(advertised ${file})" ]] || exit 0
settings=(version virtual_router_id)
if [[ $(setting "$live" version) == 2 ]]; then settings+=(advert_int); fi
for key in "\${settings[@]}"; do
    was=$(setting "$live" "$key") is=$(setting ${file} "$key")
    if [[ $was != "$is" ]]; then
        echo "$key is $was and shall be $is: while only some nodes have it, two of them hold ${withoutPrefix(vip.address)}"
        echo "remove this KeepalivedVip, run pulumi up, then add it with the new setting; or give it another address"
        exit 1
    fi
done`;
}

/**
 * Whether the running daemon has taken this configuration, and the instance is in order: MASTER or BACKUP, or FAULT because it stands by or a tracked
 * service is not served here yet.
 */
export function stateCheck(vip: VipSpec, node: VipNode): string {
    const wants = [
        `"iname":"${vip.name}"`,
        `"vrid":${vip.virtualRouterId}`,
        `"base_priority":${node.priority}`,
        `"version":${vip.version}`,
        `"vips":["${vip.address.replace("/", "\\/")} dev `,
    ];
    const tracks = Object.keys(vip.track).map((name) => scriptFile(vip, `track_${name}`));
    return `pid=$(systemctl show --property=MainPID --value keepalived.service)
dump=/proc/$pid/root/tmp/keepalived.json
rm -f "$dump"
kill -s "$(keepalived --signum=JSON)" "$pid"
for _ in {1..20}; do
    if [[ -s $dump && $(<"$dump") == *"]" ]]; then break; fi
    sleep 0.05
done
instance=$(sed 's/{"data":/\\n&/g' "$dump" | grep -F ${quoted(wants[0] ?? "")}) || { echo "keepalived does not know ${vip.name}"; exit 1; }
for setting in ${wants.map(quoted).join(" ")}; do
    [[ $instance == *"$setting"* ]] || { echo "keepalived runs without $setting"; cat ${PATHS.reloadLog} 2>/dev/null; exit 1; }
done
case $instance in
*'"state":1,'* | *'"state":2,'*) exit 0 ;;
esac
[[ -f ${joinedFile(vip)} ]] || exit 0
for track in ${tracks.join(" ")}; do
    setpriv --reuid=${SCRIPT_USER} --regid=${SCRIPT_USER} --init-groups --no-new-privs timeout 10 "$track" || exit 0
done
echo "${vip.name} is neither MASTER nor BACKUP, though every tracked service is served: is the link up?"
exit 1`;
}
