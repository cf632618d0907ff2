# shellcheck shell=bash
# The server on this host.

# Without TLS, as nothing leaves this host by a socket of it: most of what a question takes would go into its beginning.
CLIENT=(mariadb --no-defaults --skip-ssl --protocol=socket --socket=/run/mysqld/mysqld.sock --user=root --connect-timeout=5 --batch --skip-column-names)

sql() { timeout --kill-after=1 "${SQL_SECONDS:-10}" "${CLIENT[@]}" "$@"; }

# WSREP: the server's own view. Status 1: it gives no answer.
look() {
    local rows name value
    WSREP=()
    rows=$(SQL_SECONDS=3 sql --execute="SHOW GLOBAL STATUS LIKE 'wsrep\\_%'" 2>/dev/null) || return 1
    while IFS=$'\t' read -r name value; do WSREP[${name#wsrep_}]=$value; done <<<"$rows"
}

is_primary() { [[ ${WSREP[cluster_status]-} == Primary ]]; }
is_synced() { is_primary && [[ ${WSREP[local_state_comment]-} == Synced && ${WSREP[ready]-} == ON ]]; }
# Far below any flow control limit: it lags by nothing that a client would see.
keeps_up() { ((${WSREP[local_recv_queue]:-0} < 16)); }

# SYSTEMD: what systemd says of it.
look_at_unit() {
    local row
    SYSTEMD=()
    while IFS= read -r row; do SYSTEMD[${row%%=*}]=${row#*=}; done < <(
        systemctl show --property=ActiveState,SubState,MainPID,InvocationID,NRestarts,Job "$SERVICE"
    )
}

is_up() { [[ ${SYSTEMD[ActiveState]-} == @(active|reloading|activating|deactivating) ]]; }

# A start or stop may be queued while the unit still shows the state before.
is_down() { [[ ${SYSTEMD[ActiveState]-} == @(inactive|failed) && ${SYSTEMD[Job]:-0} == 0 ]]; }

# Whether a whole copy of the data (SST) is or was received since the last start: the vendor's script leaves this file, and not after an IST.
# The server's notify command is not called for it.
receives_copy() {
    local file
    [[ -e $READ ]] || return 1
    for file in "$DATA/.sst" "$DATA"/*_galera_info_SST; do
        if [[ $file -nt $READ ]]; then return 0; fi
    done
    return 1
}

# What a start reads, and a running server cannot take otherwise.
fingerprint() { cat -- "$SERVER_CONF" "$DROP_INS"/*.conf 2>/dev/null | sha256sum; }
runs_what_is_written() { [[ $(fingerprint) == "$(cat "$READ" 2>/dev/null)" ]]; }

# The provider makes the file when it starts and writes to it with its first view: one that is empty, beside no databases, is of a beginning that was cut off.
identity() {
    if [[ -s $DATA/grastate.dat || -e $DATA/gvwstate.dat ]]; then
        echo yes
    elif [[ -e $DATA/grastate.dat && -n $(databases) ]]; then
        echo yes
    else
        echo no
    fi
}
saved() { sed -n "s/^$1:[[:space:]]*//p" "$DATA/grastate.dat" 2>/dev/null; } # uuid|seqno
saved_uuid() { saved uuid || echo "$ZERO"; }

own_databases() { plain "$(databases | paste -sd,)"; }

sessions() {
    sql --execute="SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() AND USER NOT IN ('system user', 'event_scheduler')" 2>/dev/null || echo 0
}

# A hung server never stops, and Debian's unit kills nothing.
stop_hung() { # PID
    local until=$((SECONDS + 15))
    while kill -0 "$1" 2>/dev/null && ((SECONDS < until)); do sleep 0.5; done
    kill -0 "$1" 2>/dev/null || return 0
    say "the server does not answer and does not stop: it is killed"
    # --kill-whom is the same, and unknown to systemd before 252.
    systemctl kill --signal=KILL --kill-who=main "$SERVICE" || true
}

# The server answers nobody while it receives a copy.
copies() { [[ ${SYSTEMD[ActiveState]} == activating && ${SYSTEMD[SubState]} != auto-restart ]] && ((!${#WSREP[@]})) && receives_copy; }
goes_on() { copies || is_primary; }

how_far() {
    if copies; then
        echo "receives a whole copy of the data (SST): $(copied) MiB in $((EPOCHSECONDS - $(stat --format=%Y "$READ"))) s"
    elif is_primary; then
        echo "catches up: ${WSREP[local_state_comment]-}, ${WSREP[local_recv_queue]-?} write sets behind"
    elif [[ ${SYSTEMD[SubState]} == auto-restart ]]; then
        echo "the server stopped, systemd starts it again"
    else
        echo "waits to be let in"
    fi
}

# What has arrived lies in a folder of its own, from which it is moved when it is complete. Files come and go meanwhile.
copied() {
    local folder=$DATA/.sst
    [[ -d $folder ]] || folder=$DATA
    { du --summarize --block-size=1M --exclude=galera.cache -- "$folder" 2>/dev/null || true; } | cut -f 1
}

progress() {
    local now
    now=$(how_far)
    if [[ ${PROGRESS-} != "${now%%:*}" ]] || ((SECONDS >= NEXT_WORD)); then
        say "$now"
        NEXT_WORD=$((SECONDS + PROGRESS_EVERY))
    fi
    PROGRESS=${now%%:*}
}

# Waits until the server that was started at SINCE is a full member; with `no-copy` it ends at once where that takes a whole copy.
wait_synced() { # SINCE RESTARTS [no-copy]
    local begun=$SECONDS most
    PROGRESS=''
    while :; do
        look || true
        if is_synced && keeps_up; then
            say "is Primary and Synced"
            return 0
        fi
        look_at_unit
        if is_down || ((${SYSTEMD[NRestarts]:-0} > $2 + 1)); then
            explain "$1"
            return 1
        fi
        if [[ ${3-} == no-copy ]] && copies; then return 0; fi
        most=${SETTING[JOIN_SECONDS]%.*}
        goes_on || ((most <= PATIENCE)) || most=$PATIENCE
        ((SECONDS - begun < most)) || break
        progress
        sleep 0.5
    done
    ! goes_on || STATUS=$GOES_ON fail "$(how_far), and goes on: \`pulumi up\` waits for it again"
    say "is not Synced after $((EPOCHSECONDS - $1)) s"
    explain "$1"
    return 1
}

# What the server's own words mean, the most telling first: an expression, and a hint.
HINTS=(
    'certificate has expired;; a certificate has expired: see the dates of /etc/mysql/pulumi-ha/*.pem on all members, and their clocks'
    'certificate verify failed;; a certificate is not of a CA that the other side trusts: the ca.pem of all members must hold this CA'
    'key values mismatch;; key.pem is not the key of cert.pem'
    'Failed to establish connection: (End of file|unexpected eof);; the others hang up at once: this member may be missing in their mysql.wsrep_allowlist'
    'No space left on device|[Ee]rr(or|code:) 28([^0-9]|$);; the disk is full: df -h '"$DATA"
    'unknown variable;; the server does not know a variable of the configuration'
    'unknown option;; the server does not know an option of the configuration'
    'Address already in use;; another process holds a port of the server'
    'may not be safe to bootstrap;; this member was not the last one to leave: pulumi-ha recover galera finds the right one'
    'failed to reach primary view;; no Primary could be reached: see that a member runs and is Primary, and that the ports 4567, 4568 and 4444 are open between members'
    'SST .*failed|Failed to .*SST;; the copy of the data (SST) failed: the journals of mariadb on both members say why'
)

explain() { # SINCE
    local row words
    words=$(journalctl --unit="$SERVICE" --since="@$1" --no-pager --quiet --output=cat 2>/dev/null | sed -E 's/^[0-9]{4}-[0-9-]+ +[0-9:]+ [0-9]+ //' || true)
    say "the server's own words:"
    { grep -E '\[ERROR\]|ERROR:|\[F(ATAL|atal)\]' <<<"$words" || grep -iE 'error|fail|verif|denied|refused|unexpected' <<<"$words" || true; } | awk '!seen[$0]++' | tail -n 7 | cut -c -300 >&2
    for row in "${HINTS[@]}"; do
        if grep -qE -- "${row%%;; *}" <<<"$words"; then
            say "${row#*;; }"
            return 0
        fi
    done
}
