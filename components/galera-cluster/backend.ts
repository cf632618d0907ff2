import type { GaleraBackend } from "../shared/galera-backend";
import { failover, timingKnob } from "./failover";
import type { GaleraSpec } from "./spec";

/** Where load balancers send what may write: one member, the next one only while all before it are down. */
export const writerBackend = (spec: GaleraSpec): GaleraBackend => ({
    servers: spec.nodes.map(({ name, address }, place) => ({ name, address, backup: place > 0 })),
    healthPath: "/writer",
    ...common(spec),
});

/**
 * Where load balancers send what only reads: all members but the writer, which serves while no other does. A reader may be behind what the writer has
 * acknowledged, by milliseconds as a rule; `wsrep_sync_wait=1`, in the session or in `settings`, makes a read wait until it is not.
 */
export const readersBackend = (spec: GaleraSpec): GaleraBackend => ({
    servers: [...spec.nodes.slice(1), ...spec.nodes.slice(0, 1)].map(({ name, address }) => ({
        name,
        address,
        backup: name === spec.nodes[0]?.name,
    })),
    healthPath: "/reader",
    ...common(spec),
});

function common(spec: GaleraSpec): Omit<GaleraBackend, "servers" | "healthPath"> {
    const { check } = spec.timing;
    return {
        port: spec.port,
        healthPort: spec.health.port,
        intervalSeconds: check.intervalSeconds,
        fastIntervalSeconds: check.fastIntervalSeconds,
        timeoutSeconds: check.timeoutSeconds,
        fall: check.fall,
        rise: check.rise,
        timingKnob: timingKnob(spec),
        failover: failover(spec),
    };
}
