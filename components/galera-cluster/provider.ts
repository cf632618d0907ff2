import { family, urlHost } from "../shared/addresses";
import { PATHS } from "./paths";
import { MEMBER_PORTS } from "./spec";
import type { GaleraSpec } from "./spec";
import { timingOptions } from "./timing";

/** Options of the Galera provider, by name. */
export type ProviderOptions = Record<string, string>;

/** The option's text for `wsrep_provider_options`, in one order whatever the program's. */
export const optionsText = (options: ProviderOptions): string =>
    Object.entries(options)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, value]) => `${name}=${value}`)
        .join(";");

/** TLS between members: with these, one that shows no certificate of the authority does not get in. */
export const tlsOptions = (files: { ca: string; certificate: string; key: string }): ProviderOptions => ({
    "socket.ssl": "YES",
    "socket.ssl_ca": files.ca,
    "socket.ssl_cert": files.certificate,
    "socket.ssl_key": files.key,
});

/** Where a process that votes listens: IPv4 unless its address is IPv6. */
export const listenOn = (address: string, port: number): string =>
    `ssl://${family(address) === 6 ? "[::]" : "0.0.0.0"}:${port}`;

/** Options that all that vote share, the arbitrator too: who is a member, and when one is lost. */
export const groupOptions = (spec: GaleraSpec): ProviderOptions => ({
    ...timingOptions(spec.timing),
    ...Object.fromEntries(
        Object.entries(spec.providerOptions).filter(([name]) => /^(evs|gmcast|pc|socket|gcomm)\./.test(name)),
    ),
});

/** Options of a member. A program's own go before ours, as far as the rules let them. */
export const memberOptions = (spec: GaleraSpec, address: string): ProviderOptions => ({
    "gcache.recover": "yes",
    "gcache.size": `${spec.cacheMebibytes}M`,
    // One writer: the limit is not stretched by the number of members, and a longer queue evens out bursts.
    "gcs.fc_limit": "100",
    "gcs.fc_single_primary": "YES",
    "gmcast.listen_addr": listenOn(address, MEMBER_PORTS.replication),
    "ist.recv_addr": `${urlHost(address)}:${MEMBER_PORTS.incremental}`,
    ...timingOptions(spec.timing),
    ...spec.providerOptions,
    ...tlsOptions(PATHS),
});
