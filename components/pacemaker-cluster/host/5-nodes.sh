# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # shared with the files beside this one
# Maintenance: a node is put aside or left alone, and let in again.

is_so() { # NODE standby|maintenance true|false
    nodes_as_seen | grep -E "^$1 " | grep -q " $2=$3"
}

known() { # NODE
    [[ " $NODES " == *" $1 "* ]] || fail "$1 is no node of $CLUSTER: it has $NODES"
}

# Where everything is, for people.
where() {
    timeout 20 crm_mon -1 -r --include=none,nodes,resources 2>/dev/null | grep -E '^ +\* ' >&2 || true
}

# The members, those that run less first: the order in which to put them aside.
verb_order() {
    loads | awk '{ print $2, -NR, $1 }' | sort -n | cut -d ' ' -f 3
}

verb_standby() { # NODE
    SUBJECT=${1:?a node}
    known "$SUBJECT"
    ! is_so "$SUBJECT" maintenance true || fail "$SUBJECT is in maintenance, so that nothing there is stopped or moved; first: pulumi-ha node online $SUBJECT"
    others_can_take_over "$SUBJECT" || fail "no other node could take over from $SUBJECT: the others are down, in standby or in maintenance; nothing was changed"
    await "$MAY_COME_SECONDS" majority_without_subject || fail "nothing was changed: still waiting for $WAITING"
    can_leave "$MAY_COME_SECONDS" || fail "nothing was changed: $WHY"
    leave "$SETTLE" set_standby
    [[ -z $STUCK ]] || fail "$SUBJECT is in standby, and after $SETTLE s still waiting for $STUCK"
    [[ -z $LOST ]] || {
        troubles
        no_standby
        await "$MAY_COME_SECONDS" let_in || say "still waiting for $WAITING"
        fail "$SUBJECT was let in again: what ran there does not run on another node: $LOST"
    }
    say "$SUBJECT is in standby and runs nothing; the cluster keeps it so until: pulumi-ha node online $SUBJECT"
    where
}

left_alone() {
    WAITING="$SUBJECT to be left alone"
    is_so "$SUBJECT" maintenance true && settled
}

verb_maintenance() { # NODE
    SUBJECT=${1:?a node}
    known "$SUBJECT"
    timeout 20 crm_attribute --type nodes --node "$SUBJECT" --name maintenance --update true
    await "$SETTLE" left_alone || fail "$SUBJECT is in maintenance, and after $SETTLE s still waiting for $WAITING"
    say "$SUBJECT is in maintenance: what runs there goes on, and the cluster neither watches it, nor takes it over when the node is lost, until: pulumi-ha node online $SUBJECT"
    where
}

set_standby() { timeout 20 crm_attribute --type nodes --node "$SUBJECT" --name standby --update on; }

no_standby() {
    timeout 20 crm_attribute --type nodes --node "$SUBJECT" --name standby --delete >/dev/null
    timeout 20 crm_attribute --type status --node "$SUBJECT" --name standby --delete >/dev/null
}

let_in() {
    WAITING="$SUBJECT to be let in"
    is_so "$SUBJECT" standby false && is_so "$SUBJECT" maintenance false && all_members && has_witness && settled && replicas_current
}

verb_online() { # NODE
    SUBJECT=${1:?a node}
    known "$SUBJECT"
    # What was started or stopped by hand meanwhile is found first: by its last word all ran.
    ! is_so "$SUBJECT" maintenance true || timeout 60 crm_resource --refresh --node "$SUBJECT" >/dev/null 2>&1 || true
    no_standby
    timeout 20 crm_attribute --type nodes --node "$SUBJECT" --name maintenance --delete >/dev/null
    await "$SETTLE" let_in || fail "$SUBJECT is let in again, and after $SETTLE s still waiting for $WAITING"
    say "$SUBJECT is online"
    where
}
