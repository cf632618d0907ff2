import { gunzipSync } from "node:zlib";
import type { Manifest } from "../../components";
import { manifest, reload, restart } from "../../components";
import type { LabHost } from "../../lab";
import { onHost } from "./support";

/** What a beacon may be told. */
export interface BeaconOptions {
    /** Name of the unit, its service and its folder in /etc. Default: `beacon`. */
    name?: string;
    /** Lines of its configuration. Default: `say=one`. */
    lines?: string[];
    /** Seconds of its watchdog in the service file: a change restarts the service. Default: 0. */
    niceness?: number;
    /** Further parts of the manifest, put after the beacon's own. */
    more?: Partial<Manifest>;
}

/**
 * A service that checks its configuration, holds what it read in /run and takes it again on reload: everything that a real one does to a unit, in
 * milliseconds and without a package. `crash=yes` ends it, with `deaf=yes` it takes nothing.
 */
const SCRIPT = `#!/bin/bash
name=$1 conf=/etc/$1/$1.conf
check() {
    local key value status=0
    while IFS='=' read -r key value; do
        case $key in
        say | crash | deaf) ;;
        *) echo "$name: $conf: unknown key '$key'" >&2 && status=1 ;;
        esac
    done <"$conf"
    return $status
}
take() {
    check || exit 3
    if grep -q '^crash=yes' "$conf"; then echo "$name: told to crash" >&2 && exit 4; fi
    if grep -q '^deaf=yes' "$conf"; then return; fi
    cp "$conf" "/run/$name.new" && mv "/run/$name.new" "/run/$name.loaded"
}
if [ "$2" = --check ]; then check; exit; fi
trap take HUP
take
systemd-notify --ready
sleep infinity &
while :; do wait; done
`;

const service = (name: string, niceness: number) => `[Unit]
Description=Holds what its configuration says

[Service]
Type=notify
NotifyAccess=all
ExecStart=/bin/bash /etc/${name}/run ${name}
ExecReload=/bin/kill -HUP $MAINPID
ExecStopPost=/bin/rm -f /run/${name}.loaded
Nice=${niceness}
TimeoutStartSec=10

[Install]
WantedBy=multi-user.target
`;

/** The manifest of a beacon. */
export function beacon({
    name = "beacon",
    lines = ["say=one"],
    niceness = 0,
    more = {},
}: BeaconOptions = {}): Manifest {
    const unit = `${name}.service`;
    const conf = `/etc/${name}/${name}.conf`;
    const own = manifest({
        unit: name,
        directories: [{ path: `/etc/${name}`, mode: "0755", owner: "root:root" }],
        files: [
            {
                path: `/etc/${name}/run`,
                mode: "0755",
                owner: "root:root",
                content: SCRIPT,
                onChange: [restart(unit, 1)],
            },
            {
                path: conf,
                mode: "0644",
                owner: "root:root",
                content: lines.map((line) => `${line}\n`).join(""),
                onChange: [reload(unit)],
            },
            {
                path: `/etc/systemd/system/${unit}`,
                mode: "0644",
                owner: "root:root",
                content: service(name, niceness),
                onChange: [restart(unit, 1)],
            },
        ],
        validators: [{ name: `the configuration of ${name}`, command: `bash /etc/${name}/run ${name} --check` }],
        services: [{ name: unit, enabled: true, running: true }],
        gates: [
            {
                name: `${name} holds its configuration`,
                command: `systemctl is-active --quiet ${unit} && cmp ${conf} /run/${name}.loaded`,
                withinSeconds: 5,
            },
        ],
    });
    return {
        ...own,
        packages: more.packages ?? [],
        users: more.users ?? [],
        directories: [...own.directories, ...(more.directories ?? [])],
        files: [...own.files, ...(more.files ?? [])],
        gates: [...own.gates, ...(more.gates ?? [])],
        removal: more.removal ?? [],
    };
}

/** What a beacon on a host holds, and the id of its process. */
export async function held(host: LabHost, name = "beacon"): Promise<{ lines: string[]; mainPid: string }> {
    const [pid = "", ...lines] = (
        await onHost(host, `systemctl show -P MainPID ${name}.service; cat /run/${name}.loaded`)
    ).split("\n");
    return { lines: lines.slice(0, -1), mainPid: pid };
}

/** How often somebody logged in to a host by SSH since it booted. */
export const logins = async (host: LabHost): Promise<number> =>
    Number(await onHost(host, "journalctl --sync; journalctl -b -o cat _COMM=sshd | grep -c '^Accepted publickey'"));

/** Every path below /etc with its kind, mode, owner, and content or target. */
export async function etc(host: LabHost): Promise<Record<string, string>> {
    const packed = await onHost(
        host,
        `cd /etc && find . -printf '%y\\t%m\\t%u:%g\\t%p\\t%l\\n' | sort -k4 | while IFS=$'\\t' read -r kind rest; do
            sum=; [ "$kind" != f ] || { sum=$(sha256sum "./$(cut -f3 <<<"$rest")") && sum=\${sum%% *}; }
            printf '%s\\t%s\\t%s\\n' "$kind" "$rest" "$sum"
        done | gzip | base64`,
    );
    const rows = gunzipSync(Buffer.from(packed, "base64")).toString().trimEnd().split("\n");
    return Object.fromEntries(
        rows.map((row) => {
            const [kind, mode, owner, path, target, sum] = row.split("\t");
            return [path!, [kind, mode, owner, target, sum].join(" ")];
        }),
    );
}
