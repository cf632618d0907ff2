# Everything up to the swap: who owns what, users and directories, new content beside its target, validation where it seems to be live.

# STAGE: where the new content of a path waits for its swap.
stage_of() { STAGE=${1%/*}/.${1##*/}.pulumi-ha-new; } # PATH

# What the other units of this host state: THEIRS maps `file PATH`, `directory PATH`, `user NAME`, `service NAME` to the unit's name,
# THEIRS_SHARED the files among them that may have several owners.
read_others() {
    local text unit kind a rest
    local -a texts=()
    THEIRS=() THEIRS_SHARED=()
    for text in "$STATE"/units/*/{manifest,journal/text.*,committed/record}; do
        [[ $text == "$MINE"/* || ! -f $text ]] || texts+=("$text")
    done
    ((${#texts[@]})) || return 0
    while IFS=: read -r text rest; do
        unit=${text#"$STATE"/units/}
        read -r kind a rest <<<"$rest"
        if [[ $kind == on-change ]]; then kind=service a=${rest##* }; fi
        THEIRS["$kind $a"]=${unit%%/*}
        if [[ $kind == file && " $rest " == *' shared '* ]]; then THEIRS_SHARED["$a"]=1; fi
    done < <(exec grep -HE '^(file|directory|user|service|on-change (reload|restart)) ' -- "${texts[@]}")
}

refuse_conflicts() {
    local n path owner
    for n in "${!FILE_PATH[@]}"; do
        path=${FILE_PATH[n]}
        owner=${THEIRS["file $path"]-}
        if [[ -n $owner ]] && ! { ${FILE_SHARED[n]} && [[ -n ${THEIRS_SHARED[$path]-} ]]; }; then
            fail "$path belongs to the unit $owner on this host, and a file has one owner unless all of them call it shared" "" \
                "$STATE/units/$owner/manifest"
        fi
        if [[ -L $ROOT$path ]]; then
            fail "$path is a symbolic link, and a file is to be put there: name the file it points to, or remove the link"
        elif [[ -e $ROOT$path && ! -f $ROOT$path ]]; then
            fail "$path is a directory or a special file, and a file is to be put there"
        fi
    done
    for path in "${DIR_PATH[@]}"; do
        [[ ! -e $ROOT$path || -d $ROOT$path ]] || fail "$path is a file, and a directory is to be there"
    done
    # Also a credential's value must be here before anything begins.
    for n in "${!FILE_PATH[@]}"; do
        for owner in ${FILE_CREDENTIAL[n]} ${FILE_FILL[n]//,/ }; do
            [[ -f $SECRETS/$owner ]] || fail "${FILE_PATH[n]} needs the credential $owner ($DIGEST), which is not on this host" "" "the prepare of $UNIT"
        done
    done
}

# Lines of `made`: what did not exist, or was otherwise, before a unit of this host touched it.
remember_made() { # LINE
    { cat -- "$STATE/made" 2>/dev/null || true; echo "$1"; } | keep "$STATE/made"
}

make_users() {
    local user status=0
    for user in "${USERS[@]}"; do
        bounded query getent passwd "$user" >/dev/null && continue
        say "adding the system user $user"
        remember_made "user $user"
        local -a group=(--user-group)
        if bounded query getent group "$user" >/dev/null; then group=(--gid "$user"); fi
        bounded query useradd --system --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin "${group[@]}" "$user" \
            >"$WORK/out" 2>&1 || status=$?
        ((status == 0)) || fail "the user $user cannot be added" "$(last_words "$WORK/out" "$status" query)"
        ACTIONS+=("add user $user")
    done
}

make_directories() {
    local n path want is
    for n in "${!DIR_PATH[@]}"; do
        path=${DIR_PATH[n]} want="${DIR_MODE[n]} ${DIR_OWNER[n]}" is=''
        if [[ -d $ROOT$path ]]; then
            is=$(stat -Lc '%04a %U:%G' -- "$ROOT$path")
            [[ $is != "$want" ]] || continue
            grep -qsE "^(directory|mode) ${path//[.+]/\\&}( |\$)" -- "$STATE/made" || remember_made "mode $path $is"
        else
            [[ -d $ROOT${path%/*} || -z ${path%/*} ]] || fail "${path%/*} does not exist, so that $path cannot be made in it: state it as a directory too"
            remember_made "directory $path"
            mkdir -- "$ROOT$path" || fail "$path cannot be made"
        fi
        chown -- "${DIR_OWNER[n]}" "$ROOT$path" 2>"$WORK/out" || fail "$path cannot be given to ${DIR_OWNER[n]}" "$(<"$WORK/out")"
        chmod -- "${DIR_MODE[n]}" "$ROOT$path"
        CHANGED+=("$path")
    done
}

unmake_one() { # LINE
    local kind name mode owner
    read -r kind name mode owner <<<"$1"
    case $kind in
    user) ! bounded query getent passwd "$name" >/dev/null || bounded query userdel "$name" >/dev/null 2>&1 || trouble "the user $name cannot be removed" ;;
    directory) rmdir -- "$ROOT$name" 2>/dev/null || true ;;
    mode) [[ ! -d $ROOT$name ]] || { chmod -- "$mode" "$ROOT$name" && chown -- "$owner" "$ROOT$name"; } ;;
    esac || return 1
    [[ -d $ROOT$name && $kind == directory ]] || forget_made "$1"
}

forget_made() { # LINE
    [[ -e $STATE/made ]] || return 0
    { grep -vxF -- "$1" "$STATE/made" || true; } | keep "$STATE/made"
}

# The content of all files as it shall be, into WORK/new.AT.
render() {
    local n new
    local -a own=() cut=()
    for n in "${!FILE_PATH[@]}"; do
        new=$WORK/new.${FILE_AT[n]}
        if [[ -n ${FILE_CREDENTIAL[n]} ]]; then
            cp -- "$SECRETS/${FILE_CREDENTIAL[n]}" "$new" || return 1
        else
            own+=("${FILE_AT[n]}")
            if ${FILE_CUT[n]}; then cut+=("$new"); fi
        fi
    done
    bodies new "${own[@]}" || return 1
    ((${#cut[@]} == 0)) || truncate --size=-1 -- "${cut[@]}" || return 1
    for n in "${!FILE_PATH[@]}"; do
        [[ -n ${FILE_FILL[n]} ]] || continue
        new=$WORK/new.${FILE_AT[n]}
        fill "$new" "${FILE_FILL[n]}" >"$WORK/filled" && mv -- "$WORK/filled" "$new" || return 1
    done
}

# Placeholders of the listed credentials, in one pass: a value is never searched for another. Values go from file to file.
fill() { # FILE NAMES
    local name at mark position=0
    local -a marks=()
    for name in ${2//,/ }; do marks+=(-e "@@credential:$name@@"); done
    while IFS=: read -r at mark; do
        name=${mark#@@credential:}
        head -c "$at" -- "$1" | tail -c "+$((position + 1))" && cat -- "$SECRETS/${name%@@}" || return 1
        position=$((at + ${#mark}))
    done < <(grep -aboF "${marks[@]}" -- "$1")
    tail -c "+$((position + 1))" -- "$1"
}

# IS: mode and owner of the paths that are there.
look_for() { # PATH…
    local path is
    local -a there=()
    IS=()
    for path; do [[ ! -e $ROOT$path ]] || there+=("$ROOT$path"); done
    ((${#there[@]})) || return 0
    while IFS=$'\t' read -r path is; do IS[${path#"$ROOT"}]=$is; done < <(exec stat -Lc $'%n\t%04a %U:%G' -- "${there[@]}")
}

# DIFFERENT: numbers of the files that are not on the host as they shall be. IS is of their paths at least.
find_different() {
    local n path sum
    local -A sums=()
    local -a alike=()
    DIFFERENT=()
    ((${#FILE_PATH[@]})) || return 0
    render 2>"$WORK/out" || fail "the files cannot be prepared in $RUN" "$(<"$WORK/out")"
    for n in "${!FILE_PATH[@]}"; do
        if [[ ${IS[${FILE_PATH[n]}]-} == "${FILE_MODE[n]} ${FILE_OWNER[n]}" ]]; then alike+=("$WORK/new.${FILE_AT[n]}" "$ROOT${FILE_PATH[n]}"); fi
    done
    if ((${#alike[@]})); then
        while read -r sum path; do sums[$path]=$sum; done < <(exec sha256sum -- "${alike[@]}" 2>/dev/null)
    fi
    for n in "${!FILE_PATH[@]}"; do
        # Its content is the other owners' affair.
        ! ${FILE_HELD[n]} || continue
        sum=${sums[$ROOT${FILE_PATH[n]}]-}
        [[ -n $sum && $sum == "${sums[$WORK/new.${FILE_AT[n]}]-}" ]] || DIFFERENT+=("$n")
    done
}

# New content beside its target, so that a rename suffices later. What is staged is listed first, so that a cut run leaves nothing for ever.
stage() {
    local n path new plural=''
    local -a all=()
    ((${#DIFFERENT[@]})) || return 0
    [[ ${#DIFFERENT[@]} == 1 ]] || plural=s
    say "staging ${#DIFFERENT[@]} file$plural"
    for n in "${DIFFERENT[@]}"; do echo "${FILE_PATH[n]}"; done >"$MINE/staging" || fail "no room in $STATE"
    for n in "${DIFFERENT[@]}"; do
        path=${FILE_PATH[n]}
        stage_of "$path"
        new=$ROOT$STAGE
        [[ -d $ROOT${path%/*} ]] || fail "${path%/*} does not exist: neither a package of this unit brings it nor is it stated as a directory"
        all+=("$new")
        install --mode="${FILE_MODE[n]}" --owner="${FILE_OWNER[n]%:*}" --group="${FILE_OWNER[n]#*:}" -T -- "$WORK/new.${FILE_AT[n]}" "$new" \
            2>"$WORK/out" || fail "$path cannot be staged in ${path%/*}" "$(<"$WORK/out")" "df -h ${path%/*}"
    done
    sync -- "${all[@]}" || fail "the staged files cannot be written to the disk"
}

# Also those of a run that was cut.
drop_stages() {
    local path
    [[ -e $MINE/staging ]] || return 0
    while IFS= read -r path; do
        stage_of "$path"
        rm -f -- "$ROOT$STAGE"
    done <"$MINE/staging"
    rm -f -- "$MINE/staging"
}

# Validators run in a mount namespace of their own, where a copy of each affected directory, as it would be after the swap, lies over the live one:
# so they are plain commands that name the live paths.
validate() {
    local n dir path original view=0 status=0 listed failed
    local -a changed=()
    local -A affected=() gone=() fresh=()
    ((${#CHECK_AT[@]})) || return 0
    say "validating"
    for n in "${DIFFERENT[@]}"; do
        path=${FILE_PATH[n]} changed+=("$path")
        stage_of "$path"
        affected[${path%/*}]=1 fresh[$path]=$STAGE gone[$STAGE]=1
    done
    for path in "${LEAVING[@]}"; do changed+=("$path") affected[${path%/*}]=1 gone[$path]=1; done
    : >"$WORK/views"
    while IFS= read -r dir; do
        [[ -d $ROOT$dir ]] || continue
        view=$((view + 1))
        listed=$WORK/view.$view
        mkdir -- "$listed"
        chmod --reference="$ROOT$dir" -- "$listed"
        chown --reference="$ROOT$dir" -- "$listed"
        printf '%s\t%s\n' "$listed" "$ROOT$dir" >>"$WORK/views"
        # Regular files and links are copied; directories and what is large are seen through a mount.
        find "$ROOT$dir" -mindepth 1 -maxdepth 1 ! -type d ! -size +4096k ! -type s -print0 |
            xargs -0r cp -a --target-directory="$listed" --
        for path in "${!gone[@]}"; do if [[ ${path%/*} == "$dir" ]]; then rm -f -- "$listed/${path##*/}"; fi; done
        for path in "${LEAVING[@]}"; do
            original=$(original_of "$path")
            if [[ ${path%/*} == "$dir" && -n $original ]]; then cp -a -- "$original" "$listed/"; fi
        done
        for path in "${!fresh[@]}"; do
            if [[ ${path%/*} == "$dir" ]]; then cp -a --remove-destination -- "$ROOT${fresh[$path]}" "$listed/${path##*/}"; fi
        done
    done < <(((${#affected[@]} == 0)) || printf '%s\n' "${!affected[@]}" | sort)
    bodies validate "${CHECK_AT[@]}" && echo "${CHECK_AT[*]}" >"$WORK/validators"
    : >"$WORK/out"
    timeout --kill-after=10 "$((${#CHECK_AT[@]} * LIMIT[validate] + 30))" unshare --mount --propagation private -- \
        bash -c "$(declare -f in_view); in_view \"\$@\"" view "$WORK" "${LIMIT[validate]}" </dev/null >>"$WORK/out" 2>&1 3>&- 4>&- 8>&- 9>&- || status=$?
    ((status == 0)) && return 0
    failed=$(cat -- "$WORK/failed" 2>/dev/null) || fail "the staged files cannot be shown to the validators" "$(last_words "$WORK/out" "$status" validate)"
    for n in "${!CHECK_AT[@]}"; do
        ((CHECK_AT[n] != failed)) || fail "not accepted: ${CHECK_NAME[n]}" "$(last_words "$WORK/out" "$status" validate)" "the change to ${changed[*]}"
    done
}

# Runs alone in the namespace.
in_view() { # WORK LIMIT
    local view dir entry n
    set -eu
    umask 022
    while IFS=$'\t' read -r view dir; do
        while IFS= read -rd '' entry; do
            if [[ -d $entry ]]; then mkdir -p -- "$view/${entry##*/}"; else : >"$view/${entry##*/}"; fi
            mount --rbind -- "$entry" "$view/${entry##*/}"
        done < <(find "$dir" -mindepth 1 -maxdepth 1 \( -type d -o -size +4096k \) -print0)
    done <"$1/views"
    while IFS=$'\t' read -r view dir; do mount --rbind -- "$view" "$dir"; done <"$1/views"
    for n in $(<"$1/validators"); do
        : >"$1/out"
        echo "$n" >"$1/failed"
        timeout --kill-after=5 "$2" env --default-signal bash -eu "$1/validate.$n"
    done
}
