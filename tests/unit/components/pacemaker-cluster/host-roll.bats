load member.bash

# n1 runs with what it has; what Corosync reads, or what resources read, is another one from now on. n2 has it already.
changed() { # daemons|files
    touch "$HOST/etc/daemons"
    cluster roll
    touch "$HOST/running"
    echo "# changed" >>"$HOST/etc/$1"
    cat "$HOST/etc/daemons" "$HOST/etc/files" | sha256sum | cut -d ' ' -f 1 >"$HOST/attributes/nodes.n2.rolled"
    rm -f "$HOST/calls"
}

witness_down() {
    quorum 3 2 'Quorate Qdevice' "1 1 A,NV,NMW n1 (local)" "2 1 A,NV,NMW n2" "0 0 Qdevice (votes 1)"
}

@test "a roll that starts Corosync again goes on while the others have a majority" {
    changed daemons
    run cluster roll
    [ "$status" -eq 0 ]
    [[ $output == *"moving what runs on n1 to another node"*"starting Corosync and Pacemaker again"*"n1 has the change" ]]
    grep -q 'systemctl try-restart corosync.service' "$HOST/calls"
}

@test "fails: a roll that starts Corosync again while the witness is down; nothing moves, and the turn is given back" {
    changed daemons
    witness_down
    run cluster roll
    [ "$status" -eq 1 ]
    [[ $output == *"not changed here: still waiting for a majority that does without n1: the others have 1 of 2 votes, is the witness third up?" ]]
    [ "$(cat "$HOST"/on/*)" = $'n1\nn1' ]
    never try-restart
    never standby
    [ "$(tail -n 1 "$HOST/calls")" = "cibadmin --delete" ]
}

@test "fails: the same where a run that was killed has put the node aside" {
    changed daemons
    witness_down
    echo true >"$HOST/attributes/status.n1.standby"
    run cluster roll
    [ "$status" -eq 1 ]
    [[ $output == *"not changed here: still waiting for a majority that does without n1"*"then: pulumi-ha node online n1" ]]
    never try-restart
}

@test "a roll of what resources read asks nothing of the witness" {
    changed files
    witness_down
    run cluster roll
    [ "$status" -eq 0 ]
    [[ $output == *"n1 has the change" ]]
    never try-restart
}

@test "fails: a roll after which something runs nowhere" {
    changed files
    echo web >"$HOST/stuck"
    run cluster roll
    [ "$status" -eq 1 ]
    [[ $output == *"what ran on n1 does not run on another node: web" ]]
}

@test "fails: a roll while a volume is being brought up to date; nothing moves" {
    changed files
    echo UpToDate/Inconsistent >"$HOST/dstate"
    run cluster roll
    [ "$status" -eq 1 ]
    [[ $output == *"not changed here: still waiting for the volume files to be up to date: UpToDate/Inconsistent" ]]
    never standby
}
