#!/bin/bash
# shellcheck disable=SC2034 # the files after this one use them
# What is done to a Pacemaker cluster and its members, as root: by the engine's activations and gates, and by operators.
set -euo pipefail
shopt -s extglob inherit_errexit
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

OWN=/etc/pulumi-ha-pacemaker
SETTINGS=$OWN/settings
CIB=$OWN/cib.xml
UNITS=$OWN/systemd-units
DATA=/var/lib/pacemaker
ROLLED=/var/lib/pulumi-ha-pacemaker

say() { printf '%s\n' "$1" >&2; }
fail() {
    say "$1"
    exit 1
}

# See script.ts.
NODE="" NODES="" FIRST=""
# shellcheck source=/dev/null
[[ ! -e $SETTINGS ]] || . "$SETTINGS"
# What SBD runs with on this member, none, alone or with a disk: not what a configuration that is still to come wants. See sbdConf in conf.ts.
SBD=none SBD_DEVICE="" SBD_WATCHDOG_DEV="" SBD_WATCHDOG_TIMEOUT=0
# shellcheck source=/dev/null
[[ ! -e $OWN/daemons ]] || . "$OWN/daemons"
[[ -z $SBD_WATCHDOG_DEV ]] || SBD=watchdog
[[ -z $SBD_DEVICE ]] || SBD=disk

WORK=$(mktemp -d /run/pulumi-ha-pacemaker.XXXXXX)
trap 'rm -rf -- "$WORK"' EXIT

# Polls until the function succeeds, and says what it waits for whenever that changes; WAITING is its word for it. Where a look takes a second or more, what
# it waits for has the host for as long.
await() { # SECONDS FUNCTION
    local until=$((SECONDS + $1)) said='' since=$SECONDS
    until "$2"; do
        ((SECONDS < until)) || return 1
        [[ $WAITING == "$said" ]] || say "waiting for $WAITING"
        said=$WAITING
        read -rt "$((SECONDS - since < 2 ? SECONDS - since : 2)).3" <> <(:) || true
        since=$SECONDS
    done
}
