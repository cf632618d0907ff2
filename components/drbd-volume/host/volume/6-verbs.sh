# shellcheck shell=bash
# The rest of the verbs, and what starts them.

last_verified() {
    local when=''
    read -r when _ 2>/dev/null <"$VERIFIED" || { echo "of the replicas" && return; }
    date --date="@$when" '+of %Y-%m-%d %H:%M'
}

# Compares the replicas block by block, by hashes. Blocks that differ stay marked; they are copied when the sides next connect with one of them Primary.
verb_verify() {
    local oos
    look || fail "the volume is down: nothing is compared"
    all_are UpToDate || fail "nothing is compared: ${STATE[disk]} here; $(peers)"
    drbdadm verify "$NAME"
    while look && [[ ${CONNECTION[*]} == *Verify* ]]; do sleep 2; done
    all_connected || fail "the comparison was cut ($(peers))"
    oos=$(different)
    echo "$EPOCHSECONDS $oos" >"$VERIFIED"
    [[ $oos == 0 ]] || fail "the replicas differ in $(size "$oos")"
    say "the replicas are alike"
}

# Another disk in the place of a lost one.
verb_replace() {
    verb_prepare
    verb_converge
    look
    say "${STATE[disk]} here; $(peers)"
}

verb_leave() {
    local words
    # The target is stopped before its service is, and two that bring a volume down at once may wait for each other in the kernel for ever (9.2.18).
    systemctl stop "drbd@$NAME.service" 2>/dev/null || true
    if look; then
        words=$(drbdadm down "$NAME" 2>&1) || fail "the volume cannot be stopped: it is in use (findmnt /dev/drbd$MINOR; lsof /dev/drbd$MINOR)" "${words##*$'\n'}"
    fi
    rm -f -- "$FORMING" "$VERIFIED"
    has_replica || return 0
    if [[ ${SETTING[DELETE_DATA]} != yes ]]; then
        say "the data on $DEVICE stays, and with it what makes it a replica"
        return
    fi
    [[ -b $(real_device) ]] || return 0
    metadata_by_force wipe-md >/dev/null 2>&1 || true
    wipefs --all --quiet -- "$DEVICE"
    say "removed the signatures of $DEVICE: what was on it is given up"
}

main() {
    local verb=${1-}
    case $verb in
    admit | attached | connected | grown | healthy | verify | evidence) read_settings "${2-}" ;;
    prepare | converge | form | grow | replace | leave | discard | rejoin | keep)
        read_settings "${2-}"
        exec 9>"/run/pulumi-ha-drbd-$NAME.lock"
        flock --timeout 30 9 || fail "another run changes this volume at this moment"
        ;;
    *) fail "'$verb' is no verb: admit, prepare, converge, form, grow, attached, connected, grown, healthy, verify, replace, leave, evidence, discard, rejoin, keep" ;;
    esac
    shift
    "verb_$verb" "$@"
}

main "$@"
