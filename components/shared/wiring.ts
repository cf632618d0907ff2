import type { Term } from "./failover";

/**
 * How a component stands among the others of a stack, as far as their failover times depend on each other: its output `wiring`, for `stackFailover`.
 * Addresses are without prefix length, servers are `10.77.0.21:3306`.
 */
export interface FailoverWiring {
    /** Addresses that it moves from node to node: what is bound to them waits for them too. Default: its output `address`, if it has one. */
    moves?: string[];
    /** Servers of its own that clients reach directly. Default: none. */
    serves?: string[];
    /** Addresses on which its clients reach it; none: all that its nodes have. Default: it needs none. */
    boundTo?: string[];
    /** Servers that it sends clients to and that say nothing of their own failover. Default: none. */
    servers?: string[];
    /** Until a server that is back gets clients again. */
    readmits?: Term;
    /** Until it knows, after its own start, which of its servers are down. */
    knowsServers?: Term;
    /** The least time until a preferred node that returns takes what it lost back. Default: it does not. */
    takesBack?: Term;
}
