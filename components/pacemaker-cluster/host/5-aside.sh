# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # shared with the files beside this one
# What an operator's standby and an update's have in common: what runs on a node goes elsewhere, where it can and with all its data.

# How long what a standby needs is waited for where that may come by itself: a vote that has just been given, the end of a short resynchronisation.
MAY_COME_SECONDS=20

aside() {
    settled || return 1
    WAITING="$SUBJECT to be empty"
    nodes_as_seen | grep -E "^$SUBJECT " | grep -q 'resources_running=0'
}

others_can_take_over() { # from NODE
    nodes_as_seen | grep -vE "^$1 " | grep 'online=true' | grep 'standby=false' | grep -q 'maintenance=false'
}

# Both sides of the replicated disks that the cluster runs have the same.
replicas_current() {
    local name state
    WAITING='Pacemaker to answer here'
    live --scope resources >"$WORK/volumes.xml" || return 1
    while read -r name; do
        state=$(timeout 20 drbdadm dstate "$name" 2>&1) || true
        WAITING="the volume $name to be up to date: ${state%%$'\n'*}"
        [[ $state == UpToDate/UpToDate ]] || return 1
    done < <(sed -nE 's/.*name="drbd_resource" value="([^"]+)".*/\1/p' "$WORK/volumes.xml" | sort -u)
}

# Members as Corosync counts them: `NAME VOTES WITNESS`, of which the last is A,V… where it has the witness's vote; and `QUORUM VOTES`, `WITNESS VOTES`.
votes() {
    timeout 15 corosync-quorumtool -p -s 2>/dev/null | awk '
        $1 == "Quorum:" { print "QUORUM", $2 }
        $1 == "0" { sub(/\)/, "", $5); print "WITNESS", $5 == "" ? $2 : $5 }
        $1 ~ /^[1-9][0-9]*$/ && NF > 3 { print $4, $2, $3 }'
}

# Corosync starts again on a node that is put aside for that, or the node itself does: the others go on if their votes are a majority without it. The witness
# gives its vote to one part, so it counts where all of them have it.
majority_without_subject() {
    local seen left needed
    WAITING="Corosync to answer"
    seen=$(votes) || return 1
    grep -q "^$SUBJECT " <<<"$seen" || return 0
    read -r left needed < <(awk -v node="$SUBJECT" '
        $1 == "QUORUM" { needed = $2; next }
        $1 == "WITNESS" { witness = $2; next }
        $1 != node { left += $2; others++; if ($3 ~ /^A,V/) have++ }
        END { if (others > 0 && have == others) left += witness; print left + 0, needed + 0 }' <<<"$seen")
    WAITING="a majority that does without $SUBJECT: the others have $left of $needed votes${WITNESS:+, is the witness $WITNESS up?}"
    ((left >= needed))
}

# The witness's vote, on a node that is back: another one that goes before it is there takes the majority along.
has_witness() {
    WAITING="$SUBJECT: the witness's vote"
    [[ -z $WITNESS ]] || votes | grep -qE "^$SUBJECT [0-9]+ A,V"
}

# Before anything is moved off SUBJECT; where it may not be, WHY.
can_leave() { # SECONDS
    local here
    WHY="Pacemaker does not say what runs on $SUBJECT"
    here=$(loads | sed -n "s/^$SUBJECT //p") || return 1
    ((here)) || return 0
    WHY="$SUBJECT runs $here resources, and no other node could take over"
    others_can_take_over "$SUBJECT" || return 1
    await "$1" replicas_current || { WHY="still waiting for $WAITING" && return 1; }
    say "moving what runs on $SUBJECT to another node"
}

# Moves it by a command. STUCK is what keeps SUBJECT from being empty in time, LOST what ran before and does not now.
leave() { # SECONDS COMMAND…
    STUCK='' LOST=''
    not_running >"$WORK/idle-before"
    "${@:2}"
    await "$1" aside || {
        STUCK=$WAITING
        return 0
    }
    not_running >"$WORK/idle-after"
    LOST=$(grep -vxFf "$WORK/idle-before" "$WORK/idle-after" | paste -sd ' ') || true
}
