import { header } from "../shared/header";
import { nodeId, peersOf, sideOf } from "./spec";
import type { VolumeSpec } from "./spec";

/** Where there is no device, and no tiebreaker. */
const NONE = "none";

/** What the script on a host knows of a volume: `KEY=value`. A tiebreaker is the last peer. */
export function settings(spec: VolumeSpec, host: string): string {
    const peers = peersOf(spec, host);
    const values: Record<string, string | number> = {
        NAME: spec.name,
        NODE: host,
        NODE_ID: nodeId(spec, host),
        PEERS: peers.map(({ name }) => name).join(" "),
        PEER_ADDRESSES: peers.map(({ address }) => address).join(" "),
        PEER_IDS: peers.map(({ name }) => nodeId(spec, name)).join(" "),
        TIEBREAKER: spec.tiebreaker?.name ?? NONE,
        VERSION: spec.version,
        DEVICE: sideOf(spec, host)?.device ?? NONE,
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
