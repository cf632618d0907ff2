import type { toSpec as make } from "../../../../components/galera-cluster/spec";
import { toSpec } from "../../../../components/galera-cluster/spec";
import type { GaleraSpec } from "../../../../components/galera-cluster/spec";

/** The arguments as a spec is made from them. */
export type Args = Parameters<typeof make>[1];

export const node = (number: number) => ({ name: `db${number}`, address: `192.0.2.${30 + number}` });
export const nodes = (count: number) => Array.from({ length: count }, (_, place) => node(place + 1));
export const witness = { name: "third", address: "192.0.2.50" };

/** Three members, as most clusters are. */
export const plainArgs: Args = { nodes: nodes(3), arbitrator: undefined, users: [] };

/** A user as `publicArgs` leaves it. */
export const user = (name: string, more: object = {}): Args["users"][number] => ({
    name,
    passwordFault: undefined,
    previousPasswordFault: undefined,
    ...more,
});

/** Every argument that leaves a trace in the configuration. */
export const fullArgs: Args = {
    nodes: nodes(2),
    arbitrator: witness,
    arbitratorPort: 14567,
    clientAddresses: ["192.0.2.100/24"],
    clientHostNames: ["sql.example.org"],
    databases: [{ name: "orders" }, { name: "legacy", characterSet: "latin1", collation: "latin1_swedish_ci" }],
    users: [
        user("shop", { database: "orders" }),
        user("report", { database: "*", grants: ["select", "SHOW  VIEW"], host: "10.0.0.0/255.255.255.0" }),
        user("old", { database: "legacy", acceptClearText: "its driver knows no TLS" }),
    ],
    bufferPoolMebibytes: 2048,
    cache: { writeMebibytesPerSecond: 2, outageSeconds: 1800 },
    cores: 4,
    maxConnections: 500,
    timing: "fast",
    settings: {
        "max-allowed-packet": "64M",
        innodb_log_buffer_size: "32M",
        long_query_time: "0.5",
        sql_mode: "",
        ft_stopword_file: "/etc/mysql/stop words #1",
        innodb_flush_log_at_trx_commit: "2",
        wsrep_sync_wait: "1",
    },
    providerOptions: { "gcs.fc_limit": "200", "evs.keepalive_period": "PT0.4S" },
    health: { port: 9300, donorServes: true },
    port: 3307,
    drainSeconds: 30,
    joinSeconds: 1800,
    acceptDataLossRisk: "orders can be sent again",
    acceptClearText: "the old system is behind a tunnel of its own",
};

export const spec = (changes: Partial<Args> = {}, name = "orders"): GaleraSpec =>
    toSpec(name, { ...plainArgs, ...changes });
export const fullSpec = toSpec("orders", fullArgs);
