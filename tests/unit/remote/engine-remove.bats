load engine.bash

@test "remove leaves the host as it was" {
    echo foreign >"$HOST/etc/app/app.conf"
    chmod 0604 "$HOST/etc/app/app.conf"
    mkdir -m 0711 "$HOST/etc/app/there"
    echo active >"$HOST/systemd/before.service.active"
    echo enabled >"$HOST/systemd/before.service.enabled"
    before=$(snapshot)
    printf '%s\n' 'unit app' 'user appuser' 'directory /etc/app/there 0750 root:root' 'directory /etc/app/new 0750 root:root' \
        'directory /etc/app/new/deep 0750 root:root' 'file /etc/app/app.conf 0600 root:root' '| ours' \
        'on-change reload impact=reload seconds=0 before.service' 'file /etc/app/new/deep/x 0600 root:root' '| x' \
        'service before.service enabled running' 'service after.service enabled running' \
        'on-remove what is left in memory' '| echo undone >>$HOST/calls' | manifest
    engine apply
    rm "$HOST/calls"
    run engine remove
    [ "$status" -eq 0 ]
    [ "$(result)" = changed ]
    [ "$(calls)" = $'disable after.service\nstop after.service\nundone\nreload before.service' ]
    rm "$HOST"/systemd/after.*
    [ "$(snapshot)" = "$before" ]
    [ "$(cat "$HOST/accounts")" = "" ]
    [ -z "$(find "$HOST/var/lib/pulumi-ha" -type f)" ]
}

@test "remove again, or of a unit that never was, changes nothing" {
    app one
    run engine remove
    [ "$status" -eq 0 ]
    [ "$(result)" = unchanged ]
}

@test "the recorded manifest wins over the one that came" {
    app one
    engine apply
    printf '%s\n' 'unit app' | manifest
    engine remove
    [ ! -e "$HOST/etc/app/app.conf" ]
}

@test "a service that another unit needs is told, not stopped" {
    app one
    engine apply
    printf '%s\n' 'unit second' 'file /etc/app/second 0600 root:root' '| x' 'on-change reload impact=reload seconds=0 app.service' \
        'service app.service enabled running' | manifest
    engine apply
    rm "$HOST/calls"
    engine remove
    [ "$(calls)" = "reload app.service" ]
    app one
    rm "$HOST/calls"
    engine remove
    [ "$(calls)" = $'disable app.service\nstop app.service' ]
}

@test "a shared file that another unit keeps activates nothing when one leaves" {
    printf '%s\n' 'unit one' 'file /etc/app/base 0600 root:root shared' '| base' 'on-change restart impact=restart seconds=1 app.service' \
        'file /etc/app/one 0600 root:root' '| one' 'on-change reload impact=reload seconds=0 app.service' \
        'service app.service enabled running' | manifest
    engine apply
    printf '%s\n' 'unit two' 'file /etc/app/base 0600 root:root shared' '| base' 'on-change restart impact=restart seconds=1 app.service' \
        'service app.service enabled running' | manifest
    engine apply
    rm "$HOST/calls"
    printf '%s\n' 'unit one' | manifest
    engine remove
    [ "$(calls)" = 'reload app.service' ]
    [ -e "$HOST/etc/app/base" ]
}

@test "a service of a package that came with us is stopped, though the package had enabled it" {
    printf '%s\n' 'unit app' 'package app' | manifest
    engine prepare
    echo enabled >"$HOST/systemd/app.service.enabled"
    app one
    engine apply
    engine remove
    [ "$(cat "$HOST/systemd/app.service.enabled")" = disabled ]
    [ "$(cat "$HOST/systemd/app.service.active")" = inactive ]
    [ -e "$HOST/packages/app" ]
}

@test "fails: a step that fails does not keep the rest from leaving, and the next remove tries again" {
    { sed '1d;$d' <(app one; cat "$HOST/manifest"); printf '%s\n' 'on-remove undo it' '| [ -e $HOST/undoable ]'; } >"$HOST/rows"
    manifest <"$HOST/rows"
    engine apply
    run engine remove
    [ "$status" -eq 1 ]
    [[ $output == *"not everything could be removed: undo it: failed with status 1"* ]]
    [ ! -e "$HOST/etc/app/app.conf" ]
    touch "$HOST/undoable"
    run engine remove
    [ "$status" -eq 0 ]
    [ ! -e "$HOST/var/lib/pulumi-ha/units/app" ]
}

@test "credentials leave with the unit, also when only prepare came so far" {
    printf '%s\n' 'unit app' 'credential a' '| eA==' | manifest
    engine prepare 11111111
    engine remove 11111111
    [ ! -e "$HOST/etc/pulumi-ha" ]
}

@test "a unit that another resource of the stack has taken over stays when the old one is removed" {
    app one
    engine apply - shop/prod/0123456789abcdef
    engine apply - shop/prod/fedcba9876543210
    before=$(snapshot)
    rm -f "$HOST/calls"
    run engine remove - shop/prod/0123456789abcdef
    [ "$status" -eq 0 ]
    [ "$(result)" = unchanged ]
    [[ "$output" == *"another resource keeps it now"* ]]
    [ "$(calls)" = "" ]
    [ "$(snapshot)" = "$before" ]
    engine remove - shop/prod/fedcba9876543210
    [ ! -e "$HOST/etc/app/app.conf" ]
}

@test "fails: a unit that another stack keeps is neither prepared nor applied" {
    app one
    engine apply - shop/prod/0123456789abcdef
    app two
    run engine apply - shop/test/0123456789abcdef
    [ "$status" -eq 1 ]
    [[ "$output" == *"the unit app of this host is kept by the stack shop/prod"* ]]
    [ "$(cat "$HOST/etc/app/app.conf")" = one ]
    printf '%s\n' 'unit app' | manifest
    run engine prepare - shop/test/0123456789abcdef
    [ "$status" -eq 1 ]
}
