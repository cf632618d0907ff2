import type * as pulumi from "@pulumi/pulumi";
import { ClusterAction, ClusterRole } from "../../../../components/pacemaker-cluster";
import { toSpec } from "../../../../components/pacemaker-cluster/spec";
import type { ClusterSpec, PublicArgs } from "../../../../components/pacemaker-cluster/spec";

type PlainArgs = pulumi.Unwrap<PublicArgs>;

export const n1 = { name: "n1", address: "192.0.2.11" };
export const n2 = { name: "n2", address: "192.0.2.12" };
export const n3 = { name: "n3", address: "192.0.2.13" };
export const third = { node: "third", address: "192.0.2.20", port: 5403 };
/** A controller that keeps its power. */
export const bmc = (last: number) => ({ address: `192.0.2.${last}`, user: "fence", independentPower: true });
export const ipmi = { n1: bmc(111), n2: bmc(112) };
/** A hypervisor, as the node of that machine has it. */
export const kvm = (last: number) => ({
    address: `192.0.2.${last}`,
    user: "fence",
    hostKey: "ssh-ed25519 AAAAC3Nz root@kvm",
});
export const libvirt = { n1: kvm(121), n2: kvm(122) };
export const vip = { agent: "ocf:heartbeat:IPaddr2", parameters: { ip: "192.0.2.100", cidr_netmask: "24" } };
export const web = { agent: "systemd:nginx" };

/** Two nodes with a witness and controllers, an address behind web servers on both, and what a test says. */
export const args = (parts: Partial<PlainArgs> = {}): PlainArgs => ({
    nodes: [n1, n2],
    witness: third,
    ipmi,
    libvirt: undefined,
    sbd: undefined,
    resources: { vip, web },
    clones: { "web-clone": { resource: "web" } },
    orders: [{ first: "web-clone", then: "vip" }],
    colocations: [{ resource: "vip", with: "web-clone" }],
    ...parts,
});

export const spec = (parts: Partial<PlainArgs> = {}, name = "pair"): ClusterSpec => toSpec(name, args(parts));

const monitor = { name: "monitor", timeoutSeconds: 30 };

/** One of everything. */
export const full = spec({
    links: { n1: "198.51.100.11", n2: "198.51.100.12" },
    sbd: {
        watchdog: "/dev/watchdog0",
        disk: "/dev/disk/by-id/fence",
        watchdogTimeoutSeconds: 12,
        messageWaitSeconds: 30,
    },
    tokenSeconds: 1.5,
    resources: {
        disk: {
            agent: "ocf:linbit:drbd",
            parameters: { drbd_resource: "files" },
            operations: [
                { ...monitor, intervalSeconds: 11, role: ClusterRole.Promoted },
                { ...monitor, intervalSeconds: 13, role: ClusterRole.Unpromoted },
                { name: "promote", timeoutSeconds: 120 },
            ],
        },
        fs: {
            agent: "ocf:heartbeat:Filesystem",
            parameters: { device: "/dev/drbd0", directory: `/srv/a&b "<c>"`, fstype: "xfs" },
            meta: { "migration-threshold": "1" },
        },
        reach: {
            agent: "ocf:pacemaker:ping",
            parameters: { name: "reach", host_list: "192.0.2.1", attempts: "2", timeout: "1", dampen: "6s" },
        },
        app: { agent: "systemd:app@main.service", expectedStartSeconds: 4, expectedStopSeconds: 3 },
        vip,
    },
    clones: {
        "disk-clone": { resource: "disk", promotable: true, meta: { notify: "true", interleave: "false" } },
        "reach-clone": { resource: "reach" },
    },
    attributeLocations: [{ resource: "service", attribute: "reach" }],
    groups: { service: ["fs", "vip", "app"] },
    orders: [
        {
            first: "disk-clone",
            then: "service",
            firstAction: ClusterAction.Promote,
            thenAction: ClusterAction.Start,
        },
    ],
    colocations: [{ resource: "service", with: "disk-clone", withRole: ClusterRole.Promoted }],
    locations: [
        { resource: "service", node: "n1", score: 50 },
        { resource: "service", node: "n2", score: -1_000_000 },
    ],
    resourceDefaults: { "resource-stickiness": "200" },
    packages: ["app=1.2"],
});

/** What a watchdog alone makes sure of. */
export const diskless = spec({ ipmi: undefined, sbd: {} });
/** Members that are virtual machines. */
export const virtual = spec({ ipmi: undefined, libvirt });
/** Two nodes that decide by who fences first. */
export const tie = spec({ witness: undefined });
