/**
 * An NFS server that survives the loss of either machine: a replicated disk, its file system, the service and its address move together, a node that is
 * lost is switched off by its management controller first, and a third host has the casting vote.
 *
 * policy.json is for the policy pack: clients of NFS wait for the server's grace time, which exceeds the pack's budget.
 */
import * as pulumi from "@pulumi/pulumi";
import {
    CertificateAuthority,
    DrbdVolume,
    HaPair,
    ServicePreset,
    Witness,
    nodesFromConfig,
    stackFailover,
} from "pulumi-ha";

const { app1, app2, third } = nodesFromConfig("app1", "app2", "third");
const config = new pulumi.Config();
const password = config.requireSecret("bmcPassword");

const ca = new CertificateAuthority("ca", { organization: "Example Shop" });
const witness = new Witness("witness", { node: third, issuer: ca.issuer });

// A link of its own for replication, which Corosync uses as its second one.
const direct = { app1: "203.0.113.31", app2: "203.0.113.32" };

const data = new DrbdVolume("files", {
    nodes: [app1, app2],
    device: "/dev/vdb",
    mountPoint: "/srv/files",
    replicationAddresses: direct,
});

const files = new HaPair("files", {
    nodes: [app1, app2],
    address: config.require("address"),
    volume: data.volume,
    services: { nfs: { preset: ServicePreset.NfsServer } },
    witness: witness.vote,
    links: direct,
    fencing: {
        ipmi: {
            // Each node has two supplies on feeds of their own: its controller goes on when one of them fails.
            app1: { address: "198.51.100.131", user: "fence", password, independentPower: true },
            app2: { address: "198.51.100.132", user: "fence", password, independentPower: true },
        },
    },
});

export const endpoint = files.endpoints.apply((endpoints) => endpoints.nfs);
/** Per fault: how many seconds a client waits at most, and the sum that says so. */
export const failover = stackFailover([files]);
