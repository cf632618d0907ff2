# shellcheck shell=bash
# What the other members say of themselves. A row per member, words that hold no space:
#   NAME answers RUNNING PRIMARY IDENTITY DRAINING STATUS UUID DATABASES MEMBERS      yes/no, lists with commas, `-` for nothing
#   NAME silent WHY…

ASK_SECONDS=3

evidence() { # TRIES: a row for each of OTHERS
    local name folder
    folder=$(mktemp -d)
    for name in "${OTHERS[@]}"; do ask "$name" "$1" >"$folder/$name" & done
    wait
    for name in "${OTHERS[@]}"; do
        if [[ -s $folder/$name ]]; then cat -- "$folder/$name"; else echo "$name silent could not be asked"; fi
    done
    rm -rf -- "$folder"
}

ask() { # NAME TRIES
    local n row='' answer status
    for ((n = 1; n <= $2; n++)); do
        ((n == 1)) || sleep 1
        status=0
        answer=$(fetch "${ADDRESS[$1]}" "${SETTING[HEALTH_PORT]}" 2>&1) || status=$?
        if ((status == 0)) && row=$(parse "$1" "${SETTING[CLUSTER]}" "$answer"); then break; fi
        row=${row:-$1 silent ${ADDRESS[$1]}:${SETTING[HEALTH_PORT]}: $(why_silent "$status" "$answer")}
    done
    echo "$row"
}

fetch() { # ADDRESS PORT: the whole answer
    # shellcheck disable=SC2016
    timeout --kill-after=1 "$ASK_SECONDS" bash -c '
        exec 3<>"/dev/tcp/$1/$2" && printf "GET /evidence HTTP/1.0\r\nHost: member\r\n\r\n" >&3 && cat <&3' fetch "$1" "$2"
}

why_silent() { # STATUS OUTPUT
    if (($1 == 124 || $1 == 137)); then
        echo "no answer within $ASK_SECONDS s"
    elif (($1)); then
        sed -n '/connect: /{s/.*connect: //p;q}' <<<"$2"
    elif [[ $2 == HTTP/1.?' 403 '* ]]; then
        echo "it takes this host for no member: what asks from here has another address than ${ADDRESS[$NODE]}"
    else
        echo "what answers there is not the health endpoint of a member"
    fi
}

# Strict: an answer that is not wholly understood is no answer. Quotes within a string are escaped there, so a field's name cannot come from a value.
parse() { # NAME CLUSTER ANSWER: a row, or status 1
    local name=$1 body=$3 key value row='answers'
    local string='"(([^"\\]|\\.)*)"'
    [[ $body == HTTP/1.?' 200 '* ]] || return 1
    body=${body//$'\r'/}
    body=${body#*$'\n\n'}
    [[ $body =~ ^[[:space:]]*\{.*\}[[:space:]]*$ ]] || return 1
    for key in node cluster running primary identity draining status uuid databases members; do
        case $key in
        running | primary | identity | draining) value='(true|false)' ;;
        databases | members) value="\[((${string}[[:space:]]*,?[[:space:]]*)*)\]" ;;
        *) value=$string ;;
        esac
        [[ $body =~ [\{,][[:space:]]*\"$key\"[[:space:]]*:[[:space:]]*$value ]] || return 1
        value=${BASH_REMATCH[1]}
        case $key:$value in
        node:"$name" | cluster:"$2") continue ;;
        node:* | cluster:*)
            echo "$name silent its address answers for the $key ${value//[^A-Za-z0-9_.-]/?}"
            return 0
            ;;
        *:true) value=yes ;;
        *:false) value=no ;;
        esac
        row+=" $(plain "$value")"
    done
    echo "$name $row"
}

# A list or a string as one word that harms no terminal.
plain() { # JSON
    local word=${1//[[:space:]\"]/}
    word=${word//[^A-Za-z0-9_.,@\$#-]/?}
    echo "${word:--}"
}
