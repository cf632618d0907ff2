load member.bash

# What Corosync runs with, and what its file says: `NAME ID ADDRESS`.
told() {
    local n=0 member
    for member; do
        read -r name id address <<<"$member"
        printf 'nodelist.node.%s.name (str) = %s\nnodelist.node.%s.nodeid (u32) = %s\nnodelist.node.%s.ring0_addr (str) = %s\n' $n "$name" $n "$id" $n "$address"
        n=$((n + 1))
    done >"$HOST/told"
}
stated() {
    local member
    {
        printf 'totem {\n    version: 2\n}\nnodelist {\n'
        for member; do
            read -r name id address <<<"$member"
            printf '    node {\n        name: %s\n        nodeid: %s\n        ring0_addr: %s\n    }\n' "$name" "$id" "$address"
        done
        printf '}\nquorum {\n    provider: corosync_votequorum\n}\n'
    } >"$HOST/corosync.conf"
}
nodes() { sed -i "s/^NODES=.*/NODES=\"$*\"/; s/^WITNESS=.*/WITNESS=/" "$HOST/etc/settings"; }
# The others have the same list by then.
same_list_on() { # NODE…
    local node
    for node; do cluster_as "$node" tell; done
}
cluster_as() { # NODE VERB
    sed "s/^NODE=.*/NODE=$1/" "$HOST/etc/settings" >"$HOST/etc/settings.new"
    cp "$HOST/etc/settings" "$HOST/etc/settings.old"
    mv "$HOST/etc/settings.new" "$HOST/etc/settings"
    cluster "$2"
    mv "$HOST/etc/settings.old" "$HOST/etc/settings"
}

begin() {
    touch "$HOST/running"
    stub corosync-cmapctl <<<'cat "$HOST/told"'
    stub corosync-cfgtool <<<'echo "corosync-cfgtool $*" >>"$HOST/calls"'
    stub crm_node <<<'echo "crm_node $*" >>"$HOST/calls"'
    told "n1 1 192.0.2.11" "n2 2 192.0.2.12"
    stated "n1 1 192.0.2.11" "n2 2 192.0.2.12"
    quorum 2 1 '2Node Quorate' "1 1 NR n1 (local)" "2 1 NR n2"
}

@test "a newcomer: the first member tells all, once all have the new list, and the configuration that runs wins" {
    begin
    nodes n1 n2 n3
    stated "n1 1 192.0.2.11" "n2 2 192.0.2.12" "n3 3 192.0.2.13"
    same_list_on n2
    never corosync-cfgtool
    run cluster tell
    [ "$status" -eq 0 ]
    [ "$(grep -E '^(cibadmin|corosync-cfgtool)' "$HOST/calls")" = $'cibadmin --modify\ncorosync-cfgtool -R' ]
}

@test "fails: a member that has not the new list; nobody is told" {
    begin
    nodes n1 n2 n3
    stated "n1 1 192.0.2.11" "n2 2 192.0.2.12" "n3 3 192.0.2.13"
    run cluster tell
    [ "$status" -eq 1 ]
    [[ $output == *"the members were not told of each other: still waiting for n2 to have the new list of members, by the same update" ]]
    never corosync-cfgtool
}

@test "where the first of the list is new or away, the next one tells" {
    begin
    nodes n1 n2
    stated "n1 1 192.0.2.21" "n2 2 192.0.2.12"
    quorum 2 1 '2Node Quorate' "2 1 NR n2 (local)"
    cluster_as n2 tell
    grep -q 'corosync-cfgtool -R' "$HOST/calls"
}

@test "the same members: nothing is told; nor where nothing runs yet" {
    begin
    cluster tell
    never corosync-cfgtool
    stated "n1 1 192.0.2.11"
    rm "$HOST/running"
    cluster tell
    never corosync-cfgtool
}

@test "an update that puts the former list back no longer says that the member has the new one" {
    begin
    nodes n1 n2 n3
    stated "n1 1 192.0.2.11" "n2 2 192.0.2.12" "n3 3 192.0.2.13"
    cluster_as n2 tell
    new=$(cat "$HOST/attributes/nodes.n2.members")
    nodes n1 n2
    stated "n1 1 192.0.2.11" "n2 2 192.0.2.12"
    cluster_as n2 tell
    [ "$(cat "$HOST/attributes/nodes.n2.members")" != "$new" ]
    never corosync-cfgtool
}

# STATE of n2, which leaves.
n2_leaves() {
    nodes n1
    stated "n1 1 192.0.2.11"
    stub crm_mon <<<"printf '<node name=\"n1\" id=\"1\" online=\"true\" unclean=\"false\" type=\"member\"/>\n<node name=\"n2\" id=\"2\" $1/>\n'"
}

@test "fails: one that leaves while it runs" {
    begin
    n2_leaves 'online="true" unclean="false" type="member"'
    run cluster tell
    [ "$status" -eq 1 ]
    [[ $output == *"n2 leaves, and still runs: put it in standby"* ]]
    never corosync-cfgtool
}

@test "fails: one that leaves and is not known to be off" {
    begin
    n2_leaves 'online="false" unclean="true" type="member"'
    run cluster tell
    [ "$status" -eq 1 ]
    [[ $output == *"n2 leaves, and nothing has made sure that it is off: see to it, then stonith_admin --confirm n2" ]]
    never corosync-cfgtool
}

@test "one that is off leaves; what Pacemaker calls a remote node stays" {
    begin
    n2_leaves 'online="false" unclean="false" type="member"'
    cluster tell
    grep -q 'corosync-cfgtool -R' "$HOST/calls"
    n2_leaves 'online="true" unclean="false" type="remote"'
    told "n1 1 192.0.2.11" "n2 2 192.0.2.12"
    cluster tell
}
