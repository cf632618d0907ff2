load engine.bash

# What takes longer than a run: a copy of the data, for one. Status 75 of an activation or a gate says so.

waiting() { # STATUS of the gate, as long as $HOST/ready is missing
    printf '%s\n' 'unit app' 'file /etc/app/app.conf 0640 root:root' '| one' \
        'service app.service enabled running' 'gate 0.3 app has it all' "| [ -e \$HOST/ready ] || { echo '312 MiB so far'; exit $1; }" | manifest
}

@test "what goes on by itself is not put back, and the next run finds it done" {
    waiting 75
    run engine apply
    [ "$status" -eq 1 ]
    [ "$(result)" = failed ]
    [[ $output == *"app has it all: not within 0.3 s"*"312 MiB so far"*"now: the new files and services stay, and what has begun goes on"* ]]
    [ "$(cat "$HOST/etc/app/app.conf")" = one ]
    [ "$(calls)" = $'enable app.service\nstart app.service' ]
    touch "$HOST/ready"
    run engine apply
    [ "$status" -eq 0 ]
    cmp "$HOST/manifest" "$HOST/var/lib/pulumi-ha/units/app/manifest"
    [ ! -e "$HOST/var/lib/pulumi-ha/units/app/journal" ]
}

@test "a command that says so is not put back either, nor is the next gate asked" {
    printf '%s\n' 'unit app' 'file /etc/app/app.conf 0640 root:root' '| one' 'on-change run impact=none seconds=0' '| echo 7 of 9; exit 75' \
        'gate 0.3 never asked' '| touch $HOST/asked' | manifest
    run engine apply
    [ "$status" -eq 1 ]
    [[ $output == *"the activation failed with status 75: echo 7 of 9; exit 75"*"7 of 9"*"now: the new files and services stay"* ]]
    [ "$(cat "$HOST/etc/app/app.conf")" = one ]
    [ ! -e "$HOST/asked" ]
}

@test "fails: a gate that says nothing of the kind puts everything back" {
    waiting 1
    run engine apply
    [ "$status" -eq 3 ]
    [ ! -e "$HOST/etc/app/app.conf" ]
    [ "$(cat "$HOST/systemd/app.service.active")" = inactive ]
}

@test "a service that is on its way up is left to the gates, which say how far it is" {
    waiting 75
    UNDER_TEST='GATE_WORD=0'
    echo activating >"$HOST/systemd/app.service.active"
    echo enabled >"$HOST/systemd/app.service.enabled"
    run engine apply
    [[ $output == *"app: waits: 312 MiB so far"* ]]
    [ "$(calls)" = "" ]
}

@test "fails: a command that does not end within its own seconds" {
    printf '%s\n' 'unit app' 'file /etc/app/app.conf 0640 root:root' '| one' 'on-change run impact=none seconds=0 within=1' \
        '| exec tail -f /dev/null' | manifest
    run engine apply
    [ "$status" -eq 3 ]
    [[ $output == *"it did not finish within 1 s"* ]]
    [ ! -e "$HOST/etc/app/app.conf" ]
}
