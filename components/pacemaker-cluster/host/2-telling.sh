# shellcheck shell=bash
# shellcheck disable=SC2034,SC2153,SC2154 # shared with the files beside this one
# Other members: those that run are told of one that comes, or that is somewhere else now, while it starts, as it finds nobody before; and of one that is gone.

# How long a member waits for the others to have the same list; their updates begin at once.
SAME_LIST_SECONDS=90

# Members, a line each, as the file says and as Corosync here was told.
members_stated() {
    awk '$1 == "node" { n++; next } n && $1 ~ /^(name|nodeid|ring[01]_addr):$/ { member[n] = member[n] " " $2 } $1 == "quorum" { exit }
        END { for (i = 1; i <= n; i++) print member[i] }' /etc/corosync/corosync.conf | sort
}
members_told() {
    timeout 10 corosync-cmapctl nodelist.node. |
        sed -nE 's/^nodelist\.node\.([0-9]+)\.(name|nodeid|ring[01]_addr) \([a-z0-9]+\) = (.*)/\1 \2 \3/p' | sort -k 1,1n -k 2,2 |
        awk '{ member[$1] = member[$1] " " $3 } END { for (i in member) print member[i] }' | sort
}

# Those of the new list that are members by now, in its order.
present() {
    local node
    for node in $NODES; do
        ! timeout 15 corosync-quorumtool -p -l 2>/dev/null | grep -qE "[[:space:]]$node( |\$)" || printf '%s\n' "$node"
    done
}

# What a member will read when all are told to.
list_of() { # NODE
    timeout 10 crm_attribute --type nodes --node "$1" --name members --query --quiet 2>/dev/null || true
}

same_list() {
    local node
    WAITING='members'
    for node in $(present); do
        WAITING="$node to have the new list of members, by the same update"
        [[ $(list_of "$node") == "$LIST" ]] || return 1
    done
}

# A node that is not surely off may not be forgotten: what it ran would be started beside it.
may_be_forgotten() { # NODE STATE…
    [[ $2 != *unclean=true* ]] || fail "$1 leaves, and nothing has made sure that it is off: see to it, then stonith_admin --confirm $1"
    [[ $2 != *online=true* ]] || fail "$1 leaves, and still runs: put it in standby, then systemctl disable --now pacemaker corosync on it"
}

leaving() {
    local node state
    nodes_as_seen | while read -r node state; do
        [[ $state != *type=member* || " $NODES " == *" $node "* ]] || printf '%s %s\n' "$node" "$state"
    done
}

# On a running member whose list changes; the first of those that run tells all, once all have it. Everything else that changes waits for the reload after all
# updates.
verb_tell() {
    local told node state
    systemctl is-active --quiet pacemaker.service || return 0
    told=$(members_told)
    [[ -n $told ]] || return 0
    if [[ $told != "$(members_stated)" ]]; then
        leaving >"$WORK/leaving" || fail "Pacemaker does not answer here"
        while read -r node state; do may_be_forgotten "$node" "$state"; done <"$WORK/leaving"
    fi
    # Also where an update puts the former list back: what it said before is no longer so.
    LIST=$(members_stated | sha256sum | cut -c 1-16)
    [[ $(list_of "$NODE") == "$LIST" ]] || timeout 20 crm_attribute --type nodes --node "$NODE" --name members --update "$LIST"
    [[ $told != "$(members_stated)" ]] || return 0
    [[ $(present | head -n 1) == "$NODE" ]] || return 0
    await "$SAME_LIST_SECONDS" same_list || fail "the members were not told of each other: still waiting for $WAITING"
    # A newcomer that has begun alone has a configuration too, which may have been changed as often.
    timeout 20 cibadmin --modify --xml-text '<cib admin_epoch="admin_epoch++"/>' >/dev/null
    corosync-cfgtool -R >"$WORK/reload" 2>&1 || fail "Corosync refuses the new configuration: $(<"$WORK/reload")"
    say "the members were told of each other"
}

# Once Corosync has been told.
forget_gone() {
    local node state
    leaving >"$WORK/leaving" || fail "Pacemaker does not answer here"
    while read -r node state; do
        may_be_forgotten "$node" "$state"
        timeout 20 crm_node --force --remove "$node" >"$WORK/forget" 2>&1 || fail "$node could not be forgotten: $(<"$WORK/forget")"
        say "$node is no member any more"
    done <"$WORK/leaving"
}
