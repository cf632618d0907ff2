#!/usr/bin/env bash
# Builds the modules of DRBD 9 for the kernel of the lab's machines, which no Debian package has:
#   drbd9-modules.sh FOLDER [SOURCE]
# They are put into FOLDER. SOURCE is LINBIT's tree with its submodule drbd-headers; without one it is cloned.
set -euo pipefail

RELEASE=drbd-9.2.18
folder=$(mkdir -p "$1" && cd "$1" && pwd)
source=${2:-}

apt-get update
DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    build-essential ca-certificates coccinelle git linux-headers-cloud-amd64

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ -n "$source" ]; then
    cp -R "$source" "$work/drbd"
else
    git clone --quiet --config advice.detachedHead=false --depth 1 --branch "$RELEASE" --recurse-submodules --shallow-submodules \
        https://github.com/LINBIT/drbd "$work/drbd"
fi

# The newest kernel is the one that the lab's image gets from the same archive.
headers=$(printf '%s\n' /usr/src/linux-headers-*-cloud-amd64 | sort -V | tail -n 1)
echo "drbd9-modules: building $RELEASE for ${headers#/usr/src/linux-headers-}: one to three minutes"
make -C "$work/drbd/drbd" KDIR="$headers" -j"$(nproc)" >"$work/log" 2>&1 || {
    tail -n 30 "$work/log" >&2
    exit 1
}
for module in drbd drbd_transport_tcp handshake; do
    built=$(find "$work/drbd/drbd" -path '*/build-*' -name "$module.ko")
    if [ -n "$built" ]; then strip -g -o "$folder/$module.ko" "$built"; fi
done
echo "drbd9-modules: $(cd "$folder" && echo *.ko) in $folder"
