import type * as pulumi from "@pulumi/pulumi";
import type { NodeArgs } from "../../remote/node";
import { kindOf } from "../pacemaker-cluster/agents";
import type { Volume } from "../shared/volume";
import { Failback, HaPairEngine, ServicePlacement } from "./args";
import type { HaPairArgs, PairServiceArgs } from "./args";
import { PRESETS, notAtBoot } from "./presets";

/** A service with its defaults filled in. */
export interface PairService {
    name: string;
    /** With its suffix; empty where neither a unit nor a preset is given. */
    unit: string;
    files: Record<string, string>;
    check: string | undefined;
    packages: string[];
    placement: ServicePlacement;
    port: number | undefined;
    startTimeoutSeconds: number;
    stopTimeoutSeconds: number;
    checkIntervalSeconds: number;
    expectedStartSeconds: number;
    expectedStopSeconds: number;
}

/** A node as the pair sees it. */
export interface PairNode {
    name: string;
    address: string;
}

/** All that is said about a pair, as plain data; what fences it and who votes stays with the cluster that is made from it. */
export interface PairSpec {
    name: string;
    engine: HaPairEngine;
    nodes: PairNode[];
    address: string;
    services: PairService[];
    volume: pulumi.Unwrap<Volume> | undefined;
    preferred: string;
    failback: Failback;
    links: Record<string, string>;
    nodeIds: Record<string, number>;
    tokenSeconds: number | undefined;
    advertIntervalSeconds: number | undefined;
    witness: boolean;
    fenced: boolean;
    acceptSplitBrainRisk: string | undefined;
}

/** The arguments that decide about the pair alone: without logins, keys and passwords. */
export interface PairWishes extends Omit<HaPairArgs, "witness" | "fencing"> {
    witness: boolean;
    fenced: boolean;
}

/** Which engine moves the pair. */
export const engineOf = (args: Pick<HaPairArgs, "engine" | "volume">): HaPairEngine =>
    args.engine ?? (args.volume ? HaPairEngine.Pacemaker : HaPairEngine.Keepalived);

const placed = (node: NodeArgs): NodeArgs => ({ name: node.name, address: node.address, interface: node.interface });

/** The wishes of a pair's arguments: the spec, and so every manifest, must not become a secret. */
export const wishesOf = ({ witness, fencing, ...args }: HaPairArgs): PairWishes => ({
    ...args,
    nodes: args.nodes.map(placed),
    witness: witness !== undefined,
    fenced: fencing !== undefined,
});

const DEFAULT_LIMIT_SECONDS = 60;
const SYSTEMD = kindOf("systemd:");

const unitName = (unit: string): string => (unit === "" || /\.[a-z]+$/.test(unit) ? unit : `${unit}.service`);

function serviceOf(name: string, args: pulumi.Unwrap<PairServiceArgs>, engine: HaPairEngine): PairService {
    const known = args.preset && PRESETS[args.preset];
    const keepalived = engine === HaPairEngine.Keepalived;
    const unit = unitName(args.systemdUnit ?? known?.unit ?? "");
    return {
        name,
        unit,
        files: { ...(keepalived ? {} : notAtBoot(unit)), ...args.files },
        check: args.check ?? known?.check,
        packages: args.packages ?? known?.packages ?? [],
        placement: args.placement ?? (keepalived ? ServicePlacement.EveryNode : ServicePlacement.ActiveNode),
        port: args.port ?? known?.port,
        startTimeoutSeconds: args.startTimeoutSeconds ?? known?.startTimeoutSeconds ?? DEFAULT_LIMIT_SECONDS,
        stopTimeoutSeconds: args.stopTimeoutSeconds ?? known?.stopTimeoutSeconds ?? DEFAULT_LIMIT_SECONDS,
        checkIntervalSeconds: args.checkIntervalSeconds ?? (keepalived ? 1 : 2),
        expectedStartSeconds: args.expectedStartSeconds ?? known?.expectedStartSeconds ?? SYSTEMD.startSeconds,
        expectedStopSeconds: args.expectedStopSeconds ?? SYSTEMD.stopSeconds,
    };
}

/** The spec of a pair, with all defaults. */
export function toSpec(name: string, args: pulumi.Unwrap<PairWishes>): PairSpec {
    const engine = engineOf(args);
    return {
        name,
        engine,
        nodes: args.nodes.map((node) => ({ name: node.name, address: node.address })),
        address: args.address,
        services: Object.entries(args.services ?? {}).map(([service, wishes]) => serviceOf(service, wishes, engine)),
        volume: args.volume,
        preferred: args.preferred ?? args.nodes[0]?.name ?? "",
        failback: args.failback ?? Failback.Manual,
        links: args.links ?? {},
        nodeIds: args.nodeIds ?? {},
        tokenSeconds: args.tokenSeconds,
        advertIntervalSeconds: args.advertIntervalSeconds,
        witness: args.witness,
        fenced: args.fenced,
        acceptSplitBrainRisk: args.acceptSplitBrainRisk,
    };
}
