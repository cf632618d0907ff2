# shellcheck shell=bash
# From the file to the running volume, and whether it is well.

# The shared secret travels in drbdsetup's arguments; it is not for other eyes.
without_secret() { sed -E 's/(--shared-secret=)[^ ]*/\1…/'; }

verb_converge() {
    local plan words
    modprobe drbd || fail "the module drbd cannot be loaded (dmesg says why)"
    if ! look; then
        if kept_by_pacemaker; then
            say "Pacemaker has stopped the volume: it starts with what is written now"
            return
        fi
        say "brings the volume up"
    else
        plan=$(drbdadm --dry-run adjust "$NAME" | without_secret)
        if [[ -z $plan ]]; then return; fi
        # A replica that is put aside must not be the only one.
        if [[ $plan == *' detach '* || $plan == *' down '* ]] && has_replica && ! has_copy; then
            fail "the device changes, and no other replica is up to date ($(peers)): run \`pulumi up\` again when one is"
        fi
        while IFS= read -r words; do say "$words"; done <<<"$plan"
    fi
    words=$(drbdadm adjust "$NAME" 2>&1 </dev/null) || fail "drbdadm adjust $NAME:" "$(without_secret <<<"$words")"
    [[ $METADATA == v08 ]] || forget_others
}

# A host that is no part of the volume any more has no vote, and another one may take its place.
forget_others() {
    local id
    for id in 0 1 2; do
        [[ " ${IDS[*]} ${SETTING[NODE_ID]} " == *" $id "* ]] || drbdsetup forget-peer "$NAME" "$id" >/dev/null 2>&1 || true
    done
}

# Gates print why not.
verb_attached() {
    if ! look; then
        kept_by_pacemaker || fail "the volume is down"
        return 0
    fi
    ! has_replica || [[ ${STATE[disk]} != @(Diskless|Failed|Detaching) ]] ||
        fail "this side has lost its disk (${STATE[disk]}): the kernel's log says why; with another disk in place, \`volume replace $NAME\` makes it a replica"
    refuse_parted
}

refuse_parted() {
    local peer
    for peer in "${PEERS[@]}"; do [[ ${CONNECTION[$peer]} != StandAlone ]] || fail_parted "$peer"; done
}

verb_connected() {
    verb_attached
    look || return 0
    fail_missing "${PEERS[@]}"
}

verb_healthy() {
    local type oos
    verb_connected
    look || return 0
    type=$(file_system)
    [[ $type == "${SETTING[FILE_SYSTEM]}" || ${STATE[disk]} == Inconsistent ]] ||
        fail "there is ${type:-no file system} on the volume, and it is to be ${SETTING[FILE_SYSTEM]}"
    oos=$(different)
    ! all_connected || [[ $oos == 0 ]] ||
        fail "the replicas differ in $(size "$oos"), as the comparison $(last_verified) found: \`drbdadm disconnect $NAME && drbdadm connect $NAME\` on the Secondary copies these blocks from the Primary"
}

# Why the sides do not talk any more, and what each of them has.
fail_parted() { # PEER
    local log peer=$1
    local -a rows
    log=$(journalctl --dmesg --boot --no-pager --quiet --output=cat | grep -E "drbd$MINOR( $peer)?: (self|peer|Split-Brain|Unrelated|drbd_sync_handshake)" | tail -n 4 || true)
    rows=("this side: ${STATE[role]}, ${STATE[disk]}, generation $(generation || echo none), $(size "${DIFFERENT[$peer]}") changed since they parted")
    if [[ $log == *Split-Brain* && $log =~ peer\ ([0-9A-F]{16}):.*bits:([0-9]+) ]]; then
        rows+=("$peer: generation ${BASH_REMATCH[1]}, $(size $((BASH_REMATCH[2] * 4))) changed, as it said when they last met")
        fail "split brain: both sides were written while they did not see each other, and neither takes the other's data by itself" "${rows[@]}" \
            "\`pulumi-ha recover drbd $NAME\` shows both, and ends it in favour of the one that you name"
    fi
    [[ $log != *Unrelated* ]] || fail "the two sides are replicas of different volumes, and do not talk" "${rows[@]}"
    fail "stands alone: it was told to disconnect, or $peer refused it (journalctl --dmesg --grep drbd)" "${rows[@]}" \
        "\`drbdadm connect $NAME\` on both sides lets them talk again"
}
