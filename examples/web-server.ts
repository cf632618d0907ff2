/**
 * A component of one's own, the way the library's are made: what a host shall be is plain data, a unit brings it there, with the same preview, locks,
 * validation and way back.
 */
import * as pulumi from "@pulumi/pulumi";
import { Unit, manifest, reload } from "pulumi-ha";
import type { Manifest, NodeArgs } from "pulumi-ha";

/** What a `WebServer` is made from. */
export interface WebServerArgs {
    /** The host that serves. */
    node: NodeArgs;
    /** Port to listen on, on the node's address, 1 to 65535. */
    port: pulumi.Input<number>;
}

/** An nginx that answers with the name of its node. */
export class WebServer extends pulumi.ComponentResource {
    static readonly __pulumiType = "pulumi-ha-examples:index:WebServer";

    constructor(name: string, args: WebServerArgs, opts?: pulumi.ComponentResourceOptions) {
        super(WebServer.__pulumiType, name, {}, opts);
        const { node } = args;
        new Unit(
            `${name}-${node.name}`,
            {
                node,
                manifest: pulumi
                    .all([node.address, args.port])
                    .apply(([address, port]) => site(node.name, address, port)),
            },
            { parent: this },
        );
        this.registerOutputs({});
    }
}

const site = (node: string, address: string, port: number): Manifest =>
    manifest({
        unit: "web-server",
        packages: ["nginx-light"],
        files: [
            {
                path: "/etc/nginx/conf.d/web-server.conf",
                mode: "0644",
                owner: "root:root",
                content: [
                    "server {",
                    `    listen ${address}:${port};`,
                    `    location = / { default_type text/plain; return 200 "served by ${node}\\n"; }`,
                    `    location = /healthz { default_type text/plain; return 200 "ok\\n"; }`,
                    "}",
                    "",
                ].join("\n"),
                onChange: [reload("nginx.service")],
            },
        ],
        validators: [{ name: "nginx accepts its configuration", command: "nginx -t -q" }],
        services: [{ name: "nginx.service", enabled: true, running: true }],
        gates: [{ name: "the site answers", command: `exec 3<>/dev/tcp/${address}/${port}`, withinSeconds: 10 }],
        ports: [{ port: `tcp/${port}`, from: ["any"] }],
    });
