/**
 * The other project's outputs, by a stack reference, as files on the application's hosts. The password travels as a credential: it is in no manifest,
 * preview or log, and when the database's stack changes it, the next `up` here brings it.
 */
import * as pulumi from "@pulumi/pulumi";
import { Unit, manifest, nodesFromConfig, placeholder, rolling } from "pulumi-ha";

const { app1, app2 } = nodesFromConfig("app1", "app2");
const database = new pulumi.StackReference(new pulumi.Config().require("database"));

const settings = manifest({
    unit: "shop-database",
    directories: [{ path: "/etc/shop", mode: "0755", owner: "root:root" }],
    files: [
        {
            path: "/etc/shop/database.cnf",
            mode: "0600",
            owner: "root:root",
            content: [
                "[client]",
                "user = shop",
                `host = ${placeholder("host")}`,
                `password = ${placeholder("password")}`,
                "ssl-ca = /etc/shop/database-ca.pem",
                "ssl-verify-server-cert",
                "",
            ].join("\n"),
            fill: ["host", "password"],
            onChange: [],
        },
        {
            path: "/etc/shop/database-ca.pem",
            mode: "0644",
            owner: "root:root",
            content: "",
            credential: "ca",
            onChange: [],
        },
    ],
});

const text = (output: string): pulumi.Output<string> => database.requireOutput(output).apply(String);

rolling([app1, app2], (node, after) => {
    const credentials = {
        host: text("endpoint").apply((endpoint) => endpoint.replace(/:\d+$/, "")),
        password: text("password"),
        ca: text("caCertificate"),
    };
    return new Unit(`shop-database-${node.name}`, { node, manifest: settings, credentials, after });
});
