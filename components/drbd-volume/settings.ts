import { header } from "../shared/header";
import { nodeId, peerOf } from "./spec";
import type { VolumeNode, VolumeSpec } from "./spec";

/** What the script on a node knows of a volume: `KEY=value`. */
export function settings(spec: VolumeSpec, node: VolumeNode): string {
    const peer = peerOf(spec, node.name);
    const values: Record<string, string | number> = {
        NAME: spec.name,
        NODE: node.name,
        PEER: peer.name,
        PEER_ADDRESS: peer.address,
        PEER_ID: nodeId(spec, peer),
        VERSION: spec.version,
        DEVICE: node.device,
        MINOR: spec.minor,
        FILE_SYSTEM: spec.fileSystem,
        SIZE_MEBIBYTES: spec.sizeMebibytes,
        PROMOTION: spec.promotion,
        DELETE_DATA: spec.deleteData ? "yes" : "no",
    };
    return [
        header(`DrbdVolume ${spec.name}`),
        ...Object.entries(values).map(([key, value]) => `${key}=${value}`),
        "",
    ].join("\n");
}
