import { urlHost } from "../shared/addresses";
import { same } from "../shared/syntax";
import type { Claim } from "../shared/unique";
import { HTTP_PORT } from "./spec";
import type { FrontendSpec } from "./spec";

const ANY = "0.0.0.0";
/** On Linux it takes in IPv4 too (ipv6(7), `IPV6_V6ONLY`). */
const ANY_OF_BOTH = "::";

/**
 * The addresses and ports that a frontend binds on its nodes, and no other one may: HAProxy shares one address and port among all that bind it, so that
 * a client gets any of them.
 */
export const claims = (spec: FrontendSpec): Claim[] =>
    spec.nodes.flatMap((node) => {
        const bound = spec.addresses.length > 0 ? spec.addresses : [ANY];
        const on = (path: string, port: number, fix: string) => (address: string) => ({
            path,
            key: `${node.name} ${port}`,
            part: same(address),
            what: `${address === ANY ? "*" : urlHost(address)}:${port}`,
            fix,
        });
        return [
            ...bound.map(on("bind.port", spec.port, "give one of the two another port, or an address of its own")),
            ...(spec.redirectHttp
                ? bound.map(
                      on(
                          "redirectHttp",
                          HTTP_PORT,
                          "set redirectHttp: false on one of the two, or give it another address",
                      ),
                  )
                : []),
            ...(spec.metrics
                ? [spec.metrics.onNodeAddress ? node.address : "127.0.0.1"].map(
                      on(
                          "metrics.port",
                          spec.metrics.port,
                          "one exporter shows all frontends of a node, so leave this one out, or give it another port",
                      ),
                  )
                : []),
        ];
    });

/**
 * Whether two binds of one port are for the same clients. Beside a bind to all addresses there may be one to a single address: the kernel gives that
 * one its clients, in whichever order the two came (inet_lookup_listener), and no reload hands the socket of one to the other.
 */
export const clash = ({ part: one = "" }: Claim, { part: other = "" }: Claim): boolean =>
    one === other || [one, other].every((address) => address === ANY || address === ANY_OF_BOTH);
