import type * as pulumi from "@pulumi/pulumi";
import { ClusterAction, ClusterRole } from "../pacemaker-cluster";
import type {
    ClusterCloneArgs,
    ClusterOperationArgs,
    ClusterResourceArgs,
    PacemakerClusterArgs,
} from "../pacemaker-cluster";
import { STICKINESS } from "../pacemaker-cluster/spec";
import { prefixLength, withoutPrefix } from "../shared/addresses";
import { Failback, ServicePlacement } from "./args";
import type { HaPairArgs } from "./args";
import type { PairService, PairSpec } from "./spec";

/** What a pair runs, and where: the part of a cluster's arguments that says it. */
export type PairResources = Required<
    Pick<
        PacemakerClusterArgs,
        "resources" | "groups" | "clones" | "orders" | "colocations" | "locations" | "attributeLocations"
    >
>;

/** Against what holds a group, and the replica it follows, where it is: less does not move it, more does; and who reaches the witness goes before all of that. */
const scores = (members: number) => ({
    [Failback.Manual]: STICKINESS / 2,
    [Failback.Automatic]: 2 * STICKINESS * (members + 1),
    reach: 10 * STICKINESS * (members + 1),
});

/** What two nodes find differs for as long as both need to look, so that a witness which is gone moves nothing. */
const REACH = { attempts: "2", timeout: "1", dampen: "6s" };

/** The limits that LINBIT's agent advises (ocf_linbit_drbd(7)); two intervals that differ, as Pacemaker tells operations apart by them. */
const DRBD_OPERATIONS: ClusterOperationArgs[] = [
    { name: "monitor", intervalSeconds: 9, timeoutSeconds: 30, role: ClusterRole.Promoted },
    { name: "monitor", intervalSeconds: 11, timeoutSeconds: 30, role: ClusterRole.Unpromoted },
    { name: "start", timeoutSeconds: 240 },
    { name: "promote", timeoutSeconds: 90 },
    { name: "demote", timeoutSeconds: 90 },
    { name: "stop", timeoutSeconds: 100 },
    { name: "notify", timeoutSeconds: 90 },
];

/** One instance on each node, one of them promoted; each is told what the other one does. */
const DRBD_CLONE: ClusterCloneArgs["meta"] = {
    "clone-max": "2",
    "clone-node-max": "1",
    "promoted-max": "1",
    "promoted-node-max": "1",
    notify: "true",
    interleave: "true",
};

/**
 * A pair as resources: the replicated disk on both nodes; on one of them, in this order, file system, address and services; services that run on every
 * node as clones, without which a node does not get the address. Which of them there are follows from the plain arguments, their values from the spec.
 */
export function pairResources(name: string, args: HaPairArgs, spec: pulumi.Output<PairSpec>): PairResources {
    const group = name;
    const services = Object.entries(args.services ?? {}).map(([service, wishes]) => ({
        service,
        id: `${name}-${service}`,
        clone: wishes.placement === ServicePlacement.EveryNode ? `${name}-${service}-clone` : undefined,
    }));
    const moving = services.filter(({ clone }) => clone === undefined);
    const cloned = services.flatMap(({ id, clone }) => (clone === undefined ? [] : [{ id, clone }]));
    const disk = args.volume === undefined ? undefined : { id: `${name}-drbd`, clone: `${name}-drbd-clone` };
    const fileSystem = `${name}-filesystem`;
    const address = `${name}-address`;
    // Members that see each other by a second link do not miss one that clients cannot reach.
    const reach =
        args.links === undefined || args.witness === undefined
            ? undefined
            : { id: `${name}-reach`, clone: `${name}-reach-clone`, witness: args.witness.address };
    const members = [...(disk ? [fileSystem] : []), address, ...moving.map(({ id }) => id)];
    const score = scores(members.length);
    return {
        resources: {
            ...(disk && { [disk.id]: drbd(spec), [fileSystem]: mounted(spec) }),
            ...(reach && { [reach.id]: reached(reach.id, reach.witness, score.reach) }),
            [address]: moved(spec),
            ...Object.fromEntries(
                services.map(({ service, id }) => [id, systemd(spec.apply((s) => only(s, service)))]),
            ),
        },
        groups: { [group]: members },
        clones: {
            ...(disk && { [disk.clone]: { resource: disk.id, promotable: true, meta: DRBD_CLONE } }),
            ...(reach && { [reach.clone]: { resource: reach.id } }),
            ...Object.fromEntries(cloned.map(({ id, clone }) => [clone, { resource: id }])),
        },
        orders: [
            ...(disk
                ? [
                      {
                          first: disk.clone,
                          firstAction: ClusterAction.Promote,
                          then: group,
                          thenAction: ClusterAction.Start,
                      },
                  ]
                : []),
            ...cloned.map(({ clone }) => ({ first: clone, then: group })),
        ],
        colocations: [
            ...(disk ? [{ resource: group, with: disk.clone, withRole: ClusterRole.Promoted }] : []),
            ...cloned.map(({ clone }) => ({ resource: group, with: clone })),
        ],
        locations: [
            {
                resource: group,
                node: args.preferred ?? args.nodes[0]?.name ?? "",
                score: spec.apply((s) => score[s.failback]),
            },
        ],
        attributeLocations: reach ? [{ resource: group, attribute: reach.id }] : [],
    };
}

const only = (spec: PairSpec, name: string): PairService => spec.services.find((service) => service.name === name)!;

const drbd = (spec: pulumi.Output<PairSpec>): ClusterResourceArgs => ({
    agent: "ocf:linbit:drbd",
    parameters: { drbd_resource: spec.apply((s) => s.volume?.resource ?? "") },
    operations: DRBD_OPERATIONS,
});

const mounted = (spec: pulumi.Output<PairSpec>): ClusterResourceArgs => ({
    agent: "ocf:heartbeat:Filesystem",
    parameters: {
        device: spec.apply((s) => s.volume?.device ?? ""),
        directory: spec.apply((s) => s.volume?.mountPoint ?? ""),
        fstype: spec.apply((s) => s.volume?.fileSystem ?? ""),
        options: "noatime",
    },
});

const reached = (name: string, witness: pulumi.Input<string>, multiplier: number): ClusterResourceArgs => ({
    agent: "ocf:pacemaker:ping",
    parameters: { name, host_list: witness, multiplier: String(multiplier), ...REACH },
});

const moved = (spec: pulumi.Output<PairSpec>): ClusterResourceArgs => ({
    agent: "ocf:heartbeat:IPaddr2",
    parameters: {
        ip: spec.apply((s) => withoutPrefix(s.address)),
        cidr_netmask: spec.apply((s) => String(prefixLength(s.address) ?? 0)),
    },
});

const systemd = (service: pulumi.Output<PairService>): ClusterResourceArgs => ({
    agent: service.apply((s) => `systemd:${s.unit.replace(/\.service$/, "")}`),
    expectedStartSeconds: service.apply((s) => s.expectedStartSeconds),
    expectedStopSeconds: service.apply((s) => s.expectedStopSeconds),
    operations: [
        {
            name: "monitor",
            intervalSeconds: service.apply((s) => s.checkIntervalSeconds),
            timeoutSeconds: 10,
        },
        { name: "start", timeoutSeconds: service.apply((s) => s.startTimeoutSeconds) },
        { name: "stop", timeoutSeconds: service.apply((s) => s.stopTimeoutSeconds) },
    ],
});
