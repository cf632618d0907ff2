# shellcheck shell=bash
# shellcheck disable=SC2034,SC2153,SC2154 # shared with the files beside this one
# A change that what runs must start again for, by an update: it goes to one node after the other, to those that run least first, and away from each what
# runs there goes before. All members' updates come here at once; who runs what, and so whose turn it is, only the cluster knows.

TURN=pulumi-ha-turn
# Of what the engine gives an activation (300 s).
ROLL_SECONDS=280
# How long a node that runs more waits for a sign of one that runs less, whose update may begin later.
SIGN_SECONDS=120

# `NODE NUMBER`: resources that move away with a standby; not clones, which all nodes have, but for what is promoted, and not fence devices.
loads() {
    timeout 20 crm_mon -1 --output-as=xml --include=none,resources 2>/dev/null | awk -v nodes="$NODES" '
        /<clone / { clone = 1 }
        /<\/clone>/ { clone = 0 }
        /<resource / { counts = !/resource_agent="stonith/ && (!clone || /role="(Promoted|Master)"/) }
        counts && /<node name="/ { split($0, part, "\""); runs[part[2]]++ }
        END { n = split(nodes, name, " "); for (i = 1; i <= n; i++) print name[i], runs[name[i]] + 0 }'
}

# What a node has rolled last: the digest of it.
mark_of() { # NODE
    timeout 10 crm_attribute --type nodes --node "$1" --name rolled --query --quiet 2>/dev/null || true
}

# Those that run less go first; of two that run the same, the one that is less preferred.
nobody_before() {
    local node number seen=''
    LOADS=$(loads)
    HERE=$(sed -n "s/^$NODE //p" <<<"$LOADS")
    while read -r node number; do
        if [[ $node == "$NODE" ]]; then
            seen=1
        elif ((number < HERE)) || { ((number == HERE)) && [[ -n $seen ]]; }; then
            WAITING="$node to take this change first: less runs there"
            [[ $(mark_of "$node") == "$DIGEST" ]] || return 1
        fi
    done <<<"$LOADS"
}

holder() {
    timeout 10 crm_attribute --type crm_config --set-name "$TURN" --name "$TURN" --query --quiet 2>/dev/null || true
}

# One at a time: of several that create the same element, one succeeds. A turn that was never given back, as its run was killed, ends.
turn_is_mine() {
    local now until=$((EPOCHSECONDS + ROLL_SECONDS + 20))
    now=$(holder)
    WAITING="${now% *} to give its turn back"
    if [[ $now == "$NODE "* ]]; then return 0; fi
    if [[ -n $now ]] && ((${now#* } < EPOCHSECONDS)); then give_back; fi
    timeout 10 cibadmin --create --scope crm_config --xml-text \
        "<cluster_property_set id=\"$TURN\"><nvpair id=\"$TURN-holder\" name=\"$TURN\" value=\"$NODE $until\"/></cluster_property_set>" >/dev/null 2>&1
}

give_back() {
    timeout 10 cibadmin --delete --scope crm_config --xml-text "<cluster_property_set id=\"$TURN\"/>" >/dev/null 2>&1 || true
}

my_turn() {
    if nobody_before; then
        turn_is_mine
        return
    fi
    ((SECONDS < SIGN_SECONDS)) || [[ -n $(holder) ]] ||
        fail "not changed here: waiting for $WAITING. It failed there, or is no part of this update: do both in one, or first: pulumi-ha node standby $NODE"
    return 1
}

aside_until_restart() { # update true|delete: gone by itself when Pacemaker ends here
    timeout 20 crm_attribute --type status --node "$NODE" --name standby "--$1" ${2:+"$2"} >/dev/null 2>&1
}

put_aside() { # by an update
    [[ $(timeout 10 crm_attribute --type status --node "$NODE" --name standby --query --quiet 2>/dev/null) == true ]]
}

well_again() {
    all_members || return 1
    ! systemctl is-enabled --quiet corosync-qdevice.service || has_vote || return 1
    settled && replicas_current
}

# What the configuration that runs says of SBD shall hold for members that have the change and for those that have not: what would not, nobody is fenced by until
# the next configuration runs. Pacemaker ends on a node whose watchdog takes longer than the cluster waits for it, and, where it waits, on one without.
agree_on_sbd() {
    local now least=$((2 * SBD_WATCHDOG_TIMEOUT + 5))
    live --scope configuration >"$WORK/running.xml"
    true_of_sbd "$WORK/running.xml" >"$WORK/true.xml"
    cmp -s "$WORK/running.xml" "$WORK/true.xml" || {
        say "SBD as it was fences nobody from now on, and as it will be once the next configuration runs"
        timeout 30 cibadmin --replace --scope configuration --xml-file "$WORK/true.xml"
    }
    now=$(timeout 10 crm_attribute --type crm_config --name stonith-watchdog-timeout --query --quiet 2>/dev/null) || return 0
    ((${now%%[!0-9]*} >= least)) || timeout 20 crm_attribute --type crm_config --name stonith-watchdog-timeout --update "${least}s" >/dev/null
}

# What failed here before says nothing of the files that are here now.
come_back() {
    timeout 60 crm_resource --cleanup --node "$NODE" >/dev/null 2>&1 || true
    ! put_aside || aside_until_restart delete
    await "$((ROLL_SECONDS - SECONDS))" well_again || fail "still waiting for $WAITING; then: pulumi-ha node online $NODE"
    ! failed_here || {
        troubles
        fail "what was started on $NODE after the change failed"
    }
}

failed_here() {
    timeout 20 crm_mon -1 --output-as=xml --include=none,failures 2>/dev/null | grep -qE "<failure .*node=\"$NODE\""
}

digest() { sha256sum | cut -d ' ' -f 1; }

# What Corosync, Pacemaker and SBD run with: without SBD, a heading.
daemons() { cat -- "$OWN/daemons" 2>/dev/null || head -n 1 -- "$OWN/files"; }

# Files of resources that the cluster is to have no more, and that are kept until its configuration runs.
leftover() {
    [[ -e $OWN/held ]] || return 0
    comm -13 <(sed -nE 's/^[0-9a-f]{64}  //p' "$OWN/files" | sort) <(sed -n '/^\//p' "$OWN/held" | sort) |
        while read -r path; do [[ ! -e $path ]] || printf '%s\n' "$path"; done
}

# What this node runs with: in a file for itself, in an attribute for the others.
mark() { # daemons|all DIGEST
    mkdir -p "$ROLLED"
    echo "$2" >"$ROLLED/$1"
}
is_marked() { [[ $(cat "$ROLLED/$1" 2>/dev/null) == "$2" ]]; } # daemons|all DIGEST

verb_roll() {
    local daemons
    SUBJECT=$NODE
    daemons=$(daemons | digest)
    DIGEST=$({ daemons && cat -- "$OWN/files" && leftover; } | digest)
    # What is started later starts with it.
    systemctl is-active --quiet pacemaker.service || {
        mark daemons "$daemons" && mark all "$DIGEST"
        return 0
    }
    # Put back before anything was started again.
    if is_marked all "$DIGEST"; then
        ! put_aside || { come_back && give_back; }
        return 0
    fi
    DAEMONS=$daemons
    if put_aside; then stay_quorate || fail "not changed here: still waiting for $WAITING; then: pulumi-ha node online $NODE"; else step_aside; fi
    rm -f "$ROLLED/all"
    if ! is_marked daemons "$daemons"; then
        mark daemons "$daemons"
        agree_on_sbd
        say "starting Corosync and Pacemaker again"
        systemctl try-restart corosync.service
        await "$((ROLL_SECONDS - SECONDS))" all_members || fail "waiting for $WAITING"
    fi
    come_back
    mark all "$DIGEST"
    timeout 20 crm_attribute --type nodes --node "$NODE" --name rolled --update "$DIGEST" >/dev/null
    give_back
    say "$NODE has the change"
}

unchanged() { # WHY: nothing was moved
    give_back
    fail "not changed here: $1"
}

# Where Corosync starts again.
stay_quorate() {
    is_marked daemons "$DAEMONS" || await "$MAY_COME_SECONDS" majority_without_subject
}

# In its turn; what runs here moves only to where it can, with all its data, and to where a majority is left.
step_aside() {
    # Nothing there would be stopped, nor started again for the change.
    ! is_so "$NODE" maintenance true || fail "not changed here: $NODE is in maintenance; first: pulumi-ha node online $NODE"
    await "$ROLL_SECONDS" my_turn || fail "not changed here: still waiting for $WAITING"
    stay_quorate || unchanged "still waiting for $WAITING"
    can_leave "$((ROLL_SECONDS - SECONDS))" || unchanged "$WHY"
    leave "$((ROLL_SECONDS - SECONDS))" aside_until_restart update true
    [[ -z $STUCK ]] || fail "$NODE could not be put aside: waiting for $STUCK"
    [[ -z $LOST ]] || {
        troubles
        fail "what ran on $NODE does not run on another node: $LOST"
    }
}

# A run that was killed in between leaves its node aside: until Pacemaker ends there, the next update, or somebody lets it in.
verb_unrolled() {
    ! put_aside || fail "$NODE was put aside by an update that did not end: pulumi-ha node online $NODE"
}
