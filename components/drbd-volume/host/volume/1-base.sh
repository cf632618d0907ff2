#!/bin/bash
# shellcheck disable=SC2034 # the files after this one use them
# What is done to one side of a replicated volume, as root: by the engine's activations and gates, by systemd's timer, and by operators.
#   volume VERB NAME
set -euo pipefail
shopt -s extglob inherit_errexit nullglob
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

LIB=/usr/local/lib/pulumi-ha/drbd
# What DRBD writes for a replica that nobody has ever written to.
NEVER_WRITTEN=0000000000000004
# An activation gets 300 s; what is not over by then must at least have been said.
BUDGET=275

declare -A SETTING=() STATE=()
NODE=$HOSTNAME

say() { printf '%s: %s\n' "$NODE" "$1" >&2; }

fail() { # LINE…
    local line
    for line; do say "$line"; done
    exit 1
}

read_settings() { # NAME
    local file=$LIB/$1.settings line key
    [[ -r $file ]] || fail "$file is missing: there is no volume $1 on this host"
    while IFS= read -r line; do
        [[ $line =~ ^([A-Z_]+)=(.*)$ ]] || continue
        SETTING[${BASH_REMATCH[1]}]=${BASH_REMATCH[2]}
    done <"$file"
    for key in NAME NODE PEER PEER_ADDRESS PEER_ID VERSION DEVICE MINOR FILE_SYSTEM SIZE_MEBIBYTES DELETE_DATA PROMOTION; do
        [[ -n ${SETTING[$key]-} ]] || fail "$file: $key is missing"
    done
    NAME=${SETTING[NAME]} NODE=${SETTING[NODE]} PEER=${SETTING[PEER]} DEVICE=${SETTING[DEVICE]} MINOR=${SETTING[MINOR]}
    # CONSISTENT: what the metadata of a replica says that has never been up to date.
    if [[ ${SETTING[VERSION]} == 9 ]]; then
        METADATA=v09 OF_PEER=(--node-id="${SETTING[PEER_ID]}") SLOTS=(1) CONSISTENT=1:0:0:0:1:0:0:0:0:0:0:0
    else
        METADATA=v08 OF_PEER=() SLOTS=() CONSISTENT=1:0:0:0:0:0:0
    fi
    FORMING=/var/lib/drbd/pulumi-ha-$NAME.forming
    VERIFIED=/var/lib/drbd/pulumi-ha-$NAME.verified
}

# STATE of this side as the kernel has it, in the words of 8.4; status 1: the volume is down.
look() {
    STATE=()
    if [[ $METADATA == v09 ]]; then look_at_nine; else look_at_kernel; fi
}

look_at_kernel() {
    local row
    row=$(awk -v minor="$MINOR:" '$1 == minor { row = $0; getline; print row, $0; exit }' /proc/drbd 2>/dev/null) || return 1
    [[ $row =~ cs:([A-Za-z]+)\ ro:([A-Za-z]+)/([A-Za-z]+)\ ds:([A-Za-z]+)/([A-Za-z]+) ]] || return 1
    STATE=([connection]="${BASH_REMATCH[1]}" [role]="${BASH_REMATCH[2]}" [peer_role]="${BASH_REMATCH[3]}" [disk]="${BASH_REMATCH[4]}" [peer_disk]="${BASH_REMATCH[5]}" [oos]=0)
    [[ ! $row =~ oos:([0-9]+) ]] || STATE[oos]=${BASH_REMATCH[1]}
}

# Version 9 tells of the resource, of this side's disk, of the connection, and of the peer's disk, in this order.
look_at_nine() {
    local rows
    rows=$(drbdsetup status --verbose --statistics "$NAME" 2>/dev/null) || return 1
    rows=${rows//$'\n'/ }
    [[ $rows =~ \ role:([A-Za-z]+)\ .*\ disk:([A-Za-z]+)\  ]] || return 1
    STATE=([role]="${BASH_REMATCH[1]}" [disk]="${BASH_REMATCH[2]}" [connection]=StandAlone [peer_role]=Unknown [peer_disk]=DUnknown [oos]=0)
    [[ $rows =~ \ connection:([A-Za-z]+)\ role:([A-Za-z]+)\ .*\ replication:([A-Za-z]+)\ peer-disk:([A-Za-z]+)\  ]] || return 0
    STATE[connection]=${BASH_REMATCH[1]} STATE[peer_role]=${BASH_REMATCH[2]} STATE[peer_disk]=${BASH_REMATCH[4]}
    case ${BASH_REMATCH[1]}:${BASH_REMATCH[3]} in
    Connecting:*) STATE[connection]=WFConnection ;;
    Connected:Established | Connected:Off) ;;
    Connected:*) STATE[connection]=${BASH_REMATCH[3]} ;;
    esac
    [[ ! $rows =~ \ out-of-sync:([0-9]+) ]] || STATE[oos]=${BASH_REMATCH[1]}
}

# What DRBD keeps on the device of this side, while nothing is attached to it.
metadata() { drbdmeta "$MINOR" "$METADATA" "$DEVICE" internal "$@" </dev/null; }
metadata_by_force() { drbdmeta --force "$MINOR" "$METADATA" "$DEVICE" internal "$@" </dev/null; }

# The generations of the data on this side, the newest first.
generations() {
    if ! is_attached; then
        metadata get-gi "${OF_PEER[@]}" 2>/dev/null
    elif [[ $METADATA == v09 ]]; then
        drbdsetup get-gi "$NAME" "${SETTING[PEER_ID]}" 0
    else
        drbdsetup get-gi "$MINOR"
    fi
}

# The generation of the data on this side.
generation() {
    local words
    words=$(generations) || return 1
    same_generation "$words"
}

# Without its lowest bit, which says that the side is Primary.
same_generation() { printf '%.15s%X\n' "$1" $((16#${1:15:1} & 14)); } # UUID…

has_peer() { [[ ${STATE[connection]-} == @(Connected|*Sync*|Verify*|WFBitMap*|StartingSync*|Ahead|Behind) ]]; }

# In mebibytes from here on, in gibibytes from ten of them.
size() { # KIBIBYTES
    if (($1 >= 10 << 20)); then echo "$(($1 >> 20)) GiB"; elif (($1 >= 1 << 10)); then echo "$(($1 >> 10)) MiB"; else echo "$1 KiB"; fi
}

# Pacemaker starts and stops the volume, and may have stopped it on purpose.
kept_by_pacemaker() {
    systemctl is-active --quiet pacemaker.service &&
        timeout 30 cibadmin --query --xpath "//nvpair[@name='drbd_resource'][@value='$NAME']" >/dev/null 2>&1
}
