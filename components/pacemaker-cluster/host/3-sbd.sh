# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # shared with the files beside this one
# Self-fencing: SBD starts and ends with Corosync, and refuses to be started by hand.

# The header of the shared disk, made by the first member alone; the others wait for it.
verb_sbd() {
    local header
    if [[ $SBD == none ]]; then
        systemctl --quiet disable sbd.service 2>/dev/null || true
        return 0
    fi
    if [[ $SBD == disk ]]; then
        if [[ $NODE == "$FIRST" ]] && ! sbd -d "$SBD_DEVICE" dump >/dev/null 2>&1; then
            verb_blank
            say "making $SBD_DEVICE the cluster's fencing disk"
            sbd -d "$SBD_DEVICE" -1 "$SBD_WATCHDOG_TIMEOUT" -4 "$SBD_MESSAGE_WAIT" create >"$WORK/sbd" 2>&1 || fail "$(<"$WORK/sbd")"
        fi
        await 60 has_header || fail "$SBD_DEVICE has no SBD header on this host: is it the same disk as on $FIRST?"
        header=$(sbd -d "$SBD_DEVICE" dump)
        header=$(sed -nE 's/^Timeout \((watchdog|msgwait)\) *: ([0-9]+)$/\2/p' <<<"$header" | paste -sd ' ')
        [[ $header == "$SBD_WATCHDOG_TIMEOUT $SBD_MESSAGE_WAIT" ]] ||
            fail "$SBD_DEVICE was made with other timeouts; stop the cluster on all nodes, then: sbd -d $SBD_DEVICE -1 $SBD_WATCHDOG_TIMEOUT -4 $SBD_MESSAGE_WAIT create"
    fi
    systemctl --quiet enable sbd.service
}

has_header() {
    WAITING="$FIRST to make $SBD_DEVICE the fencing disk"
    sbd -d "$SBD_DEVICE" dump >/dev/null 2>&1
}

# Without its disk a node that has quorum goes on: SBD lives by Pacemaker then, and only its own watchdog can end it.
verb_watched() {
    timeout 10 sbd -d "$SBD_DEVICE" dump >/dev/null 2>&1 ||
        fail "$SBD_DEVICE cannot be read here: no message fences this node any more, and it resets itself only when it loses quorum or its cluster; give it the disk again"
    pgrep -f "^sbd: watcher: $SBD_DEVICE " >/dev/null ||
        fail "$SBD_DEVICE can be read here, and SBD does not: journalctl -u sbd.service"
}

# A disk with somebody's data on it is left alone. Validator: before anything changes.
verb_blank() {
    local found
    if [[ $SBD != none ]]; then
        [[ -c $SBD_WATCHDOG_DEV ]] || fail "$SBD_WATCHDOG_DEV is no watchdog on this host: load the hardware's module, or softdog (echo softdog >/etc/modules-load.d/softdog.conf; modprobe softdog)"
    fi
    [[ $SBD == disk ]] || return 0
    [[ -b $SBD_DEVICE ]] || fail "$SBD_DEVICE is no block device on this host: all nodes need the shared disk under this name"
    ! sbd -d "$SBD_DEVICE" dump >/dev/null 2>&1 || return 0
    found=$(wipefs --no-act --noheadings --output TYPE,OFFSET -- "$SBD_DEVICE" | head -n 1)
    [[ -z $found ]] || fail "$SBD_DEVICE holds something: ${found%% *}; it is left as it is, give an empty disk or clear it (wipefs --all $SBD_DEVICE)"
}
