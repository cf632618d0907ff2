# shellcheck shell=bash
# The host side of some units that one engine has applied: reads it once, but for its call of itself, and runs it for each unit in a shell of its own.
# Prints VERB UNIT STATUS as each ends. Called with RUN ENGINE, and VERB UNIT MANIFEST DIGEST KEEPER of each.

# shellcheck source=/dev/null
. <(exec sed '$d' "$1/$2")
# By it the text says that it was cut off.
trap - EXIT

asked() { # RUN VERB UNIT MANIFEST DIGEST KEEPER
    local manifest=$1/$4
    (
        # shellcheck disable=SC2317 # the text calls it
        manifest_text() { cat -- "$manifest"; }
        main "$2" "$5" "$6"
    ) >"$1/out.$2.$3" 2>"$1/err.$2.$3"
    echo "$2 $3 $?"
}

# Gates one after the other: those of several units may ask the same daemon, over the same file. Checks only read.
one_verb() { # VERB RUN, and what is asked
    local verb=$1 run=$2
    shift 2
    while (($#)); do
        [[ $1 != "$verb" ]] || asked "$run" "${@:1:5}"
        shift 5
    done
}

run=$1
shift 2
one_verb check "$run" "$@" &
one_verb health "$run" "$@" &
wait
