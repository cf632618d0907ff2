#!/usr/bin/env bash
# Checks every shell script git knows; says so where shellcheck is missing instead of passing in silence.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! command -v shellcheck >/dev/null; then
    echo "shellcheck: skipped, not installed (Debian's package: shellcheck)"
    exit 0
fi
mapfile -t scripts < <(git ls-files '*.sh' '.ci/run'; git ls-files --others --exclude-standard '*.sh')
[ "${#scripts[@]}" -eq 0 ] || shellcheck "${scripts[@]}"
echo "shellcheck: ${#scripts[@]} scripts clean"
