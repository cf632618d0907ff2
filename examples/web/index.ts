/** HTTPS on one address, served by whichever web server answers its check. */
import { CertificateAuthority, HaproxyFrontend, KeepalivedVip, nodesFromConfig } from "pulumi-ha";

const { lb1, lb2 } = nodesFromConfig("lb1", "lb2");
const ca = new CertificateAuthority("ca", { organization: "Example Shop" });

// The address leaves a node whose haproxy does not run.
const vip = new KeepalivedVip("front", {
    nodes: [lb1, lb2],
    address: "198.51.100.100/24",
    track: { haproxy: { systemdUnit: "haproxy.service" } },
});

const web = new HaproxyFrontend("web", {
    nodes: [lb1, lb2],
    bind: { address: vip.address, port: 443 },
    issuer: ca.issuer,
    servers: {
        app1: { address: "198.51.100.31", port: 8080 },
        app2: { address: "198.51.100.32", port: 8080, weight: 50 },
    },
    check: { http: { path: "/healthz" }, intervalSeconds: 1 },
});

export const url = web.url;
/** What browsers and other clients are given to trust. */
export const caCertificate = ca.certificatePem;
export const failover = web.failover;
