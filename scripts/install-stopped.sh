#!/usr/bin/env bash
# Installs Debian packages without starting any service of theirs: tests only call the programs.
set -euo pipefail
held=/usr/sbin/policy-rc.d
if [ ! -e "$held" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$held"
    chmod 755 "$held"
    trap 'rm -f "$held"' EXIT
fi
apt-get update
DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
