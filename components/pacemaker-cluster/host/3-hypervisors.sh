# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # shared with the files beside this one
# Fencing by hypervisors: each says of its machine whether it runs.

# A machine that runs elsewhere is off for a hypervisor that still has its definition: it would be taken for fenced, and run on.
verb_hypervisors() { # FILE…
    local file words code machine
    for file; do
        machine="\"$(sed -n 's/^plug=//p' "$file")\" on the hypervisor $(sed -n 's/^ip=//p' "$file")"
        # All that is left to say where a hypervisor is silent for longer than a gate waits.
        say "asking about $machine"
        words=$(timeout 20 fence_virsh <"$file" 2>&1) && code=0 || code=$?
        case $code in
        0) ;;
        2) fail "$machine is off, and its node is a member: the machine runs on another hypervisor or under another name, and fencing would miss it; say in fencing.libvirt where it is" ;;
        *) fail "no answer about $machine: $(grep -v '^ *$' <<<"$words" | head -n 1 | sed 's/^.*ERROR: //'); what ssh says: fence_virsh -v <$file" ;;
        esac
    done
}
