# The swap, and the journal that makes it whole: what was there before is kept until the gates passed, and a run that was cut leaves it to the next.
#
# units/UNIT/journal/changes    a line per path: `absent`, `ours` or `foreign`, as it was before; with it the journal is open
#                    backup/…   what was there
#                    text.N     the manifests that were being applied
# units/UNIT/committed/         the journal, once the gates passed, until its loose ends are tied

# BEFORE: path → absent, ours, foreign, from an open journal.
read_journal() {
    local how path
    BEFORE=()
    [[ -e $MINE/journal/changes ]] || return 0
    while read -r how path; do BEFORE["$path"]=$how; done <"$MINE/journal/changes"
}

# What a run left that was cut before it opened its journal. Under the lock alone: in a run that is at work the journal is about to be opened.
drop_unopened_journal() {
    [[ ! -d $MINE/journal || -e $MINE/journal/changes ]] || rm -rf -- "$MINE/journal"
}

# Paths that the recorded manifest or a cut run brought and the manifest in hand does not have.
find_leaving() {
    local path
    local -A wanted=() old=()
    LEAVING=()
    for path in "${FILE_PATH[@]}"; do wanted[$path]=1; done
    for path in "${!OURS[@]}" "${!BEFORE[@]}"; do old[$path]=1; done
    for path in "${!old[@]}"; do
        # A cut run may have planned a file and never put it there.
        [[ -n ${wanted[$path]-} || -n ${THEIRS["file $path"]-} ]] || [[ ! -e $ROOT$path && -z $(original_of "$path") ]] || LEAVING+=("$path")
    done
}

# The file that was there before any unit of this host, if there was one.
original_of() { # PATH
    if [[ -e $STATE/originals$1 || -L $STATE/originals$1 ]]; then
        echo "$STATE/originals$1"
    elif [[ ${BEFORE[$1]-} == foreign ]]; then
        echo "$MINE/journal/backup$1"
    fi
}

open_journal() {
    local j=$MINE/journal n path how
    local -a paths=("${LEAVING[@]}") kept=()
    for n in "${DIFFERENT[@]}"; do paths+=("${FILE_PATH[n]}"); done
    mkdir -p -- "$j/backup" "$STATE/originals"
    for path in "${paths[@]}"; do
        [[ -z ${BEFORE[$path]-} ]] || continue
        how=absent
        if [[ -e $ROOT$path || -L $ROOT$path ]]; then
            how=foreign
            if [[ -n ${OURS[$path]-}${THEIRS["file $path"]-} || -e $STATE/originals$path ]]; then how=ours; fi
            mkdir -p -- "$j/backup${path%/*}"
            cp -a --remove-destination -- "$ROOT$path" "$j/backup$path" || fail "no room for a backup of $path" "" "df -h $STATE"
            kept+=("$j/backup$path")
            [[ $how != foreign ]] || say "$path was there before: it is kept, and put back by a removal"
        fi
        BEFORE["$path"]=$how
    done
    for ((n = 0; ; n++)); do [[ -e $j/text.$n ]] || break; done
    ((${#kept[@]} == 0)) || sync -- "${kept[@]}"
    keep "$j/text.$n" <"$WORK/text"
    keep "$j/changes" < <(before_lines) || fail "no room for the journal" "" "df -h $STATE"
    sync -- "$j"
}

before_lines() {
    local path
    for path in "${!BEFORE[@]}"; do echo "${BEFORE[$path]} $path"; done
}

put() { # SOURCE PATH: a copy with its owner and mode, by rename
    stage_of "$2"
    local new=$ROOT$STAGE
    cp -a --remove-destination -- "$1" "$new" && sync -- "$new" && mv -fT -- "$new" "$ROOT$2"
}

swap() {
    local n path
    local -A dirs=()
    PHASE=swapped
    for n in "${DIFFERENT[@]}"; do
        path=${FILE_PATH[n]} dirs[$ROOT${path%/*}]=1
        CHANGED+=("$path")
        stage_of "$path"
        mv -fT -- "$ROOT$STAGE" "$ROOT$path"
    done
    for path in "${LEAVING[@]}"; do
        CHANGED+=("$path") dirs[$ROOT${path%/*}]=1
        leave_path "$path"
    done
    rm -f -- "$MINE/staging"
    for path in "${!dirs[@]}"; do [[ ! -d $path ]] || sync -- "$path"; done
}

leave_path() { # PATH
    local original
    original=$(original_of "$1")
    if [[ -n $original ]]; then put "$original" "$1"; else rm -f -- "$ROOT$1"; fi
}

# Everything as the journal says it was. Leaves the journal open.
put_back() {
    local path bad=0
    for path in "${!BEFORE[@]}"; do
        if [[ ${BEFORE[$path]} == absent ]]; then
            rm -f -- "$ROOT$path" || bad=1
        else
            put "$MINE/journal/backup$path" "$path" 2>"$WORK/out" || bad=1
        fi
    done
    ((!bad)) || trouble "the previous files could not all be put back" "$(cat -- "$WORK/out" 2>/dev/null)" "$MINE/journal/backup"
}

# After a failure past the swap. 0: the host is as it was before.
restore() {
    local text
    local -a runs=()
    local -A recorded=()
    UNTIL=$((SECONDS + LIMIT[restore])) PROBLEMS=()
    say "putting back what was there before"
    read_journal
    put_back || note
    daemon_reload || note
    forget_activations
    keep_recorded recorded
    collect_activations
    runs=("${RUNS[@]}")
    for text in "$MINE"/journal/text.*; do
        load "$text"
        collect_activations
    done
    # A command that makes the system take a file has no meaning where that file is gone again.
    RUNS=("${runs[@]}")
    load_recorded
    leave_services recorded
    activate lenient
    states_of_services lenient
    pass_gates || note
    if ((${#PROBLEMS[@]})); then
        NOW="the previous files are back, but not everything else is as before: ${PROBLEMS[0]}"
        say "$NOW"
        return 1
    fi
    undo_made
    rm -rf -- "$MINE/journal"
    [[ -f $MINE/manifest ]] || rm -rf -- "$MINE"
    NOW="the previous files and services are back"
}

# The manifest that this host is held to; without one, nothing is asked of it.
load_recorded() {
    if [[ -f $MINE/manifest ]]; then
        load "$MINE/manifest"
    else
        load <(printf 'pulumi-ha manifest 1\nunit %s\nend 2\n' "$UNIT")
    fi
}

keep_recorded() { # NAME OF AN ASSOCIATIVE ARRAY
    load_recorded
    remember_wanted "$1"
}

# Directories and users that only an unfinished manifest brought.
undo_made() {
    local -A recorded=()
    keep_recorded recorded
    # In a shell of its own: this is the way out of a run that failed already.
    (make_directories) || true
    leave_made recorded
}

# The gates passed: from here on the new manifest is what this host is held to.
commit() {
    cp -- "$WORK/text" "$MINE/journal/record"
    echo "$DIGEST" >"$MINE/journal/digest"
    sync -- "$MINE/journal"/{record,digest,}
    mv -T -- "$MINE/journal" "$MINE/committed"
    PHASE=committed NOW="the new files and services are in place and their gates pass; the next run tidies up what is left of the old ones"
}

# Loose ends of a commit, also of one that was cut here: services, directories and users that only the old manifest had, originals, old credentials.
finish_commit() {
    local done=$MINE/committed path how old
    local -A wanted=()
    [[ -d $done ]] || return 0
    load "$done/record"
    remember_wanted wanted
    while read -r how path; do
        if [[ $how == foreign && -n ${wanted["file $path"]-} && -e $done/backup$path ]]; then
            mkdir -p -- "$STATE/originals${path%/*}"
            mv -fT -- "$done/backup$path" "$STATE/originals$path"
        elif [[ -z ${wanted["file $path"]-}${THEIRS["file $path"]-} ]]; then
            rm -f -- "$STATE/originals$path"
        fi
    done <"$done/changes"
    leave_services wanted
    leave_made wanted
    ((${#PROBLEMS[@]} == 0)) || fail "what only the previous manifest had did not all leave: ${PROBLEMS[0]}"
    read -r how <"$done/digest"
    for old in "$CREDENTIALS/"*; do
        # A newer digest belongs to an apply that is still to come.
        [[ ${old##*/} == "$how" || ! $old -ot $CREDENTIALS/$how ]] || rm -rf -- "$old"
    done
    [[ $how != - ]] || rm -rf -- "$CREDENTIALS"
    mv -fT -- "$done/digest" "$MINE/digest"
    mv -fT -- "$done/record" "$MINE/manifest"
    rm -rf -- "$done"
}

remember_wanted() { # NAME OF AN ASSOCIATIVE ARRAY: `KIND NAME` of everything in the manifest in hand
    local -n into=$1
    local item n
    for item in "${FILE_PATH[@]}"; do into["file $item"]=1; done
    for item in "${DIR_PATH[@]}"; do into["directory $item"]=1; done
    for item in "${USERS[@]}"; do into["user $item"]=1; done
    for item in "${SERVICE[@]}"; do into["service $item"]=1; done
    for n in "${!ON_DO[@]}"; do [[ ${ON_DO[n]} == run ]] || into["service ${ON_TARGET[n]}"]=1; done
}

# Services that no unit of this host wants any more, as they were before the first touch. By what is on record, not by a manifest: a run that was
# cut may have touched what no manifest on this host tells.
leave_services() { # NAME OF AN ASSOCIATIVE ARRAY
    local -n keeping=$1
    local file service
    for file in "$STATE"/services/*; do
        service=${file##*/}
        [[ -n ${keeping["service $service"]-}${THEIRS["service $service"]-} ]] && continue
        original_state "$service" || note
        rm -f -- "$file"
    done
}

# The same for directories and users, the newest first.
leave_made() { # NAME OF AN ASSOCIATIVE ARRAY
    local -n keeping=$1
    local line kind name rest
    [[ -s $STATE/made ]] || return 0
    while IFS= read -r line; do
        read -r kind name rest <<<"${line/#mode/directory}"
        [[ -n ${keeping["$kind $name"]-}${THEIRS["$kind $name"]-} ]] || unmake_one "$line" || note
    done < <(tac -- "$STATE/made")
}
