load engine.bash

OLD=0123456789abcdef NEW=fedcba9876543210

install() { # ID KEEPER
    script | bash -s -- install "$1" "$2" >"$HOST/out" 2>"$HOST/err" || { cat "$HOST/err"; return 1; }
}

uninstall() { # KEEPER
    script | bash -s -- uninstall - "$1" >"$HOST/out" 2>"$HOST/err" || { cat "$HOST/err"; return 1; }
}

A=shop/prod/00000000000000aa B=shop/prod/00000000000000bb
folder() { (cd "$HOST/var/lib/pulumi-ha/engine" && find . -type f -o -type l | sort | tr '\n' ' '); }

@test "an engine comes as it is, root's alone, and units are applied by it" {
    install $OLD $A
    [ "$(result)" = changed ]
    [ "$(cat "$HOST/err")" = "" ]
    cmp "$HOST/var/lib/pulumi-ha/engine/$OLD" <(file)
    [ "$(stat -c '%a %U' "$HOST/var/lib/pulumi-ha/engine/$OLD")" = "600 root" ]
    app one
    bash "$HOST/var/lib/pulumi-ha/engine/newest" apply - "$B" <"$HOST/manifest"
    [ "$(cat "$HOST/etc/app/app.conf")" = one ]
    install $OLD $A
    [ "$(result)" = unchanged ]
}

@test "one that was changed on the host is put right" {
    install $OLD $A
    echo 'echo mine' >>"$HOST/var/lib/pulumi-ha/engine/$OLD"
    install $OLD $B
    cmp "$HOST/var/lib/pulumi-ha/engine/$OLD" <(file)
}

@test "one leaves when nobody keeps it any more, and the newest is one that is there" {
    install $OLD $A
    install $NEW $B
    [ "$(folder)" = "./$OLD ./$NEW ./kept/shop:prod:00000000000000aa ./kept/shop:prod:00000000000000bb ./newest " ]
    [ "$(readlink "$HOST/var/lib/pulumi-ha/engine/newest")" = $NEW ]
    uninstall $B
    [ "$(folder)" = "./$OLD ./kept/shop:prod:00000000000000aa ./newest " ]
    [ "$(readlink "$HOST/var/lib/pulumi-ha/engine/newest")" = $OLD ]
    install $NEW $A
    [ "$(folder)" = "./$NEW ./kept/shop:prod:00000000000000aa ./newest " ]
    uninstall $A
    [ ! -e "$HOST/var/lib/pulumi-ha" ]
}

@test "of a host that was made anew nothing has to leave" {
    uninstall $A
    [ "$(result)" = unchanged ]
    [ ! -e "$HOST/var/lib/pulumi-ha" ]
}

@test "many at once leave one engine, kept by all" {
    for n in {10..29}; do script | bash -s -- install $OLD shop/prod/00000000000000$n >/dev/null 2>"$HOST/err.$n" & done
    wait
    cmp "$HOST/var/lib/pulumi-ha/engine/$OLD" <(file)
    [ "$(ls "$HOST/var/lib/pulumi-ha/engine/kept" | wc -l)" = 20 ]
}

@test "fails: a system that is not supported, before anything is written" {
    echo 'PRETTY_NAME="Plan 9"' >"$HOST/etc/os-release"
    run install $OLD $A
    [ "$status" -eq 1 ]
    [[ $output == *"this host runs Plan 9: supported are"* ]]
    [ ! -e "$HOST/var/lib/pulumi-ha" ]
}

@test "an engine whose installation is killed anywhere is whole or not there, and the next one completes it" {
    count=$(UNDER_TEST="COUNT=0; trap '((++COUNT)); echo \$COUNT >$HOST/count' DEBUG; set -T" script | bash -s -- install $OLD $A >/dev/null 2>&1; cat "$HOST/count")
    rm -r "$HOST/var/lib/pulumi-ha"
    for ((n = 1; n <= count; n++)); do
        UNDER_TEST="COUNT=0; trap '((++COUNT != $n)) || kill -9 \$\$' DEBUG; set -T" script | bash -s -- install $OLD $A >/dev/null 2>&1 || true
        [ ! -e "$HOST/var/lib/pulumi-ha/engine/$OLD" ] || grep -q 'main "$@"' "$HOST/var/lib/pulumi-ha/engine/$OLD"
    done
    install $OLD $A
    cmp "$HOST/var/lib/pulumi-ha/engine/$OLD" <(file)
    uninstall $A
    [ ! -e "$HOST/var/lib/pulumi-ha" ]
}
