# shellcheck shell=bash
# From the state of the server to a full member of the cluster, that runs what is written.

verb_converge() {
    rm -f -- "$NEW_CLUSTER"
    certificate_holds
    look_at_unit
    if ! is_up; then
        begin
    else
        # To begin a copy anew would cost more than it brings: what has changed takes effect after it.
        if runs_what_is_written || { ! look && copies; }; then wait_synced "$EPOCHSECONDS" "${SYSTEMD[NRestarts]:-0}"; fi
        runs_what_is_written || restart_safely
    fi
    secure_new
    verb_members
}

# One that ends while the server runs shuts it out with its next start.
certificate_holds() {
    [[ -e $CERTIFICATE ]] || return 0
    openssl x509 -in "$CERTIFICATE" -noout -checkend 0 >/dev/null ||
        fail "the certificate in $CERTIFICATE has expired ($(openssl x509 -in "$CERTIFICATE" -noout -enddate)): no member lets in a server that starts with it; \`pulumi up\` renews it"
}

begin() {
    local rows founder=no decision
    local -a lines
    [[ ${SETTING[FOUNDER]} != "$NODE" ]] || founder=yes
    ! is_named || founder=named
    rows=$(evidence 3)
    decision=$(decide "${SETTING[CLUSTER]}" "$founder" "$(identity)" "$(saved_uuid)" "$(own_databases)" "${OTHERS[@]}" <<<"$rows")
    mapfile -t lines <<<"$decision"
    case ${lines[0]} in
    join) join ;;
    bootstrap) bootstrap ;;
    *) fail "${lines[@]:1}" ;;
    esac
}

# By a recovery that has asked all members, and only as long as nothing has changed here since.
is_named() {
    local position=''
    read -r position 2>/dev/null <"$NAMED" || return 1
    [[ $position == "$(saved uuid):$(saved seqno)" ]]
}

join() {
    local since=$EPOCHSECONDS
    say "joins the cluster"
    fill_empty_disk
    systemctl reset-failed "$SERVICE" 2>/dev/null || true
    systemctl start --no-block "$SERVICE"
    wait_synced "$since" 0
}

# A new disk: a server does not start in a folder that lacks its own tables. They are made aside and moved, `mysql` last, so that a cut begins anew.
fill_empty_disk() {
    local words new=$DATA/.pulumi-ha-new item
    [[ ! -d $DATA/mysql && $(identity) == no && -z $(databases) ]] || return 0
    say "$DATA has no system tables: they are made"
    install -d -m 0755 -o mysql -g mysql "$DATA"
    rm -rf -- "$new"
    words=$(mariadb-install-db --user=mysql --datadir="$new" --skip-test-db --auth-root-authentication-method=socket 2>&1) || fail "they could not be made:" "$words"
    for item in "$new"/!(mysql) "$new/mysql"; do
        rm -rf -- "${DATA:?}/${item##*/}"
        mv -T -- "$item" "$DATA/${item##*/}"
    done
    rm -rf -- "$new"
}

# A later start must not find the flag. One that this run leaves when it is killed is removed by the start itself, and by `starting`.
bootstrap() {
    local since=$EPOCHSECONDS
    if is_named; then
        say "begins the cluster ${SETTING[CLUSTER]} at $(saved uuid):$(saved seqno), as a recovery decided"
    else
        say "every other member is fresh: begins the cluster ${SETTING[CLUSTER]}"
    fi
    fill_empty_disk
    systemctl reset-failed "$SERVICE" 2>/dev/null || true
    echo '_WSREP_NEW_CLUSTER=--wsrep-new-cluster' >"$NEW_CLUSTER"
    timeout 120 systemctl start "$SERVICE" 9>&- || true
    rm -f -- "$NEW_CLUSTER" "$NAMED"
    wait_synced "$since" 0
}

restart_safely() {
    local since before=${SYSTEMD[MainPID]} id=${SYSTEMD[InvocationID]} hung=0 member=0
    look || hung=1
    wait_for_leave 60
    if look && is_synced; then
        member=1
        drain
        wait_for_leave 0
    fi
    say "restarts"
    since=$EPOCHSECONDS
    systemctl restart --no-block "$SERVICE"
    if ((hung)); then stop_hung "$before"; fi
    wait_for_new "$id" || fail "the server does not stop"
    if ((!member)); then
        wait_synced "$since" 0
        return
    fi
    wait_synced "$since" 0 no-copy
    undrain
    ! receives_copy || STATUS=$GOES_ON fail "needs a whole copy of the data (SST), as it could not catch up from the others' write-set cache (IST): no other member is restarted, as it would do the same, with one member less to copy from" \
        "it gets that copy; see that the cache (cache, cacheMebibytes) holds what is written while a member restarts, and the server's journal for why it was not used, and then run \`pulumi up\` again"
    settle
}

# The next member leaves only when load balancers send clients here again: of two members, one must always be left to them.
settle() {
    say "lets load balancers find it well, for ${SETTING[RETURN_SECONDS]} s"
    sleep "${SETTING[RETURN_SECONDS]}"
}

# Until the others can do without this member; they may be catching up for a moment. It says that it leaves before it asks, and so does each of them:
# of two that would leave at once, at least one sees the other.
wait_for_leave() { # SECONDS
    local answer until=$((SECONDS + $1)) said=''
    local -a lines
    while :; do
        # Whoever finds it after this process is gone may remove it. A flag without a process is an operator's, and stays.
        [[ -e $DRAINING ]] || echo "$$" >"$DRAINING"
        answer=$(may_leave)
        [[ $answer != go ]] || return 0
        undrain
        mapfile -t lines <<<"$answer"
        ((SECONDS < until)) || fail "${lines[@]:1}"
        [[ -n $said ]] || say "waits: ${lines[1]}"
        said=1
        sleep "1.$((RANDOM % 9))"
    done
}

may_leave() {
    local primary=unknown
    if look; then if is_primary; then primary=yes; else primary=no; fi; fi
    if [[ $primary == yes && ${WSREP[local_state_comment]} != Synced ]]; then
        refuse "this member is ${WSREP[local_state_comment]}: another one may be copying its data from here"
        return
    fi
    # An endpoint may tell for a moment what it has just told.
    sleep 0.3
    evidence 1 | may_restart "$primary" "${WSREP[cluster_state_uuid]--}" "$NODE" "${OTHERS[@]}"
}

drain() {
    local until n
    say "sends its clients away"
    sleep "${SETTING[MARKED_DOWN_SECONDS]}"
    until=$((SECONDS + ${SETTING[DRAIN_SECONDS]%.*}))
    while n=$(sessions) && ((n > 0)); do
        if ((SECONDS >= until)); then
            say "$n client sessions are left after ${SETTING[DRAIN_SECONDS]} s, and are cut"
            break
        fi
        sleep 0.5
    done
}

undrain() { [[ $(cat "$DRAINING" 2>/dev/null) != "$$" ]] || rm -f -- "$DRAINING"; }

# A drain of a run that was killed.
forget_drain() {
    local pid=''
    read -r pid 2>/dev/null <"$DRAINING" || return 0
    [[ ! $pid =~ ^[0-9]+$ ]] || kill -0 "$pid" 2>/dev/null || rm -f -- "$DRAINING"
}

wait_for_new() { # INVOCATION
    local until=$((SECONDS + PATIENCE))
    while ((SECONDS < until)); do
        look_at_unit
        if [[ ${SYSTEMD[InvocationID]} != "$1" ]] || is_down; then return 0; fi
        sleep 0.2
    done
    return 1
}
