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

declare -A SETTING=() STATE=() CONNECTION=() PEER_DISK=() DIFFERENT=() ADDRESS=()
declare -a PEERS=() IDS=() REPLICAS=()
NODE=$HOSTNAME

say() { printf '%s: %s\n' "$NODE" "$1" >&2; }

fail() { # LINE…
    local line
    for line; do say "$line"; done
    exit 1
}

read_settings() { # NAME
    local file=$LIB/$1.settings line key place
    local -a addresses
    [[ -r $file ]] || fail "$file is missing: there is no volume $1 on this host"
    while IFS= read -r line; do
        [[ $line =~ ^([A-Z_]+)=(.*)$ ]] || continue
        SETTING[${BASH_REMATCH[1]}]=${BASH_REMATCH[2]}
    done <"$file"
    for key in NAME NODE NODE_ID PEERS PEER_ADDRESSES PEER_IDS TIEBREAKER VERSION DEVICE MINOR FILE_SYSTEM SIZE_MEBIBYTES DELETE_DATA PROMOTION; do
        [[ -n ${SETTING[$key]-} ]] || fail "$file: $key is missing"
    done
    NAME=${SETTING[NAME]} NODE=${SETTING[NODE]} DEVICE=${SETTING[DEVICE]} MINOR=${SETTING[MINOR]}
    read -ra PEERS <<<"${SETTING[PEERS]}"
    read -ra IDS <<<"${SETTING[PEER_IDS]}"
    read -ra addresses <<<"${SETTING[PEER_ADDRESSES]}"
    for place in "${!PEERS[@]}"; do ADDRESS[${PEERS[place]}]=${addresses[place]}; done
    # Peers that hold a replica: a tiebreaker is the last one.
    REPLICAS=("${PEERS[@]}")
    [[ ${PEERS[-1]} != "${SETTING[TIEBREAKER]}" ]] || unset 'REPLICAS[-1]'
    # CONSISTENT: what the metadata of a replica says that has never been up to date. ALIKE: what replicas that are proven empty call each other.
    # SLOTS: two other replicas have room in the metadata.
    if [[ ${SETTING[VERSION]} == 9 ]]; then
        METADATA=v09 SLOTS=(2) ALIKE=Outdated CONSISTENT=1:0:0:0:1:0:0:0:0:0:0:0
    else
        METADATA=v08 SLOTS=() ALIKE=UpToDate CONSISTENT=1:0:0:0:0:0:0
    fi
    FORMING=/var/lib/drbd/pulumi-ha-$NAME.forming
    VERIFIED=/var/lib/drbd/pulumi-ha-$NAME.verified
}

has_replica() { [[ $DEVICE != none ]]; }

# What this side, and each peer, is for the kernel, in the words of 8.4; status 1: the volume is down.
look() {
    local peer
    STATE=()
    for peer in "${PEERS[@]}"; do CONNECTION[$peer]=StandAlone PEER_DISK[$peer]=DUnknown DIFFERENT[$peer]=0; done
    if [[ $METADATA == v09 ]]; then look_at_nine; else look_at_kernel; fi
}

look_at_kernel() {
    local row peer=${PEERS[0]}
    row=$(awk -v minor="$MINOR:" '$1 == minor { row = $0; getline; print row, $0; exit }' /proc/drbd 2>/dev/null) || return 1
    [[ $row =~ cs:([A-Za-z]+)\ ro:([A-Za-z]+)/[A-Za-z]+\ ds:([A-Za-z]+)/([A-Za-z]+) ]] || return 1
    STATE=([role]="${BASH_REMATCH[2]}" [disk]="${BASH_REMATCH[3]}")
    CONNECTION[$peer]=${BASH_REMATCH[1]} PEER_DISK[$peer]=${BASH_REMATCH[4]}
    [[ ! $row =~ oos:([0-9]+) ]] || DIFFERENT[$peer]=${BASH_REMATCH[1]}
}

# Version 9 tells of the resource and of this side's disk, then of each peer and of its disk.
look_at_nine() {
    local rows row peer=''
    rows=$(drbdsetup status --verbose --statistics "$NAME" 2>/dev/null) || return 1
    while IFS= read -r row; do
        if [[ $row =~ ^\ *([^\ ]+)\ .*connection:([A-Za-z]+) ]]; then
            peer=${BASH_REMATCH[1]} CONNECTION[${BASH_REMATCH[1]}]=${BASH_REMATCH[2]/#Connecting/WFConnection}
        elif [[ $row =~ \ replication:([A-Za-z]+)\ peer-disk:([A-Za-z]+) ]]; then
            PEER_DISK[$peer]=${BASH_REMATCH[2]}
            [[ ${CONNECTION[$peer]} != Connected || ${BASH_REMATCH[1]} == @(Established|Off) ]] || CONNECTION[$peer]=${BASH_REMATCH[1]}
        elif [[ -n $peer && $row =~ \ out-of-sync:([0-9]+) ]]; then
            DIFFERENT[$peer]=${BASH_REMATCH[1]}
        elif [[ -z $peer && $row =~ \ role:([A-Za-z]+) ]]; then
            STATE[role]=${BASH_REMATCH[1]}
        elif [[ -z $peer && $row =~ \ disk:([A-Za-z]+) ]]; then
            STATE[disk]=${BASH_REMATCH[1]}
            [[ $row != *' client:yes '* ]] || STATE[client]=yes
        fi
    done <<<"$rows"
    [[ -n ${STATE[role]-} && -n ${STATE[disk]-} ]]
}

# What DRBD keeps on the device of this side, while nothing is attached to it.
metadata() { drbdmeta "$MINOR" "$METADATA" "$DEVICE" internal "$@" </dev/null; }
metadata_by_force() { drbdmeta --force "$MINOR" "$METADATA" "$DEVICE" internal "$@" </dev/null; }

# Version 9 keeps them for each peer: the newest is the same for all.
stored_generations() { # ID
    if [[ $METADATA == v09 ]]; then metadata get-gi --node-id="$1" 2>/dev/null; else metadata get-gi 2>/dev/null; fi
}

# The generations of the data on this side, the newest first.
generations() { # ID
    if ! is_attached; then
        stored_generations "$1"
    elif [[ $METADATA == v09 ]]; then
        drbdsetup get-gi "$NAME" "$1" 0
    else
        drbdsetup get-gi "$MINOR"
    fi
}

# The generation of the data on this side.
generation() {
    local words
    words=$(generations "${IDS[0]}") || return 1
    same_generation "$words"
}

# Without its lowest bit, which says that the side is Primary.
same_generation() { printf '%.15s%X\n' "$1" $((16#${1:15:1} & 14)); } # UUID…

talks_to() { [[ ${CONNECTION[$1]} == @(Connected|*Sync*|Verify*|WFBitMap*|StartingSync*|Ahead|Behind) ]]; }

# Those of the peers, with their addresses and states, that this side does not talk to.
missing() { # PEER…
    local peer text=''
    for peer; do talks_to "$peer" || text+="${text:+, }$peer at ${ADDRESS[$peer]} (${CONNECTION[$peer]})"; done
    echo "$text"
}

fail_missing() { # PEER…
    local who
    who=$(missing "$@")
    [[ -z $who ]] || fail "waits for $who: is it up, and its port open?"
}

# All sides: a tiebreaker has nothing to compare or to copy.
all_connected() {
    local peer
    for peer in "${REPLICAS[@]}"; do [[ ${CONNECTION[$peer]} == Connected ]] || return 1; done
}

# Whether all replicas are connected, and in that state.
all_are() { # DISK
    local peer
    all_connected && [[ ${STATE[disk]} == "$1" ]] || return 1
    for peer in "${REPLICAS[@]}"; do [[ ${PEER_DISK[$peer]} == "$1" ]] || return 1; done
}

# Whether another side has all data.
has_copy() {
    local peer
    for peer in "${REPLICAS[@]}"; do
        [[ ${CONNECTION[$peer]} == Connected && ${PEER_DISK[$peer]} == UpToDate ]] && return 0
    done
    return 1
}

# `PEER: CONNECTION, DISK` of all, for messages.
peers() {
    local peer text=''
    for peer in "${PEERS[@]}"; do text+="${text:+; }$peer: ${CONNECTION[$peer]}, ${PEER_DISK[$peer]}"; done
    echo "$text"
}

# Kibibytes in which a replica is known to differ from this one: of the one that differs most.
different() {
    local peer most=0
    for peer in "${REPLICAS[@]}"; do ((${DIFFERENT[$peer]} <= most)) || most=${DIFFERENT[$peer]}; done
    echo "$most"
}

# In mebibytes from here on, in gibibytes from ten of them.
size() { # KIBIBYTES
    if (($1 >= 10 << 20)); then echo "$(($1 >> 20)) GiB"; elif (($1 >= 1 << 10)); then echo "$(($1 >> 10)) MiB"; else echo "$1 KiB"; fi
}

# Pacemaker starts and stops the volume, and may have stopped it on purpose.
kept_by_pacemaker() {
    systemctl is-active --quiet pacemaker.service &&
        timeout 30 cibadmin --query --xpath "//nvpair[@name='drbd_resource'][@value='$NAME']" >/dev/null 2>&1
}
