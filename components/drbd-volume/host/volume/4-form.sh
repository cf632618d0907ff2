# shellcheck shell=bash
# The first data: on one side, when both are up.

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
    if [[ -e $FORMING && ${STATE[disk]} == UpToDate ]]; then
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
    formed) return 0 ;;
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
    udevadm settle --timeout=10 || true
    drbdadm secondary "$NAME"
    rm -f -- "$FORMING"
    say "made ${SETTING[FILE_SYSTEM]} on $device in $((SECONDS - since)) s"
}
