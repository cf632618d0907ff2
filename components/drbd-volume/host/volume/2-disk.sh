# shellcheck shell=bash
# The device: what is on it, and what makes it a replica.

LEAST_XFS_KIB=$((300 << 10))

# shellcheck disable=SC2153
real_device() { readlink -e -- "$DEVICE"; }

is_attached() {
    local device
    device=$(real_device) || return 1
    [[ -e /sys/class/block/${device##*/}/holders/drbd$MINOR ]]
}

# Kibibytes that a volume has on a device: at its end DRBD keeps 32 KiB for its log, 4 KiB for itself, and for each other replica a bit for each 4 KiB, in
# blocks of 4 KiB.
room() { # DEVICE
    local kib blocks
    kib=$(($(blockdev --getsize64 "$1") / 1024))
    blocks=$(((kib + 131071) / 131072))
    echo $((kib - 4 * ${SLOTS[0]-1} * blocks - 36))
}

# `TYPE UUID LABEL`, a line for each signature on the device. What DRBD writes passes by the device's cache.
signatures() {
    blockdev --flushbufs "$1"
    wipefs --no-act --noheadings --output TYPE,UUID,LABEL -- "$1" | awk 'NF { $1 = $1; print }' | sort -u
}

# The type of the file system on this side, if there is one.
file_system() { signatures "$(real_device)" | awk '$1 != "drbd" { print $1; exit }'; }

refuse_other_kernel() {
    local version
    if [[ -r /sys/module/drbd/version ]]; then
        version=$(</sys/module/drbd/version)
    else
        version=$(modinfo --field=version drbd 2>/dev/null) ||
            fail "the kernel $(uname -r) has no module drbd: boot one of Debian's or Ubuntu's own (on Ubuntu, with linux-modules-extra-$(uname -r))"
    fi
    case ${SETTING[VERSION]}:$version in
    8.4:8.4.* | 9:9.*) ;;
    8.4:*) fail "the host has DRBD $version, and the volume is written for the 8.4 of the kernel: name the version (version: \"9\"), or take the other module off (drbd-dkms)" ;;
    *) fail "the host has DRBD $version, and the volume is written for DRBD 9: install LINBIT's module for the kernel $(uname -r) (drbd-dkms), and load it in place of the kernel's" ;;
    esac
}

refuse_other_host() {
    [[ $(uname -n) == "$NODE" ]] || fail "the host calls itself $(uname -n), and the volume calls it $NODE: DRBD finds its own side by that name (hostnamectl set-hostname $NODE, or name the node $(uname -n))"
}

# shellcheck disable=SC2153
# Peers that know a tiebreaker do not take it for a replica, nor the other way round.
refuse_other_part() {
    look || return 0
    if has_replica && [[ -n ${STATE[client]-} ]]; then
        fail "this host is the tiebreaker of $NAME, and is to hold a replica: take it out first, by an \`pulumi up\` of its own, then let it come back as a node"
    elif ! has_replica && [[ -z ${STATE[client]-} ]]; then
        fail "this host holds a replica of $NAME, and is to be its tiebreaker: take it out first, by an \`pulumi up\` of its own, then let it come back"
    fi
}

# Debian's own start of all volumes at once: it waits for peers without end, and gets in the way of Pacemaker.
refuse_other_start() {
    ! systemctl is-enabled --quiet drbd.service 2>/dev/null ||
        fail "drbd.service is enabled, and starts all volumes of the host at boot: disable it (systemctl disable drbd.service), volumes of your own have drbd@NAME.target"
}

refuse_used() { # DEVICE
    local name=${1##*/} where user
    where=$(findmnt --noheadings --first-only --output TARGET --source "$1" || true)
    [[ -z $where ]] || fail "$DEVICE is mounted on $where: name a device of the volume's own"
    if grep -q "^$1 " /proc/swaps; then fail "$DEVICE is in use for swap: name a device of the volume's own"; fi
    for user in /sys/class/block/"$name"/holders/*; do
        [[ ${user##*/} == "drbd$MINOR" ]] || fail "$DEVICE is in use by ${user##*/} (lsblk $1): name a device of the volume's own"
    done
    for user in /sys/class/block/"$name/$name"*/partition; do
        user=${user%/partition}
        fail "$DEVICE has partitions (${user##*/}, …): name one of them, or a whole device without any"
    done
}

refuse_small() { # DEVICE
    local room
    room=$(room "$1")
    ((room >= SETTING[SIZE_MEBIBYTES] * 1024)) ||
        fail "$DEVICE has room for a volume of $(size "$room") beside DRBD's own data, and ${SETTING[SIZE_MEBIBYTES]} MiB are asked for"
    [[ ${SETTING[FILE_SYSTEM]} != xfs ]] || ((room >= LEAST_XFS_KIB)) || fail "$DEVICE has room for $(size "$room"), and xfs needs 300 MiB"
}

# Nothing that is there is overwritten but a replica of this volume.
refuse_foreign() { # DEVICE
    local type what
    while read -r type what; do
        case $type in
        drbd) has_metadata || fail "$DEVICE is a replica of another version of DRBD: what is on it is not touched" ;;
        "${SETTING[FILE_SYSTEM]}") has_metadata || foreign "$type" "$what" ;;
        *) foreign "$type" "$what" ;;
        esac
    done < <(signatures "$1")
}

foreign() { # TYPE WHICH
    fail "$DEVICE holds $1${2:+ ($2)}: what is on it is not touched" \
        "if nobody needs it any more, remove its signatures on this host: wipefs --all $DEVICE"
}

has_metadata() { is_attached || [[ $(stored_generations "${IDS[0]}") == *:*:*:* ]]; }

# Whether the device may be, or stay, a replica. Changes nothing.
verb_admit() {
    local device
    refuse_other_kernel
    refuse_other_host
    refuse_other_start
    refuse_other_part
    has_replica || return 0
    device=$(real_device) || fail "$DEVICE does not exist on this host (lsblk shows what does)"
    [[ -b $device ]] || fail "$DEVICE is no block device"
    refuse_used "$device"
    refuse_small "$device"
    refuse_foreign "$device"
}

# A fresh replica whose device is zero from end to end says so: as one that was consistent once and may have missed something. It is not promoted by
# anybody in that state, takes everything from a side that has data, and needs no copy from a side that is as empty as itself.
verb_prepare() {
    local device since=$SECONDS status=0
    modprobe drbd || fail "the module drbd cannot be loaded (dmesg says why)"
    verb_admit
    has_replica || return 0
    if has_metadata; then
        say "$DEVICE is a replica already, of generation $(generation): it is kept"
        return
    fi
    device=$(real_device)
    say "reading $DEVICE: is it empty?"
    timeout 200 cmp --silent --bytes="$(blockdev --getsize64 "$device")" /dev/zero "$device" || status=$?
    write_metadata
    if ((status == 0)); then
        write_consistent || fail "DRBD's own data on $DEVICE cannot be written"
        say "it is zero from end to end (read in $((SECONDS - since)) s): it needs no copy from a side that is as empty"
    elif ((status == 124)); then
        say "it is too large to read in 200 s: a whole copy makes the sides alike"
    else
        say "it is not zero throughout: a whole copy makes the sides alike"
    fi
}

write_metadata() {
    local words
    words=$(metadata_by_force create-md "${SLOTS[@]}" 2>&1) || fail "$DEVICE cannot be made a replica:" "$words"
}

write_consistent() {
    local id
    if [[ $METADATA == v08 ]]; then
        metadata_by_force set-gi "$NEVER_WRITTEN:0:0:0:$CONSISTENT" >/dev/null 2>&1
        return
    fi
    for id in "${IDS[@]}"; do
        metadata_by_force set-gi --node-id="$id" "$NEVER_WRITTEN:0:0:0:$CONSISTENT" >/dev/null 2>&1 || return 1
    done
}
