load engine.bash

@test "fails: a stream cut at any line does nothing and does not end well" {
    app one
    before=$(snapshot)
    stream >"$HOST/stream"
    lines=$(wc -l <"$HOST/stream")
    for ((n = 1; n < lines; n++)); do
        head -n "$n" "$HOST/stream" >"$HOST/cut"
        ! bash -s -- apply - <"$HOST/cut" >/dev/null 2>&1 || { echo "line $n"; return 1; }
    done
    rm "$HOST/stream" "$HOST/cut"
    [ "$(snapshot)" = "$before" ]
    [ "$(calls)" = "" ]
}

@test "fails: a stream cut inside its first or its last line" {
    app one
    stream >"$HOST/stream"
    first=$(head -n 1 "$HOST/stream" | wc -c)
    size=$(wc -c <"$HOST/stream")
    for n in $(seq 1 "$first") $(seq $((size - 10)) $((size - 3))); do
        ! head -c "$n" "$HOST/stream" | bash -s -- apply - >/dev/null 2>&1 || { echo "byte $n"; return 1; }
    done
    [ "$(calls)" = "" ]
}

@test "fails: a manifest that lacks its last lines" {
    app one
    sed -i '$d' "$HOST/manifest"
    run engine apply
    [ "$status" -eq 1 ]
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
    [[ $output == *"'destroy' is no verb: prepare, apply, check, health, remove"* ]]
    run engine apply '../x'
    [ "$status" -eq 1 ]
}

@test "commands get no input, and cannot swallow the script" {
    printf '%s\n' 'unit app' 'file /etc/app/a 0600 root:root' '| a' 'on-change run impact=none seconds=0' '| [ "$(cat)" = "" ]' | manifest
    engine apply
}
