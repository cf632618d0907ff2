#!/usr/bin/env bash
# All linters. ESLint, which takes as long as the others together, runs beside them.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

said=$(mktemp)
trap 'rm -f "$said"' EXIT
npx --no-install eslint . >"$said" 2>&1 &
eslint=$! failed=0
npx --no-install tsc -p . || failed=1
npx --no-install prettier --check . || failed=1
bash scripts/shellcheck.sh || failed=1
npx --no-install typedoc --emit none || failed=1
wait "$eslint" || failed=1
cat "$said"
exit "$failed"
