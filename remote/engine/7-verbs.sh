# The verbs but for `remove`, and what starts them.

# A unit is kept by one resource of one stack, PROJECT/STACK/HASH: the one that applied it last. `-` is nobody in particular.
keeper_on_record() {
    local keeper=-
    if [[ -f $MINE/keeper ]]; then read -r keeper <"$MINE/keeper"; fi
    echo "$keeper"
}

refuse_other_stack() {
    local keeper
    keeper=$(keeper_on_record)
    [[ $keeper == - || $KEEPER == - || ${keeper%/*} == "${KEEPER%/*}" ]] ||
        fail "the unit $UNIT of this host is kept by the stack ${keeper%/*}: give this component another name, or take it out of that stack first"
}

verb_prepare() {
    fit
    refuse_other_stack
    take_lock packages
    mkdir -p -- "$STATE"
    release_services
    find_missing
    if ((${#MISSING[@]})); then
        free 300 /var
        PHASE=installing NOW="no service and no configuration was touched; the packages that were installed stay"
        hold_services
        install_missing
        find_missing
        release_services
        ((${#MISSING[@]} == 0)) || fail "apt-get ended well, and still not installed: ${MISSING[*]}" "" "apt-cache policy ${MISSING[*]}"
    fi
    record_installed
    lay_credentials
}

# From here on the other units and an earlier run of this one are known. Finishes what a cut run had committed.
begin() {
    fit
    take_lock host
    drop_stages
    read_others
    finish_commit
    finish_removal
    drop_unopened_journal
    read_journal
    read_ours
    load_own
    [[ -d $MINE ]] || mkdir -p -- "$MINE"
    PHASE=known
}

# OURS: paths that the recorded manifest has.
read_ours() {
    local path
    OURS=()
    [[ -f $MINE/manifest ]] || return 0
    while read -r _ path _; do OURS[$path]=1; done < <(exec grep '^file ' -- "$MINE/manifest")
}

verb_apply() {
    begin
    refuse_other_stack
    [[ $KEEPER == @(-|"$(keeper_on_record)") ]] || keep "$MINE/keeper" <<<"$KEEPER"
    compare_packages
    refuse_conflicts
    make_users
    make_directories
    find_leaving
    look_for "${FILE_PATH[@]}"
    find_different
    if ((${#DIFFERENT[@]} + ${#LEAVING[@]} + ${#BEFORE[@]})) || [[ -e $MINE/journal/changes ]] || ! same_record; then
        stage
        if ((${#DIFFERENT[@]} + ${#LEAVING[@]})); then validate; fi
        remember_services
        open_journal
        swap
        forget_activations
        plan_activations
        daemon_reload || exit 1
        activate
        states_of_services
        pass_gates || exit 1
        commit
        finish_commit
        say "done"
    else
        PHASE=looking NOW="no file was changed"
        states_of_services
        pass_gates || exit 1
    fi
    PHASE=ended
}

compare_packages() {
    find_missing
    ((${#MISSING[@]} == 0)) || fail "not installed: ${MISSING[*]}" "" "the prepare of $UNIT"
}

same_record() {
    local digest=''
    [[ ! -f $MINE/digest ]] || read -r digest <"$MINE/digest"
    [[ $digest == "$DIGEST" ]] && cmp -s -- "$MINE/manifest" "$WORK/text"
}

# What asks for an activation: the changed files of this manifest, and those that leave, of the manifests that had them.
plan_activations() {
    local text
    ((${#LEAVING[@]} == 0)) || for text in "$MINE/manifest" "$MINE"/journal/text.*; do
        [[ -f $text ]] || continue
        load "$text"
        only_leaving
        collect_activations
    done
    load_own
    collect_activations
}

# Of an old manifest only the activations of paths that leave matter: the new one has its own for the others.
only_leaving() {
    local n path
    local -A leaving=()
    for path in "${LEAVING[@]}"; do leaving[$path]=1; done
    for n in "${!ON_FILE[@]}"; do
        if [[ -z ${leaving[${ON_FILE[n]}]-} ]]; then unset "ON_FILE[n]"; fi
    done
}

verb_check() {
    local n path
    fit
    read_others
    read_journal
    read_ours
    find_missing
    ACTIONS+=("${MISSING[@]/#/install }")
    refuse_conflicts
    find_leaving
    look_for "${FILE_PATH[@]}" "${DIR_PATH[@]}"
    find_different
    for n in "${DIFFERENT[@]}"; do
        CHANGED+=("${FILE_PATH[n]}")
        [[ -n ${BEFORE[${FILE_PATH[n]}]-} ]] || BEFORE[${FILE_PATH[n]}]=absent
    done
    for path in "${LEAVING[@]}"; do CHANGED+=("$path") BEFORE[$path]=ours; done
    for n in "${!DIR_PATH[@]}"; do
        [[ ${IS[${DIR_PATH[n]}]-} == "${DIR_MODE[n]} ${DIR_OWNER[n]}" ]] || CHANGED+=("${DIR_PATH[n]}")
    done
    for n in "${USERS[@]}"; do bounded query getent passwd "$n" >/dev/null || ACTIONS+=("add user $n"); done
    plan_activations
    look_at "${SERVICE[@]}"
    for n in "${RUNS[@]}"; do ACTIONS+=("run ${n%%$'\n'*}"); done
    ACTIONS+=("${RESTARTS[@]/#/restart }")
    for n in "${RELOADS[@]}"; do [[ -n ${PLANNED["restart $n"]-} ]] || ACTIONS+=("reload $n"); done
    for n in "${!SERVICE[@]}"; do compare_service "$n"; done
    PHASE=ended
}

compare_service() { # N
    local name=${SERVICE[$1]}
    if [[ ${SERVICE_RUNNING[$1]} == running ]]; then runs "$name" || ACTIONS+=("start $name"); else ! runs "$name" || ACTIONS+=("stop $name"); fi
    if [[ ${SERVICE_ENABLED[$1]} == enabled ]]; then
        starts_at_boot "$name" || ACTIONS+=("enable $name")
    elif [[ ${ENABLED[$name]-} == enabled* ]]; then
        ACTIONS+=("disable $name")
    fi
}

verb_health() {
    local n list=''
    RESULT=healthy
    bodies gate "${GATE_AT[@]}"
    for n in "${!GATE_AT[@]}"; do
        json_list "${GATE_NAME[n]}"
        list+="${list:+,}{\"name\":$JSON,\"passes\":"
        if pass_gate "$n"; then
            list+="true}"
        else
            RESULT=unhealthy
            json_list "$DETAIL"
            list+="false,\"output\":$JSON}"
        fi
    done
    EXTRA=",\"gates\":[$list]" WHAT='' DETAIL='' LOOK=''
    PHASE=ended
}

# Work folders of runs that were cut.
sweep() {
    local folder pid
    for folder in "$RUN"/work.*; do
        pid=${folder#*/work.}
        kill -0 "${pid%%.*}" 2>/dev/null || rm -rf -- "$folder"
    done
}

# What a run is about. Who asks on their own account, as `pulumi-ha drift` does, defines it anew.
manifest_text() { cat; }

main() {
    set -Eeuo pipefail
    shopt -s extglob nullglob
    VERB=${1-} DIGEST=${2--} KEEPER=${3--}
    STARTED=${EPOCHREALTIME/./} UNTIL=${LIMIT[run]} PHASE=early HOLDING=0
    ROOT='' WORK='' TEXT_FILE='' UNIT='' WHAT='' DETAIL='' LOOK='' NOW='' AT='' RESULT=''
    CHANGED=() ACTIONS=() PROBLEMS=() DIFFERENT=() LEAVING=()
    declare -gA BEFORE=() OURS=() IS=() THEIRS=() THEIRS_SHARED=() ACTIVE=() ENABLED=() FRAGMENT=() PLANNED=() STILL=()
    export LC_ALL=C HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    umask 077
    # An engine that comes is read from there still, and bash does not survive it when that is copied.
    [[ $VERB == @(install|uninstall) ]] || exec 5<&0
    exec </dev/null 3>&1 4>&2
    trap '' HUP PIPE
    trap leave EXIT
    trap 'AT=$BASH_COMMAND' ERR
    trap 'fail "stopped by a signal"' INT TERM
    if declare -F under_test >/dev/null; then under_test; fi
    STATE=$ROOT/var/lib/pulumi-ha RUN=$ROOT/run/pulumi-ha ENGINES=$STATE/engine MINE=$STATE
    KEPT=$ENGINES/kept/${KEEPER//\//:}
    case $VERB in
    install | prepare | apply | check | health | remove | uninstall) ;;
    *) fail "'$VERB' is no verb: install, prepare, apply, check, health, remove, uninstall" ;;
    esac
    word digest "$DIGEST"
    word keeper "$KEEPER"
    ((EUID == 0)) || fit
    [[ -d $RUN ]] || mkdir -p -- "$RUN"
    sweep
    WORK=$(exec mktemp -d "$RUN/work.$$.XXXXXX")
    if [[ $VERB != @(install|uninstall) ]]; then
        manifest_text <&5 >"$WORK/text"
        load "$WORK/text"
        MINE=$STATE/units/$UNIT GONE=$STATE/units/.$UNIT.gone CREDENTIALS=$ROOT/etc/pulumi-ha/credentials/$UNIT
        SECRETS=$CREDENTIALS/$DIGEST
    fi
    exec 5<&-
    "verb_$VERB"
    exit 0
}
