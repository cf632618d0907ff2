import { portRules } from "../shared/rules";
import type { ItemRule } from "../shared/rules";
import { at, isAddress, isHost, quoted, whole } from "../shared/syntax";
import type { FrontendServer, FrontendSpec } from "./spec";
import { SERVER } from "./syntax";

/** What is refused about each server. */
export const serverRules: ItemRule<FrontendSpec, FrontendServer>[] = [
    {
        path: "",
        refuses: (server) => !SERVER.test(server.name),
        because: (server) =>
            `${quoted(server.name)} is no name for a server: use at most 64 of A-Z, a-z, 0-9, "_", ".", "-"`,
    },
    {
        path: "address",
        refuses: (server) => !isAddress(server.address) && !isHost(server.address),
        because: (server) => `${quoted(server.address)} is neither an IP address nor a host name`,
    },
    ...portRules<FrontendServer>({ port: (server) => server.port }),
    {
        path: "weight",
        refuses: (server) => !whole(server.weight, 0, 256),
        because: (server) => `${server.weight} is no weight: a whole number from 0 to 256`,
    },
    {
        path: "maxConnections",
        refuses: (server) => !whole(server.maxConnections ?? 1, 1, 1_000_000),
        because: (server) => `${server.maxConnections} is no number of connections: a whole one, from 1 up`,
    },
    {
        path: "address",
        refuses: (server, spec) =>
            spec.servers.find((other) => at(other.address, other.port) === at(server.address, server.port)) !== server,
        because: (server) =>
            `${at(server.address, server.port)} is listed twice: one server's fault would count as two, and its share be doubled`,
    },
    {
        path: "address",
        refuses: (server, spec) =>
            spec.addresses.some((address) => at(address, spec.port) === at(server.address, server.port)),
        because: (server) =>
            `${at(server.address, server.port)} is what the frontend itself binds: it would serve itself`,
    },
];
