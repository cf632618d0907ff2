load engine.bash

@test "fails: an engine cut at any line on its way does nothing and does not end well" {
    app one
    before=$(snapshot)
    script >"$HOST/whole"
    lines=$(wc -l <"$HOST/whole")
    for ((n = 1; n < lines; n++)); do
        head -n "$n" "$HOST/whole" >"$HOST/cut"
        ! bash -s -- install 0123456789abcdef <"$HOST/cut" >/dev/null 2>&1 || { echo "line $n"; return 1; }
    done
    [ "$(snapshot)" = "$before" ]
    [ ! -e "$HOST/var/lib/pulumi-ha" ]
    [ "$(calls)" = "" ]
}

@test "fails: an engine cut inside the first or the last line on its way" {
    app one
    script >"$HOST/whole"
    first=$(head -n 1 "$HOST/whole" | wc -c)
    size=$(wc -c <"$HOST/whole")
    for n in $(seq 1 "$first") $(seq $((size - 22)) $((size - 3))); do
        ! head -c "$n" "$HOST/whole" | bash -s -- install 0123456789abcdef >/dev/null 2>&1 || { echo "byte $n"; return 1; }
    done
    [ ! -e "$HOST/var/lib/pulumi-ha" ]
}

@test "fails: a manifest cut at any byte" {
    app one
    file >"$HOST/engine"
    size=$(wc -c <"$HOST/manifest")
    for ((n = 0; n < size; n++)); do
        head -c "$n" "$HOST/manifest" >"$HOST/cut"
        run bash "$HOST/engine" apply - <"$HOST/cut"
        # Without the last line's end it is whole.
        [ "$status" -eq 1 ] || ((n == size - 1)) || { echo "byte $n: $output"; return 1; }
    done
    head -c $((size - 4)) "$HOST/manifest" >"$HOST/cut"
    run bash "$HOST/engine" apply - <"$HOST/cut"
    [[ $output == *"the manifest arrived cut off"* ]]
}

@test "fails: words that a manifest cannot hold" {
    for row in 'file /etc/../root/x 0600 root:root' 'file etc/x 0600 root:root' 'file /etc/x 600 root:root' 'file /etc/x 0600 root' \
        'file /etc/x 0600 root:root credential=../x' 'file /etc/x 0600 root:root fill=../x' 'file /etc/x 0600 root:root odd' \
        'directory /etc/./x 0700 root:root' 'package -o=x' 'user a;b' 'service x' 'gate soon x' 'nonsense' '| body'; do
        printf '%s\n' 'unit app' "$row" | manifest
        run engine apply
        [ "$status" -eq 1 ] || { echo "$row"; return 1; }
        [ "$(result)" = failed ]
    done
}

@test "fails: a verb or a digest that is none" {
    app one
    run engine destroy
    [ "$status" -eq 1 ]
    [[ $output == *"'destroy' is no verb: install, prepare, apply, check, health, remove, uninstall"* ]]
    run engine apply '../x'
    [ "$status" -eq 1 ]
}

@test "commands get no input, and cannot swallow the script" {
    printf '%s\n' 'unit app' 'file /etc/app/a 0600 root:root' '| a' 'on-change run impact=none seconds=0' '| [ "$(cat)" = "" ]' | manifest
    engine apply
}
