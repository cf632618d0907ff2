# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # shared with the files beside this one
# The cluster's configuration: checked by its own tools, applied as one change, and compared with what runs.

live() { timeout 20 cibadmin --query "$@" 2>/dev/null; }

# A file's lines as the first in an element, or the last; also in an empty one.
insert() { # first|last ELEMENT FILE
    awk -v place="$1" -v tag="$2" -v file="$3" '
        function put(line) { while ((getline line < file) > 0) print "      " line; done = 1 }
        !done && $0 ~ "<" tag "/>" { sub("/>", ">"); print; put(); print "    </" tag ">"; next }
        !done && place == "last" && $0 ~ "</" tag ">" { put() }
        { print }
        !done && place == "first" && $0 ~ "<" tag "( [^>]*)?>" { put() }'
}

# What a running cluster writes into its configuration by itself: nodes with their standby, versions and the watchdog, and the constraint by which
# DRBD keeps an outdated replica from being promoted.
kept() {
    live >"$WORK/live.xml" || fail "Pacemaker does not answer here"
    section nodes >"$WORK/nodes"
    section crm_config | { grep -E '<nvpair .*name="(have-watchdog|dc-version|cluster-infrastructure|cluster-name|last-lrm-refresh)"' || true; } >"$WORK/properties"
    # The attributes in any order: the handler writes the resource first.
    section constraints | awk '
        /<rsc_location [^>]*id="drbd-fence-by-handler-/ { on = 1 }
        on { print }
        /<\/rsc_location>/ || (on && /^ *<rsc_location .*\/>/) { on = 0 }' >"$WORK/constraints"
}

# What is inside an element of the configuration that was read.
section() { # NAME
    awk -v tag="$1" '$0 ~ "^ *</" tag ">" { on = 0 } on { print } $0 ~ "^ *<" tag "( [^>]*)?>$" && $0 !~ "/>$" { on = 1 }' "$WORK/live.xml"
}

# Counts up with each change of the configuration, and not with the status of resources.
version() { grep -m 1 '<cib ' | grep -oE '(admin_)?epoch="[0-9]+"' | paste -sd ' '; }

# The disks by which a configuration fences.
disks() { sed -nE '/type="fence_sbd"/,/<\/primitive>/s/.*name="devices" value="([^"]+)".*/\1/p' "$@"; }

# A configuration without what is not so on this member: the wait for a watchdog that resets nobody, and a message on a disk that nobody reads, would both
# count as a fence. While SBD is exchanged for SBD, and where the configuration that was to follow has failed.
true_of_sbd() { # CONFIGURATION
    local gone='' device='/<primitive id="%s"/,/<\/primitive>/d; /<fencing-level .*devices="%s"/d;'
    # shellcheck disable=SC2059 # a format with the same name twice
    [[ $SBD == watchdog ]] || gone+="$(printf "$device" watchdog watchdog)"'/name="stonith-watchdog-timeout"/d;'
    # shellcheck disable=SC2059
    [[ $(disks "$1") == "$SBD_DEVICE" ]] || gone+=$(printf "$device" fence-sbd fence-sbd)
    sed "$gone" "$1"
}

wanted() {
    true_of_sbd "$CIB" | insert first nodes "$WORK/nodes" | insert first cluster_property_set "$WORK/properties" |
        # Where the handler puts it: in another place it would count as moved.
        insert last constraints "$WORK/constraints"
}

# A cluster's data, from stdin, with another configuration, for the tools that look ahead.
with_configuration() { # FILE
    awk -v file="$1" '/<configuration( .*)?>/ { while ((getline line < file) > 0) print line; skip = 1 } !skip { print } /<\/configuration>/ { skip = 0 }'
}

# What shall run, as a configuration and with the cluster's data as it was read.
stage_wanted() {
    kept
    wanted >"$WORK/new.xml"
    with_configuration "$WORK/new.xml" <"$WORK/live.xml" >"$WORK/after.xml"
}

# Validator, also where no cluster runs yet: the schema, references and values.
verb_verify() {
    # Without a running cluster there is no watchdog either: a timeout for it is refused, and then what fences by nothing else.
    sed '/name="stonith-watchdog-timeout"/d' "$CIB" >"$WORK/conf.xml"
    cmp -s "$CIB" "$WORK/conf.xml" || sed -i 's|name="stonith-enabled" value="true"|name="stonith-enabled" value="false"|' "$WORK/conf.xml"
    CIB_file=$WORK/none cibadmin --empty | with_configuration "$WORK/conf.xml" >"$WORK/cib.xml"
    crm_verify --xml-file "$WORK/cib.xml" -V >"$WORK/verify" 2>&1 && return 0
    sed "s|^$WORK/cib.xml:[0-9]*: ||; s/^(\w*)[[:space:]]*//" "$WORK/verify" >&2
    exit 1
}

# What the cluster would do now, a line each: `Start vip ( n1 )`.
pending() { # FILE
    crm_simulate --simulate --xml-file "$1" 2>/dev/null | sed -n '/^Transition Summary:/,/^$/s/^  \* //p' | tr -s ' '
}

# Looking ahead costs much more than asking whether anything is under way: while something is, it is done for its words alone.
LOOKED=-10
settled() {
    local dc next
    WAITING='a controller to be elected'
    dc=$(timeout 10 crmadmin -D 2>/dev/null | sed -nE 's/.*(Designated Controller|DC)[^:]*: ([^ ]+).*/\2/p')
    [[ -n $dc ]] || return 1
    WAITING=${PENDING:=actions under way to end}
    if ! timeout 10 crmadmin -S "$dc" 2>/dev/null | grep -q S_IDLE; then
        if ((SECONDS >= LOOKED + 10)); then
            look_ahead || return 1
            LOOKED=$SECONDS
        fi
        return 1
    fi
    look_ahead && [[ -z $next ]]
}

# What is left to do, as `next` and as words.
look_ahead() {
    live >"$WORK/live.xml" || return 1
    next=$(pending "$WORK/live.xml" | paste -sd, | sed 's/,/, /g')
    PENDING=${next:-actions under way to end}
    WAITING=$PENDING
}

# Whether nothing is left to do.
verb_idle() {
    settled || fail "waiting for $WAITING"
}

# What is stated, or on members that do not have that, what runs.
stated() {
    if [[ -e $CIB ]]; then cat -- "$CIB"; else live --scope resources; fi
}

# Resources that do not run, in the role that is asked of them, a line each. A fence device, which never runs on its target, has no place while the other
# node of two is put aside, or was started again in maintenance; it works all the same.
not_running() {
    local id seen among='s/^ *<primitive id="([^"]+)".*/\1/p'
    stated >"$WORK/stated.xml"
    ! nodes_as_seen | grep -qE ' (standby|maintenance)=true' || among='/class="stonith"/d; '$among
    seen=$(timeout 20 crm_mon -1 -r --output-as=xml --include=none,resources)
    while read -r id; do
        stopped_on_purpose "$id" || grep -E "<resource id=\"$id(:[0-9]+)?\"" <<<"$seen" | grep -qE 'role="(Started|Promoted|Unpromoted|Master|Slave)".* failed="false"' || printf '%s\n' "$id"
    done < <(sed -nE "$among" "$WORK/stated.xml")
}

# The cluster's words for what does not run, or failed.
troubles() {
    timeout 20 crm_mon -1 -r --include=none,resources,failures,fencing-failed 2>/dev/null | grep -vE '^ *$|^(Full List of )?Resources:|^Status of pacemakerd' >&2 || true
}

verb_running() {
    local missing
    missing=$(not_running | paste -sd ' ')
    [[ -z $missing ]] || {
        troubles
        fail "not running as it should: $missing"
    }
}

stopped_on_purpose() { # RESOURCE
    grep -qE "id=\"$1-meta_attributes-target-role\" .*value=\"Stopped\"" "$WORK/stated.xml"
}

# What is known of resources that leave, and run until they have, would be a warning to crm_verify, and so refused.
without_leaving() {
    awk -v file="$WORK/new.xml" '
        BEGIN { while ((getline line < file) > 0) if (match(line, /<primitive [^>]*id="[^"]+"/)) { id = substr(line, RSTART, RLENGTH); sub(/.* id="/, "", id); sub(/"$/, "", id); stays[id] = 1 } }
        /<lrm_resource / { id = $0; sub(/.*<lrm_resource [^>]*id="/, "", id); sub(/[":].*/, "", id); leaves = !(id in stays) }
        !leaves { print }
        /<\/lrm_resource>/ || /<lrm_resource [^>]*\/>/ { leaves = 0 }'
}

# Looking ahead takes seconds, in which a node may be put aside or DRBD guard a replica: what is replaced is what was read.
look_ahead_at() {
    stage_wanted
    without_leaving <"$WORK/after.xml" >"$WORK/staying.xml"
    crm_verify --xml-file "$WORK/staying.xml" -V >"$WORK/verify" 2>&1 || fail "Pacemaker refuses the configuration: $(<"$WORK/verify")"
    pending "$WORK/after.xml" >"$WORK/pending"
    live --no-children >"$WORK/now.xml" || fail "Pacemaker does not answer here"
    WAITING='the configuration to stay as it is for a moment'
    [[ $(version <"$WORK/now.xml") == "$(version <"$WORK/live.xml")" ]]
}

verb_configure() {
    await 60 look_ahead_at || fail "something goes on changing the cluster's configuration: look at crm_mon -1, and try again"
    if [[ -s $WORK/pending ]]; then
        say "what the cluster will do, by crm_simulate:"
        while read -r line; do say "  $line"; done <"$WORK/pending"
    fi
    timeout 30 cibadmin --replace --scope configuration --xml-file "$WORK/new.xml" >"$WORK/replace" 2>&1 || fail "the configuration was not taken: $(<"$WORK/replace")"
    await "$SETTLE" settled || {
        timeout 20 crm_mon -1 -r --include=none,resources,failures,fencing >&2 || true
        fail "not settled within $SETTLE s: waiting for $WAITING"
    }
    verb_running
}

# The differences between what runs and what is stated, one a line.
verb_configured() {
    stage_wanted
    crm_diff --original "$WORK/live.xml" --new "$WORK/after.xml" 2>/dev/null >"$WORK/diff" || true
    grep -q '<change ' "$WORK/diff" || return 0
    sed -nE 's/^ *<change operation="([a-z]+)" path="([^"]+)".*/\1 \2/p' "$WORK/diff" |
        sed "s|/cib/configuration/||; s/&apos;/'/g; s/^delete/added by hand:/; s/^create/removed by hand, in:/; s/^modify/changed by hand:/; s/^move/moved by hand:/" >&2
    fail "the cluster runs another configuration than $CIB; to apply that again: /usr/local/lib/pulumi-ha/pacemaker/cluster configure"
}

all_stopped() {
    WAITING=$(timeout 20 crm_mon -1 --output-as=xml --include=none,resources 2>/dev/null |
        sed -nE 's/.*<resource id="([^"]+)".*active="true".*/\1/p' | sort -u | paste -sd ' ')
    WAITING="${WAITING:+$WAITING to stop}"
    [[ -z $WAITING ]]
}

# Removal: in the order in which the configuration has them stopped.
verb_stop() {
    systemctl is-active --quiet pacemaker.service || return 0
    timeout 20 crm_attribute --type crm_config --name stop-all-resources --update true
    await "$SETTLE" all_stopped || fail "waiting for $WAITING"
}

# What Pacemaker remembers of a cluster would be taken for the next one's.
verb_forget() {
    rm -rf -- "$DATA"/cib/* "$DATA"/pengine/* /var/lib/corosync/* "$ROLLED"
    systemctl --quiet disable sbd.service 2>/dev/null || true
}
