load engine.bash

# Version 1 of a unit over a foreign file, and version 2: a changed file, a new one, one that leaves, another service.
foreign() {
    echo foreign >"$HOST/etc/app/app.conf"
    echo foreign >"$HOST/etc/app/later"
}

version1() {
    printf '%s\n' 'unit app' 'user one' 'directory /etc/app/d 0750 root:root' 'file /etc/app/app.conf 0600 root:root' '| one' \
        'on-change reload impact=reload seconds=0 app.service' 'file /etc/app/d/gone 0600 root:root' '| one' \
        'on-change run impact=none seconds=0' '| echo run >>$HOST/calls' 'service app.service enabled running' 'service old.service enabled running' | manifest
}

version2() {
    printf '%s\n' 'unit app' 'directory /etc/app/e 0750 root:root' 'file /etc/app/app.conf 0640 root:root' '| two' \
        'on-change restart impact=restart seconds=0 app.service' 'file /etc/app/e/new 0600 root:root' '| two' \
        'file /etc/app/later 0600 root:root' '| two' 'service app.service enabled running' 'service new.service enabled running' \
        'gate 1 it runs' '| systemctl is-active --quiet new.service' "$@" | manifest
}

is_version2() {
    [ "$(cat "$HOST/etc/app/app.conf" "$HOST/etc/app/e/new" "$HOST/etc/app/later")" = $'two\ntwo\ntwo' ] &&
        [ ! -e "$HOST/etc/app/d" ] && [ -z "$(find "$HOST/etc" -name '*pulumi-ha*')" ] &&
        [ "$(ls "$HOST/var/lib/pulumi-ha/units/app")" = $'digest\nmanifest' ] && [ -z "$(ls "$HOST/run/pulumi-ha" | grep work)" ] &&
        [ "$(cat "$HOST"/systemd/{app,new,old}.service.active)" = $'active\nactive\ninactive' ] && [ "$(cat "$HOST/accounts")" = "" ] &&
        # The service was told after the last change of its file.
        [ "$HOST/told" -nt "$HOST/etc/app/app.conf" ] && [ "$(cat "$HOST/told")" = two ]
}

# Kills the engine before its Nth command, counted in its own shell.
killed() { # N VERB
    UNDER_TEST="COUNT=0; trap '((++COUNT != $1)) || kill -9 \$\$' DEBUG; set -T" engine "$2"
}

# A host at version 1 whose service notes which file it was told of.
begin() {
    foreign
    sed -i 's|^start . restart . reload)|&\n    [[ $2 != app.service ]] \|\| cat "$HOST/etc/app/app.conf" >"$HOST/told"|' "$HOST/bin/systemctl"
    FOREIGN=$(snapshot)
    version1
    engine apply
    cp -a "$HOST" "$HOST.v1"
}

again() {
    rm -rf "$HOST"
    cp -a "$HOST.v1" "$HOST"
}

count_commands() { # VERB
    UNDER_TEST="COUNT=0; trap '((++COUNT)); echo \$COUNT >$HOST/count' DEBUG; set -T" engine "$1" >/dev/null
    cat "$HOST/count"
}

some_of() { # COUNT
    if [[ ${CUT_STRIDE-} ]]; then seq "${CUT_FROM:-1}" "$CUT_STRIDE" "$1"; else shuf -i "1-$1" -n 8; fi
}

# Runs the verb again and again from version 1, each time killed before another of its commands, and asks a function what is then.
each_cut() { # VERB FUNCTION
    local n total
    cp "$HOST/manifest" "$HOST.v1/manifest"
    total=$(count_commands "$1" || true)
    for n in $(some_of "$total"); do
        again
        killed "$n" "$1" >/dev/null 2>&1 || true
        "$2" || { echo "killed before command $n of $total: $output"; find "$HOST/etc" "$HOST/var" -type f; return 1; }
    done
    rm -rf "$HOST.v1"
}

files() { snapshot | grep -v ^systemd/; }

ends_as() { # TEXT: the files that were there at some time
    [ "$(files)" = "$1" ] || { diff <(files) - <<<"$1"; return 1; }
}

removed() {
    run engine remove
    rm -f "$HOST"/systemd/*
    [ "$status" -eq 0 ] && ends_as "$(grep -v ^systemd/ <<<"$FOREIGN")"
}

converged() {
    run engine apply
    [ "$status" -eq 0 ] && is_version2 && removed
}

put_back() {
    run engine apply
    [ "$status" -ne 0 ] && ends_as "$V1" && [ ! -e "$HOST/var/lib/pulumi-ha/units/app/journal" ] &&
        [ "$(cat "$HOST"/systemd/{app,old}.service.active "$HOST/told")" = $'active\nactive\none' ]
}

@test "an apply that is killed anywhere converges with the next one, and remove leaves no trace" {
    begin
    version2
    each_cut apply converged
}

@test "an apply that is killed anywhere and then found wrong is put back whole" {
    begin
    V1=$(files)
    version2 'gate 0.1 never' '| false'
    each_cut apply put_back
}

@test "a draft that a loss of power left empty is not taken for what was being applied" {
    foreign
    FOREIGN=$(snapshot)
    version2
    stub sync <<<'[[ ${*: -1} != */journal ]] || kill -9 $PPID'
    run engine apply
    [ -e "$HOST/var/lib/pulumi-ha/units/app/journal/changes" ]
    stub sync <<<'[[ ${*: -1} != *text.1.new ]] || { : >"${*: -1}"; kill -9 $PPID; }'
    run engine apply
    [ "$status" -eq 137 ]
    rm "$HOST/bin/sync"
    removed
}

@test "an apply that is killed anywhere can be removed at once" {
    begin
    version2
    each_cut apply removed
}

@test "a remove that is killed anywhere is finished by the next one" {
    begin
    each_cut remove removed
}
