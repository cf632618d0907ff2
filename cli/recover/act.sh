# shellcheck shell=bash disable=SC2153
# What is done to a member; comes after evidence.sh.

WORK=/run/pulumi-ha/recover
MEMBER=/usr/local/lib/pulumi-ha/galera/member
MARKER=/run/mariadb-wsrep-new-cluster
STARTER=pulumi-ha-recover-start.service

last_errors() { journalctl --unit="$SERVICE" --since=-10min --output=cat --no-pager 2>/dev/null | grep -a ERROR | tail -n 3 | cut -c -300; }

stopped_by_itself() { # WHAT
    fail "$1; \"journalctl -u mariadb\" has it all, last:
$(last_errors)"
}

hold() { take_lock 60 || fail "another run holds this host: $(cat /run/pulumi-ha/host.lock.holder 2>/dev/null)"; }

# Only a server that is not Primary. One that waits for the others ignores SIGTERM, for ever, and Debian's unit kills nothing; it serves nobody, and
# whatever it has committed is on its disk.
stop_server() { # SECONDS until it is killed
    local until=$((SECONDS + $1)) pid
    hold
    look_at_server
    case $SERVER in
    stopped) return 0 ;;
    primary | silent) fail "the server is $SERVER by now, so it is not stopped" ;;
    esac
    systemctl stop --no-block "$SERVICE"
    pid=$(systemctl show --property=MainPID --value "$SERVICE")
    while look_at_server && [[ $SERVER != stopped ]]; do
        if ((SECONDS > until + 30)); then fail "the server can't be stopped: it is $SERVER"; fi
        if ((SECONDS > until && pid > 0)); then
            say 'waits for the others and does not stop: killed'
            kill -KILL "$pid" 2>/dev/null
            pid=0
        fi
        sleep 0.2
    done
}

# What the start of a cluster lays down. It is run by systemd, which also clears it away when the caller or the start itself is killed: a server that
# finds the marker at a later start would begin a second cluster. A state that nothing came of is put back.
write_starter() { # HISTORY SEQNO
    install -d -m 0700 "$WORK" "${BEGUN%/*}"
    echo "$POSITION $1" >"$BEGUN" && sync "$BEGUN"
    cp --preserve "$DATA/grastate.dat" "$WORK/grastate.before"
    cp --preserve "$DATA/grastate.dat" "$WORK/grastate.dat"
    printf '# GALERA saved state\nversion: 2.1\nuuid:    %s\nseqno:   %s\nsafe_to_bootstrap: 1\n' "$1" "$2" >"$WORK/grastate.dat"
    cat >"$WORK/begin" <<EOF
set -eu
cp --preserve $WORK/grastate.dat $DATA/grastate.new
sync $DATA/grastate.new
mv -fT $DATA/grastate.new $DATA/grastate.dat
echo _WSREP_NEW_CLUSTER=--wsrep-new-cluster >$MARKER
systemctl start $SERVICE
EOF
    cat >"$WORK/end" <<EOF
rm -f $MARKER $DATA/grastate.new
systemctl is-active --quiet $SERVICE && exit
systemctl stop $SERVICE
cp --preserve $WORK/grastate.before $DATA/grastate.dat
EOF
}

# The data is still where it was when the members were asked.
still_at() { # SECONDS UUID SEQNO
    look_at_server
    [[ $SERVER == stopped ]] || fail "the server is no longer stopped but $SERVER: somebody else starts it"
    ask_position "$1"
    [[ $POSITION == "$2:$3" && $(saved_uuid) == "$2" && ! -e $DATA/sst_in_progress ]] ||
        fail "the data is no longer at $2:$3 but at ${POSITION:-an unknown place} ${UNPLACED-}"
}

# A server without the configuration of a member is started by the next `pulumi up`, which lays it down; this is its leave to begin the cluster then.
name_founder() { # SECONDS UUID SEQNO
    hold
    still_at "$1" "$2" "$3"
    cp --preserve "$DATA/grastate.dat" "$DATA/grastate.new"
    printf '# GALERA saved state\nversion: 2.1\nuuid:    %s\nseqno:   %s\nsafe_to_bootstrap: 1\n' "$2" "$3" >"$DATA/grastate.new"
    sync "$DATA/grastate.new" && mv -fT "$DATA/grastate.new" "$DATA/grastate.dat"
    echo "$2:$3" >/run/pulumi-ha-galera-begin
    say "may begin the cluster at $2:$3, until its next boot"
}

# The one start of a cluster, at the position that was decided on, as HISTORY: the same cluster, or one that data of the old one has to be copied to.
begin_cluster() { # SECONDS UUID SEQNO HISTORY
    hold
    still_at "$1" "$2" "$3"
    write_starter "$4" "$3"
    systemctl reset-failed "$SERVICE" 2>/dev/null
    systemctl stop "$STARTER" 2>/dev/null
    systemd-run --quiet --collect --wait --unit="$STARTER" --property="ExecStopPost=/bin/bash $WORK/end" \
        /bin/bash "$WORK/begin" || stopped_by_itself 'the server did not start'
    if ! look || [[ ${WSREP[cluster_status]-} != Primary ]]; then fail 'the server has started and is not Primary'; fi
    say "Primary, at ${WSREP[cluster_state_uuid]}:${WSREP[last_committed]}"
    # A server that begins a cluster forgets whom it lets in.
    [[ ! -x $MEMBER ]] || "$MEMBER" members 9>&- || true
}

# An ordinary start; nobody waits for it. Where the data directory was moved aside, the member's own script makes a new one first.
start_server() {
    hold
    look_at_server
    [[ $SERVER == stopped ]] || return 0
    if [[ ! -d $DATA/mysql && -x $MEMBER ]]; then
        "$MEMBER" converge 9>&- || fail 'a member with an empty disk did not join'
        return
    fi
    systemctl reset-failed "$SERVICE" 2>/dev/null
    systemctl start --no-block "$SERVICE"
}

look_at_progress() {
    ACTIVE=$(systemctl show --property=ActiveState --value "$SERVICE")
    WSREP=()
    if [[ $ACTIVE == active ]]; then look || true; fi
    PROGRESS=${WSREP[local_state_comment]:-$ACTIVE}
    [[ -z ${WSREP[cluster_size]-} ]] || PROGRESS+=", ${WSREP[cluster_status]-}, ${WSREP[cluster_size]} members"
    [[ ! -e $DATA/sst_in_progress ]] || PROGRESS+=', data comes from another member'
}

is_synced() { [[ ${WSREP[local_state_comment]-} == Synced && ${WSREP[cluster_status]-} == Primary && ${WSREP[ready]-} == ON ]]; }
has_company() { ((${WSREP[cluster_size]:-0} >= $1)); }
keeps_up() { ((${WSREP[local_recv_queue]:-0} < 16)); }

# Until this member is Synced in that cluster, with so many members at least.
await() { # SECONDS SIZE [UUID]
    local begin=$SECONDS told=''
    while :; do
        look_at_progress
        if [[ $PROGRESS != "$told" ]]; then say "$PROGRESS"; fi
        told=$PROGRESS
        if is_synced; then
            [[ -z ${3-} || ${WSREP[cluster_state_uuid]} == "$3" ]] || fail "it is in another cluster: ${WSREP[cluster_state_uuid]}"
            if has_company "$2" && keeps_up; then return 0; fi
        fi
        if [[ $ACTIVE == @(failed|inactive) ]] && ((SECONDS > begin + 2)); then stopped_by_itself 'its server has stopped'; fi
        ((SECONDS < begin + $1)) || stopped_by_itself "not Synced within $1 s: $PROGRESS"
        sleep 0.3
    done
}

# The decision stays on the host too. Its text comes in `record_text`.
record() { # NAME
    local file=/var/lib/pulumi-ha/recover/$1
    install -d -m 0700 "${file%/*}"
    (umask 077 && record_text >"$file.new" && sync "$file.new" && mv -fT "$file.new" "$file")
}
