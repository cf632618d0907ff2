import { z } from "zod";
import { table } from "../../table";

/** What one side tells of itself: an answer of `volume evidence` on the host. */
export const Answer = z.object({
    /** The volume is up. */
    up: z.boolean(),
    role: z.string(),
    disk: z.string(),
    /** What it knows of the other sides, by node. */
    peers: z.record(
        z.string(),
        z.object({
            /** Connection of DRBD: `StandAlone`, `WFConnection`, `Connected`, … */
            connection: z.string(),
            disk: z.string(),
            /** Kibibytes that it knows to be different on the other side. */
            changedKib: z.number(),
        }),
    ),
    /** Generation of its data, 16 hexadecimal digits; empty where there is none. */
    generation: z.string(),
    /** Generations that it came from, the newest first. */
    history: z.array(z.string()),
    device: z.string(),
    deviceKib: z.number(),
    /** `VG/LV` of the device; empty where it is none. */
    logicalVolume: z.string(),
    /** It is of a thin pool: a snapshot needs no size. */
    thin: z.boolean(),
    /** Kibibytes that are free in the volume group. */
    freeKib: z.number(),
    /** Where it is mounted; empty: nowhere. */
    mountedOn: z.string(),
    /** Pacemaker promotes it. */
    pacemaker: z.boolean(),
});
export type Answer = z.infer<typeof Answer>;

/** A side, and what it tells; or why it does not. */
export type Evidence = { node: string; answer: Answer } | { node: string; why: string };

/** Kibibytes as people read them. */
export const size = (kib: number): string =>
    kib >= 10 * 1024 * 1024
        ? `${Math.floor(kib / 1024 / 1024)} GiB`
        : kib >= 1024
          ? `${Math.floor(kib / 1024)} MiB`
          : `${kib} KiB`;

const COLUMNS = ["node", "role", "disk", "connection", "generation", "from", "changed", "mounted on", "device"];

/** What was found, a line for each side. */
export const evidenceTable = (evidence: Evidence[]): string => {
    const troubles = evidence.flatMap((side) => ("why" in side ? [`${side.node}: ${side.why}`] : []));
    return [table(COLUMNS, evidence.map(row)), ...troubles].join("\n");
};

function row(side: Evidence): string[] {
    if ("why" in side) return [side.node, "no answer"];
    const { node, answer: a } = side;
    return [
        node,
        a.role || "down",
        a.disk || "-",
        connections(a),
        a.generation || "none",
        a.history[0] ?? "-",
        size(Math.max(0, ...Object.values(a.peers).map(({ changedKib }) => changedKib))),
        a.mountedOn || "-",
        a.logicalVolume === "" ? a.device : `${a.device} (LV ${a.logicalVolume})`,
    ];
}

/** One word where it is the same to all. */
function connections({ peers }: Answer): string {
    const all = Object.entries(peers).map(([node, { connection }]) => ({ node, connection }));
    const [first] = all;
    return all.every(({ connection }) => connection === first?.connection)
        ? (first?.connection ?? "-")
        : all.map(({ node, connection }) => `${node} ${connection}`).join(", ");
}
