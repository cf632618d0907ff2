#!/bin/sh
# A stand-in as the engine starts it, with its own address as the only argument that it gives. Where the language host of the same engine runs this plugin
# already (language-host/offer.ts), that one's port is told, and this process lasts as long as the engine wants it; in all other cases it becomes the plugin.
node=$1 file=$2 name=$3
shift 3

if [ $# -eq 1 ] && [ -n "${PULUMI_HOME-}" ] && [ -r "/proc/$PPID/stat" ]; then
    address=$1
    read -r stat <"/proc/$PPID/stat"
    # The 22nd field, and the 20th after the name, which may have blanks: when the engine was started. With its id that names it among all that ever ran.
    # shellcheck disable=SC2086
    set -- ${stat##*) }
    offer=$PULUMI_HOME/offers/$PPID-${20}-${address##*:}/$name
    set -- "$address"
    # Of several plugins of one name the one that removes the offer has it: the others have a state of their own.
    if [ -f "$offer" ] && { read -r host && read -r port && IFS= read -r agent && read -r notice; } <"$offer" &&
        [ "$agent" = "agent ${SSH_AUTH_SOCK-}" ] && kill -0 "$host" 2>/dev/null && rm "$offer" 2>/dev/null; then
        echo "$port"
        echo "$notice" >&2
        # The engine signals when it is done; when it is gone, its end of this pipe is.
        while read -r _; do :; done
        exit 0
    fi
fi
exec "$node" "$file" "$@"
