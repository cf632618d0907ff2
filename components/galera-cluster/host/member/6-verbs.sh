# shellcheck shell=bash
# The verbs. Those that change a running server do nothing to a stopped one: its next start reads the files.

# Before each start, by systemd. A flag that is older than a start takes was left by a run that was killed: it must not begin a cluster now.
verb_starting() {
    # As another user than root it can record nothing, and the next change restarts the server in any case.
    ((EUID == 0)) || return 0
    [[ -z $(find "$NEW_CLUSTER" -mmin +1 2>/dev/null) ]] || rm -f -- "$NEW_CLUSTER"
    fingerprint >"$READ"
    rm -f -- "$VARIABLES"
}

verb_tls() {
    runs || return 0
    sql --execute="SET GLOBAL wsrep_provider_options = 'socket.ssl_reload=1'; FLUSH SSL"
    say "took the certificates"
}

runs() {
    look_at_unit
    [[ ${SYSTEMD[ActiveState]} == active ]] || return 1
    look || fail "the server does not answer"
}

# Name and value of each variable in the vendor's own reading of option files, the last word of each.
options() { # ARGUMENT…
    my_print_defaults "$@" | sed -nE 's/^--(loose[-_])?([A-Za-z0-9_-]+)=(.*)$/\2 \3/p' | while read -r name value; do
        name=${name//-/_}
        echo "${name,,} $value"
    done
}

option() { # NAME ARGUMENT…: the last word on one of them
    local wanted=$1 name value found=''
    shift
    while read -r name value; do [[ $name != "$wanted" ]] || found=$value; done < <(options "$@")
    echo "$found"
}

verb_set() {
    local name value
    local -A effective=() ours=() before=()
    runs || return 0
    while read -r name value; do effective[$name]=$value; done < <(options --mysqld)
    while read -r name _; do ours[$name]=1; done < <(options --defaults-file="$DYNAMIC_CONF" mysqld server mariadb mariadbd)
    while read -r name; do before[$name]=1; done < <(cat -- "$VARIABLES" 2>/dev/null || true)
    # The record comes first: what a run that was cut had set is known to the next.
    printf '%s\n' "${!ours[@]}" "${!before[@]}" | sort -u >"$VARIABLES"
    look_up "${!ours[@]}" "${!before[@]}"
    for name in "${!before[@]}"; do
        # What the server refused is on record too, and was never set.
        [[ -n ${ours[$name]-} || ${READ_ONLY[$name]-YES} == YES ]] || set_variable "$name" "${effective[$name]-}"
    done
    for name in "${!ours[@]}"; do set_variable "$name" "${effective[$name]-}"; done
    printf '%s\n' "${!ours[@]}" | sort >"$VARIABLES"
}

# KIND, READ_ONLY and CURRENT of variables, in one question for all of them.
look_up() { # NAME…
    local rows names name kind only current
    declare -gA KIND=() READ_ONLY=() CURRENT=()
    (($#)) || return 0
    printf -v names "'%s'," "$@"
    rows=$(sql --raw --execute="SELECT LOWER(VARIABLE_NAME), VARIABLE_TYPE, READ_ONLY, GLOBAL_VALUE FROM information_schema.SYSTEM_VARIABLES WHERE VARIABLE_NAME IN (${names%,})")
    while IFS=$'\t' read -r name kind only current; do KIND[$name]=$kind READ_ONLY[$name]=$only CURRENT[$name]=$current; done <<<"$rows"
}

# One that was looked up.
set_variable() { # NAME VALUE, no value for the default
    local literal error
    [[ -n ${KIND[$1]-} ]] || fail "the server knows no variable $1"
    literal=$(literal "${KIND[$1]}" "$2")
    [[ ${literal//\'/} != "${CURRENT[$1]}" ]] || return 0
    error=$(sql --execute="SET SESSION sql_mode = ''; SET GLOBAL $1 = $literal" 2>&1) || fail "$1 = $2: the server refuses it: ${error##*$'\n'}"
    say "set $1 to ${2:-its default}"
}

literal() { # TYPE VALUE
    local value=$2 unit
    if [[ -z $value ]]; then
        echo DEFAULT
        return
    fi
    if [[ $1 != VARCHAR && $value =~ ^([0-9]+)([KMGTPE])$ ]]; then
        unit=KMGTPE unit=${unit%%"${BASH_REMATCH[2]}"*}
        echo $((BASH_REMATCH[1] << (10 * (${#unit} + 1))))
    elif [[ $1 != VARCHAR && $value =~ ^-?[0-9]+(\.[0-9]+)?$ ]]; then
        echo "$value"
    else
        value=${value//\\/\\\\}
        echo "'${value//\'/\\\'}'"
    fi
}

# The provider looks at the table at each connection of a member, and at the donor when it has to ask for one.
verb_members() {
    local value list
    runs && is_primary || return 0
    look_up wsrep_sst_donor
    set_variable wsrep_sst_donor "$(option wsrep_sst_donor --mysqld)"
    list=$(option wsrep_allowlist pulumi-ha)
    [[ -n $list ]] || return 0
    [[ $list =~ ^[0-9A-Fa-f:.,]+$ ]] || fail "wsrep_allowlist: '$list' is no list of addresses"
    value=$(tr , '\n' <<<"$list" | sort -u)
    [[ $(sql --execute="SELECT ip FROM mysql.wsrep_allowlist" | sort -u) != "$value" ]] || return 0
    # Here alone: each member does so by itself. Where tables differ, a replicated change would be an inconsistency, which makes members abort.
    sql --execute="SET SESSION wsrep_on = OFF; BEGIN; DELETE FROM mysql.wsrep_allowlist WHERE ip NOT IN ('${list//,/"','"}'); INSERT IGNORE INTO mysql.wsrep_allowlist (ip) VALUES ('${list//,/"'),('"}'); COMMIT"
    say "lets in $list"
}

# Gate: prints why not. A member that is stopped does not hold up the others: it may be the next one to start; no other one restarts without it.
verb_synced() {
    local name view
    forget_drain
    if ! look; then
        look_at_unit
        ! copies || STATUS=$GOES_ON fail "$(how_far)"
        fail "the server does not answer"
    fi
    is_primary || fail "is not in the Primary component (${WSREP[cluster_status]-no Galera}): it serves nothing"
    is_synced || STATUS=$GOES_ON fail "is ${WSREP[local_state_comment]-}, not Synced: ${WSREP[local_recv_queue]-?} write sets behind"
    view=,$(sql --execute="SELECT node_name FROM mysql.wsrep_cluster_members" | paste -sd,),
    read_rows < <(evidence 1)
    for name in "${OTHERS[@]}"; do
        if [[ -z ${ANSWERS[$name]-} ]]; then
            [[ $view == *,$name,* ]] || fail "$(found "$name"), and is not in the cluster"
        elif [[ ${PRIMARY[$name]} == yes && ${CLUSTER_ID[$name]} != "${WSREP[cluster_state_uuid]}" ]]; then
            fail "$name is in another cluster: ${CLUSTER_ID[$name]} there, ${WSREP[cluster_state_uuid]} here"
        elif [[ ${IDENTITY[$name]} == yes && ${RUNNING[$name]} == yes && $view != *,$name,* ]]; then
            fail "$(found "$name"), and is not in the cluster"
        fi
    done
}

# What mariabackup needs to read all data of a running server; it logs in as mysql through the unix socket.
BACKUP_RIGHTS='RELOAD, PROCESS, LOCK TABLES, BINLOG MONITOR'

# A new cluster comes with accounts of the package. That of mysql is the last one to be changed, so that a cut leaves what is seen here. The health
# endpoint logs in without any right: the server logs a client that leaves after the greeting as an aborted one, at every check.
secure_new() {
    [[ ${SETTING[FOUNDER]} == "$NODE" ]] && look && is_synced || return 0
    [[ -n $(sql --execute="SELECT 1 FROM mysql.user WHERE User = 'mysql' AND Host = 'localhost' AND Super_priv = 'Y'") ]] || return 0
    verb_secure
}

verb_secure() {
    local drops
    drops=$(sql --raw --execute="SELECT CONCAT('DROP USER ', QUOTE(User), '@', QUOTE(Host), ';') FROM mysql.global_priv
        WHERE JSON_VALUE(Priv, '$.is_role') IS NULL AND User <> 'PUBLIC' AND (User = '' OR (User = 'root' AND Host <> 'localhost'))")
    sql <<SQL
$drops
DROP DATABASE IF EXISTS test;
DELETE FROM mysql.db WHERE User = '';
FLUSH PRIVILEGES;
ALTER USER root@localhost IDENTIFIED VIA unix_socket;
CREATE USER IF NOT EXISTS 'galera-health'@localhost IDENTIFIED VIA unix_socket;
CREATE OR REPLACE USER mysql@localhost IDENTIFIED VIA unix_socket;
GRANT $BACKUP_RIGHTS ON *.* TO mysql@localhost;
SQL
    say "dropped the package's open accounts and its test database"
}

leave() {
    rm -f -- "$NEW_CLUSTER"
    undrain
}

main() {
    case ${1-} in
    starting) verb_starting ;;
    members | set | tls | synced)
        read_settings
        "verb_$1"
        ;;
    converge | secure)
        read_settings
        exec 9>/run/pulumi-ha-galera.lock
        flock --timeout 30 9 || fail "another run changes this member at this moment"
        forget_drain
        trap leave EXIT
        trap 'exit 1' INT TERM
        "verb_$1"
        ;;
    *) fail "'${1-}' is no verb: members, set, tls, converge, secure, synced, starting" ;;
    esac
}

main "$@"
