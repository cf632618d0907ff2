import { at } from "../shared/syntax";
import type { Claim } from "../shared/unique";
import { deviceOf, hostsOf } from "./spec";
import type { VolumeSpec } from "./spec";

const on = (path: string, what: string): Claim => ({ path, key: `${path} ${what}`, what });

/** What a volume has on its hosts, and no other one may. */
export const claims = (spec: VolumeSpec): Claim[] => [
    ...hostsOf(spec).flatMap(({ name, address }) => [
        on("minor", `${deviceOf(spec)} on ${name}`),
        on("port", at(address, spec.port)),
    ]),
    ...spec.nodes.flatMap(({ name, device }) => [on("device", `${device} on ${name}`), mount(spec.mountPoint, name)]),
];

/** A file system that is mounted above another one hides it, and below another one it is hidden where that is mounted later. */
const mount = (mountPoint: string, node: string): Claim => ({
    path: "mountPoint",
    key: `mountPoint ${node}`,
    part: mountPoint,
    what: `${mountPoint} on ${node}`,
    because: ({ what, part = "" }) =>
        lies(mountPoint, part)
            ? `has ${what}, below which ${mountPoint} would be: give one of the two another, outside of the other's tree`
            : `has ${what}, which would be below ${mountPoint}: give one of the two another, outside of the other's tree`,
});

/** Whether two claims are of one key and cannot be both: of mount points, those of one tree. */
export const clash = ({ part: one }: Claim, { part: other }: Claim): boolean =>
    one === undefined || other === undefined || lies(one, other) || lies(other, one);

/** Whether a path is another one, or lies below it. */
const lies = (path: string, above: string): boolean => `${path}/`.startsWith(`${above}/`);
