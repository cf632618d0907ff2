# shellcheck shell=bash
# The first data, on one side, when both are up; and the room for more.

# What the sides are to each other, as DRBD reports it after its handshake:
#   formed     there is the file system that is wanted
#   copying    this side takes what the other one has, and has not got the beginning yet
#   empty      both are proven empty
#   unproven   neither is known to be like the other, and nobody has ever written
#   begun      an earlier run began here, and was cut
verdict() {
    local type fresh=no
    type=$(file_system)
    [[ $(generation) != "$NEVER_WRITTEN" ]] || fresh=yes
    if [[ -e $FORMING && ${STATE[disk]} == UpToDate ]] && ! was_mounted "$type"; then
        echo begun
    elif [[ $type == "${SETTING[FILE_SYSTEM]}" ]]; then
        echo formed
    elif [[ -n $type ]]; then
        echo "other $type"
    elif [[ $fresh == no && ${STATE[disk]} == UpToDate ]]; then
        echo raw
    elif [[ $fresh == yes ]] && all_are "$ALIKE"; then
        echo empty
    elif [[ $fresh == yes ]] && all_are Inconsistent; then
        echo unproven
    else
        echo copying
    fi
}

# Whether a file system is known to have been used since it was made: then it is whole, whoever made it.
was_mounted() { # TYPE
    local device
    device=$(real_device)
    case $1 in
    ext4) [[ $(dumpe2fs -h "$device" 2>/dev/null) =~ Mount\ count:\ +[1-9] ]] ;;
    # Until its log is written, the superblock has the number that mkfs.xfs gives it.
    xfs) [[ $(xfs_db -r -c 'sb 0' -c 'print lsn' "$device" 2>/dev/null) =~ ^lsn\ =\ 0x[0-9a-f]*[0-9a-e] ]] ;;
    *) return 1 ;;
    esac
}

verb_form() {
    local end=$((SECONDS + BUDGET)) said='' verdict
    while :; do
        look || fail "the volume is down"
        fail_missing "${PEERS[@]}"
        verdict=$(verdict)
        [[ $verdict == copying ]] || break
        ((SECONDS < end)) || fail "the first copy between the sides has not ended: $(progress)" "run \`pulumi up\` again when it has"
        [[ -n $said ]] || say "a first copy between the sides is under way: $(progress)"
        said=1
        sleep 1
    done
    case $verdict in
    formed)
        rm -f -- "$FORMING"
        return
        ;;
    other*) fail "the volume holds ${verdict#other }, and is to be ${SETTING[FILE_SYSTEM]}: what is there stays as it is" ;;
    raw) fail "the volume has data (generation $(generation)) that is no file system: what is there stays as it is" ;;
    empty)
        say "all sides are empty: no copy is needed"
        echo "$EPOCHSECONDS" >"$FORMING" && sync -- "$FORMING"
        drbdadm -- --clear-bitmap new-current-uuid "$NAME/0"
        ;;
    unproven)
        say "not all sides are known to be empty: everything is copied from here to ${REPLICAS[*]}, while the volume can be used"
        echo "$EPOCHSECONDS" >"$FORMING" && sync -- "$FORMING"
        drbdadm primary --force "$NAME"
        ;;
    esac
    make_file_system
}

progress() {
    if [[ $METADATA == v09 ]]; then drbdsetup status "$NAME" | sed -n 's/.* done:\([0-9.]*\).*/\1 % done/p'; else progress_of_kernel; fi
}

progress_of_kernel() { awk -v minor="$MINOR:" '$1 == minor { found = 1 } found && /sync.ed:|finish:/ { $1 = $1; print }' /proc/drbd | head -n 2 | paste -sd' '; }

make_file_system() {
    local words since=$SECONDS device=/dev/drbd$MINOR
    drbdadm primary "$NAME"
    # Discards would make the sides differ from what was proven.
    case ${SETTING[FILE_SYSTEM]} in
    xfs) words=$(mkfs.xfs -q -f -K "$device" 2>&1) ;;
    ext4) words=$(mkfs.ext4 -q -F -E nodiscard "$device" 2>&1) ;;
    esac || fail "no ${SETTING[FILE_SYSTEM]} can be made on $device:" "$words"
    rm -f -- "$FORMING"
    udevadm settle --timeout=10 || true
    drbdadm secondary "$NAME"
    say "made ${SETTING[FILE_SYSTEM]} on $device in $((SECONDS - since)) s"
}

# Kibibytes that the volume offers, also while it is down.
offered() {
    local sectors
    if is_attached; then
        sectors=$(<"/sys/class/block/drbd$MINOR/size")
    else
        sectors=$(metadata dump-md 2>/dev/null | sed -n 's/^la-size-sect \([0-9]*\);/\1/p') || fail "the volume is down, and what it offers cannot be read"
    fi
    echo $((sectors / 2))
}

# The devices are larger already, as all hosts have seen before. It is done where the volume is mounted: only there its file system can follow.
verb_grow() {
    local end=$((SECONDS + BUDGET)) wanted=$((SETTING[SIZE_MEBIBYTES] * 1024)) had said='' mounted words
    mounted=$(findmnt --noheadings --first-only --output TARGET --source "/dev/drbd$MINOR") || return 0
    had=$(offered)
    if ((had < wanted)); then
        while look && fail_missing "${REPLICAS[@]}" && ! all_connected; do
            ((SECONDS < end)) || fail "a volume does not grow while it is copied: $(progress)" "run \`pulumi up\` again when that has ended"
            [[ -n $said ]] || say "waits for a copy between the sides: $(progress)"
            said=1
            sleep 1
        done
        words=$(drbdadm resize "$NAME" 2>&1) || fail "drbdadm resize $NAME:" "$words"
        until (($(offered) >= wanted)); do
            ((SECONDS < end)) || fail "the volume has not grown from $(size "$had"), although all sides have room: the kernel's log says why"
            sleep 0.5
        done
        say "grew from $(size "$had") to $(size "$(offered)"): until the new part is copied, ${REPLICAS[*]} cannot take the volume over"
    fi
    case ${SETTING[FILE_SYSTEM]} in
    xfs) words=$(xfs_growfs "$mounted" 2>&1) ;;
    ext4) words=$(resize2fs "/dev/drbd$MINOR" 2>&1) ;;
    esac || fail "the file system on $mounted cannot be made larger:" "$words"
}

verb_grown() {
    local had wanted=$((SETTING[SIZE_MEBIBYTES] * 1024))
    [[ $(generation) != "$NEVER_WRITTEN" ]] || return 0
    had=$(offered)
    ((had >= wanted)) || fail "the volume offers $(size "$had"), and ${SETTING[SIZE_MEBIBYTES]} MiB are asked for: it grows where it is mounted, and it is mounted nowhere"
}
