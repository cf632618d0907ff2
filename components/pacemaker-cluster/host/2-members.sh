# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # shared with the files beside this one
# Members: that they have found each other, what they read while they run, and the third vote.

# A member that never had a configuration waits for nobody who might have a better one: 20 seconds of its first start. In a running cluster, or beside
# a member that has a configuration, this one is older and gives way.
verb_seed() {
    local file=$DATA/cib/cib.xml
    ! systemctl is-active --quiet pacemaker.service && [[ ! -e $file ]] || return 0
    CIB_file=$WORK/none cibadmin --empty |
        sed 's|<crm_config/>|<crm_config><cluster_property_set id="cib-bootstrap-options"><nvpair id="cib-bootstrap-options-dc-deadtime" name="dc-deadtime" value="2s"/></cluster_property_set></crm_config>|' >"$WORK/cib.xml"
    install -m 0600 -o hacluster -g haclient "$WORK/cib.xml" "$file"
}

# Not by its exit status: that of a unit without an [Install] section, which never starts by itself, is 0 too.
starts_at_boot() { # UNIT
    [[ $(systemctl is-enabled "$1" 2>/dev/null) == enabled* ]]
}

# What the cluster starts, nobody else does.
verb_own() {
    local unit
    while read -r unit; do
        starts_at_boot "$unit" || continue
        systemctl --quiet disable "$unit"
        # A generator may have another opinion, from files that have just been written.
        ! starts_at_boot "$unit" || systemctl daemon-reload
        ! starts_at_boot "$unit" || fail "$unit starts at boot whatever systemctl disable says: $(systemctl is-enabled "$unit" 2>/dev/null), by $(systemctl show --property=WantedBy,RequiredBy --value "$unit" | paste -sd ' ')"
        say "$unit no longer starts at boot: the cluster starts it where it belongs"
    done < <(grep -v '^#' "$UNITS")
}

verb_owned() {
    local unit
    while read -r unit; do
        ! starts_at_boot "$unit" || fail "$unit starts at boot, and on more than one node: systemctl disable $unit"
    done < <(grep -v '^#' "$UNITS")
}

# Two clusters on one host would be one: corosync.conf has one place.
verb_free() {
    local running
    systemctl is-active --quiet corosync.service || return 0
    running=$(corosync-cmapctl -g totem.cluster_name 2>/dev/null | sed 's/.* = //') || return 0
    [[ $running == "$CLUSTER" ]] || fail "corosync runs the cluster \"$running\" here, which was not made by this program: stop it (systemctl disable --now pacemaker corosync), or give another node"
}

CONF=/etc/corosync/corosync.conf
# What is there now, past the new one that a validator is shown.
PRESENT=/proc/1/root$CONF

# `NAME NUMBER` of each member, of a file of this cluster's: what a package brings along has another name.
numbers_in() { # FILE
    grep -qsE "^ *cluster_name: *$CLUSTER *\$" "$1" || return 0
    awk '/^ *(name|nodeid):/ { is[$1] = $2 } $1 == "}" && "nodeid:" in is { print is["name:"], is["nodeid:"]; delete is }' "$1"
}

numbers_running() {
    { corosync-cmapctl nodelist.node. 2>/dev/null || true; } |
        sed -nE 's/^nodelist\.node\.([0-9]+)\.(name|nodeid) [^=]*= /\1 \2 /p' |
        awk '{ is[$1, $2] = $3; all[$1] }
            END { for (n in all) print is[n, "name"], is[n, "nodeid"] }'
}

# Corosync, its votes and Pacemaker know a member by its number: with another one, while it runs, it is a stranger, and with another member's it is that one.
# Validator: before the change is on any member, as the first reload would have all of them take it.
verb_numbered() {
    local name number was had changed='' keep=''
    had=$(numbers_running)
    [[ -n $had ]] || had=$(numbers_in "$PRESENT")
    while read -r name number; do
        was=$(sed -n "s/^$name //p" <<<"$had")
        [[ -n $was ]] || continue
        keep+="${keep:+, }$name: $was"
        [[ $was == "$number" ]] || changed+="${changed:+, }$name is $was and would be $number"
    done < <(numbers_in "$CONF")
    [[ -z $changed ]] || fail "members would get other numbers: $changed; put the nodes back in their order, or keep the numbers they have, with nodeIds: { $keep }"
}

# online, standby and so on of each node, as `NAME key=value…`.
nodes_as_seen() {
    timeout 10 crm_mon -1 --output-as=xml --include=none,nodes 2>/dev/null |
        sed -nE 's/^ *<node name="([^"]+)" ([^>]*)>.*/\1 \2/p' | tr -d '"'
}

all_members() {
    local node seen state
    WAITING='Corosync to start here'
    seen=$(timeout 15 corosync-quorumtool -p -i -l 2>/dev/null) || true
    [[ -n $seen ]] || return 1
    for node in $NODES; do
        WAITING="$node: Corosync does not see it"
        timeout 15 corosync-quorumtool -p -l 2>/dev/null | grep -qE "[[:space:]]$node( |\$)" || return 1
    done
    WAITING='quorum'
    timeout 15 corosync-quorumtool -p -s 2>/dev/null | grep -q '^Quorate: *Yes' || return 1
    WAITING='Pacemaker to start here'
    seen=$(nodes_as_seen)
    [[ -n $seen ]] || return 1
    for node in $NODES; do
        WAITING="$node: Pacemaker does not see it"
        state=$(grep "^$node " <<<"$seen") || return 1
        WAITING="$node: Pacemaker there is not online"
        [[ $state == *online=true* && $state != *pending=true* && $state != *unclean=true* ]] || return 1
    done
}

verb_members() {
    all_members || fail "waiting for $WAITING"
}

# One reload reaches all members, who have the same bytes by now. They take links, timeouts, encryption and the key while they run (corosync-cfgtool(8)).
verb_reload() {
    cmp -s /etc/corosync/corosync.conf "$OWN/corosync.conf" || fail "/etc/corosync/corosync.conf here is not what the members were given"
    corosync-cfgtool -R >"$WORK/reload" 2>&1 || fail "Corosync refuses the new configuration: $(<"$WORK/reload")"
    say "all members read corosync.conf again"
    await 60 all_members || fail "after the reload still waiting for $WAITING"
    forget_gone
    await 10 all_links || say "no way yet on $WAITING: is it plugged in, and UDP 5405 (5406 on the second link) let through?"
}

# A second link that carries nothing is noticed when the first one is cut, and then it is too late.
all_links() {
    WAITING=$(timeout 5 corosync-cfgtool -n 2>/dev/null | sed -nE '/enabled +connected/!s/^ *LINK: ([0-9]+) [^(]*\(([^)]*)\).*/link \1 (\2)/p' | paste -sd, | sed 's/,/, /g')
    [[ -z $WAITING ]]
}

has_vote() {
    local state
    [[ -n $WITNESS ]] || return 0
    WAITING="corosync-qdevice to start here"
    state=$(timeout 15 corosync-qdevice-tool -s 2>/dev/null) || return 1
    WAITING="the witness $WITNESS ($WITNESS_ADDRESS): no answer there"
    grep -qE '^State:[[:space:]]*Connected' <<<"$state" || return 1
    WAITING="the witness's vote"
    timeout 15 corosync-quorumtool -p -s 2>/dev/null | grep -qE '^Flags:.*Qdevice' || return 1
}

verb_vote() {
    has_vote || {
        journalctl --unit corosync-qdevice.service --since -30s --lines 3 --output cat --no-pager >&2 || true
        fail "waiting for $WAITING"
    }
}
