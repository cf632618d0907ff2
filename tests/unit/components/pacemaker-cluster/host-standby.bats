load member.bash

# Nobody was asked to put a node aside, or to let one in.
untouched() { never standby; }

@test "a standby moves what runs there, and says so" {
    run cluster standby n1
    [ "$status" -eq 0 ]
    [[ $output == *"moving what runs on n1 to another node"*"n1 is in standby and runs nothing"* ]]
    [ "$(cat "$HOST"/on/*)" = $'n2\nn2' ]
}

@test "fails: a standby while the other side of a volume is being brought up to date; nothing moves" {
    echo UpToDate/Inconsistent >"$HOST/dstate"
    run cluster standby n1
    [ "$status" -eq 1 ]
    [[ $output == *"nothing was changed: still waiting for the volume files to be up to date: UpToDate/Inconsistent" ]]
    untouched
    [ "$(cat "$HOST"/on/*)" = $'n1\nn1' ]
}

@test "a volume that is up to date within seconds is waited for" {
    cat >"$HOST/bin/drbdadm" <<<'#!/bin/bash
if [[ -e $HOST/asked ]]; then echo UpToDate/UpToDate; else echo UpToDate/Inconsistent; fi
touch "$HOST/asked"'
    run cluster standby n1
    [ "$status" -eq 0 ]
    [[ $output == *"waiting for the volume files to be up to date: UpToDate/Inconsistent"*"n1 is in standby"* ]]
}

@test "a node that runs nothing may go while a volume is being brought up to date" {
    echo UpToDate/Inconsistent >"$HOST/dstate"
    run cluster standby n2
    [ "$status" -eq 0 ]
}

@test "fails: a standby after which something runs nowhere; the node is let in again and runs it" {
    echo web >"$HOST/stuck"
    run cluster standby n1
    [ "$status" -eq 1 ]
    [[ $output == *"n1 was let in again: what ran there does not run on another node: web" ]]
    [ "$(cat "$HOST/on/web")" = n1 ]
    [ ! -e "$HOST/attributes/nodes.n1.standby" ]
}

@test "what did not run before does not count" {
    echo >"$HOST/on/web"
    echo web >"$HOST/stuck"
    run cluster standby n1
    [ "$status" -eq 0 ]
    [ "$(cat "$HOST/on/address")" = n2 ]
}

@test "fails: a standby where the other node is in standby" {
    cluster standby n2
    rm "$HOST/calls"
    run cluster standby n1
    [ "$status" -eq 1 ]
    [[ $output == *"no other node could take over from n1"* ]]
    untouched
}

@test "fails: a standby while the witness is down, also of a node that runs nothing" {
    quorum 3 2 'Quorate Qdevice' "1 1 A,NV,NMW n1 (local)" "2 1 A,NV,NMW n2" "0 0 Qdevice (votes 1)"
    for node in n1 n2; do
        run cluster standby "$node"
        [ "$status" -eq 1 ]
        [[ $output == *"nothing was changed: still waiting for a majority that does without $node: the others have 1 of 2 votes, is the witness third up?" ]]
        untouched
    done
}

@test "fails: a standby while the other node alone is without the witness" {
    quorum 3 2 'Quorate Qdevice' "1 1 A,V,NMW n1 (local)" "2 1 NA,NV,NMW n2" "0 1 Qdevice"
    run cluster standby n1
    [ "$status" -eq 1 ]
    untouched
    run cluster standby n2
    [ "$status" -eq 0 ]
}

@test "two nodes without a witness do without each other" {
    quorum 2 1 '2Node Quorate WaitForAll' "1 1 NR n1 (local)" "2 1 NR n2"
    run cluster standby n1
    [ "$status" -eq 0 ]
}

@test "three nodes do without one, and not without two" {
    sed -i 's/^WITNESS=.*/WITNESS=/; s/^NODES=.*/NODES="n1 n2 n3"/' "$HOST/etc/settings"
    quorum 3 2 Quorate "1 1 NR n1 (local)" "2 1 NR n2"
    run cluster standby n1
    [ "$status" -eq 1 ]
    [[ $output == *"a majority that does without n1: the others have 1 of 2 votes" ]]
    # One that is down already takes nothing along.
    run cluster standby n3
    [ "$status" -eq 0 ]
    quorum 3 2 Quorate "1 1 NR n1 (local)" "2 1 NR n2" "3 1 NR n3"
    run cluster standby n1
    [ "$status" -eq 0 ]
}

@test "a node is let in once it has the witness's vote again" {
    cluster standby n2
    run cluster online n2
    [ "$status" -eq 0 ]
    cluster standby n2
    quorum 3 2 'Quorate Qdevice' "1 1 A,V,NMW n1 (local)" "2 1 NA,NV,NMW n2" "0 1 Qdevice"
    run cluster online n2
    [ "$status" -eq 1 ]
    [[ $output == *"n2 is let in again, and after 2 s still waiting for n2: the witness's vote" ]]
}
