#!/usr/bin/env bash
# All tests: what they need from Debian is installed first, then lint, unit, policy and lab. The last line counts them.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

RESULTS=.pulumi-ha/test-results
rm -rf "$RESULTS" && mkdir -p "$RESULTS"
started=$SECONDS
step() { printf '\n== %s (%d s)\n' "$*" $((SECONDS - started)); }

# The tools by which what we render is read back, and the lab's own.
PACKAGES=(bats shellcheck openssl openssh-server haproxy keepalived procps)
missing=()
for package in "${PACKAGES[@]}"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
if [ "${#missing[@]}" -gt 0 ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    step "installing ${missing[*]}"
    bash scripts/install-stopped.sh "${missing[@]}" || echo "test: ${missing[*]} could not be installed: what needs them will say so"
fi

step build
npm run --silent build || exit 1

failed=0
step lint
npm run --silent lint || { failed=1; echo "test: lint failed"; }

step toolchain
npm run --silent toolchain || { failed=1; echo "test: there is no toolchain: what needs it will say so"; }

tests() {
    step "$1 tests"
    npx --no-install jest --selectProjects "$@" --json --outputFile "$RESULTS/$1.json"
}
tests unit --maxWorkers 3
tests policy --maxWorkers 2
# Those that measure one after the other: they share this machine's cores with their hosts.
tests lab-alone --runInBand
tests lab --maxWorkers 2

step "not run here"
echo "npm run test:pair: half an hour of faults on two emulated machines"
echo "npm run test:drbd9: volumes of three hosts, with modules of DRBD 9 that no Debian package has (scripts/drbd9-modules.sh builds them)"

step result
node scripts/count-tests.js "$RESULTS" "$failed"
