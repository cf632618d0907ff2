import type * as pulumi from "@pulumi/pulumi";
import type { NodeArgs } from "../../remote/node";
import type { HaproxyFrontendArgs, HaproxyServerTlsArgs } from "./args";

/** The arguments without keys, certificates and logins: what a spec is made from never is a secret, nor unknown at preview for their sake. */
export interface PublicArgs extends Omit<HaproxyFrontendArgs, "nodes" | "issuer" | "tls" | "serverTls"> {
    nodes: { name: string; address: pulumi.Input<string> }[];
    certificates: ("issuer" | "tls")[];
    serverTls: { serverName: HaproxyServerTlsArgs["serverName"] } | undefined;
}

/** @see PublicArgs */
export const publicArgs = ({ issuer, tls, serverTls, nodes, ...args }: HaproxyFrontendArgs): PublicArgs => ({
    ...args,
    nodes: nodes.map(({ name, address }: NodeArgs) => ({ name, address })),
    certificates: [...(issuer ? ["issuer" as const] : []), ...(tls ? ["tls" as const] : [])],
    serverTls: serverTls && { serverName: serverTls.serverName },
});
