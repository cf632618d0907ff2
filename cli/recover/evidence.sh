# shellcheck shell=bash
# What a member can tell without being changed: one line of JSON. Everything is a function, and the caller's last line is `main`. `databases` is the component's.

export LC_ALL=C
DATA=/var/lib/mysql
SERVICE=mariadb.service
STATE=/run/pulumi-ha-galera/state
BEGUN=/var/lib/pulumi-ha/recover/begun
ZERO=00000000-0000-0000-0000-000000000000
CLIENT=(mariadb --no-defaults --skip-ssl --protocol=socket --socket=/run/mysqld/mysqld.sock --user=root --connect-timeout=5 --batch --skip-column-names)
declare -A WSREP=()

say() { printf '%s\n' "$*" >&2; }
fail() {
    say "failed: $*"
    exit 1
}

# The lock under which units are applied: no `up` and no other recovery changes the server meanwhile.
take_lock() { # SECONDS
    mkdir -p /run/pulumi-ha
    exec 9>>/run/pulumi-ha/host.lock
    flock --timeout "$1" 9 || return 1
    echo "$$ recover ${CLUSTER:-galera} $EPOCHSECONDS" >/run/pulumi-ha/host.lock.holder
}

string() {
    local text=${1//\\/\\\\}
    text=${text//\"/\\\"}
    printf '"%s"' "${text//[$'\001'-$'\037'$'\177']/ }"
}

strings() {
    local text separator=
    for text; do
        printf '%s%s' "$separator" "$(string "$text")"
        separator=,
    done
}

# The server's own view. Status 1: it gives no answer.
look() {
    local rows name value
    WSREP=()
    rows=$(timeout --kill-after=1 5 "${CLIENT[@]}" --execute="SHOW GLOBAL STATUS LIKE 'wsrep\\_%'" 2>&1) || {
        SILENCE=${rows##*$'\n'}
        return 1
    }
    while IFS=$'\t' read -r name value; do WSREP[${name#wsrep_}]=$value; done <<<"$rows"
}

# Processes that have the data open, whoever started them: the server, a copy, a recovery.
holders() { find /proc/[0-9]*/fd -maxdepth 1 -lname "$DATA/*" -printf '%h\n' 2>/dev/null | grep -o '[0-9]\+' | sort -u | head -n 3; }

# SERVER: stopped, starting, stopping, non-primary, primary, silent; SILENCE: why it is silent.
look_at_server() {
    local active job pid
    SILENCE=''
    active=$(systemctl show --property=ActiveState --value "$SERVICE")
    job=$(systemctl show --property=Job --value "$SERVICE")
    pid=$(holders | head -n 1)
    case $active in
    active | reloading)
        if ! look; then
            SERVER=silent
        elif [[ ${WSREP[cluster_status]-} == Primary ]]; then
            SERVER=primary
        else
            SERVER=non-primary
        fi
        ;;
    # A joiner serves nobody, but whom it joins is Primary.
    activating) if grep -qsx primary=yes "$STATE"; then SERVER=primary; else SERVER=starting; fi ;;
    deactivating) SERVER=stopping ;;
    *)
        if [[ ${job:-0} != 0 ]]; then
            SERVER=starting
        elif [[ -n $pid ]]; then
            SERVER=silent SILENCE="process $pid ($(cat "/proc/$pid/comm" 2>/dev/null)) has the data open, and is not of $SERVICE"
        else
            SERVER=stopped
        fi
        ;;
    esac
}

saved() { sed -n "s/^$1:[[:space:]]*//p" "$DATA/grastate.dat" 2>/dev/null | head -n 1; }

# A start under a new name that a power loss has cut off left that name in grastate.dat, and data that has not moved: nothing was done under it.
saved_uuid() {
    local uuid
    uuid=$(saved uuid)
    if [[ -n ${POSITION-} && $(cat "$BEGUN" 2>/dev/null) == "$POSITION $uuid" ]]; then uuid=${POSITION%:*}; fi
    echo "$uuid"
}

# POSITION, or UNPLACED: why there is none. The server's own recovery, as its unit runs it at every start: it completes what a crash left in the log
# of the storage engine, and changes nothing else.
ask_position() { # SECONDS
    local out words
    POSITION='' UNPLACED=''
    if [[ ! -e $DATA/ibdata1 ]]; then
        if [[ -e $DATA/grastate.dat || -n $(databases) ]]; then UNPLACED="$DATA/ibdata1 is missing"; else POSITION=$ZERO:-1; fi
        return
    fi
    if ! command -v galera_recovery >/dev/null; then
        UNPLACED='galera_recovery is not installed'
        return
    fi
    words=$(mktemp)
    if ! out=$(cd / && umask 007 && timeout --kill-after=10 "$1" runuser -u mysql -- galera_recovery </dev/null 9>&- 2>"$words"); then
        UNPLACED=$(grep -aE 'ERROR|error:' "$words" | head -n 3 | cut -c -300 | paste -sd' ')
        : "${UNPLACED:=$(tail -n 2 "$words" | cut -c -300 | paste -sd' ')}"
    elif [[ $out =~ ^--wsrep_start_position=([0-9a-f-]{36}:-?[0-9]+)$ ]]; then
        POSITION=${BASH_REMATCH[1]}
    elif [[ $(saved seqno) =~ ^[0-9]+$ ]]; then
        # Its configuration left after an orderly stop, which wrote where the data is.
        POSITION=$(saved_uuid):$(saved seqno)
    else
        UNPLACED='the server is not configured as a member (wsrep_on), and was not stopped in order when it was one'
    fi
    rm -f "$words"
}

# Who is at the other end of connections between members.
peers() {
    ss --no-header --numeric --tcp state established '( sport = :4567 or dport = :4567 )' 2>/dev/null |
        awk '{ sub(/:[0-9]+$/, "", $4); gsub(/[][]/, "", $4); print $4 }' | sort -u
}

evidence() { # SECONDS for the position
    local list
    look_at_server
    if [[ $SERVER == stopped && ! -e $DATA/sst_in_progress ]]; then
        if take_lock 10; then
            # Again: until now it could be started.
            look_at_server
            if [[ $SERVER == stopped ]]; then ask_position "$1"; fi
        else
            UNPLACED="another run holds this host: $(cat /run/pulumi-ha/host.lock.holder 2>/dev/null)"
        fi
    fi
    printf '{"server":"%s"' "$SERVER"
    [[ -z $SILENCE ]] || printf ',"silence":%s' "$(string "$SILENCE")"
    if [[ -n $(saved uuid) && $(saved seqno) =~ ^-?[0-9]+$ ]]; then
        printf ',"savedState":{"uuid":%s,"seqno":%s,"safeToBootstrap":%s}' "$(string "$(saved_uuid)")" "$(saved seqno)" \
            "$([[ $(saved safe_to_bootstrap) == 1 ]] && echo true || echo false)"
    fi
    if [[ -s $DATA/gvwstate.dat ]]; then
        mapfile -t list < <(awk '$1 == "member:" { print $2 }' "$DATA/gvwstate.dat")
        printf ',"savedView":{"self":%s,"id":%s,"members":[%s]}' "$(string "$(awk '$1 == "my_uuid:" { print $2 }' "$DATA/gvwstate.dat")")" \
            "$(string "$(awk '$1 == "view_id:" { print $3 ":" $4 }' "$DATA/gvwstate.dat")")" "$(strings "${list[@]}")"
    fi
    [[ -z ${POSITION-} ]] || printf ',"position":{"uuid":"%s","seqno":%s}' "${POSITION%:*}" "${POSITION##*:}"
    [[ -z ${UNPLACED-} ]] || printf ',"positionError":%s' "$(string "$UNPLACED")"
    printf ',"configured":%s' "$([[ -e /etc/mysql/mariadb.conf.d/71-pulumi-ha-server.cnf ]] && echo true || echo false)"
    printf ',"interruptedCopy":%s' "$([[ -e $DATA/sst_in_progress ]] && echo true || echo false)"
    mapfile -t list < <(databases)
    printf ',"databases":[%s]' "$(strings "${list[@]}")"
    if [[ $SERVER == primary && -n ${WSREP[cluster_state_uuid]-} ]]; then
        printf ',"component":{"uuid":%s,"size":%s}' "$(string "${WSREP[cluster_state_uuid]}")" "${WSREP[cluster_size]:-0}"
    fi
    mapfile -t list < <(peers)
    printf ',"peers":[%s]}\n' "$(strings "${list[@]}")"
}
