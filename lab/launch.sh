#!/bin/sh
# Runs one lab host until it powers off: launch.sh NAMESPACE ROOT CGROUP... (each the host's own control group, one per hierarchy).
set -eu
namespace=$1 root=$2
shift 2

# This shell stays beside the host's group: version 2 allows no process in a group that delegates to children.
for group; do
    mkdir -p "$group" "$group.launch"
    echo 0 >"$group.launch/cgroup.procs"
done

boot() (
    # 0 stands for the process that writes it.
    for group; do echo 0 >"$group/cgroup.procs"; done
    # Network sysctls are writable in a host, as on a real one; the capabilities are what VRRP, addresses and mlockall need.
    exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin SYSTEMD_NSPAWN_API_VFS_WRITABLE=network \
        systemd-nspawn --quiet --boot --directory="$root" --machine="$namespace" --network-namespace-path="/run/netns/$namespace" \
        --register=no --keep-unit --settings=no --link-journal=no --resolv-conf=off --timezone=off --console=read-only \
        --capability=CAP_NET_ADMIN,CAP_IPC_LOCK
)

# 133: the host asked for a reboot, which loses every address that its start-up does not set.
while :; do
    status=0
    boot "$@" || status=$?
    [ "$status" -eq 133 ] || break
    ip -n "$namespace" address flush dev eth0
done

# A card without power answers no ARP for the addresses it had.
ip netns delete "$namespace" || true
exit "$status"
