import type { Finder, Rules } from "../shared/rules";
import { quoted } from "../shared/syntax";
import type { GaleraSpec } from "./spec";
import { isTimingOption, periodSeconds } from "./timing";

/** Options that a program may set, as Galera 26.4 lists them in `wsrep_provider_options`: it does not start with others. */
const TUNABLE = new Set(
    `
    cert.log_conflicts cert.optimistic_pa evs.auto_evict evs.causal_keepalive_period evs.debug_log_mask evs.delay_margin
    evs.delayed_keep_period evs.inactive_check_period evs.inactive_timeout evs.info_log_mask evs.install_timeout
    evs.join_retrans_period evs.keepalive_period evs.max_install_timeouts evs.send_window evs.stats_report_period
    evs.suspect_timeout evs.use_aggregate evs.user_send_window evs.view_forget_timeout gcache.keep_pages_size
    gcache.page_size gcomm.thread_prio gcs.fc_debug gcs.fc_factor gcs.fc_limit gcs.fc_single_primary gcs.max_packet_size
    gcs.max_throttle gcs.recv_q_hard_limit gcs.recv_q_soft_limit gcs.sync_donor gmcast.peer_timeout gmcast.time_wait
    pc.announce_timeout pc.linger pc.wait_prim_timeout repl.causal_read_timeout repl.key_format socket.checksum
    socket.recv_buf_size socket.send_buf_size
`
        .trim()
        .split(/\s+/),
);

const addresses = "addresses and ports come from nodes";
const tls = "TLS among members comes from issuer and cannot be left out";
const twice = "a part without the majority would go on, and two parts write two histories";
const place = "members are rolled with the cache where Debian's package has it";
const versions = "members agree on versions themselves";

/** Options that a program may not set, and why. */
const REFUSED: Record<string, string> = {
    "pc.ignore_sb": twice,
    "pc.ignore_quorum": twice,
    "pc.bootstrap": "it makes a new cluster out of whoever is there: pulumi-ha recover galera decides on evidence",
    "pc.weight": "every member has one vote: give an arbitrator to make their number odd",
    "pc.recovery": "without it a cluster that lost power everywhere does not come back by itself",
    "pc.npvo": twice,
    "pc.wait_prim": "a member would serve what no majority stands behind",
    "pc.checksum": "members would have to change it all at once",
    "gcache.size": "use cache or cacheMebibytes",
    "gcache.recover": "without it a restarted member needs a whole copy more often",
    "gcache.mem_size": "what is in memory alone is gone after a restart: use cache or cacheMebibytes",
    "gcache.dir": place,
    "gcache.name": place,
    base_dir: place,
    base_host: addresses,
    base_port: addresses,
    "gmcast.listen_addr": addresses,
    "gmcast.mcast_addr": addresses,
    "gmcast.mcast_ttl": addresses,
    "gmcast.group": "it is the name of the cluster",
    "ist.recv_addr": addresses,
    "ist.recv_bind": addresses,
    "gmcast.segment":
        "one number for all members changes nothing: a segment tells members of one place from those of another",
    "gcs.fc_master_slave": "use gcs.fc_single_primary, its name by now",
    "repl.commit_order": "other values than 3 let members commit in different orders",
    "repl.max_ws_size": "use wsrep_max_ws_size in settings",
    "repl.proto_max": versions,
    "evs.version": versions,
    "gmcast.version": versions,
    "pc.version": versions,
    "protonet.version": versions,
    "protonet.backend": versions,
    "socket.ssl": tls,
    "socket.ssl_ca": tls,
    "socket.ssl_cert": tls,
    "socket.ssl_key": tls,
    "socket.ssl_cipher": tls,
    "socket.ssl_compression": tls,
    "socket.ssl_password_file": tls,
    "socket.ssl_reload": tls,
    "socket.dynamic": tls,
    debug: "it fills the journal of every member",
};

const PERIODS = /_(timeout|period|margin|wait|forget_timeout)$|^pc\.linger$/;
const VALUE = /^[A-Za-z0-9.:_/+-]+$/;

function fault(name: string, value: string): string | undefined {
    if (Object.hasOwn(REFUSED, name)) return `${name} cannot be set: ${REFUSED[name]}`;
    if (!TUNABLE.has(name)) {
        const group = [...TUNABLE].filter((option) => option.startsWith(`${name.split(".")[0]}.`));
        return `${quoted(name)} is no option of Galera 26.4: ${group.length > 0 ? group.join(", ") : "e.g. gcs.fc_limit"}`;
    }
    if ((PERIODS.test(name) || isTimingOption(name)) && !periodSeconds(value))
        return `${quoted(value)} is no period of time: as in PT3S or PT0.5S, more than 0`;
    if (!VALUE.test(value)) return `${quoted(value)} cannot be the value of an option: letters, digits and . : _ / + -`;
    return undefined;
}

const options: Finder<GaleraSpec> = (spec) =>
    Object.entries(spec.providerOptions).flatMap(([name, value]) => {
        const message = fault(name, value);
        return message === undefined ? [] : [{ path: `providerOptions.${name}`, message, level: "refuse" as const }];
    });

/** What is refused about the provider's options. */
export const providerRules: Rules<GaleraSpec> = [options];
