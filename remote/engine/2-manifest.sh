# The manifest's text, read into arrays. The words are checked again here: root acts on them.

load() { # FILE
    local i at next body count
    local -a rows
    TEXT_FILE=$1
    # Each directive after the number of its line, then how many lines there are: bodies are most of a text, and not looked at here.
    mapfile -t rows < <(exec sed -n '/^|/!{=;p};$=' -- "$1")
    [[ ${rows[1]-} == "pulumi-ha manifest 1" ]] || fail "the text is not a manifest of version 1"
    count=$((rows[-1] - 1))
    [[ ${rows[-2]} == "end $count" && ${rows[-3]} == "${rows[-1]}" ]] || fail "the manifest arrived cut off: its last line does not count its lines"
    UNIT='' PACKAGES=() USERS=() DIR_PATH=() DIR_MODE=() DIR_OWNER=()
    FILE_PATH=() FILE_MODE=() FILE_OWNER=() FILE_CREDENTIAL=() FILE_FILL=() FILE_SHARED=() FILE_HELD=() FILE_CUT=() FILE_AT=()
    ON_FILE=() ON_DO=() ON_TARGET=() ON_WITHIN=() CHECK_NAME=() CHECK_AT=() SERVICE=() SERVICE_ENABLED=() SERVICE_RUNNING=()
    GATE_NAME=() GATE_WITHIN=() GATE_AT=() REMOVAL_NAME=() REMOVAL_AT=() CREDENTIAL_NAME=() CREDENTIAL_AT=()
    ROWS=()
    for ((i = 0; i < ${#rows[@]} - 3; i += 2)); do
        at=${rows[i]} next=${rows[i + 2]} body=false
        ((i == 0)) || directive "${rows[i + 1]}"
        ROWS[at]=$((next - at - 1))
        $body || ((ROWS[at] == 0)) || fail "line $((at + 1)) of the manifest is a body where none belongs"
    done
    [[ -n $UNIT ]] || fail "the manifest names no unit"
}

# The text that this run was given; others are read meanwhile.
load_own() { [[ $TEXT_FILE == "$WORK/text" ]] || load "$WORK/text"; }

word() { # KIND VALUE
    local allowed
    case $1 in
    unit) allowed='^[a-z0-9][a-z0-9-]{0,62}$' ;;
    package) allowed='^[a-z0-9][a-z0-9+.-]*(>?=[A-Za-z0-9.+:~-]+)?(\|[a-z0-9][a-z0-9+.-]*(>?=[A-Za-z0-9.+:~-]+)?)*$' ;;
    user) allowed='^[a-z_][a-z0-9_-]{0,31}$' ;;
    path) allowed='^(/[A-Za-z0-9@%+=:,._-]+)+$' ;;
    mode) allowed='^0[0-7]{3}$' ;;
    owner) allowed='^[a-z_][a-z0-9_-]*:[a-z_][a-z0-9_-]*$' ;;
    service) allowed='^[A-Za-z0-9@:._-]+\.(service|socket|timer|path|mount|target)$' ;;
    credential) allowed='^[a-z0-9][a-z0-9._-]*$' ;;
    seconds) allowed='^[0-9]{1,6}(\.[0-9]+)?$' ;;
    digest) allowed='^(-|[a-z0-9]{8,64})$' ;;
    keeper) allowed='^(-|[A-Za-z0-9._-]+/[A-Za-z0-9._-]+/[0-9a-f]{16})$' ;;
    esac
    [[ $2 =~ $allowed && ! ($1 == path && $2/ =~ /\.\.?/) ]] || fail "'$2' is no $1: allowed is $allowed"
}

directive() { # ROW; `at` and `body` are load's
    local -a w
    read -ra w <<<"$1"
    local rest=${1#* }
    case ${w[0]-} in
    unit) word unit "${w[1]-}" && UNIT=${w[1]} ;;
    package) word package "${w[1]-}" && PACKAGES+=("${w[1]}") ;;
    user) word user "${w[1]-}" && USERS+=("${w[1]}") ;;
    directory)
        word path "${w[1]-}" && word mode "${w[2]-}" && word owner "${w[3]-}"
        DIR_PATH+=("${w[1]}") DIR_MODE+=("${w[2]}") DIR_OWNER+=("${w[3]}")
        ;;
    file) file_directive "${w[@]:1}" ;;
    on-change)
        ((${#FILE_PATH[@]})) || fail "on-change without a file"
        ON_FILE+=("${FILE_PATH[-1]}") ON_DO+=("${w[1]-}") ON_WITHIN+=("${LIMIT[step]}")
        case ${w[1]-} in
        run)
            body=true ON_TARGET+=("$at")
            if [[ ${w[4]-} == within=* ]]; then word seconds "${w[4]#*=}" && ON_WITHIN[-1]=${w[4]#*=}; fi
            ;;
        reload | restart) word service "${w[4]-}" && ON_TARGET+=("${w[4]}") ;;
        *) fail "'${w[1]-}' is no activation: allowed is reload, restart, run" ;;
        esac
        ;;
    validate) body=true CHECK_NAME+=("$rest") CHECK_AT+=("$at") ;;
    service)
        word service "${w[1]-}"
        SERVICE+=("${w[1]}") SERVICE_ENABLED+=("${w[2]-}") SERVICE_RUNNING+=("${w[3]-}")
        ;;
    gate)
        word seconds "${w[1]-}"
        body=true GATE_WITHIN+=("${w[1]}") GATE_NAME+=("${rest#* }") GATE_AT+=("$at")
        ;;
    port) ;; # for a firewall; nothing to do here
    on-remove) body=true REMOVAL_NAME+=("$rest") REMOVAL_AT+=("$at") ;;
    credential) word credential "${w[1]-}" && body=true CREDENTIAL_NAME+=("${w[1]}") CREDENTIAL_AT+=("$at") ;;
    *) fail "a manifest of version 1 has no directive '${w[0]-}'" ;;
    esac
}

file_directive() { # PATH MODE OWNER FLAG…
    word path "${1-}" && word mode "${2-}" && word owner "${3-}"
    local flag credential='' filled='' shared=false held=false cut=false
    for flag in "${@:4}"; do
        case $flag in
        credential=*) credential=${flag#*=} && word credential "$credential" ;;
        fill=*) filled=${flag#*=} ;;
        shared) shared=true ;;
        held) held=true ;;
        no-final-newline) cut=true ;;
        *) fail "a file has no flag '$flag'" ;;
        esac
    done
    FILE_PATH+=("$1") FILE_MODE+=("$2") FILE_OWNER+=("$3") FILE_CREDENTIAL+=("$credential")
    FILE_FILL+=("$filled") FILE_SHARED+=("$shared") FILE_HELD+=("$held") FILE_CUT+=("$cut") FILE_AT+=("$at")
    body=true
}

# The body of the directive in that line, without its bars. By sed: expansions of bash before 5.2 lose some control characters.
body() { # AT
    bodies body "$1" && cat -- "$WORK/body.$1"
}

# Several of them, into WORK/KIND.AT.
bodies() { # KIND AT…
    local kind=$1 at commands
    shift
    # So many that sed can have all of these files open.
    while (($#)); do
        commands=''
        for at in "${@:1:200}"; do
            if ((ROWS[at])); then
                commands+="$((at + 1)),$((at + ROWS[at])){s/^| \\{0,1\\}//;w $WORK/$kind.$at"$'\n}\n'
            else
                : >"$WORK/$kind.$at"
            fi
        done
        sed -n -- "$commands" "$TEXT_FILE" || return 1
        shift "$(($# < 200 ? $# : 200))"
    done
}
