# shellcheck shell=bash
# What a host says of its units, without being changed: lines of KIND, NAME and a text in base64. It runs in a mount namespace of its own, where
# copies lie over the directories in which the host side of a unit works: whatever a text of any version does there, the host keeps what it has.

export LC_ALL=C TZ=UTC HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
umask 077
RUN=/run/pulumi-ha STATE=/var/lib/pulumi-ha SECRETS=/etc/pulumi-ha/credentials
MADE='' MOUNTED='' BEFORE='' RECORDS=$STATE
PACKAGES=() SERVICES=() PLACES=() FOLDERS=() UNITS=() UNIT_DIGEST=() PROBES=() ASKS=()

say() { printf '%s\n' "$*" >&2; }

tell() { # KIND NAME, the text from stdin; one at a time writes a line
    local text
    text=$(base64 -w0)
    printf '%s %s %s\n' "$1" "$2" "$text" >"$RUN/told.$BASHPID"
    flock "$RUN/told" cat -- "$RUN/told.$BASHPID"
}

# Who changes this host at the moment: an `up`, a removal or a recovery has this lock.
holder() {
    cat /proc/self/fd/6/host.lock.holder 2>/dev/null
    stat -c %.6Y /proc/self/fd/6/host.lock.holder 2>/dev/null
    [[ ! -e /proc/self/fd/6/host.lock ]] || flock --shared --nonblock /proc/self/fd/6/host.lock true || echo busy
}

enter() {
    local row
    ((EUID == 0)) || { say "this needs root: let the user act as root by sudo without a password, or log in as root" && exit 77; }
    if [[ ! -d $RUN ]]; then mkdir -m 0755 -- "$RUN" && MADE=1; fi
    trap leave EXIT
    exec 6<"$RUN"
    BEFORE=$(holder)
    mount -t tmpfs -o mode=0700,size=256m tmpfs "$RUN" || exit 70
    MOUNTED=$RUN TMPDIR=$RUN
    export TMPDIR
    : >"$RUN/told"
    if [[ -d $STATE ]]; then
        mkdir -- "$RUN/state" && cp -a -- "$STATE/." "$RUN/state/" && mount --bind -- "$RUN/state" "$STATE" || exit 70
        # What the texts do to their copy of it does not show in what is told of it.
        mkdir -- "$RUN/records" && cp -a -- "$STATE/." "$RUN/records/" || exit 70
        MOUNTED="$STATE $RUN"
    fi
    RECORDS=$RUN/records
    BEGUN=$EPOCHREALTIME
    row=$(</proc/uptime)
    tell clock - <<<"$BEGUN ${row%% *}"
}

leave() {
    local mount
    cd /
    for mount in $MOUNTED; do umount --lazy -- "$mount"; done
    [[ -z $MADE ]] || rmdir -- "$RUN" 2>/dev/null
}

text() { cat >"$RUN/$1"; } # NAME, from stdin

# The host side of a unit, in the text that has applied it.
ask_unit() { # VERB UNIT ENGINE MANIFEST DIGEST KEEPER
    local script=$RUN/script.$1.$2
    ASKS+=("$*")
    {
        cat -- "$RUN/$3"
        printf "\nmanifest_text() { cat <<'PULUMI_HA_MANIFEST'\n"
        cat -- "$RUN/$4"
        printf 'PULUMI_HA_MANIFEST\n}\nmain "$@"\n'
    } >"$script"
}

# Gates one after the other: those of several units may ask the same daemon, over the same file. Checks only read.
ask_all() { # VERB
    local line
    local -a w
    for line in "${ASKS[@]}"; do
        read -ra w <<<"$line"
        [[ ${w[0]} != "$1" ]] || ask "${w[@]}"
    done
}

ask() {
    local code=0 out=$RUN/out.$1.$2 err=$RUN/err.$1.$2
    bash -- "$RUN/script.$1.$2" "$1" "$5" "$6" >"$out" 2>"$err" </dev/null 6<&- || code=$?
    { echo "$code" && tail -n 1 -- "$out" | head -c 262144; } | tell "$1" "$2"
    [[ $code == 0 ]] || tail -n 20 -- "$err" | cut -c -400 | tell "$1-words" "$2"
}

unit() { # NAME MANIFEST DIGEST
    UNITS+=("$1") UNIT_DIGEST+=("$3")
    cp -- "$RUN/$2" "$RUN/unit.$1"
}

tell_records() {
    local n unit home state keeper digest cut held
    for n in "${!UNITS[@]}"; do
        unit=${UNITS[n]} home=$RECORDS/units/${UNITS[n]} state=missing keeper=- digest=- cut=whole held=there
        if [[ -f $home/manifest ]]; then
            state=different
            if cmp -s -- "$home/manifest" "$RUN/unit.$unit"; then state=same; fi
        fi
        [[ ! -f $home/keeper ]] || read -r keeper <"$home/keeper"
        [[ ! -f $home/digest ]] || read -r digest <"$home/digest"
        [[ ! -e $home/journal/changes ]] || cut="cut"
        [[ ${UNIT_DIGEST[n]} == - || -d $SECRETS/$unit/${UNIT_DIGEST[n]} ]] || held=missing
        printf '%s\n' "$state" "$keeper" "$digest" "$cut" "$held" | tell record "$unit"
    done
    for home in "$RECORDS"/units/*/; do
        [[ -d $home ]] || continue
        unit=${home%/} unit=${unit##*/} keeper=-
        [[ ! -f $home/keeper ]] || read -r keeper <"$home/keeper"
        echo "$unit $keeper"
    done | tell units -
}

tell_services() {
    local key row
    ((${#SERVICES[@]})) || return 0
    systemctl show --timestamp=us --property=Id,LoadState,ActiveState,SubState,Result,UnitFileState,NeedDaemonReload,MainPID,NRestarts \
        --property=ActiveEnterTimestamp,StateChangeTimestamp,DropInPaths -- "${SERVICES[@]}" >"$RUN/services" 2>/dev/null
    printf '%s\n' "${SERVICES[@]}" | cat - <(echo) "$RUN/services" | tell services -
    while IFS='=' read -r key row; do
        case $key in
        MainPID) [[ $row == 0 ]] || readlink -- "/proc/$row/exe" | tell program "$row" ;;
        DropInPaths) read -ra DROPINS <<<"${DROPINS[*]} $row" ;;
        esac
    done <"$RUN/services"
}

tell_files() {
    local path n
    ((${#PLACES[@]} + ${#FOLDERS[@]})) || return 0
    stat -c $'%n\t%F\t%04a\t%U:%G\t%s\t%.6Z' -- "${PLACES[@]}" "${FOLDERS[@]}" 2>/dev/null | tell places -
    for path in "${PLACES[@]}"; do
        if [[ -L $path ]]; then readlink -- "$path" | tell link "$path"; fi
    done
    for n in "${!UNITS[@]}"; do
        perl -- "$RUN/files.pl" "$SECRETS" "${UNITS[n]}" "${UNIT_DIGEST[n]}" "$RUN/unit.${UNITS[n]}" >"$RUN/files" 2>"$RUN/words"
        tell files "${UNITS[n]}" <"$RUN/files"
        [[ ! -s $RUN/words ]] || tell files-words "${UNITS[n]}" <"$RUN/words"
    done
}

# Files in directories that are the units' own, and drop-ins of their services, that neither a unit nor a package brought.
tell_strangers() {
    local path
    local -a found=() left=()
    local -A known=()
    for path in "${FOLDERS[@]}"; do [[ $path != /etc/* || ! -d $path || -L $path ]] || found+=("$path"); done
    if ((${#found[@]})); then
        mapfile -t found < <(find "${found[@]}" -mindepth 1 -maxdepth 1 ! -type d 2>/dev/null | head -n 1000)
    fi
    for path in "${DROPINS[@]}"; do [[ $path != @(/etc|/run)/systemd/* ]] || found+=("$path"); done
    ((${#found[@]})) || return 0
    while IFS=' ' read -r _ path _; do known[$path]=1; done \
        < <(cat -- "$RUN"/unit.* "$RECORDS"/units/*/{manifest,journal/text.*,committed/record} 2>/dev/null | grep '^file ')
    for path in "${found[@]}"; do [[ -n ${known[$path]-} ]] || left+=("$path"); done
    ((${#left[@]})) || return 0
    while IFS= read -r path; do known[${path#*: }]=1; done < <(dpkg-query --search -- "${left[@]}" 2>/dev/null)
    for path in "${left[@]}"; do [[ -n ${known[$path]-} ]] || printf '%s\n' "$path"; done | sort -u | head -n 50 | tell strangers -
}

probe() { PROBES+=("$1" "$2"); } # NAME COMMAND

# What daemons say they run with.
tell_running() {
    local n
    for ((n = 0; n < ${#PROBES[@]}; n += 2)); do
        timeout 5 bash -c "${PROBES[n + 1]}" 2>/dev/null </dev/null 6<&- | head -c 262144 | tell running "${PROBES[n]}"
    done
}

tell_words() {
    local service
    for service in "${SERVICES[@]}"; do
        systemctl is-failed --quiet -- "$service" || continue
        timeout 5 journalctl --unit="$service" --lines=5 --no-pager --quiet --output=cat 2>/dev/null |
            perl -- "$RUN/files.pl" "$SECRETS" | cut -c -400 | tell journal "$service"
    done
}

main() {
    local after
    shopt -s extglob nullglob
    DROPINS=()
    ask_all check &
    ask_all health &
    ip -oneline address show 2>/dev/null | tell addresses -
    tell_records
    tell_services
    ((${#PACKAGES[@]} == 0)) ||
        dpkg-query --show --showformat="\${Package}\t\${db:Status-Status}\t\${Version}\n" -- "${PACKAGES[@]}" 2>/dev/null | tell packages -
    tell_files
    tell_strangers
    tell_running
    tell_words
    wait
    after=$(holder)
    if [[ $after == *busy || $after != "$BEFORE" ]]; then tell busy - <<<"$after"; fi
    echo | tell end -
}
