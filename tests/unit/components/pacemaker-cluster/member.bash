# Helpers for the bats tests of what is done to members: a member that is a folder, with stubs for Pacemaker's and Corosync's tools.
# shellcheck shell=bash

HOST_FOLDER=$BATS_TEST_DIRNAME/../../../../components/pacemaker-cluster/host

# Two members, n1 with everything, n2 with nothing; both have the witness's vote.
setup() {
    HOST=$(mktemp -d)
    export HOST
    mkdir -p "$HOST"/{bin,etc,data,rolled,on,attributes}
    cat "$HOST_FOLDER"/*.sh | sed -E "s|PATH=/usr/local/sbin:|PATH=$HOST/bin:&|; s|PATH=($HOST/bin:)PATH=|PATH=\1|; s|^OWN=.*|OWN=$HOST/etc|
        s|^DATA=.*|DATA=$HOST/data|; s|^ROLLED=.*|ROLLED=$HOST/rolled|; s|/run/pulumi-ha-pacemaker|$HOST/work|; s|^MAY_COME_SECONDS=.*|MAY_COME_SECONDS=1|
        s|^SAME_LIST_SECONDS=.*|SAME_LIST_SECONDS=1|; s|/etc/corosync/corosync.conf|$HOST/corosync.conf|
        s|^SIGN_SECONDS=.*|SIGN_SECONDS=1|; s|^ROLL_SECONDS=.*|ROLL_SECONDS=5|" >"$HOST/cluster"
    printf '%s\n' CLUSTER=pair NODE=n1 FIRST=n1 'NODES="n1 n2"' SETTLE=2 WITNESS=third WITNESS_ADDRESS=192.0.2.20 >"$HOST/etc/settings"
    touch "$HOST/etc/files"
    echo n1 >"$HOST/on/web"
    echo n1 >"$HOST/on/address"
    echo UpToDate/UpToDate >"$HOST/dstate"
    quorum 3 2 'Quorate Qdevice' "1 1 A,V,NMW n1 (local)" "2 1 A,V,NMW n2" "0 1 Qdevice"
    stubs
}

teardown() { rm -rf -- "$HOST"; }

cluster() { bash "$HOST/cluster" "$@"; }

never() { ! grep -q -- "$1" "$HOST/calls"; }

# What Corosync says of votes, as corosync-quorumtool 3.1 does.
quorum() { # EXPECTED QUORUM FLAGS MEMBER…
    {
        printf 'Quorum information\n------------------\nQuorate:          Yes\n\nVotequorum information\n----------------------\n'
        printf 'Expected votes:   %s\nQuorum:           %s  \nFlags:            %s \n' "$1" "$2" "$3"
        printf '\nMembership information\n----------------------\n    Nodeid      Votes    Qdevice Name\n'
        printf '         %s\n' "${@:4}"
    } >"$HOST/quorum"
}

stub() { # NAME, script from stdin
    { echo '#!/bin/bash'; cat; } >"$HOST/bin/$1"
    chmod 0755 "$HOST/bin/$1"
}

# on/RESOURCE has the node that runs it; attributes/KIND.NODE.NAME a node's attribute; `stuck` names what runs on no node but n1.
stubs() {
    stub corosync-quorumtool <<<'cat "$HOST/quorum"'
    stub corosync-qdevice-tool <<<'echo "State:                  Connected"'
    stub drbdadm <<<'cat "$HOST/dstate"'
    # `running`: Pacemaker runs here.
    stub systemctl <<'STUB'
echo "systemctl $*" >>"$HOST/calls"
case $* in
is-active*) [[ -e $HOST/running ]] ;;
is-enabled*) exit 1 ;;
esac
STUB
    stub crmadmin <<<'[[ $1 == -D ]] && echo "Designated Controller is: n1" || echo "S_IDLE"'
    stub crm_simulate <<<'printf "Transition Summary:\n\n"'
    stub crm_resource <<<'exit 0'
    stub crm_mon <<'STUB'
aside() { grep -qsE 'on|true' "$HOST/attributes/"{nodes,status}".$1.standby" && echo true || echo false; }
case $* in
*none,nodes*)
    . "$HOST/etc/settings"
    for node in $NODES; do
        echo "<node name=\"$node\" id=\"1\" online=\"true\" standby=\"$(aside $node)\" maintenance=\"false\" pending=\"false\" unclean=\"false\" resources_running=\"$(grep -lx $node "$HOST"/on/* | wc -l)\" type=\"member\"/>"
    done
    ;;
*none,resources*)
    for file in "$HOST"/on/*; do
        node=$(cat "$file") role=Started
        [[ -n $node ]] || role=Stopped
        echo "<resource id=\"${file##*/}\" resource_agent=\"systemd:${file##*/}\" role=\"$role\" active=\"true\" orphaned=\"false\" failed=\"false\">"
        [[ -z $node ]] || echo "<node name=\"$node\" id=\"1\" cached=\"false\"/>"
        echo '</resource>'
    done
    ;;
esac
STUB
    stub crm_attribute <<'STUB'
kind='' node=cluster name='' do=''
while (($#)); do
    case $1 in
    --type) kind=$2 && shift ;;
    --node) node=$2 && shift ;;
    --name) name=$2 && shift ;;
    --update) do=update value=$2 && shift ;;
    --delete | --query) do=${1#--} ;;
    esac
    shift
done
file=$HOST/attributes/$kind.$node.$name
[[ $do == query ]] || echo "$do $kind $node $name" >>"$HOST/calls"
case $do in
query) cat "$file" 2>/dev/null || exit 6 ;;
update) echo "$value" >"$file" ;;
delete) rm -f "$file" ;;
esac
[[ $name == standby && $do != query ]] || exit 0
[[ $node == n1 ]] && other=n2 || other=n1
for file in "$HOST"/on/*; do
    name=${file##*/}
    if [[ $do == update && $(cat "$file") == "$node" ]]; then
        grep -qsx "$name" "$HOST/stuck" && echo >"$file" || echo $other >"$file"
    elif [[ $do == delete && -z $(cat "$file") ]]; then
        grep -qsx "$name" "$HOST/stuck" && echo n1 >"$file"
    fi
done
exit 0
STUB
    stub cibadmin <<'STUB'
echo "cibadmin $1" >>"$HOST/calls"
[[ $1 == --query ]] || exit 0
echo '<resources>'
for file in "$HOST"/on/*; do echo "  <primitive id=\"${file##*/}\" class=\"systemd\" type=\"${file##*/}\"/>"; done
echo '  <nvpair id="disk-drbd_resource" name="drbd_resource" value="files"/>'
echo '</resources>'
STUB
}
