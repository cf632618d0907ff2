/** Three members, one writer, TLS on every wire; and what an application needs to know, as outputs. */
import * as pulumi from "@pulumi/pulumi";
import {
    CertificateAuthority,
    GaleraCluster,
    HaproxyFrontend,
    KeepalivedVip,
    nodesFromConfig,
    stackFailover,
} from "pulumi-ha";

const { lb1, lb2, db1, db2, db3 } = nodesFromConfig("lb1", "lb2", "db1", "db2", "db3");
const ca = new CertificateAuthority("ca", { organization: "Example Shop" });

const vip = new KeepalivedVip("front", {
    nodes: [lb1, lb2],
    address: new pulumi.Config().require("address"),
    track: { haproxy: { systemdUnit: "haproxy.service" } },
});

const orders = new GaleraCluster("orders", {
    nodes: [db1, db2, db3],
    issuer: ca.issuer,
    clientAddresses: [vip.address],
    databases: [{ name: "orders" }],
    users: [{ name: "shop", database: "orders" }],
});

const sql = new HaproxyFrontend("sql", {
    nodes: [lb1, lb2],
    bind: { address: vip.address, port: 3306 },
    galera: orders.backend,
});

export const endpoint = sql.endpoint;
export const caCertificate = orders.ca;
/** A secret: it stays one in the stack that reads it. */
export const password = orders.passwords.apply((passwords) => passwords.shop);
export const failover = stackFailover([vip, sql]);
