import { returnSeconds } from "../shared/check-timing";
import { header } from "../shared/header";
import { founder } from "./spec";
import type { GaleraNode, GaleraSpec } from "./spec";
import { markedDownSeconds } from "./timing";
import { isOn } from "./variables";

/** Whether a member that sends a copy takes statements meanwhile: mariabackup lets it, unless the program has it refuse them. */
const donorWrites = ({ settings: own }: GaleraSpec): boolean =>
    !own.some(({ name, value }) => name === "wsrep_sst_donor_rejects_queries" && isOn(value));

/** What the scripts on a member know of the cluster: `KEY=value`, read by bash and by the health endpoint. */
export function settings(spec: GaleraSpec, node: GaleraNode): string {
    const values: Record<string, string | number> = {
        CLUSTER: spec.name,
        NODE: node.name,
        ADDRESS: node.address,
        MEMBERS: spec.nodes.map((n) => `${n.name}=${n.address}`).join(" "),
        ARBITRATOR: spec.arbitrator?.address ?? "",
        FOUNDER: founder(spec)?.name ?? "",
        HEALTH_PORT: spec.health.port,
        DONOR_SERVES: spec.health.donorServes ? 1 : 0,
        DONOR_WRITES: donorWrites(spec) ? 1 : 0,
        GREETING_SECONDS: spec.timing.check.greetingSeconds,
        MARKED_DOWN_SECONDS: markedDownSeconds(spec.timing),
        RETURN_SECONDS: returnSeconds(spec.timing.check),
        DRAIN_SECONDS: spec.drainSeconds,
        JOIN_SECONDS: spec.joinSeconds,
    };
    return [
        header(`GaleraCluster ${spec.name}`),
        ...Object.entries(values).map(([key, value]) => `${key}=${value}`),
        "",
    ].join("\n");
}
