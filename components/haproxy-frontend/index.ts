import * as pulumi from "@pulumi/pulumi";
import type { NodeArgs } from "../../remote/node";
import { Unit, rolling } from "../../remote/unit";
import { issueCertificate } from "../certificate-authority/issue";
import { urlHost } from "../shared/addresses";
import { returnSeconds } from "../shared/check-timing";
import type { FaultSeconds } from "../shared/failover";
import { checkedOn } from "../shared/node-rules";
import { recorded } from "../shared/rules";
import { unique } from "../shared/unique";
import type { FailoverWiring } from "../shared/wiring";
import type { HaproxyFrontendArgs } from "./args";
import { bundle } from "./certificate";
import { claims, clash } from "./claims";
import { failover, wiring } from "./failover";
import { CERTIFICATE, SERVERS_CA, render } from "./render";
import { rules } from "./rules";
import { publicArgs } from "./public-args";
import { HTTPS_PORT, HTTP_PORT, endsTls, toSpec } from "./spec";
import type { FrontendSpec } from "./spec";
import { HaproxyMode } from "./args";

export { HaproxyBalance, HaproxyMode } from "./args";
export type {
    HaproxyBindArgs,
    HaproxyCheckArgs,
    HaproxyFrontendArgs,
    HaproxyHttpCheckArgs,
    HaproxyMetricsArgs,
    HaproxyServerArgs,
    HaproxyServerTlsArgs,
    HaproxyStickyCookieArgs,
    HaproxyTimeoutsArgs,
    HaproxyTlsArgs,
} from "./args";

/**
 * An address and port behind which HAProxy spreads clients over servers, on one or more load balancers.
 *
 * ```ts
 * const web = new HaproxyFrontend("web", {
 *     nodes: [lb1, lb2],
 *     bind: { address: vip.address, port: 443 },
 *     issuer: ca.issuer,
 *     servers: { app1: { address: app1.address, port: 8080 }, app2: { address: app2.address, port: 8080, weight: 50 } },
 *     check: { http: { path: "/healthz" } },
 * });
 * ```
 *
 * A Galera cluster is one argument, that brings its members, their order, checks and timing:
 *
 * ```ts
 * const sql = new HaproxyFrontend("sql", { nodes: [lb1, lb2], bind: { address: vip.address, port: 3306 }, galera: orders.backend });
 * ```
 *
 * Several frontends share the HAProxy of a node: each is a file of its own in `/etc/haproxy/conf.d`, so that one can come, change and leave without the
 * others' files, and two stacks can share a node. A foreign `/etc/haproxy/haproxy.cfg` is kept aside and put back when the last one leaves.
 *
 * A change of configuration or certificate is a reload: the new process takes over the open sockets, the old one ends what it has, for
 * `hardStopAfterSeconds` at most. Certificates go the same way and not through the stats socket (`set ssl cert`): no request is lost either way, and what
 * runs cannot differ from what is on disk, nor does the socket need administrator's rights.
 *
 * TLS follows Mozilla's "intermediate": version 1.2 and up, forward secrecy and authenticated encryption alone, no tickets; HTTP/2 by ALPN.
 */
export class HaproxyFrontend extends pulumi.ComponentResource {
    static readonly __pulumiType = "pulumi-ha:index:HaproxyFrontend";
    /** `10.77.0.100:443`: the first bound address, or that of the first node where all are bound. */
    readonly endpoint: pulumi.Output<string>;
    /** `https://10.77.0.100`; `tcp://10.77.0.100:3306` in mode tcp. */
    readonly url: pulumi.Output<string>;
    /** How long a fault of a server is felt, at most, by kind of fault. */
    readonly failover: pulumi.Output<FaultSeconds[]>;
    /** Where clients come from and go to, for `stackFailover`. */
    readonly wiring: pulumi.Output<FailoverWiring>;
    /** Seconds from a server's return until it gets clients again, at most. */
    readonly returnSeconds: pulumi.Output<number>;

    constructor(name: string, args: HaproxyFrontendArgs, opts?: pulumi.ComponentResourceOptions) {
        super(HaproxyFrontend.__pulumiType, name, recorded(args), opts);
        const spec = checkedOn(
            this,
            name,
            { nodes: args.nodes },
            () => publicArgs(args),
            (a) => toSpec(name, a),
            [...rules, unique("HaproxyFrontend", claims, clash)],
        );

        rolling(
            [...args.nodes].reverse(),
            (node, after) =>
                new Unit(
                    `${name}-${node.name}`,
                    {
                        node,
                        manifest: spec.apply((s) => render(s, node.name)),
                        credentials: credentials(this, `${name}-${node.name}`, args, node, spec),
                        after,
                    },
                    { parent: this, dependsOn: opts?.dependsOn },
                ),
        );

        this.endpoint = spec.apply(endpoint);
        this.url = spec.apply(url);
        this.failover = spec.apply(failover);
        this.wiring = spec.apply(wiring);
        this.returnSeconds = spec.apply(({ check }) => returnSeconds(check));
        this.registerOutputs({
            endpoint: this.endpoint,
            url: this.url,
            failover: this.failover,
            wiring: this.wiring,
            returnSeconds: this.returnSeconds,
        });
    }
}

/** What travels to a node apart from its configuration; undefined where there is nothing. */
function credentials(
    parent: HaproxyFrontend,
    name: string,
    args: HaproxyFrontendArgs,
    node: NodeArgs,
    spec: pulumi.Output<FrontendSpec>,
): Record<string, pulumi.Input<string>> | undefined {
    const found = {
        ...(args.issuer || args.tls ? { [CERTIFICATE]: certificate(parent, name, args, node, spec) } : {}),
        ...(args.serverTls ? { [SERVERS_CA]: args.serverTls.caCertificatePem } : {}),
    };
    return Object.keys(found).length > 0 ? found : undefined;
}

function certificate(
    parent: HaproxyFrontend,
    name: string,
    { issuer, tls }: HaproxyFrontendArgs,
    node: NodeArgs,
    spec: pulumi.Output<FrontendSpec>,
): pulumi.Output<string> {
    if (issuer === undefined)
        return pulumi
            .all([tls?.certificatePem ?? "", pulumi.secret(tls?.privateKeyPem ?? "")])
            .apply(([certificatePem, privateKeyPem]) => bundle(certificatePem, privateKeyPem));
    const issued = issueCertificate(
        name,
        issuer,
        {
            dnsNames: spec.hostNames,
            ipAddresses: pulumi
                .all([spec.addresses, node.address])
                .apply(([addresses, own]) => (addresses.length > 0 ? addresses : [own])),
        },
        { parent },
    );
    return pulumi.concat(issued.fullChainPem, issued.privateKeyPem);
}

const host = (spec: FrontendSpec): string => urlHost(spec.addresses[0] ?? spec.nodes[0]?.address ?? "");

const endpoint = (spec: FrontendSpec): string => `${host(spec)}:${spec.port}`;

function url(spec: FrontendSpec): string {
    if (spec.mode === HaproxyMode.Tcp) return `tcp://${endpoint(spec)}`;
    const [scheme, usual] = endsTls(spec) ? ["https", HTTPS_PORT] : ["http", HTTP_PORT];
    return `${scheme}://${spec.port === usual ? host(spec) : endpoint(spec)}`;
}
