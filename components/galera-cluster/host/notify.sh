#!/bin/sh
# The server calls this at every change of its state and waits for it: the state goes to where the health endpoint reads it.
# What a call leaves unsaid stays as it was: not every change comes with a new view of the cluster.
umask 022
cd "${GALERA_STATE_DIRECTORY:-/run/pulumi-ha-galera}" || exit 1
status='' primary='' uuid='' index='' members=''
if [ -r state ]; then
    while IFS='=' read -r key value; do
        case $key in
        status) status=$value ;;
        primary) primary=$value ;;
        uuid) uuid=$value ;;
        index) index=$value ;;
        members) members=$value ;;
        esac
    done <state
fi
while [ $# -gt 1 ]; do
    case $1 in
    --status) status=$2 ;;
    --primary) primary=$2 ;;
    --uuid) uuid=$2 ;;
    --index) index=$2 ;;
    --members) members=$2 ;;
    esac
    shift 2
done
printf '%s\n' "status=$status" "primary=$primary" "uuid=$uuid" "index=$index" "members=$members" >"state.$$" &&
    mv -f "state.$$" state
if [ -s history ] && [ "$(wc -c <history)" -gt 65536 ]; then
    tail -n 200 history >"history.$$" && mv -f "history.$$" history
fi
printf '%s\n' "$(date -Iseconds) status=$status primary=$primary index=$index uuid=$uuid" >>history
