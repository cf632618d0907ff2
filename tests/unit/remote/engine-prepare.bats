load engine.bash

wants() { printf '%s\n' 'unit app' "$@" | manifest; }

@test "prepare installs what is missing, with services held, and holds them no longer afterwards" {
    echo 2.0 >"$HOST/packages/there"
    wants 'package there' 'package nginx'
    run engine prepare
    [ "$status" -eq 0 ]
    [[ $output == *'"result":"changed"'*'"install nginx"'* ]]
    [[ $(calls) == *$'apt-get -- nginx\nheld 101' ]]
    [ ! -e "$HOST/usr/sbin/policy-rc.d" ]
    [ "$(cat "$HOST/var/lib/pulumi-ha/packages")" = nginx ]
    run engine prepare
    [ "$(result)" = unchanged ]
}

@test "package lists are read at most once an hour" {
    wants 'package one'
    engine prepare
    wants 'package two'
    engine prepare
    [ "$(calls | grep -c update)" -eq 1 ]
    touch -d '2 hours ago' "$HOST/var/lib/pulumi-ha/updated"
    wants 'package three'
    engine prepare
    [ "$(calls | grep -c update)" -eq 2 ]
}

@test "of alternatives the first that the sources have is installed, and one that is there will do" {
    stub apt-cache <<<'! grep -qw new <<<"$*"'
    wants 'package new|old|older'
    engine prepare
    [ "$(ls "$HOST/packages")" = old ]
    stub apt-cache <<<'exit 0'
    wants 'package new|old|older'
    run engine prepare
    [ "$(result)" = unchanged ]
    wants 'package new=2|old=2'
    run engine prepare
    [[ $output == *"old 1.0 is installed, and 2 is asked for"* ]]
}

@test "a policy-rc.d of somebody else's comes back as it was" {
    printf '#!/bin/sh\nexit 0\n' >"$HOST/usr/sbin/policy-rc.d"
    chmod 0711 "$HOST/usr/sbin/policy-rc.d"
    before=$(stat -c '%i %a' "$HOST/usr/sbin/policy-rc.d")
    wants 'package nginx'
    engine prepare
    [[ $(calls) == *"held 101"* ]]
    [ "$(stat -c '%i %a' "$HOST/usr/sbin/policy-rc.d")" = "$before" ]
}

# What an upgrade of others, which has nothing from us, is answered.
others() { env -i /bin/sh -c "\"\$0\" \"\$@\"" "$HOST/usr/sbin/policy-rc.d" "$@"; }

@test "upgrades of others start and stop their services while packages are installed" {
    export -f others
    stub apt-get <<'STUB'
for action in start restart stop '(start)' '(try-restart)'; do
    ours=$("$HOST/usr/sbin/policy-rc.d" --quiet app "$action" 5; echo $?)
    detached=$(setsid "$HOST/usr/sbin/policy-rc.d" app "$action" & wait $!; echo $?)
    echo "$action: $(others --quiet app "$action" 5; echo $?), held $ours $detached" >>"$HOST/calls"
done
echo 1.0 >"$HOST/packages/nginx"
STUB
    wants 'package nginx'
    engine prepare
    [ "$(calls | sort -u)" = "(start): 101, held 101 101
(try-restart): 101, held 101 101
restart: 0, held 101 101
start: 0, held 101 101
stop: 0, held 101 101" ]
}

@test "upgrades of others are answered by the host's own policy-rc.d meanwhile" {
    printf '#!/bin/sh\necho "stop"\nexit $((100 + $#))\n' >"$HOST/usr/sbin/policy-rc.d"
    chmod 0755 "$HOST/usr/sbin/policy-rc.d"
    export -f others
    stub apt-get <<'STUB'
echo "$(others app start; echo $?) $(others --quiet app restart 5; echo $?) $("$HOST/usr/sbin/policy-rc.d" app start; echo $?)" >"$HOST/calls"
echo 1.0 >"$HOST/packages/nginx"
STUB
    wants 'package nginx'
    engine prepare
    [ "$(tr '\n' ' ' <"$HOST/calls")" = "stop 102 stop 104 101 " ]
}

@test "what a run that was killed leaves of the hold denies nobody but what that run itself began" {
    stub apt-get <<'STUB'
kill -9 $(cut -d" " -f1 "$HOST/run/pulumi-ha/packages.lock.holder")
"$HOST/usr/sbin/policy-rc.d" app start
echo "own $?" >"$HOST/calls"
STUB
    wants 'package nginx'
    run engine prepare
    [ "$status" -eq 137 ]
    for ((n = 0; n < 100; n++)); do [[ ! -e $HOST/calls ]] || break; sleep 0.1; done
    [ "$(calls)" = "own 101" ]
    others app start
    others app stop
    run others app '(start)'
    [ "$status" -eq 101 ]
}

@test "what a cut run left of the hold is put away" {
    printf '#!/bin/sh\nexit 0\n' >"$HOST/usr/sbin/policy-rc.d"
    stub apt-get <<<'kill -9 $(cut -d" " -f1 "$HOST/run/pulumi-ha/packages.lock.holder")'
    wants 'package nginx'
    run engine prepare
    [ "$status" -eq 137 ]
    [ -e "$HOST/usr/sbin/policy-rc.d.pulumi-ha-kept" ]
    wants
    engine prepare
    [ "$(cat "$HOST/usr/sbin/policy-rc.d")" = $'#!/bin/sh\nexit 0' ]
    [ "$(ls "$HOST/usr/sbin")" = policy-rc.d ]
}

@test "fails: a mirror that cannot be reached is said in one sentence with apt's own words" {
    touch "$HOST/mirror.down"
    wants 'package nginx'
    run engine prepare
    [ "$status" -eq 1 ]
    [[ $output == *"installing nginx failed: the package mirror cannot be reached from this host"*"E: Failed to fetch"* ]]
    [ ! -e "$HOST/usr/sbin/policy-rc.d" ]
}

@test "what is installed by others after an installation that failed did not come with us" {
    touch "$HOST/mirror.down"
    wants 'package nginx'
    run engine prepare
    [ "$status" -eq 1 ]
    echo 1.0 >"$HOST/packages/theirs"
    rm "$HOST/mirror.down"
    engine prepare
    [ "$(cat "$HOST/var/lib/pulumi-ha/packages")" = nginx ]
}

@test "what came with an installation that was cut is known once it is finished" {
    stub apt-get <<<'[[ ${*: -1} == nginx ]] || exit 0; echo 1.0 >"$HOST/packages/library"; touch "$HOST/var/lib/dpkg/updates/0001"; exit 100'
    stub dpkg <<<'rm -f "$HOST"/var/lib/dpkg/updates/*; for name in "$@"; do [[ $name != -a ]] || echo 1.0 >"$HOST/packages/nginx"; done'
    wants 'package nginx'
    run engine prepare
    [ "$status" -eq 1 ]
    engine prepare
    [ "$(cat "$HOST/var/lib/pulumi-ha/packages")" = $'library\nnginx' ]
}

@test "fails: an installed package of another version than the pinned one" {
    echo 1.0 >"$HOST/packages/nginx"
    wants 'package nginx=2.0'
    run engine prepare
    [ "$status" -eq 1 ]
    [[ $output == *"nginx 1.0 is installed, and 2.0 is asked for"* ]]
    [ "$(calls)" = "" ]
}

# Sources whose newest database is of this version once their lists were read, and of another one before.
sources_have() { # BEFORE [AFTER]
    printf '%s\n' "$1" >"$HOST/newest"
    printf '%s\n' "${2-$1}" >"$HOST/newest.after"
    stub dpkg <<<'[[ $1 != --compare-versions ]] || exec /usr/bin/dpkg "$@"'
    stub apt-cache <<<'[[ $1 != policy ]] || printf "%s:\n  Installed: (none)\n  Candidate: %s\n" "${*: -1}" "$(cat "$HOST/newest")"'
    stub apt-get <<'STUB'
echo "apt-get ${*: -1}" >>"$HOST/calls"
if [[ ${*: -1} == update ]]; then cp "$HOST/newest.after" "$HOST/newest"; else cp "$HOST/newest" "$HOST/packages/${*: -1}"; fi
STUB
}

@test "fails: a package whose newest version in the sources is older than the least, before anything is installed" {
    sources_have 1:10.6.18-0ubuntu0.22.04.1
    wants 'package there' 'package database>=1:10.11.8'
    run engine prepare
    [ "$status" -eq 1 ]
    [[ $output == *"database 1:10.6.18-0ubuntu0.22.04.1 is too old, and the newest that the package sources of this host have: 1:10.11.8 is the least"* ]]
    [[ $output == *"now: no service and no configuration was touched"* ]]
    [ "$(calls)" = "apt-get update" ]
    [ ! -e "$HOST/usr/sbin/policy-rc.d" ]
}

@test "a package of a least version is installed from sources that have it, or have come to have it since their lists were read" {
    sources_have 1:10.11.8-0ubuntu0.24.04.1
    wants 'package database>=1:10.11.8'
    engine prepare
    [ "$(calls)" = $'apt-get update\napt-get database' ]
    [ "$(cat "$HOST/packages/database")" = 1:10.11.8-0ubuntu0.24.04.1 ]
    rm "$HOST/calls" "$HOST/packages/database"
    sources_have 1:10.6.18 1:11.4.2
    engine prepare
    [ "$(calls)" = $'apt-get update\napt-get database' ]
    run engine prepare
    [ "$(result)" = unchanged ]
}

@test "fails: an installed package that is older than the least version, at every verb that looks" {
    sources_have 1:11.4.2
    echo 1:10.11.6-0+deb12u1 >"$HOST/packages/database"
    wants 'package database>=1:10.11.8'
    for verb in prepare apply; do
        run engine "$verb"
        [ "$status" -eq 1 ]
        [[ $output == *"database 1:10.11.6-0+deb12u1 is installed, and too old: 1:10.11.8 is the least; an installed package is never upgraded here"* ]]
    done
    [ "$(calls)" = "" ]
}

@test "of alternatives with least versions the one that is there counts" {
    sources_have 1:11.4.2
    echo 3.0 >"$HOST/packages/old"
    wants 'package new>=4|old>=2'
    run engine prepare
    [ "$(result)" = unchanged ]
}

@test "an interrupted installation is finished first" {
    touch "$HOST/var/lib/dpkg/updates/0001"
    stub dpkg <<<'echo "dpkg $*" >>"$HOST/calls"; rm -f "$HOST"/var/lib/dpkg/updates/*'
    wants 'package nginx'
    engine prepare
    [[ $(calls) == "dpkg --force-confold --configure -a"* ]]
}

@test "services of an installation that others left half-way start with its end, those of ours do not" {
    touch "$HOST/var/lib/dpkg/updates/0001"
    stub dpkg <<'STUB'
[[ $1 != --audit ]] || exit 0
"$HOST/usr/sbin/policy-rc.d" app start
echo "$?" >>"$HOST/calls"
rm -f "$HOST"/var/lib/dpkg/updates/*
STUB
    wants 'package nginx'
    engine prepare
    [ "$(calls | head -n 1)" = 0 ]
    rm "$HOST/calls" "$HOST/packages/nginx"
    touch "$HOST/var/lib/pulumi-ha/packages.before" "$HOST/var/lib/dpkg/updates/0001"
    engine prepare
    [ "$(calls | head -n 1)" = 101 ]
}

# As the system itself writes it: Debian quotes its version alone, Rocky its name too.
system() { # ID VERSION NAME
    printf '%s\n' "PRETTY_NAME=\"$3\"" "VERSION_ID=\"$2\"" "ID=$1" >"$HOST/etc/os-release"
}

@test "every supported system is taken" {
    wants 'package nginx'
    while read -r id version name; do
        system "$id" "$version" "$name"
        for verb in prepare apply; do
            run engine "$verb"
            [ "$status" -eq 0 ] || { echo "$name: $output"; return 1; }
        done
    done <<'SYSTEMS'
debian 12 Debian GNU/Linux 12 (bookworm)
debian 13 Debian GNU/Linux 13 (trixie)
ubuntu 22.04 Ubuntu 22.04.5 LTS
ubuntu 24.04 Ubuntu 24.04.1 LTS
SYSTEMS
}

@test "fails: an unsupported system is refused by name before anything changes" {
    wants 'package nginx'
    while read -r id version name; do
        system "$id" "$version" "$name"
        for verb in prepare apply; do
            run engine "$verb"
            [ "$status" -eq 1 ] || { echo "$name is taken"; return 1; }
            [[ $output == *"this host runs $name: supported are Debian 12 and 13, Ubuntu 22.04 and 24.04"* ]] || { echo "$name: $output"; return 1; }
        done
    done <<'SYSTEMS'
debian 11 Debian GNU/Linux 11 (bullseye)
debian 14 Debian GNU/Linux 14 (forky)
ubuntu 20.04 Ubuntu 20.04.6 LTS
ubuntu 24.10 Ubuntu 24.10
ubuntu 12 Ubuntu 12
linuxmint 22 Linux Mint 22
"rocky" 9.5 Rocky Linux 9.5 (Blue Onyx)
fedora 41 Fedora Linux 41
SYSTEMS
    printf 'ID=debian\nPRETTY_NAME="Debian GNU/Linux trixie/sid"\n' >"$HOST/etc/os-release"
    run engine prepare
    [ "$status" -eq 1 ]
    [[ $output == *"this host runs Debian GNU/Linux trixie/sid: supported are"* ]]
    [ "$(calls)" = "" ]
}

@test "fails: a host that systemd does not run" {
    rmdir "$HOST/run/systemd/system"
    wants
    run engine prepare
    [[ $output == *"systemd does not run this host"* ]]
}

credentials() { # DIGEST VALUE
    wants 'credential a.key' "| $(printf '%s' "$2" | base64 -w0)"
    engine prepare "$1"
}

uses() {
    printf '%s\n' 'unit app' 'file /etc/app/key 0600 root:root credential=a.key' 'on-change reload impact=reload seconds=0 app.service' \
        'file /etc/app/conf 0600 root:root fill=a.key' '| key = @@credential:a.key@@;' "$@" | manifest
}

@test "credentials lie on the host for root alone, and a file takes them" {
    credentials 11111111 'se"cr&et\'
    [ "$(stat -c '%a' "$HOST/etc/pulumi-ha/credentials/app/11111111/a.key")" = 600 ]
    [ "$(find "$HOST/etc/pulumi-ha" -type d -printf '%m\n' | sort -u)" = 700 ]
    uses
    engine apply 11111111
    [ "$(cat "$HOST/etc/app/key")" = 'se"cr&et\' ]
    [ "$(cat "$HOST/etc/app/conf")" = 'key = se"cr&et\;' ]
}

@test "a new digest alone brings the new values, and the old ones leave once the gates passed" {
    credentials 11111111 old
    uses
    engine apply 11111111
    touch -d '1 minute ago' "$HOST/etc/pulumi-ha/credentials/app/11111111"
    credentials 22222222 new
    uses
    rm "$HOST/calls"
    engine apply 22222222
    [ "$(cat "$HOST/etc/app/key")" = new ]
    [ "$(calls)" = "reload app.service" ]
    [ "$(ls "$HOST/etc/pulumi-ha/credentials/app")" = 22222222 ]
}

@test "fails: a credential that is not on the host" {
    uses
    run engine apply 11111111
    [ "$status" -eq 1 ]
    [[ $output == *"/etc/app/key needs the credential a.key (11111111), which is not on this host"* ]]
}

@test "fails: a tool that quotes a credential does not get it printed" {
    credentials 11111111 topsecret
    uses 'validate app accepts it' '| echo "bad line: key = topsecret"; exit 1'
    run engine apply 11111111
    [ "$status" -eq 1 ]
    [[ $output == *"bad line: key = ***"* ]]
    [[ $output != *topsecret* ]]
}

@test "a package whose installation was cut is finished, and still counts as ours" {
    stub apt-get <<'STUB'
[[ ${*: -1} == nginx ]] || exit 0
touch "$HOST/var/lib/dpkg/updates/0001"
kill -9 $(cut -d" " -f1 "$HOST/run/pulumi-ha/packages.lock.holder")
STUB
    stub dpkg <<<'[[ $1 == --audit ]] || { rm -f "$HOST"/var/lib/dpkg/updates/*; echo 1.0 >"$HOST/packages/nginx"; }'
    wants 'package nginx'
    run engine prepare
    [ "$status" -eq 137 ]
    run engine prepare
    [ "$status" -eq 0 ]
    [ "$(cat "$HOST/var/lib/pulumi-ha/packages")" = nginx ]
    [ ! -e "$HOST/usr/sbin/policy-rc.d" ]
}

@test "another installation that is under way is waited for" {
    touch "$HOST/var/lib/dpkg/updates/0001"
    stub dpkg <<'STUB'
[[ $1 != --audit ]] || exit 0
if [[ ! -e $HOST/waited ]]; then
    touch "$HOST/waited"
    echo "dpkg: error: dpkg frontend lock was locked by another process with pid 7" >&2
    exit 2
fi
rm -f "$HOST"/var/lib/dpkg/updates/*
STUB
    wants 'package nginx'
    run engine prepare
    [ "$status" -eq 0 ]
    [[ $output == *"waiting for another installation of packages on this host"* ]]
}
