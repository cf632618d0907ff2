#!/bin/bash
# shellcheck disable=SC2034 # the files after this one use them
# What is done to a member of a Galera cluster, as root: by the engine's activations and gates, by systemd before each start, and by operators.
set -euo pipefail
shopt -s extglob inherit_errexit
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

CONF=/etc/mysql/mariadb.conf.d
SERVER_CONF=$CONF/71-pulumi-ha-server.cnf
DYNAMIC_CONF=$CONF/72-pulumi-ha-dynamic.cnf
CERTIFICATE=/etc/mysql/pulumi-ha/cert.pem
DROP_INS=/etc/systemd/system/mariadb.service.d
DATA=/var/lib/mysql
SETTINGS=/usr/local/lib/pulumi-ha/galera/settings
DRAINING=/run/pulumi-ha-galera-draining
# What the server read when it started, and which variables were set since. Not in the directory that is the server's own.
READ=/run/pulumi-ha-galera-read
VARIABLES=/run/pulumi-ha-galera-set
# Debian's unit reads it at each start.
NEW_CLUSTER=/run/mariadb-wsrep-new-cluster
# Where `pulumi-ha recover` leaves the position at which this member is to begin the cluster; gone with the next boot.
NAMED=/run/pulumi-ha-galera-begin
SERVICE=mariadb.service
# Seconds for a server to stop, or to be let in; for a copy of the data, and for catching up, it gets JOIN_SECONDS.
PATIENCE=275
# Seconds between two words about how far it is.
PROGRESS_EVERY=30
# What has begun goes on, and nothing is to be undone: the engine leaves all as it is.
GOES_ON=75

declare -A SETTING=() ADDRESS=() WSREP=() SYSTEMD=()
OTHERS=()
NODE=$HOSTNAME

say() { printf '%s: %s\n' "$NODE" "$1" >&2; }

fail() { # LINE…, with STATUS
    local line
    for line; do say "$line"; done
    exit "${STATUS:-1}"
}

read_settings() {
    local line key pair name
    while IFS= read -r line; do
        [[ $line =~ ^([A-Z_]+)=\"?([^\"]*)\"?$ ]] || continue
        SETTING[${BASH_REMATCH[1]}]=${BASH_REMATCH[2]}
    done <"$SETTINGS"
    for key in CLUSTER NODE MEMBERS HEALTH_PORT FOUNDER DRAIN_SECONDS MARKED_DOWN_SECONDS RETURN_SECONDS JOIN_SECONDS; do
        [[ -n ${SETTING[$key]-} ]] || fail "$SETTINGS: $key is missing"
    done
    NODE=${SETTING[NODE]}
    for pair in ${SETTING[MEMBERS]}; do
        name=${pair%%=*}
        ADDRESS[$name]=${pair#*=}
        [[ $name == "$NODE" ]] || OTHERS+=("$name")
    done
    # Nobody to ask would make every question about the others come out well.
    [[ -n ${ADDRESS[$NODE]-} ]] || fail "$SETTINGS: $NODE is not among the members ${SETTING[MEMBERS]}"
    ((${#OTHERS[@]})) || fail "$SETTINGS: there is no member but $NODE"
}
