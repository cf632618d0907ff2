import * as path from "node:path";
import { joined } from "../../remote/joined";
import { header } from "../shared/header";
import type { ClusterNode, ClusterSpec } from "./spec";

/** The script `cluster` as one text, from its parts in a fixed order, so that the same version of the library always installs the same bytes. */
export const SCRIPT = joined(path.join(__dirname, "host"));

/** What the script knows of the cluster, for bash. */
export function settings(spec: ClusterSpec, node: ClusterNode): string {
    const values: Record<string, string | number> = {
        CLUSTER: spec.name,
        NODE: node.name,
        FIRST: spec.nodes[0]?.name ?? "",
        NODES: `"${spec.nodes.map(({ name }) => name).join(" ")}"`,
        SETTLE: spec.settleSeconds,
        WITNESS: spec.witness?.node ?? "",
        WITNESS_ADDRESS: spec.witness?.address ?? "",
        SBD_MESSAGE_WAIT: spec.sbd?.messageWaitSeconds ?? "",
    };
    return [
        header(`PacemakerCluster ${spec.name}`),
        ...Object.entries(values).map(([key, value]) => `${key}=${value}`),
        "",
    ].join("\n");
}
