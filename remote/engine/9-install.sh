# The engine itself on a host. Commands name the file of the version that they were made with, so that each runs what its library shipped; a removal
# takes the newest one, as the version that applied a unit may have left since.

verb_install() {
    local engine=$ENGINES/$DIGEST
    fit
    take_lock engine
    mkdir -p -- "$ENGINES/kept"
    if ! engine_text 2>/dev/null | cmp -s -- - "$engine"; then
        free 1 /var
        engine_text | keep "$engine"
        # Its name too: the stack takes it for installed from now on, also after a loss of power.
        sync -- "$ENGINES" "$STATE" "${STATE%/*}"
        CHANGED+=("${engine#"$ROOT"}")
    fi
    make_newest "$engine"
    keep "$KEPT" <<<"$DIGEST"
    drop_engines
    PHASE=ended
}

verb_uninstall() {
    fit
    [[ -d $ENGINES ]] || return 0
    take_lock engine
    rm -f -- "$KEPT"
    drop_engines
    rmdir -- "$ENGINES/kept" "$ENGINES" "$STATE" 2>/dev/null || true
    PHASE=ended
}

make_newest() { # ENGINE
    ln -sfT -- "${1##*/}" "$ENGINES/newest.new" && mv -fT -- "$ENGINES/newest.new" "$ENGINES/newest"
}

# What no resource of any stack keeps.
drop_engines() {
    local file engine left=''
    local -A kept=()
    for file in "$ENGINES"/kept/*; do
        read -r engine <"$file" && kept[$engine]=1
    done
    for file in "$ENGINES"/*; do
        if [[ ! -f $file || -L $file ]]; then continue; fi
        if [[ -n ${kept[${file##*/}]-} ]]; then
            left=$file
        else
            rm -f -- "$file"
            CHANGED+=("${file#"$ROOT"}")
        fi
    done
    if [[ -e $ENGINES/newest ]]; then return 0; fi
    if [[ -n $left ]]; then make_newest "$left"; else rm -f -- "$ENGINES/newest"; fi
}
