# shellcheck shell=bash
# Decisions, from facts alone. The first line printed is the decision, further ones are the reasons.

ZERO=00000000-0000-0000-0000-000000000000

declare -A ANSWERS=() RUNNING=() PRIMARY=() IDENTITY=() DRAINED=() STATUS=() CLUSTER_ID=() DATABASES=() MEMBERS=() WHY=()

read_rows() { # NAME…, rows on stdin
    local name answers rest
    ANSWERS=() RUNNING=() PRIMARY=() IDENTITY=() DRAINED=() STATUS=() CLUSTER_ID=() DATABASES=() MEMBERS=() WHY=()
    while read -r name answers rest; do
        [[ -n $name ]] || continue
        WHY[$name]=$rest
        [[ $answers == answers ]] || continue
        ANSWERS[$name]=1
        # shellcheck disable=SC2086
        set_facts "$name" $rest
    done
}

set_facts() { # NAME RUNNING PRIMARY IDENTITY DRAINING STATUS UUID DATABASES MEMBERS
    RUNNING[$1]=$2 PRIMARY[$1]=$3 IDENTITY[$1]=$4 DRAINED[$1]=$5 STATUS[$1]=$6 CLUSTER_ID[$1]=$7 DATABASES[$1]=$8 MEMBERS[$1]=$9
}

found() { # NAME: what was found there, in words
    if [[ -z ${ANSWERS[$1]-} ]]; then
        echo "$1: cannot be asked (${WHY[$1]:-no answer})"
    elif [[ ${RUNNING[$1]} == yes ]]; then
        echo "$1: runs, $([[ ${PRIMARY[$1]} == yes ]] || echo 'not ')Primary, ${STATUS[$1]}$([[ ${DRAINED[$1]} != yes ]] || echo ', and sends its clients away')"
    elif [[ ${IDENTITY[$1]} == yes ]]; then
        echo "$1: is stopped, and was a member of a cluster before (grastate.dat)"
    elif [[ ${DATABASES[$1]} != - ]]; then
        echo "$1: is stopped, never was a member, and has databases of its own: ${DATABASES[$1]}"
    else
        echo "$1: fresh"
    fi
}

fresh() { [[ -n ${ANSWERS[$1]-} && ${RUNNING[$1]} == no && ${PRIMARY[$1]} == no && ${IDENTITY[$1]} == no && ${DATABASES[$1]} == - ]]; }

refuse() { # REASON, NAME…: and what was found on these
    local name
    echo refuse
    echo "$1"
    shift
    for name; do found "$name"; done
}

# How a server that does not run is to be started: `join` or `bootstrap`, or `refuse`.
decide() { # CLUSTER FOUNDER(yes|no|named) IDENTITY(yes|no) UUID DATABASES OTHER…, rows on stdin
    local cluster=$1 founder=$2 identity=$3 uuid=$4 databases=$5 name live='' running='' silent='' old='' obstacle=''
    shift 5
    read_rows
    for name; do
        if [[ -z ${ANSWERS[$name]-} ]]; then silent+=" $name"; fi
        if [[ ${RUNNING[$name]-} == yes ]]; then running+=" $name"; fi
        if [[ ${IDENTITY[$name]-} == yes ]]; then old+=" $name"; fi
        fresh "$name" || obstacle=1
        [[ ${PRIMARY[$name]-} == yes ]] || continue
        if [[ -n $live && ${CLUSTER_ID[$name]} != "$live" ]]; then
            refuse "there are two clusters named $cluster, and joining either may discard the other's data" "$@"
            return
        fi
        live=${CLUSTER_ID[$name]}
    done
    if [[ -n $live ]]; then
        if [[ $databases != - && $identity == no ]]; then
            refuse "joining would discard the databases that are here and in no cluster: $databases; move them away from $DATA, or drop them" "$@"
        elif [[ $databases != - && $uuid != "$live" && $uuid != "$ZERO" ]]; then
            refuse "the data here is of another cluster ($uuid, the others have $live), joining would discard its databases: $databases" "$@"
        else
            echo join
        fi
    elif [[ $identity == yes ]]; then
        if [[ -z $running && -z $silent && $founder == named ]]; then
            echo bootstrap
        elif [[ -z $running && -z $silent ]]; then
            refuse "no member of the cluster runs, so there is nobody to join; \`pulumi-ha recover galera $cluster\` starts it from the newest data" "$@"
        else
            echo join
        fi
    elif [[ -n $obstacle && -z $silent && -z $old && -z $running ]]; then
        refuse "a member without a cluster has databases of its own: begin with empty ones, and bring the data into the cluster afterwards" "$@"
    elif [[ -n $obstacle ]]; then
        refuse "no Primary was found to join, and a new cluster is not begun unless every other member is seen to be fresh: $(remedy "$silent" "$old")" "$@"
    elif [[ $founder != yes ]]; then
        refuse "no cluster was found to join, and a new one is not begun here: apply the founder first" "$@"
    elif [[ $databases != - ]]; then
        refuse "there are databases here that are in no cluster: $databases; begin without them, and bring the data into the cluster afterwards" "$@"
    else
        echo bootstrap
    fi
}

remedy() { # SILENT OLD
    if [[ -n $1 ]]; then
        echo "bring up$1, or take what is gone for good out of the program"
    elif [[ -n $2 ]]; then
        echo "start$2, or run \`pulumi-ha recover galera\` if none of them comes up by itself"
    else
        echo "see to the members that run outside of a cluster"
    fi
}

# Whether the server here may be restarted: `go`, or `refuse`. Nobody else may be missing meanwhile, and somebody must let it in again.
may_restart() { # PRIMARY(yes|no|unknown) UUID NODE OTHER…, rows on stdin
    local primary=$1 uuid=$2 node=$3 name lacking='' support='' counted=$1
    shift 3
    read_rows
    for name; do
        if [[ ${PRIMARY[$name]-} == yes && ${STATUS[$name]} == synced && ${DRAINED[$name]} == no && ($primary != yes || ${CLUSTER_ID[$name]} == "$uuid") ]]; then
            support=1
        elif [[ -z ${ANSWERS[$name]-} || ${IDENTITY[$name]} == yes || ${RUNNING[$name]} == yes ]]; then
            lacking=1
        fi
        if [[ ${PRIMARY[$name]-} == yes && ,${MEMBERS[$name]}, == *,$node,* ]]; then counted=yes; fi
    done
    if [[ -z $support ]]; then
        refuse "restarting would leave nobody who could let this member in again" "$@"
    elif [[ $counted == yes && -n $lacking ]]; then
        refuse "restarting would leave the cluster with two members missing" "$@"
    else
        echo go
    fi
}
