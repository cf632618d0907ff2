# Packages: only missing ones are installed, none is upgraded, and no service starts or restarts meanwhile.

# This much is needed before anything is changed.
fit() {
    local key value id='' version='' name='an unknown system'
    ((EUID == 0)) || fail "this needs root: let the user act as root by sudo without a password, or log in as root"
    while IFS='=' read -r key value; do
        value=${value//[\"\']/}
        case $key in
        ID) id=$value ;;
        VERSION_ID) version=$value ;;
        PRETTY_NAME) name=$value ;;
        esac
    done <"$ROOT/etc/os-release" || true
    # What came with a system that was supported can leave after its upgrade too.
    [[ $VERB != @(remove|uninstall) ]] || id=debian version=12
    case "$id $version" in
    'debian 12' | 'debian 13' | 'ubuntu 22.04' | 'ubuntu 24.04') ;;
    *) fail "this host runs $name: supported are Debian 12 and 13, Ubuntu 22.04 and 24.04" ;;
    esac
    [[ -d $ROOT/run/systemd/system ]] || fail "systemd does not run this host: services could not be managed"
}

free() { # MIB DIRECTORY
    local kib
    kib=$(df --output=avail -k -- "$ROOT$2" | tail -n 1)
    ((kib >= $1 * 1024)) || fail "$((kib / 1024)) MiB are free on the file system of $2: at least $1 MiB are needed"
}

PACKAGE_FORMAT="\${Package} \${db:Status-Status} \${Version}\n"

# What is stated of a package, `NAME`, `NAME=VERSION` or `NAME>=VERSION`, into the caller's `name` and `bound`.
split_bound() { [[ $1 =~ ^([^=>]+)(.*)$ ]] && name=${BASH_REMATCH[1]} bound=${BASH_REMATCH[2]}; }

older() { bounded query dpkg --compare-versions "$1" lt "$2"; }

# MISSING: packages that are not installed, as they are named in the manifest.
find_missing() {
    local stated package name status version bound
    local -a all=() choice
    local -A have=()
    MISSING=()
    ((${#PACKAGES[@]})) || return 0
    for stated in "${PACKAGES[@]}"; do
        IFS='|' read -ra choice <<<"$stated"
        all+=("${choice[@]%%[>=]*}")
    done
    while read -r name status version; do
        if [[ $status == installed ]]; then have[$name]=$version; fi
    done < <(become query dpkg-query --show --showformat="$PACKAGE_FORMAT" -- "${all[@]}" 2>/dev/null)
    for stated in "${PACKAGES[@]}"; do
        IFS='|' read -ra choice <<<"$stated"
        for package in "${choice[@]}"; do
            split_bound "$package"
            version=${have[$name]-}
            [[ -n $version ]] || continue
            if [[ $bound == '>='* ]]; then
                ! older "$version" "${bound#>=}" ||
                    fail "$name $version is installed, and too old: ${bound#>=} is the least; an installed package is never upgraded here" \
                        "" "apt-cache policy $name"
            elif [[ -n $bound && $version != "${bound#=}" ]]; then
                fail "$name $version is installed, and ${bound#=} is asked for: an installed package is never up- or downgraded here" \
                    "" "apt-get install $package"
            fi
            continue 2
        done
        MISSING+=("$stated")
    done
}

known() { bounded query apt-cache show --no-all-versions -- "$@" >/dev/null 2>&1; }

# Of alternatives the first that the host's sources have; where they have none, apt-get says so of the last. LEAST: versions below which none will do.
choose() { # STATED…
    local stated package name bound
    local -a choice
    MISSING=()
    declare -gA LEAST=()
    for stated; do
        IFS='|' read -ra choice <<<"$stated"
        for package in "${choice[@]}"; do
            if [[ $stated != *'|'* ]] || known "${package%%>=*}"; then break; fi
        done
        MISSING+=("${package%%>=*}")
        split_bound "$package"
        if [[ $bound == '>='* ]]; then LEAST[$name]=${bound#>=}; fi
    done
}

candidate() { bounded query apt-cache policy -- "$1" 2>/dev/null | sed -n '/^  Candidate: [^(]/{s/^  Candidate: //p;q}'; }

# TOO_OLD: the first package of which the host's sources have nothing that will do, and what they have.
find_too_old() {
    local name version
    TOO_OLD=''
    for name in "${!LEAST[@]}"; do
        version=$(candidate "$name")
        if [[ -n $version ]] && older "$version" "${LEAST[$name]}"; then
            TOO_OLD="$name $version"
            return 0
        fi
    done
    return 1
}

POLICY_MARK='# by pulumi-ha: services stay as they are while packages are installed'

# The programs that packages start services by ask this file. Held is what our own installation would start or stop: it hands the variable down, also to
# what outlives it. Everybody else, such as unattended-upgrades, is answered as if this file were not there: as the host's own policy says, and without
# one as invoke-rc.d decides, which puts a start that it refuses into parentheses.
policy_text() {
    printf '#!/bin/sh\n%s\n' "$POLICY_MARK"
    cat <<'POLICY'
[ "${PULUMI_HA_HOLDS_SERVICES-}" != yes ] || exit 101
[ ! -x "$0.pulumi-ha-kept" ] || exec "$0.pulumi-ha-kept" "$@"
case "$*" in *'(start)'* | *'(restart)'* | *'(try-restart)'*) exit 101 ;; esac
POLICY
}

hold_services() {
    local policy=$ROOT/usr/sbin/policy-rc.d
    HOLDING=1
    export PULUMI_HA_HOLDS_SERVICES=yes
    policy_text >"$policy.pulumi-ha-new"
    chmod 0755 "$policy.pulumi-ha-new"
    [[ ! -e $policy && ! -L $policy ]] || mv -fT -- "$policy" "$policy.pulumi-ha-kept"
    mv -fT -- "$policy.pulumi-ha-new" "$policy"
}

# Also after a run that was cut: ours goes, and what was there before comes back.
release_services() {
    local policy=$ROOT/usr/sbin/policy-rc.d
    rm -f -- "$policy.pulumi-ha-new"
    if grep -qsxF -- "$POLICY_MARK" "$policy"; then rm -f -- "$policy"; fi
    if [[ (-e $policy.pulumi-ha-kept || -L $policy.pulumi-ha-kept) && ! -e $policy ]]; then
        mv -fT -- "$policy.pulumi-ha-kept" "$policy"
    fi
    unset PULUMI_HA_HOLDS_SERVICES
    HOLDING=0
}

# What another installation left half-way has stopped services that ran: they start again with its end, as without us. Ours are held to the end.
configure() {
    local -a hold=()
    [[ -e $STATE/packages.before ]] || hold=(--unset=PULUMI_HA_HOLDS_SERVICES)
    bounded install env "${hold[@]}" DEBIAN_FRONTEND=noninteractive dpkg --force-confold --configure -a >"$WORK/apt" 2>&1
}

apt() { # LIMIT ARGS…
    local limit=$1
    shift
    bounded "$limit" env DEBIAN_FRONTEND=noninteractive UCF_FORCE_CONFFOLD=1 APT_LISTCHANGES_FRONTEND=none NEEDRESTART_SUSPEND=1 \
        apt-get -q -y -o DPkg::Lock::Timeout="$DPKG_LOCK_WAIT" -o Acquire::Retries="$FETCH_RETRIES" \
        -o Acquire::http::Timeout="$FETCH_TIMEOUT" -o Acquire::https::Timeout="$FETCH_TIMEOUT" \
        -o Dpkg::Options::=--force-confold -o Dpkg::Options::=--force-confdef "$@" >>"$WORK/apt" 2>&1
}

apt_words() { # STATUS LIMIT
    grep -E '^(E:|dpkg: error)' -- "$WORK/apt" | tail -n 4 >"$WORK/words" || tail -n 8 -- "$WORK/apt" >"$WORK/words"
    last_words "$WORK/words" "$1" "$2"
}

list_installed() {
    bounded query dpkg-query --show --showformat="$PACKAGE_FORMAT" | sed -n 's/ installed .*//p' | sort -u
}

# Whether dpkg stopped half-way.
interrupted() {
    [[ -n $(find "$ROOT/var/lib/dpkg/updates" -type f 2>/dev/null | head -n 1) || -n $(bounded query dpkg --audit 2>/dev/null) ]]
}

install_missing() {
    local before=$STATE/packages.before stamp=$STATE/updated status=0
    local -a wanted
    if interrupted; then
        say "finishing an interrupted installation of packages"
        ACTIONS+=("dpkg --configure -a")
        until configure; do
            # What looks interrupted may be another installation that is under way.
            if ((SECONDS > DPKG_LOCK_WAIT)) || ! grep -q 'locked by another process' "$WORK/apt"; then
                fail "an installation that was interrupted earlier cannot be finished" "$(apt_words 1 install)" "dpkg --audit"
            fi
            say "waiting for another installation of packages on this host"
            pause 3
        done
        find_missing
        ((${#MISSING[@]})) || return 0
    fi
    : >"$WORK/apt"
    wanted=("${MISSING[@]}")
    choose "${wanted[@]}"
    if [[ -z $(find "$stamp" -mmin -60 2>/dev/null) ]] || ! known "${MISSING[@]}" || find_too_old; then
        say "reading the package lists"
        # Lists of one source that cannot be read need not matter: what is missing shows below.
        if apt update update; then : >"$stamp"; fi
        choose "${wanted[@]}"
    fi
    ! find_too_old ||
        fail "$TOO_OLD is too old, and the newest that the package sources of this host have: ${LEAST[${TOO_OLD% *}]} is the least" \
            "" "apt-cache policy ${TOO_OLD% *}"
    say "installing ${MISSING[*]}"
    [[ -e $before ]] || list_installed | keep "$before"
    apt install --no-install-recommends --no-remove install -- "${MISSING[@]}" || status=$?
    if ((status)); then
        # What others install from now on did not come with us. What is half installed did, and counts once it is finished.
        interrupted || record_installed
        fail "installing ${MISSING[*]} failed: $(apt_reason)" "$(apt_words "$status" install)" \
            "apt-get install ${MISSING[*]}; the package sources in /etc/apt"
    fi
    ACTIONS+=("${MISSING[@]/#/install }")
}

apt_reason() {
    if grep -qE 'Temporary failure resolving|Could not resolve|Could not connect|Connection (timed out|failed|refused)|Network is unreachable|Unable to connect' "$WORK/apt"; then
        echo "the package mirror cannot be reached from this host"
    elif grep -qE 'Unable to locate package|has no installation candidate|Version .* was not found' "$WORK/apt"; then
        echo "the package sources of this host do not have it"
    elif grep -qE 'No space left on device|enough free space' "$WORK/apt"; then
        echo "the disk is full"
    else
        echo "apt-get says why"
    fi
}

# Which packages came with us: their services are stopped by `remove`, as nobody ran them before.
record_installed() {
    local before=$STATE/packages.before
    [[ -e $before ]] || return 0
    { cat -- "$STATE/packages" 2>/dev/null || true; list_installed | comm -13 -- "$before" -; } | sort -u | keep "$STATE/packages"
    rm -f -- "$before"
}

lay_credentials() {
    local home=$ROOT/etc/pulumi-ha/credentials/$UNIT n new
    ((${#CREDENTIAL_NAME[@]})) || return 0
    [[ $DIGEST != - ]] || fail "credentials came without their digest"
    [[ ! -d $home/$DIGEST ]] || return 0
    new=$home/.$DIGEST.new
    rm -rf -- "$new"
    mkdir -p -- "$ROOT/etc/pulumi-ha" "$ROOT/etc/pulumi-ha/credentials" "$home" "$new"
    for n in "${!CREDENTIAL_NAME[@]}"; do
        body "${CREDENTIAL_AT[n]}" | base64 -d >"$new/${CREDENTIAL_NAME[n]}" || fail "credential ${CREDENTIAL_NAME[n]} is no base64 or finds no room"
    done
    sync -- "$new"/* "$new"
    mv -T -- "$new" "$home/$DIGEST"
    ACTIONS+=("lay down ${#CREDENTIAL_NAME[@]} credentials")
}
