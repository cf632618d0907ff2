# Making running services take what changed, and seeing that they do.

# ACTIVE, ENABLED, FRAGMENT of services, in one question to systemd.
look_at() { # SERVICE…
    local row n=0
    (($#)) || return 0
    while IFS= read -r row; do
        case $row in
        '') n=$((n + 1)) ;;
        ActiveState=*) ACTIVE[${*:n+1:1}]=${row#*=} ;;
        UnitFileState=*) ENABLED[${*:n+1:1}]=${row#*=} ;;
        FragmentPath=*) FRAGMENT[${*:n+1:1}]=${row#*=} ;;
        esac
    done < <(become query systemctl show --property=ActiveState,UnitFileState,FragmentPath -- "$@")
}

runs() { [[ ${ACTIVE[$1]-} == @(active|reloading) ]]; }
starts_at_boot() { [[ ${ENABLED[$1]-} == @(enabled|enabled-runtime|static|generated|alias|indirect|transient) ]]; }

systemd_do() { # VERB SERVICE
    local status=0 since=$EPOCHSECONDS
    say "$1 $2"
    ACTIONS+=("$1 $2")
    if [[ ${ACTIVE[$2]-} == failed ]]; then bounded query systemctl reset-failed -- "$2" >/dev/null 2>&1 || true; fi
    bounded service systemctl --no-ask-password --quiet "$1" -- "$2" >"$WORK/out" 2>&1 || status=$?
    if ((status == 0)); then
        case $1 in start | restart) ACTIVE[$2]=active ;; stop) ACTIVE[$2]=inactive ;; esac
        return 0
    fi
    trouble "systemctl $1 $2 failed" "$(
        last_words "$WORK/out" "$status" service
        journal_of "$2" "$since"
    )" "systemctl status $2; journalctl -u $2"
}

journal_of() { # SERVICE SINCE
    bounded query journalctl --unit="$1" --since="@$2" --lines=15 --no-pager --quiet --output=cat >"$WORK/journal" 2>/dev/null || true
    redact <"$WORK/journal" | cut -c -400
}

daemon_reload() {
    local path status=0
    for path in "${!BEFORE[@]}"; do
        [[ $path == @(/etc|/usr/lib|/lib|/run|/usr/local/lib)/systemd/* ]] || continue
        say "reading systemd's unit files again"
        bounded query systemctl daemon-reload >"$WORK/out" 2>&1 || status=$?
        ((status == 0)) || trouble "systemctl daemon-reload failed" "$(last_words "$WORK/out" "$status" query)"
        return $?
    done
}

forget_activations() { RUNS=() RUN_WITHIN=() RESTARTS=() RELOADS=() PLANNED=(); }

# Adds what the changed paths (BEFORE) ask for in the manifest in hand, each distinct activation once.
collect_activations() {
    local n what
    for n in "${!ON_FILE[@]}"; do
        [[ -n ${BEFORE[${ON_FILE[n]}]-} ]] || continue
        what=${ON_TARGET[n]}
        if [[ ${ON_DO[n]} == run ]]; then
            bodies run-of "$what"
            what=$(<"$WORK/run-of.$what")
        fi
        [[ -z ${PLANNED["${ON_DO[n]} $what"]-} ]] || continue
        PLANNED["${ON_DO[n]} $what"]=1
        case ${ON_DO[n]} in
        run)
            mv -f -- "$WORK/run-of.${ON_TARGET[n]}" "$WORK/run.${#RUNS[@]}"
            RUNS+=("$what") RUN_WITHIN+=("${ON_WITHIN[n]}")
            ;;
        restart) RESTARTS+=("$what") ;;
        reload) RELOADS+=("$what") ;;
        esac
    done
}

# Passes a command's words on, and says them as it goes: it may take minutes.
aloud() {
    local text
    local -a hidden
    read_hidden
    while IFS= read -r text || [[ -n $text ]]; do
        printf '%s\n' "$text"
        hide
        say "${text:0:400}"
    done
}

activate() { # [lenient]
    local n service status=0
    for n in "${!RUNS[@]}"; do
        status=0
        ACTIONS+=("run ${RUNS[n]%%$'\n'*}")
        say "running ${RUNS[n]%%$'\n'*}"
        LIMIT[run-step]=${RUN_WITHIN[n]}
        bounded run-step bash -eu "$WORK/run.$n" 2>&1 | aloud >"$WORK/out" || status=${PIPESTATUS[0]}
        ((status != GOES_ON)) || goes_on
        ((status == 0)) || trouble "the activation failed with status $status: ${RUNS[n]%%$'\n'*}" "$(last_words "$WORK/out" "$status" run-step)" || or_end "${1-}"
    done
    look_at "${RESTARTS[@]}" "${RELOADS[@]}"
    for service in "${RESTARTS[@]}"; do
        to_stand_still "$service" || tell restart "$service" || or_end "${1-}"
    done
    for service in "${RELOADS[@]}"; do
        [[ -z ${PLANNED["restart $service"]-} ]] || continue
        to_stand_still "$service" || tell reload "$service" || or_end "${1-}"
    done
}

# What was swapped in is not put back, as that would lose what has come of it so far: as after a cut, the next run converges.
goes_on() {
    PHASE=unfinished NOW="the new files and services stay, and what has begun goes on; the next run takes it from there"
}

# What failed ends an apply; where as much as possible is to be put back or removed, it is noted.
or_end() { # [lenient]
    if [[ $1 != lenient ]]; then exit 1; fi
    note
}

tell() { # restart|reload SERVICE
    case ${ACTIVE[$2]-} in
    active | reloading | deactivating) systemd_do "$1" "$2" ;;
    activating)
        # It may have read its files before they changed.
        if [[ $1 == reload ]]; then systemd_do start "$2" || return 1; fi
        systemd_do "$1" "$2"
        ;;
    *) systemd_do start "$2" ;;
    esac
}

# A service that the manifest wants stopped, or that was not running before we came and is none of ours any more.
to_stand_still() { # SERVICE
    local n
    for n in "${!SERVICE[@]}"; do
        if [[ ${SERVICE[n]} == "$1" ]]; then
            [[ ${SERVICE_RUNNING[n]} == stopped ]]
            return $?
        fi
    done
    [[ -n ${STILL[$1]-} ]]
}

# TOUCHED: services of the manifest in hand, each once.
find_touched() {
    local n service
    local -a all=("${SERVICE[@]}")
    local -A seen=()
    TOUCHED=()
    for n in "${!ON_DO[@]}"; do [[ ${ON_DO[n]} == run ]] || all+=("${ON_TARGET[n]}"); done
    for service in "${all[@]}"; do
        [[ -n ${seen[$service]-} ]] || TOUCHED+=("$service")
        seen[$service]=1
    done
}

# The state before any unit of this host touched a service. One that came with our packages ran for nobody.
remember_services() {
    local service enabled active package
    local -a new=()
    find_touched
    for service in "${TOUCHED[@]}"; do [[ -e $STATE/services/$service ]] || new+=("$service"); done
    ((${#new[@]})) || return 0
    mkdir -p -- "$STATE/services"
    look_at "${new[@]}"
    for service in "${new[@]}"; do
        enabled=disabled active=inactive
        if [[ ${ENABLED[$service]-} == enabled* ]]; then enabled=enabled; fi
        if runs "$service"; then active=active; fi
        package=$(bounded query dpkg-query --search -- "${FRAGMENT[$service]:-/nonexistent}" 2>/dev/null || true)
        if [[ -n $package ]] && grep -qsxF -- "${package%%:*}" "$STATE/packages"; then enabled=disabled active=inactive; fi
        echo "$enabled $active" | keep "$STATE/services/$service"
    done
}

# As it was before our first touch.
original_state() { # SERVICE
    local enabled active
    [[ -e $STATE/services/$1 ]] || return 0
    read -r enabled active <"$STATE/services/$1"
    look_at "$1"
    set_state "$1" "$enabled" "$([[ $active == active ]] && echo running || echo stopped)" || return 1
    if [[ $active == inactive ]]; then STILL[$1]=1; fi
}

set_state() { # SERVICE enabled|disabled running|stopped
    if [[ $2 == enabled ]] && ! starts_at_boot "$1"; then systemd_do enable "$1" || return 1; fi
    if [[ $2 == disabled && ${ENABLED[$1]-} == enabled* ]]; then systemd_do disable "$1" || return 1; fi
    if [[ $3 == running ]] && ! runs "$1" && ! on_its_way "$1"; then systemd_do start "$1" || return 1; fi
    if [[ $3 == stopped && ${ACTIVE[$1]-} == @(active|reloading|activating) ]]; then systemd_do stop "$1" || return 1; fi
}

# Gates wait for it, each for as long as it takes, and say how far it is.
on_its_way() { [[ ${ACTIVE[$1]-} == activating ]] && ((${#GATE_AT[@]})); } # SERVICE

states_of_services() { # [lenient]
    local n
    ((${#SERVICE[@]})) || return 0
    look_at "${SERVICE[@]}"
    for n in "${!SERVICE[@]}"; do
        set_state "${SERVICE[n]}" "${SERVICE_ENABLED[n]}" "${SERVICE_RUNNING[n]}" || or_end "${1-}"
    done
}

# One gate, tried until its deadline. An attempt that hangs takes half of what is left, so that another follows.
pass_gate() { # N
    local n=$1 status deadline left limit since spent words word=$((SECONDS + GATE_WORD)) part=${GATE_WITHIN[$1]}.
    # In microseconds; the manifest writes 2 or 0.5.
    part=${part#*.} part=${part%.}000000
    deadline=$((${EPOCHREALTIME/./} + 10#${GATE_WITHIN[n]%%.*} * 1000000 + 10#${part:0:6}))
    while :; do
        status=0 since=${EPOCHREALTIME/./}
        left=$((deadline - since))
        limit=$((left / 2000000))
        ((limit >= 2)) || limit=2
        LIMIT[gate]=$limit
        bounded gate bash -eu "$WORK/gate.${GATE_AT[n]}" >"$WORK/out" 2>&1 || status=$?
        ((status)) || return 0
        left=$((deadline - ${EPOCHREALTIME/./}))
        ((left > 0)) || break
        if ((SECONDS >= word)); then
            words=$(last_words "$WORK/out" "$status" gate)
            say "waits: ${words##*$'\n'}"
            word=$((SECONDS + GATE_WORD))
        fi
        # Where an attempt takes long, what it waits for has the host for as long.
        spent=$((${EPOCHREALTIME/./} - since))
        spent=$((spent < 200000 ? 200000 : spent > 2000000 ? 2000000 : spent))
        printf -v spent %d.%06d $((spent / 1000000)) $((spent % 1000000))
        pause "$spent"
    done
    ((status != GOES_ON)) || goes_on
    trouble "${GATE_NAME[n]}: not within ${GATE_WITHIN[n]} s" "$(last_words "$WORK/out" "$status" gate)"
}

pass_gates() {
    local n service look=''
    bodies gate "${GATE_AT[@]}"
    for n in "${!GATE_AT[@]}"; do
        say "gate: ${GATE_NAME[n]}"
        pass_gate "$n" && continue
        find_touched
        for service in "${TOUCHED[@]}"; do
            DETAIL+=$'\n'$(journal_of "$service" $((STARTED / 1000000)))
            look+="${look:+; }journalctl -u $service"
        done
        LOOK=$look
        return 1
    done
}
