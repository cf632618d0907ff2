# shellcheck shell=bash
# For `pulumi-ha recover drbd`: what this side has, and how it gives it up, or has the others take it.

text() {
    local text=${1//\\/\\\\}
    text=${text//\"/\\\"}
    printf '"%s"' "${text//[$'\001'-$'\037'$'\177']/ }"
}

# `VG/LV` of the device, where it is a logical volume.
logical_volume() {
    local number
    command -v lvs >/dev/null || return 0
    number=$(lsblk --nodeps --noheadings --output MAJ:MIN -- "$DEVICE" | tr -d ' ')
    lvs --noheadings --separator / --options vg_name,lv_name --select "lv_kernel_major=${number%:*} && lv_kernel_minor=${number#*:}" 2>/dev/null | tr -d ' '
}

# One line of JSON. Changes nothing.
# shellcheck disable=SC2153
verb_evidence() {
    local lv='' free=0 kib=0 mounted='' gi='' up=false thin=false
    local -a history=()
    if look; then up=true; fi
    if has_metadata; then
        gi=$(generation)
        mapfile -t history < <(history)
    fi
    if [[ -b $(real_device) ]]; then
        lv=$(logical_volume)
        kib=$(($(blockdev --getsize64 "$(real_device)") / 1024))
    fi
    if [[ -n $lv ]]; then
        free=$(vgs --noheadings --nosuffix --units k --options vg_free -- "${lv%/*}" | tr -d ' ')
        [[ -z $(lvs --noheadings --options pool_lv -- "$lv" | tr -d ' ') ]] || thin=true
    fi
    mounted=$(findmnt --noheadings --first-only --output TARGET --source "/dev/drbd$MINOR" || true)
    printf '{"up":%s,"role":%s,"disk":%s,"peers":{%s},"generation":%s,"history":[%s],"device":%s,"deviceKib":%d,"logicalVolume":%s,"thin":%s,"freeKib":%d,"mountedOn":%s,"pacemaker":%s}\n' \
        "$up" "$(text "${STATE[role]-}")" "$(text "${STATE[disk]-}")" "$(others)" \
        "$(text "$gi")" "$(list "${history[@]}")" "$(text "$DEVICE")" "$kib" "$(text "$lv")" "$thin" "${free%.*}" \
        "$(text "$mounted")" "$(kept_by_pacemaker && echo true || echo false)"
}

# What this side knows of the other replicas.
others() {
    local peer separator=''
    for peer in "${REPLICAS[@]}"; do
        printf '%s%s:{"connection":%s,"disk":%s,"changedKib":%d}' "$separator" \
            "$(text "$peer")" "$(text "${CONNECTION[$peer]}")" "$(text "${PEER_DISK[$peer]}")" "${DIFFERENT[$peer]}"
        separator=,
    done
}

list() {
    local item separator=''
    for item; do
        printf '%s%s' "$separator" "$(text "$item")"
        separator=,
    done
}

# What the data here came from: the generations at which the sides parted first, then older ones.
history() {
    local place part
    for place in "${!REPLICAS[@]}"; do
        for part in $(generations "${IDS[place]}" | cut -d: -f2-4 | tr : ' '); do
            [[ $part == 0000000000000000 ]] || same_generation "$part"
        done
    done | awk '!seen[$0]++'
}

still() { # GENERATION
    [[ $(generation) == "$1" ]] || fail "the data here has changed since it was looked at (generation $(generation), it was $1): look again"
}

# The connection to a peer, as drbdadm names it.
way_to() { if [[ $METADATA == v09 ]]; then echo "$NAME:$1"; else echo "$NAME"; fi; }

# This side takes the data of the one that is kept.
verb_discard() { # NAME GENERATION [SNAPSHOT KIB]
    local words lv peer
    look || fail "the volume is down: bring it up first (drbdadm up $NAME)"
    still "$2"
    [[ -n $(missing "${REPLICAS[@]}") ]] || fail "the sides talk ($(peers)): there is nothing to decide"
    if [[ ${STATE[role]} == Primary ]]; then
        words=$(drbdadm secondary "$NAME" 2>&1) || fail "this side is in use, and cannot give its data up (findmnt /dev/drbd$MINOR; lsof /dev/drbd$MINOR)" "${words##*$'\n'}"
        still "$2"
    fi
    if [[ -n ${3-} ]]; then
        lv=$(logical_volume)
        if [[ $4 == 0 ]]; then words=$(lvcreate --snapshot --name "$3" "$lv" 2>&1); else words=$(lvcreate --snapshot --name "$3" --size "$4k" "$lv" 2>&1); fi ||
            fail "no snapshot of $lv can be made, and nothing was given up:" "$words"
        say "kept what is here in the snapshot ${lv%/*}/$3"
    fi
    for peer in "${PEERS[@]}"; do
        if talks_to "$peer"; then continue; fi
        [[ ${CONNECTION[$peer]} == StandAlone ]] || drbdadm disconnect "$(way_to "$peer")"
        drbdadm connect --discard-my-data "$(way_to "$peer")"
    done
    say "takes the data of the side that is kept when they meet"
}

# Nothing that this side has is lost by it.
verb_rejoin() { # NAME GENERATION
    look || fail "the volume is down: bring it up first (drbdadm up $NAME)"
    still "$2"
    connect_parted
}

connect_parted() {
    local peer
    for peer in "${PEERS[@]}"; do
        [[ ${CONNECTION[$peer]} != StandAlone ]] || drbdadm connect "$(way_to "$peer")"
    done
}

# The side that is kept lets the others talk to it.
verb_keep() { # NAME GENERATION
    local end=$((SECONDS + 60))
    look || fail "the volume is down: bring it up first (drbdadm up $NAME)"
    still "$2"
    connect_parted
    while look && [[ -n $(missing "${REPLICAS[@]}") ]]; do
        refuse_parted
        ((SECONDS < end)) || fail_missing "${REPLICAS[@]}"
        sleep 0.5
    done
    say "${STATE[disk]} here; $(peers)"
}
