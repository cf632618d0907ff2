/**
 * The stack of this repository: one address in front of two load balancers, which serve two web servers over TLS and the writer of a database cluster
 * of three. Its nodes are those of the stack's config; the dev stack runs on the lab's hosts. `npm run build` makes what is imported here.
 */
import * as pulumi from "@pulumi/pulumi";
import {
    CertificateAuthority,
    GaleraCluster,
    HaproxyFrontend,
    KeepalivedVip,
    nodesFromConfig,
    stackFailover,
} from "pulumi-ha";
import { WebServer } from "./examples/web-server";

const config = new pulumi.Config();
const { lb1, lb2, web1, web2, db1, db2, db3 } = nodesFromConfig("lb1", "lb2", "web1", "web2", "db1", "db2", "db3");

const ca = new CertificateAuthority("ca", { organization: "Example Shop" });

for (const node of [web1, web2]) new WebServer(node.name, { node, port: 8080 });

// The address leaves a node whose haproxy does not run.
const vip = new KeepalivedVip("front", {
    nodes: [lb1, lb2],
    address: config.require("address"),
    track: { haproxy: { systemdUnit: "haproxy.service" } },
});

// A certificate for the address from the authority, HTTP/2, and a redirect from port 80.
const web = new HaproxyFrontend("web", {
    nodes: [lb1, lb2],
    bind: { address: vip.address, port: 443 },
    issuer: ca.issuer,
    servers: { web1: { address: web1.address, port: 8080 }, web2: { address: web2.address, port: 8080 } },
    check: { http: { path: "/healthz" }, intervalSeconds: 1 },
});

// Three members, TLS on every wire; a certificate that also holds for the address in front.
const orders = new GaleraCluster("orders", {
    nodes: [db1, db2, db3],
    issuer: ca.issuer,
    clientAddresses: [vip.address],
    databases: [{ name: "orders" }],
    users: [{ name: "shop", database: "orders" }],
});

// All clients reach one writer; which one, and how it is checked, the cluster says itself.
const sql = new HaproxyFrontend("sql", {
    nodes: [lb1, lb2],
    bind: { address: vip.address, port: 3306 },
    galera: orders.backend,
});

export const url = web.url;
export const database = sql.endpoint;
export const shopPassword = orders.passwords.apply((passwords) => passwords.shop);
export const address = vip.address;
export const caCertificate = ca.certificatePem;
/** Per fault: how many seconds a client of any service waits at most, and the sum that says so. The config's `budget` limits them. */
export const failover = stackFailover([vip, web, sql]);
