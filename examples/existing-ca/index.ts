/**
 * Certificates from an authority that exists already, such as an intermediate of the company's: what it issues is proven by the root that clients
 * trust today.
 *
 *     pulumi config set caCertificate -- "$(cat intermediate-and-root.pem)"
 *     pulumi config set --secret caKey -- "$(cat intermediate.key)"
 */
import * as pulumi from "@pulumi/pulumi";
import { CertificateAuthority, HaproxyFrontend, KeepalivedVip, nodesFromConfig } from "pulumi-ha";

const config = new pulumi.Config();
const { lb1, lb2 } = nodesFromConfig("lb1", "lb2");

const ca = new CertificateAuthority("ca", {
    organization: "Example Shop",
    existing: {
        certificatePem: config.require("caCertificate"),
        privateKeyPem: config.requireSecret("caKey"),
    },
});

const vip = new KeepalivedVip("front", {
    nodes: [lb1, lb2],
    address: "198.51.100.100/24",
    track: { haproxy: { systemdUnit: "haproxy.service" } },
});

const web = new HaproxyFrontend("web", {
    nodes: [lb1, lb2],
    bind: { address: vip.address, port: 443 },
    hostNames: ["www.example.org"],
    issuer: ca.issuer,
    servers: { app1: { address: "198.51.100.31", port: 8080 }, app2: { address: "198.51.100.32", port: 8080 } },
    check: { http: { path: "/healthz" }, intervalSeconds: 1 },
});

export const url = web.url;
