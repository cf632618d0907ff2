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
    ...spec.nodes.flatMap(({ name, device }) => [
        on("device", `${device} on ${name}`),
        on("mountPoint", `${spec.mountPoint} on ${name}`),
    ]),
];
