import { at } from "../shared/syntax";
import type { Claim } from "../shared/unique";
import { deviceOf } from "./spec";
import type { VolumeSpec } from "./spec";

/** What a volume has on its nodes, and no other one may. */
export const claims = (spec: VolumeSpec): Claim[] =>
    spec.nodes.flatMap(({ name, address, device }) => {
        const on = (path: string, what: string): Claim => ({ path, key: `${path} ${what}`, what });
        return [
            on("device", `${device} on ${name}`),
            on("minor", `${deviceOf(spec)} on ${name}`),
            on("port", at(address, spec.port)),
            on("mountPoint", `${spec.mountPoint} on ${name}`),
        ];
    });
