import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { Unit, rolling } from "../../remote/unit";
import type { FaultSeconds } from "../shared/failover";
import { checkedOn } from "../shared/node-rules";
import { recorded } from "../shared/rules";
import { unique } from "../shared/unique";
import type { Volume } from "../shared/volume";
import type { DrbdVolumeArgs } from "./args";
import { claims, clash } from "./claims";
import { SECRET } from "./conf";
import { failover, resyncOf } from "./failover";
import type { DrbdResync } from "./failover";
import { renderContent, renderDisk, renderNode } from "./render";
import { rules } from "./rules";
import { deviceOf, hostsOf, publicArgs, toSpec } from "./spec";
import type { VolumeSpec } from "./spec";

export { DrbdVersion, FileSystem } from "./args";
export type { DrbdResyncArgs, DrbdTimingArgs, DrbdVolumeArgs } from "./args";
export type { DrbdResync } from "./failover";

/** Characters of the shared secret: letters and digits, 238 bits; DRBD takes 64 at most. */
const SECRET_LENGTH = 40;

/**
 * A file system on a block device that two nodes hold alike, by DRBD: what is acknowledged on one is on the disks of both.
 *
 * ```ts
 * const files = new DrbdVolume("files", { nodes: [app1, app2], device: "/dev/vg0/files", mountPoint: "/srv/files" });
 * new HaPair("app", { nodes: [app1, app2], volume: files.volume, … });
 * ```
 *
 * One side is written at a time. Who may is Pacemaker's to say, with fencing; with `Promotion.Manual` a person's, and nothing moves by itself. There, and with
 * DRBD 9, a third node or a `tiebreaker` keeps a side that is cut off from being written.
 *
 * The first `up` copies as little as is safe: nothing where both devices are zero from end to end; from the side that has data, where one has; everything
 * from the first node where nobody knows. A device that holds anything else is refused and named, before anything changes. Data stays on the devices, also
 * after `destroy`, unless `deleteData` says otherwise; a later `up` goes on with it.
 *
 * What no replication gives: a copy of yesterday. A file that is deleted here is deleted there.
 */
export class DrbdVolume extends pulumi.ComponentResource {
    static readonly __pulumiType = "pulumi-ha:index:DrbdVolume";
    /** `/dev/drbd0`. */
    readonly device: pulumi.Output<string>;
    /** Where it is mounted on the node that has it. */
    readonly mountPoint: pulumi.Output<string>;
    /** The volume, for what mounts it. */
    readonly volume: pulumi.Output<Volume>;
    /** How long writes stand still, at most, when the other side is lost, by kind of fault. */
    readonly failover: pulumi.Output<FaultSeconds[]>;
    /** How fast a replica is brought up to date. */
    readonly resync: pulumi.Output<DrbdResync>;

    constructor(name: string, args: DrbdVolumeArgs, opts?: pulumi.ComponentResourceOptions) {
        super(DrbdVolume.__pulumiType, name, recorded(args), opts);
        const spec = checkedOn(
            this,
            name,
            args.tiebreaker ? { nodes: args.nodes, tiebreaker: args.tiebreaker } : { nodes: args.nodes },
            () => publicArgs(args),
            (a) => toSpec(name, a),
            [...rules, unique("DrbdVolume", claims, clash)],
        );
        const options = { parent: this, dependsOn: opts?.dependsOn };
        const credentials = { [SECRET]: sharedSecret(name, args, this) };

        const hosts = hostsOf(args);
        const disks = hosts.map((node) => {
            const manifest = spec.apply((s) => renderDisk(s, node.name));
            return new Unit(`${name}-${node.name}-disk`, { node, manifest }, options);
        });
        const sides = rolling([...hosts].reverse(), (node, after) => {
            const manifest = spec.apply((s) => renderNode(s, node.name));
            const before = after.length > 0 ? after : disks;
            return new Unit(`${name}-${node.name}`, { node, manifest, credentials, after: before }, options);
        });
        const content = contentUnit(name, args, spec, sides, options);

        const ready = formed(spec, [...sides, ...content]);
        this.device = ready.apply(deviceOf);
        this.mountPoint = ready.apply((s) => s.mountPoint);
        this.volume = ready.apply(volumeOf);
        this.failover = spec.apply(failover);
        this.resync = spec.apply(resyncOf);
        this.registerOutputs({
            device: this.device,
            mountPoint: this.mountPoint,
            volume: this.volume,
            failover: this.failover,
            resync: this.resync,
        });
    }
}

const sharedSecret = (name: string, args: DrbdVolumeArgs, parent: DrbdVolume): pulumi.Output<string> =>
    new random.RandomPassword(
        `${name}-secret`,
        {
            length: SECRET_LENGTH,
            special: false,
            keepers: { version: pulumi.output(args.secretVersion ?? 1).apply(String) },
        },
        { parent },
    ).result;

/** The file system, made by the node that begins. */
function contentUnit(
    name: string,
    { nodes: [node] }: DrbdVolumeArgs,
    spec: pulumi.Output<VolumeSpec>,
    after: Unit[],
    options: pulumi.ComponentResourceOptions,
): Unit[] {
    if (node === undefined) return [];
    return [
        new Unit(`${name}-content`, { node, manifest: spec.apply(renderContent), after: after.slice(-1) }, options),
    ];
}

/** The spec, known at preview already, for what must wait until the units are applied: it depends on their commands. */
const formed = (spec: pulumi.Output<VolumeSpec>, units: Unit[]): pulumi.Output<VolumeSpec> =>
    pulumi.all([spec, pulumi.all(units.map((unit) => unit.applied.urn))]).apply(([s]) => s);

const volumeOf = (spec: VolumeSpec): Volume => ({
    resource: spec.name,
    device: deviceOf(spec),
    fileSystem: spec.fileSystem,
    mountPoint: spec.mountPoint,
    nodes: spec.nodes.map((node) => node.name),
    promotion: spec.promotion,
    failover: failover(spec),
});
