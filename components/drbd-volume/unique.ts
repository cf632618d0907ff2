import * as pulumi from "@pulumi/pulumi";
import type { Finder, Violation } from "../shared/rules";
import { at } from "../shared/syntax";
import { deviceOf } from "./spec";
import type { VolumeSpec } from "./spec";

/** For each run of a program: the name of the volume that has something on a node. */
const runs = new WeakMap<object, Map<string, string>>();

/** What a volume has on its nodes, and no other one may. */
const claims = (spec: VolumeSpec): { path: string; key: string; what: string }[] =>
    spec.nodes.flatMap((node) => [
        { path: "device", key: `${node.name} ${node.device}`, what: `${node.device} on ${node.name}` },
        { path: "minor", key: `${node.name} ${deviceOf(spec)}`, what: `${deviceOf(spec)} on ${node.name}` },
        { path: "port", key: at(node.address, spec.port), what: at(node.address, spec.port) },
        { path: "mountPoint", key: `${node.name} at ${spec.mountPoint}`, what: `${spec.mountPoint} on ${node.name}` },
    ]);

/** Refuses what another volume of the same program has on the same node. Volumes of other stacks are not seen; drbdadm refuses those on the host. */
export function uniqueOnNodes(): Finder<VolumeSpec> {
    const run: object = pulumi.runtime.getMonitor() ?? runs;
    const taken = runs.get(run) ?? new Map<string, string>();
    runs.set(run, taken);
    return (spec) =>
        claims(spec).flatMap(({ path, key, what }): Violation[] => {
            const other = taken.get(key) ?? spec.name;
            taken.set(key, other);
            if (other === spec.name) return [];
            return [
                {
                    path,
                    message: `${what} belongs to DrbdVolume "${other}": give one of the two another`,
                    level: "refuse",
                },
            ];
        });
}
