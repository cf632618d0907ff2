#!/usr/bin/env bash
# Prints the folder of a Node.js that is new enough. Where the machine has none, one is installed below .pulumi-ha from the npm package that carries it.
set -euo pipefail
cd "$(dirname "$0")/.."

WANTED=20
fits() { [ -x "$1/node" ] && [ -x "$1/npm" ] && [ "$("$1/node" -p 'process.versions.node.split(".")[0]')" -ge "$WANTED" ]; }

found=$(command -v node || true)
own="$PWD/.pulumi-ha/node/node_modules/.bin"
if [ -n "$found" ] && fits "$(dirname "$found")"; then
    dirname "$found"
elif fits "$own"; then
    echo "$own"
else
    {
        echo "node.sh: no Node.js >= $WANTED here: installing one below .pulumi-ha"
        if ! command -v npm >/dev/null; then
            apt-get update
            DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends nodejs npm
        fi
        npm install --prefix .pulumi-ha/node --no-save --no-audit --no-fund "node@$WANTED" "npm@10"
    } >&2
    echo "$own"
fi
