# shellcheck shell=bash
# For `pulumi-ha recover drbd`: what this side has, and how it gives it up, or has the other one take it.

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
    printf '{"up":%s,"connection":%s,"role":%s,"disk":%s,"peerDisk":%s,"generation":%s,"history":[%s],"changedKib":%d,"device":%s,"deviceKib":%d,"logicalVolume":%s,"thin":%s,"freeKib":%d,"mountedOn":%s,"pacemaker":%s}\n' \
        "$up" "$(text "${STATE[connection]-}")" "$(text "${STATE[role]-}")" "$(text "${STATE[disk]-}")" "$(text "${STATE[peer_disk]-}")" \
        "$(text "$gi")" "$(list "${history[@]}")" "${STATE[oos]-0}" "$(text "$DEVICE")" "$kib" "$(text "$lv")" "$thin" "${free%.*}" \
        "$(text "$mounted")" "$(kept_by_pacemaker && echo true || echo false)"
}

list() {
    local item separator=''
    for item; do
        printf '%s%s' "$separator" "$(text "$item")"
        separator=,
    done
}

# What the data here came from: the generation at which the sides parted first, then older ones.
history() {
    local words part
    words=$(generations)
    for part in $(cut -d: -f2-4 <<<"$words" | tr : ' '); do
        [[ $part == 0000000000000000 ]] || same_generation "$part"
    done
}

still() { # GENERATION
    [[ $(generation) == "$1" ]] || fail "the data here has changed since it was looked at (generation $(generation), it was $1): look again"
}

# This side takes the other one's data.
verb_discard() { # NAME GENERATION [SNAPSHOT KIB]
    local words lv
    look || fail "the volume is down: bring it up first (drbdadm up $NAME)"
    still "$2"
    [[ ${STATE[connection]} == @(StandAlone|WFConnection) ]] || fail "the sides talk (${STATE[connection]}): there is nothing to decide"
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
    [[ ${STATE[connection]} == StandAlone ]] || drbdadm disconnect "$NAME"
    drbdadm connect --discard-my-data "$NAME"
    say "takes the data of $PEER when they meet"
}

# Nothing that this side has is lost by it.
verb_rejoin() { # NAME GENERATION
    look || fail "the volume is down: bring it up first (drbdadm up $NAME)"
    still "$2"
    [[ ${STATE[connection]} != StandAlone ]] || drbdadm connect "$NAME"
}

# The side that is kept lets the other one talk to it.
verb_keep() { # NAME GENERATION
    local end=$((SECONDS + 60))
    look || fail "the volume is down: bring it up first (drbdadm up $NAME)"
    still "$2"
    if [[ ${STATE[connection]} == StandAlone ]]; then drbdadm connect "$NAME"; fi
    while look && ! has_peer; do
        [[ ${STATE[connection]} != StandAlone ]] || fail_parted
        ((SECONDS < end)) || fail "$PEER does not come (${STATE[connection]})"
        sleep 0.5
    done
    say "${STATE[connection]}: ${STATE[disk]} here, ${STATE[peer_disk]} on $PEER"
}
