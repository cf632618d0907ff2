load engine.bash

@test "apply puts a file in place, starts and enables its service, and records the unit" {
    app one
    run engine apply
    [ "$status" -eq 0 ]
    [ "$(cat "$HOST/etc/app/app.conf")" = one ]
    [ "$(stat -c '%04a %U:%G' "$HOST/etc/app/app.conf")" = "0640 root:root" ]
    [ "$(result)" = changed ]
    [ "$(calls)" = $'start app.service\nenable app.service\nis-active app.service' ]
    cmp "$HOST/manifest" "$HOST/var/lib/pulumi-ha/units/app/manifest"
}

@test "a second apply changes nothing and touches no service" {
    app one
    engine apply
    rm "$HOST/calls"
    run engine apply
    [ "$status" -eq 0 ]
    [ "$(result)" = unchanged ]
    [ "$(calls)" = "is-active app.service" ]
}

@test "stdout is one line of JSON" {
    app 'a "quoted" \ line'
    engine apply
    [ "$(wc -l <"$HOST/out")" -eq 1 ]
    node -e 'const r = JSON.parse(require("fs").readFileSync(0)); if (r.unit !== "app" || r.verb !== "apply" || !(r.seconds > 0)) process.exit(1)' <"$HOST/out"
}

@test "a changed file reloads its service once, however many files ask for it" {
    printf '%s\n' 'unit app' 'file /etc/app/a 0600 root:root' '| 1' 'on-change reload impact=reload seconds=0 app.service' \
        'file /etc/app/b 0600 root:root' '| 1' 'on-change reload impact=reload seconds=0 app.service' 'service app.service enabled running' | manifest
    engine apply
    rm "$HOST/calls"
    sed -i 's/^| 1/| 2/' "$HOST/manifest"
    engine apply
    [ "$(calls)" = "reload app.service" ]
}

@test "activations run in order: commands, restarts, reloads; a restart swallows the reload of the same service" {
    printf '%s\n' 'unit app' 'file /etc/app/a 0600 root:root' '| 1' 'on-change reload impact=reload seconds=0 app.service' \
        'on-change reload impact=reload seconds=0 other.service' 'on-change restart impact=restart seconds=1 app.service' \
        'on-change run impact=none seconds=0' '| echo ran >>$HOST/calls' | manifest
    echo active >"$HOST/systemd/app.service.active"
    echo active >"$HOST/systemd/other.service.active"
    engine apply
    [ "$(calls)" = $'ran\nrestart app.service\nreload other.service' ]
}

@test "a changed mode alone is put right" {
    app one
    engine apply
    chmod 0644 "$HOST/etc/app/app.conf"
    run engine apply
    [ "$(result)" = changed ]
    [ "$(stat -c %a "$HOST/etc/app/app.conf")" = 640 ]
}

@test "a unit file of systemd is read again before activation" {
    printf '%s\n' 'unit app' 'file /etc/systemd/system/app.service 0644 root:root' '| [Service]' \
        'on-change restart impact=restart seconds=1 app.service' | manifest
    engine apply
    [ "$(calls)" = $'daemon-reload\nstart app.service' ]
}

@test "a service that is to stand still is stopped and disabled" {
    printf '%s\n' 'unit app' 'service app.service disabled stopped' | manifest
    echo active >"$HOST/systemd/app.service.active"
    echo enabled >"$HOST/systemd/app.service.enabled"
    engine apply
    [ "$(calls)" = $'disable app.service\nstop app.service' ]
}

@test "validators see the host as it would be, and the live files stay as they are" {
    mkdir -p "$HOST/etc/app/conf.d/deep"
    echo old >"$HOST/etc/app/app.conf"
    echo kept >"$HOST/etc/app/conf.d/deep/kept"
    printf '%s\n' 'unit app' 'file /etc/app/app.conf 0640 root:root' '| new' 'file /etc/app/conf.d/added 0600 root:root' '| more' \
        'validate the view is whole' '| cd $HOST/etc/app' '| [ "$(cat app.conf conf.d/added conf.d/deep/kept)" = "new' '| more' '| kept" ]' \
        '| [ "$(stat -c %a app.conf)" = 640 ]' '| [ "$(find . -name "*pulumi-ha*")" = "" ]' '| exit 7' | manifest
    run engine apply
    [ "$status" -eq 1 ]
    [ "$(cat "$HOST/etc/app/app.conf")" = old ]
    [ ! -e "$HOST/etc/app/conf.d/added" ]
    [[ $output == *"not accepted: the view is whole"* ]]
    sed -i 's/^| exit 7/| exit 0/' "$HOST/manifest"
    engine apply
}

@test "fails: a configuration that its validator refuses changes nothing and says why" {
    app one
    engine apply
    before=$(snapshot)
    { sed '1d;$d;s/^| one/| two/' "$HOST/manifest"; printf '%s\n' 'validate app accepts it' '| echo "app.conf:1: unknown keyword" >&2; exit 3'; } >"$HOST/rows"
    manifest <"$HOST/rows"
    rm "$HOST/calls"
    run engine apply
    [ "$status" -eq 1 ]
    [ "$(result)" = failed ]
    [[ $output == *"app: error: not accepted: app accepts it"*"app.conf:1: unknown keyword"*"now: nothing has been changed on this host"* ]]
    [ "$(snapshot)" = "$before" ]
    [ "$(calls)" = "" ]
}

@test "fails: a service that does not come up gets its old files back and runs again" {
    app one
    engine apply
    before=$(snapshot)
    app BROKEN
    run engine apply
    [ "$status" -eq 3 ]
    [ "$(result)" = restored ]
    [ "$(snapshot)" = "$before" ]
    [ "$(cat "$HOST/systemd/app.service.active")" = active ]
    [[ $output == *"systemctl reload app.service failed"*"Job for app.service failed."*"app: cannot read its configuration"* ]]
    [[ $output == *"now: the previous files and services are back"* ]]
    app one
    run engine apply
    [ "$(result)" = unchanged ]
}

@test "fails: a service that does not come up with its old files either, which is said" {
    app one
    engine apply
    app two
    echo BROKEN >"$HOST/etc/app/another"
    run engine apply
    [ "$status" -eq 4 ]
    [ "$(result)" = failed ]
    [[ $output == *"now: the previous files are back, but not everything else is as before: systemctl "*" app.service failed"* ]]
    [[ $output != *"command not found"* ]]
    grep -qx one "$HOST/etc/app/app.conf"
}

@test "fails: a gate that is not passed in time restores, and the first apply leaves nothing behind" {
    echo foreign >"$HOST/etc/app/app.conf"
    chmod 0604 "$HOST/etc/app/app.conf"
    before=$(snapshot)
    printf '%s\n' 'unit app' 'user appuser' 'directory /etc/app/dir 0750 root:root' 'file /etc/app/app.conf 0640 root:root' '| one' \
        'file /etc/app/dir/more 0640 root:root' '| x' 'on-change restart impact=restart seconds=0 app.service' \
        'service app.service enabled running' 'gate 0.3 app answers' '| echo no answer; false' | manifest
    run engine apply
    [ "$status" -eq 3 ]
    [[ $output == *"app answers: not within 0.3 s"*"no answer"* ]]
    [ "$(cat "$HOST/systemd/app.service.active")" = inactive ]
    [ "$(cat "$HOST/systemd/app.service.enabled")" = disabled ]
    rm "$HOST"/systemd/*
    [ "$(snapshot)" = "$before" ]
    [ "$(cat "$HOST/accounts")" = "" ]
    [ ! -e "$HOST/var/lib/pulumi-ha/units/app" ]
}

@test "what a manifest has no more leaves, with its activation, and a foreign original comes back" {
    echo foreign >"$HOST/etc/app/b"
    printf '%s\n' 'unit app' 'directory /etc/app/d 0755 root:root' 'file /etc/app/a 0600 root:root' '| a' 'file /etc/app/b 0600 root:root' '| b' \
        'on-change reload impact=reload seconds=0 app.service' 'file /etc/app/d/c 0600 root:root' '| c' | manifest
    engine apply
    echo 1 >"$HOST/calls"
    printf '%s\n' 'unit app' 'file /etc/app/a 0600 root:root' '| a' | manifest
    engine apply
    [ "$(cat "$HOST/etc/app/b")" = foreign ]
    [ ! -e "$HOST/etc/app/d" ]
    [ -e "$HOST/etc/app/a" ]
    [[ $(calls) == *"reload app.service"* ]]
}

@test "fails: a path of another unit" {
    app one
    engine apply
    printf '%s\n' 'unit second' 'file /etc/app/app.conf 0600 root:root' '| x' | manifest
    run engine apply
    [ "$status" -eq 1 ]
    [[ $output == *"/etc/app/app.conf belongs to the unit app on this host"* ]]
}

@test "a file that another unit holds stays when its owner drops it, and leaves with what holds it" {
    of() { # UNIT LINE…
        printf '%s\n' "unit $1" "${@:2}" | manifest
        engine apply
    }
    base='file /etc/app/base 0600 root:root shared'
    told=('on-change run impact=none seconds=0' '| echo told >>$HOST/calls')
    of owner "$base" '| one' "${told[@]}"
    of holder "$base held" "${told[@]}"
    rm -f "$HOST/calls"

    # Its content is the owner's affair, and the absence of a file that only is held nobody's.
    of owner "$base" '| two' "${told[@]}"
    of holder "$base held" "${told[@]}" 'file /etc/app/never 0600 root:root shared held'
    [ "$(cat "$HOST/etc/app/base")" = two ]
    [ "$(calls)" = told ]
    [ ! -e "$HOST/etc/app/never" ]
    engine check
    [ "$(result)" = unchanged ]
    rm -f "$HOST/calls"

    of owner
    [ "$(cat "$HOST/etc/app/base")" = two ]
    [ "$(calls)" = "" ]
    of holder
    [ ! -e "$HOST/etc/app/base" ]
    [ "$(calls)" = told ]
}

@test "a file that is held is removed with the unit that holds it, if its owner has left" {
    base='file /etc/app/base 0600 root:root shared'
    printf '%s\n' 'unit owner' "$base" '| one' | manifest
    engine apply
    printf '%s\n' 'unit holder' "$base held" | manifest
    engine apply
    engine remove
    [ -e "$HOST/etc/app/base" ]
    engine apply
    printf '%s\n' 'unit owner' "$base" '| one' | manifest
    engine remove
    [ -e "$HOST/etc/app/base" ]
    printf '%s\n' 'unit holder' "$base held" | manifest
    engine remove
    [ ! -e "$HOST/etc/app/base" ]
}

@test "a shared file leaves with the last of its owners" {
    for unit in first second; do
        printf '%s\n' "unit $unit" 'file /etc/app/base 0600 root:root shared' '| x' | manifest
        engine apply
    done
    engine remove
    [ -e "$HOST/etc/app/base" ]
    sed -i 's/^unit second/unit first/' "$HOST/manifest"
    engine remove
    [ ! -e "$HOST/etc/app/base" ]
}

@test "fails: a symbolic link, or a directory, where a file is to be" {
    ln -s /nowhere "$HOST/etc/app/app.conf"
    app one
    run engine apply
    [ "$status" -eq 1 ]
    [[ $output == *"/etc/app/app.conf is a symbolic link"* ]]
    rm "$HOST/etc/app/app.conf"
    mkdir "$HOST/etc/app/app.conf"
    run engine apply
    [[ $output == *"/etc/app/app.conf is a directory or a special file"* ]]
}

@test "fails: a package that is not installed" {
    printf '%s\n' 'unit app' 'package nginx' | manifest
    run engine apply
    [ "$status" -eq 1 ]
    [[ $output == *"not installed: nginx"* ]]
}

@test "a check leaves alone what a run beside it has kept and not yet listed; the next run drops what was left over" {
    app
    engine apply
    mkdir -p "$HOST/var/lib/pulumi-ha/units/app/journal/backup/etc"
    engine check
    [ -d "$HOST/var/lib/pulumi-ha/units/app/journal/backup/etc" ]
    engine apply
    [ ! -e "$HOST/var/lib/pulumi-ha/units/app/journal/backup" ]
}

@test "check says what differs and changes nothing" {
    app one
    before=$(snapshot)
    run engine check
    [ "$status" -eq 0 ]
    [ "$(result)" = changed ]
    [[ $output == *'"changed":["/etc/app/app.conf"],"actions":["reload app.service","start app.service","enable app.service"]'* ]]
    [ "$(snapshot)" = "$before" ]
    engine apply
    run engine check
    [ "$(result)" = unchanged ]
}

@test "health runs the gates" {
    app one
    run engine health
    [ "$status" -eq 0 ]
    [ "$(result)" = unhealthy ]
    engine apply
    run engine health
    [[ $output == *'"result":"healthy"'*'"gates":[{"name":"app runs","passes":true}]'* ]]
}

@test "two at once: the second waits and says for whom where that is long" {
    app one
    printf '%s\n' 'unit slow' 'gate 30 it is time' '| [ -e $HOST/go ]' | manifest
    file >"$HOST/engine"
    bash "$HOST/engine" apply - <"$HOST/manifest" >/dev/null 2>&1 &
    until [ -s "$HOST/run/pulumi-ha/host.lock.holder" ]; do read -rt 0.05 <> <(:) || true; done
    app one
    bash "$HOST/engine" apply - <"$HOST/manifest" >"$HOST/out" 2>"$HOST/err" &
    until grep -q waiting "$HOST/err" 2>/dev/null; do read -rt 0.05 <> <(:) || true; done
    touch "$HOST/go"
    wait
    [[ $(cat "$HOST/err") == *"app: waiting for the apply of slow (pid "* ]]
    [ "$(result)" = changed ]
}

@test "a service that is on its way up is told again when it is there" {
    app one
    engine apply
    rm "$HOST/calls"
    echo activating >"$HOST/systemd/app.service.active"
    app two
    engine apply
    [ "$(calls)" = $'start app.service\nreload app.service\nis-active app.service' ]
}

@test "commands of a manifest run with the usual umask and signals" {
    printf '%s\n' 'unit app' 'file /etc/app/a 0600 root:root' '| a' 'on-change run impact=none seconds=0' \
        '| [ "$(umask)" = 0022 ] && [ "$(trap)" = "" ]' 'validate the same' '| [ "$(umask)" = 0022 ]' | manifest
    engine apply
}

@test "a run whose caller has gone stops before it swaps anything" {
    app one
    file >"$HOST/engine"
    mkfifo "$HOST/gone"
    : <"$HOST/gone" &
    exec 7>"$HOST/gone"
    wait $!
    run bash -c 'bash "$HOST/engine" apply - <"$HOST/manifest" >"$HOST/out" 2>&7'
    exec 7>&-
    [ "$status" -eq 1 ]
    [ ! -e "$HOST/etc/app/app.conf" ]
    [ -z "$(find "$HOST/etc" -name '*pulumi-ha*')" ]
}

@test "fails: a disk that is full while files are staged" {
    mount -t tmpfs -o size=16k none "$HOST/etc/app" || skip "no tmpfs can be mounted here"
    echo one >"$HOST/etc/app/app.conf"
    app "$(head -c 40000 /dev/zero | tr '\0' x)"
    run engine apply
    left=$(ls -A "$HOST/etc/app")
    content=$(cat "$HOST/etc/app/app.conf")
    umount "$HOST/etc/app"
    [ "$status" -eq 1 ]
    [[ $output == *"/etc/app/app.conf cannot be staged in /etc/app"*"No space left on device"*"nothing has been changed"* ]]
    [ "$left" = app.conf ]
    [ "$content" = one ]
}
