# Helpers for the bats tests of the engine: a host that is a folder, with stubs for what changes a real one.
# shellcheck shell=bash

ENGINE_FOLDER=$BATS_TEST_DIRNAME/../../../remote/engine

setup() {
    ((EUID == 0)) || skip "the engine acts as root: run these tests as root"
    HOST=$(mktemp -d)
    export HOST
    mkdir -p "$HOST"/{bin,etc/app,etc/systemd/system,run/systemd/system,usr/sbin,var/lib/dpkg/updates,systemd,packages}
    printf 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n' >"$HOST/etc/os-release"
    stubs
}

teardown() { rm -rf -- "$HOST"; }

stub() { # NAME, script from stdin
    { echo '#!/bin/bash'; cat; } >"$HOST/bin/$1"
    chmod 0755 "$HOST/bin/$1"
}

# systemd/NAME.active and NAME.enabled hold the state of a service; `broken` in the first means that it does not start.
stubs() {
    stub systemctl <<'STUB'
args=(); for a; do [[ $a == -* ]] || args+=("$a"); done
set -- "${args[@]}"
[[ $1 == show ]] || echo "$*" >>"$HOST/calls"
s=$HOST/systemd/$2
case $1 in
show)
    shift
    first=1
    for s; do
        ((first)) || echo
        first=0
        echo "ActiveState=$(cat "$HOST/systemd/$s.active" 2>/dev/null || echo inactive)"
        echo "UnitFileState=$(cat "$HOST/systemd/$s.enabled" 2>/dev/null || echo disabled)"
        echo "FragmentPath=/lib/systemd/system/$s"
    done
    ;;
start | restart | reload)
    if grep -qs BROKEN "$HOST"/etc/app/*; then
        echo failed >"$s.active"
        echo "Job for $2 failed." >&2
        exit 1
    fi
    echo active >"$s.active"
    ;;
stop) echo inactive >"$s.active" ;;
enable) echo enabled >"$s.enabled" ;;
disable) echo disabled >"$s.enabled" ;;
is-active) grep -qx active "$s.active" ;;
esac
STUB
    stub journalctl <<<'echo "app: cannot read its configuration"'
    stub dpkg <<<'exit 0'
    stub apt-cache <<<'exit 0'
    stub dpkg-query <<'STUB'
[[ $1 != --search ]] || { name=${3##*/}; [[ -e $HOST/packages/${name%.service} ]] && echo "${name%.service}: $3"; exit; }
names=(); status=0
for a in "$@"; do [[ $a == -* ]] || names+=("$a"); done
((${#names[@]})) || names=($(ls "$HOST/packages"))
for p in "${names[@]}"; do
    if [[ -e $HOST/packages/$p ]]; then echo "$p installed $(cat "$HOST/packages/$p")"; else status=1; fi
done
exit $status
STUB
    stub apt-get <<'STUB'
echo "apt-get ${*: -2}" >>"$HOST/calls"
[[ -e $HOST/mirror.down ]] && { echo "E: Failed to fetch http://deb.example/x.deb  Could not connect to deb.example:80, connection timed out"; exit 100; }
held=$("$HOST/usr/sbin/policy-rc.d"; echo $?)
for a in "$@"; do [[ $a != install ]] || found=1; done
if [[ ${found-} ]]; then echo "held $held" >>"$HOST/calls"; echo 1.0 >"$HOST/packages/${*: -1}"; fi
STUB
    stub getent <<<'grep -qsx "$1 $2" "$HOST/accounts"'
    stub useradd <<<'echo "passwd ${*: -1}" >>"$HOST/accounts"'
    stub userdel <<<'sed -i "/^passwd $1$/d" "$HOST/accounts"'
}

# A manifest from lines on stdin, with header and end.
manifest() {
    local -a rows
    mapfile -t rows
    { echo "pulumi-ha manifest 1"; printf '%s\n' "${rows[@]}"; echo "end $((${#rows[@]} + 1))"; } >"$HOST/manifest"
}

# The engine as it lies on a host.
file() {
    cat "$ENGINE_FOLDER"/*.sh
    # The host of the test: $HOST is expanded now.
    printf 'under_test() { ROOT=%q PATH=%q:$PATH; export HOST=%q; %s; }\n' "$HOST" "$HOST/bin" "$HOST" "${UNDER_TEST:-:}"
    printf 'main "$@"\n'
}

# What brings it there.
script() {
    head -n 1 "$ENGINE_FOLDER/1-base.sh"
    printf "engine_text() { cat <<'PULUMI_HA_ENGINE'\n%s\nPULUMI_HA_ENGINE\n}\neval \"\$(engine_text)\"\n" "$(file)"
}

engine() { # VERB [DIGEST [KEEPER]]: status; stdout in $HOST/out, stderr in $HOST/err
    local status=0
    file >"$HOST/engine"
    bash "$HOST/engine" "$1" "${2--}" "${3--}" <"$HOST/manifest" >"$HOST/out" 2>"$HOST/err" || status=$?
    cat "$HOST/err" "$HOST/out"
    return "$status"
}

result() { sed -n 's/.*"result":"\([a-z]*\)".*/\1/p' "$HOST/out"; }
calls() { cat "$HOST/calls" 2>/dev/null || true; }

app() { # CONTENT…: the manifest that most tests start from
    {
        printf 'unit app\nfile /etc/app/app.conf 0640 root:root\n'
        printf '| %s\n' "$@"
        cat <<'ROWS'
on-change reload impact=reload seconds=0 app.service
service app.service enabled running
gate 0.5 app runs
| systemctl is-active --quiet app.service
ROWS
    } | manifest
}

# All of the host but what a run may leave: locks and the log of calls.
snapshot() { (cd "$HOST" && find etc usr var systemd -path var/lib/pulumi-ha -prune -o -printf '%p %y %m %u %l\n' | sort && find etc -type f -exec sha256sum {} + | sort); }
