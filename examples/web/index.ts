/** HTTPS on one address, served by whichever web server answers its check. */
import * as pulumi from "@pulumi/pulumi";
import { CertificateAuthority, HaproxyFrontend, KeepalivedVip, nodesFromConfig, stackFailover } from "pulumi-ha";

const config = new pulumi.Config();
const { lb1, lb2, web1, web2 } = nodesFromConfig("lb1", "lb2", "web1", "web2");
const ca = new CertificateAuthority("ca", { organization: "Example Shop" });

// The address leaves a node whose haproxy does not run.
const vip = new KeepalivedVip("front", {
    nodes: [lb1, lb2],
    address: config.require("address"),
    track: { haproxy: { systemdUnit: "haproxy.service" } },
});

const web = new HaproxyFrontend("web", {
    nodes: [lb1, lb2],
    bind: { address: vip.address, port: 443 },
    issuer: ca.issuer,
    servers: {
        web1: { address: web1.address, port: 8080 },
        web2: { address: web2.address, port: 8080, weight: 50 },
    },
    check: { http: { path: "/healthz" }, intervalSeconds: 1 },
});

export const url = web.url;
/** What browsers and other clients are given to trust. */
export const caCertificate = ca.certificatePem;
/** Per fault: how many seconds a client waits at most, and the sum that says so. */
export const failover = stackFailover([vip, web]);
