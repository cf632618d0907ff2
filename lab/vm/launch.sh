#!/bin/sh
# Runs one machine until it powers off: launch.sh NAMESPACE CGROUP... -- QEMU ARGUMENT... (one control group per hierarchy).
set -eu
namespace=$1
shift
while [ "$1" != -- ]; do
    mkdir -p "$1"
    # 0 stands for the process that writes it.
    echo 0 >"$1/cgroup.procs"
    shift
done
shift
exec ip netns exec "$namespace" "$@"
