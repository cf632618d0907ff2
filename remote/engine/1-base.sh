{ trap 'echo "pulumi-ha: the script arrived cut off; nothing was done" >&2; exit 65' EXIT; }
# The host side of units. Everything is defined first and `main` is the last line, so that a text that was cut does nothing; the line above
# is one compound command, so that a cut inside it is a syntax error.
# `return` names its status throughout: in a function called from the EXIT trap, a bare one returns the status of before the trap.

# Raised when hosts come to differ by it; policies read it out of what is sent.
ENGINE_VERSION=1

# Tests alone define this, after the engine's text: it sets ROOT and PATH.
unset -f under_test

# Seconds: for one command of each kind, for a wait, and for the run as a whole.
declare -A LIMIT=(
    [run]=3000      # until the last command of a run has to begin
    [restore]=1500  # the same, for putting back what was there
    [lock]=900      # waiting for another run on this host
    [query]=60      # asking dpkg, systemd, the journal
    [update]=180    # apt-get update
    [install]=1500  # apt-get install, dpkg --configure -a
    [validate]=120  # one validator
    [step]=300      # one `run` activation that names no seconds of its own, or one step of removal
    [service]=960   # systemctl start, stop, restart, reload: above Debian's longest TimeoutStartSec (900 s, mariadb)
)
FETCH_TIMEOUT=15 FETCH_RETRIES=2 DPKG_LOCK_WAIT=600
# Seconds between two words about a gate that is not passed yet.
GATE_WORD=30
# The status by which an activation or a gate says that it is not done and goes on by itself (EX_TEMPFAIL of sysexits.h).
GOES_ON=75

say() {
    # Before anything is swapped, a run whose caller has gone must not go on: a newer one may be on its way.
    printf '%s: %s\n' "${UNIT:-pulumi-ha}" "$1" >&2 || [[ $PHASE != @(early|known) ]] || exit 1
}

# What went wrong, the tool's own words, and where to look: kept for the end of the run.
trouble() { # WHAT [DETAIL] [LOOK]
    WHAT=$1 DETAIL=${2-} LOOK=${3-}
    DETAIL=${DETAIL#$'\n'}
    return 1
}

fail() { # WHAT [DETAIL] [LOOK]
    trouble "$@" || exit 1
}

# Where a failure must not end the run.
note() {
    PROBLEMS+=("$WHAT")
    say "$WHAT${DETAIL:+$'\n'$(indented "$DETAIL")}"
}

# A subshell becomes the command: with its time limit, the usual signals and umask, and neither stdin nor the host's lock. Here and elsewhere `exec`
# saves a process, which bash with a trap does not save by itself: a run is mostly processes that start.
become() { # LIMIT COMMAND…
    local limit=${LIMIT[$1]} left=$((UNTIL - SECONDS))
    shift
    ((left > 1)) || left=1
    ((limit < left)) || limit=$left
    trap - HUP INT PIPE TERM
    umask 022
    exec timeout --kill-after=10 "$limit" "$@" </dev/null 3>&- 4>&- 8>&- 9>&-
}

bounded() { (become "$@"); } # LIMIT COMMAND…

# Why a bounded command failed: its last words, without credentials.
last_words() { # FILE STATUS LIMIT
    if (($2 == 124 || $2 == 137)); then echo "it did not finish within ${LIMIT[$3]} s"; fi
    tail -n 20 -- "$1" 2>/dev/null | redact | cut -c -400
}

# A tool that quotes a line of its configuration may quote a credential.
redact() {
    local text=''
    local -a hidden
    IFS= read -rd '' text || true
    read_hidden
    hide
    [[ -z $text ]] || printf '%s\n' "${text%$'\n'}"
}

# `text` without the credentials in `hidden`; both are the caller's.
hide() {
    local row
    for row in "${hidden[@]}"; do
        ((${#row} < 4)) || text=${text//"$row"/***}
    done
}

read_hidden() {
    local -a files=("$ROOT/etc/pulumi-ha/credentials/$UNIT"/*/*)
    hidden=()
    ((${#files[@]} == 0)) || mapfile -t hidden < <(cat -- "${files[@]}" 2>/dev/null | tr -d '\000')
}

indented() {
    local row
    while IFS= read -r row; do printf '    %s\n' "$row"; done <<<"$1"
}

# JSON: the texts, as a list's items.
json_list() { # TEXT…
    local item list=''
    for item in "$@"; do
        item=${item//\\/\\\\}
        item=${item//\"/\\\"}
        item=${item//$'\n'/\\n}
        item=${item//$'\t'/\\t}
        item=${item//[$'\001'-$'\037'$'\177']/?}
        list+=${list:+,}\"$item\"
    done
    JSON=$list
}

report() { # RESULT: the one line on stdout
    local ms=$(((${EPOCHREALTIME/./} - STARTED) / 1000)) extra=${EXTRA-} changed actions
    json_list "$WHAT${DETAIL:+$'\n'$DETAIL}"
    [[ -z $WHAT ]] || extra+=",\"error\":$JSON"
    json_list "${CHANGED[@]}" && changed=$JSON
    json_list "${ACTIONS[@]}" && actions=$JSON
    printf '{"engine":%d,"unit":"%s","verb":"%s","result":"%s","changed":[%s],"actions":[%s],"seconds":%d.%03d%s}\n' \
        "$ENGINE_VERSION" "$UNIT" "$VERB" "$1" "$changed" "$actions" \
        $((ms / 1000)) $((ms % 1000)) "$extra" || true
}

# Every run ends here, whatever ended it.
leave() {
    local code=$? result=unchanged now=''
    set +e
    exec >&3 2>&4
    trap '' INT TERM
    ((!HOLDING)) || release_services
    if ((code == 0)); then
        if ((${#CHANGED[@]} + ${#ACTIONS[@]})); then result=changed; fi
    else
        : "${WHAT:=the run stopped unexpectedly at: $AT}"
        if [[ $PHASE == known && -e $MINE/journal/changes ]]; then PHASE=swapped; fi
        case $PHASE in
        early) code=1 result=failed now="nothing has been changed on this host" ;;
        known)
            code=1 result=failed now="nothing has been changed on this host"
            drop_stages
            undo_made
            [[ -f $MINE/manifest ]] || rm -rf -- "$MINE"
            ;;
        swapped)
            local what=$WHAT detail=$DETAIL look=$LOOK
            code=4 result=failed
            if restore; then code=3 result=restored CHANGED=(); fi
            now=$NOW WHAT=$what DETAIL=$detail LOOK=$look
            ;;
        *) code=1 result=failed now=$NOW ;;
        esac
        {
            printf '%s: error: %s\n' "${UNIT:-pulumi-ha}" "$WHAT"
            [[ -z $DETAIL ]] || indented "$DETAIL"
            [[ -z $now ]] || printf '  now: %s\n' "$now"
            [[ -z $LOOK ]] || printf '  look at: %s\n' "$LOOK"
        } >&2
    fi
    [[ -z $WORK ]] || rm -rf -- "$WORK"
    report "${RESULT:-$result}"
    exit "$code"
}

# A sleep without a process: nobody writes to this pipe.
pause() { # SECONDS
    [[ -e /proc/$BASHPID/fd/8 ]] || exec 8<> <(:)
    read -rt "$1" <&8 || true
}

# One run at a time changes a host. `prepare` has a lock of its own: it takes minutes and disturbs nothing.
take_lock() { # NAME
    local lock=$RUN/$1.lock pid verb unit since
    exec 9>>"$lock"
    # Units of a host are prepared at once and take turns: a wait is worth a word only where it is long.
    until flock --timeout 5 9; do
        read -r pid verb unit since 2>/dev/null <"$lock.holder" || pid='?' verb=run unit='?' since=$EPOCHSECONDS
        ((SECONDS < LIMIT[lock])) || fail "another run on this host did not end within ${LIMIT[lock]} s: $verb of $unit, pid $pid" \
            "" "ps -fp $pid"
        say "waiting for the $verb of $unit (pid $pid, for $((EPOCHSECONDS - since)) s)"
    done
    UNTIL=$((SECONDS + LIMIT[run]))
    echo "$$ $VERB ${UNIT:-engine} $EPOCHSECONDS" >"$lock.holder"
}

# Content on the disk, by rename: a cut leaves the old or the new, never half, and a draft that no pattern here takes for anything.
keep() { # PATH, content from stdin
    local draft=${1%/*}/.${1##*/}.new
    cat >"$draft" && sync -- "$draft" && mv -fT -- "$draft" "$1"
}
