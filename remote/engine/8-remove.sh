# Removal: the unit leaves, and what it replaced comes back.

verb_remove() {
    local n path
    local -A nothing=()
    if [[ ! -d $MINE && ! -d $GONE && ! -d $CREDENTIALS ]]; then return 0; fi
    begin
    # A resource that was renamed or moved has applied the unit under its new name already: the old name's removal is not the unit's.
    if [[ $KEEPER != - && $(keeper_on_record) != @(-|"$KEEPER") ]]; then
        say "left as it is: another resource keeps it now"
        PHASE=ended
        return 0
    fi
    PHASE=removing NOW="the unit is partly removed; the next remove goes on"
    # An apply that was cut goes back first: what it replaced is the original, or belongs to what is recorded.
    put_back || note
    if [[ -f $MINE/manifest ]]; then load "$MINE/manifest"; elif [[ -e $MINE/journal/changes ]]; then load "$(last_text)"; else forget_unit && return 0; fi
    say "removing"
    # What another unit states as well stays as it is: nothing has to be told of it.
    for path in "${FILE_PATH[@]}"; do
        [[ -n ${THEIRS["file $path"]-} ]] || BEFORE["$path"]=ours
    done
    stop_ours
    for n in "${!REMOVAL_AT[@]}"; do removal_step "$n" || note; done
    for path in "${FILE_PATH[@]}"; do
        if [[ -n ${THEIRS["file $path"]-} ]]; then continue; fi
        if [[ -z ${OURS[$path]-} ]]; then continue; fi
        if [[ -e $ROOT$path || -L $ROOT$path ]]; then CHANGED+=("$path"); fi
        leave_path "$path" || { trouble "$path cannot be put back or removed" || note; }
    done
    daemon_reload || note
    forget_activations
    collect_activations
    # Commands that make a running system take a file have no meaning for one that left: `on-remove` says what to undo.
    RUNS=() SERVICE=() SERVICE_RUNNING=()
    activate lenient
    leave_services nothing
    leave_made nothing
    if ((${#PROBLEMS[@]})); then
        fail "not everything could be removed: ${PROBLEMS[0]}" "$(printf '%s\n' "${PROBLEMS[@]:1}")" "$MINE"
    fi
    forget_unit
    ACTIONS+=("remove $UNIT")
    say "removed"
    PHASE=ended
}

last_text() {
    local text last=''
    for text in "$MINE"/journal/text.*; do last=$text; done
    echo "$last"
}

# Services that ran for nobody before us, and that no other unit of this host needs.
stop_ours() {
    local service enabled active
    find_touched
    for service in "${TOUCHED[@]}"; do
        [[ -z ${THEIRS["service $service"]-} && -e $STATE/services/$service ]] || continue
        read -r enabled active <"$STATE/services/$service"
        if [[ $active == inactive ]]; then original_state "$service" || note; fi
    done
}

removal_step() { # N
    local status=0
    say "${REMOVAL_NAME[$1]}"
    ACTIONS+=("${REMOVAL_NAME[$1]}")
    bodies removal "${REMOVAL_AT[$1]}"
    bounded step bash -eu "$WORK/removal.${REMOVAL_AT[$1]}" >"$WORK/out" 2>&1 || status=$?
    ((status == 0)) || trouble "${REMOVAL_NAME[$1]}: failed with status $status" "$(last_words "$WORK/out" "$status" step)"
}

# Originals stay until all else has left, so that a removal that was cut can put them back again.
forget_unit() {
    rm -rf -- "$CREDENTIALS"
    mv -T -- "$MINE" "$GONE"
    finish_removal
    PHASE=ended
}

finish_removal() {
    local path
    [[ -d $GONE ]] || return 0
    if [[ -f $GONE/manifest ]]; then
        load "$GONE/manifest"
        for path in "${FILE_PATH[@]}"; do [[ -n ${THEIRS["file $path"]-} ]] || rm -f -- "$STATE/originals$path"; done
    fi
    rm -rf -- "$GONE"
    find "$STATE" -mindepth 1 \( -type d -o -name made \) -empty -delete
    rmdir -- "$ROOT/etc/pulumi-ha/credentials" "$ROOT/etc/pulumi-ha" 2>/dev/null || true
}
