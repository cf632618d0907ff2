import type * as pulumi from "@pulumi/pulumi";
import type { NodeArgs } from "../../remote/node";
import { canonical, complete, family, octets, prefixLength } from "../shared/addresses";
import { VrrpVersion } from "./args";
import type { GarpArgs, HttpProbeArgs, KeepalivedVipArgs, NotifyArgs, TcpProbeArgs, TrackArgs } from "./args";

/** A node as keepalived sees it. */
export interface VipNode {
    name: string;
    /** Address of the VIP's family, from which adverts are sent; undefined when the node has none. */
    address: string | undefined;
    interface: string | undefined;
    priority: number;
    /** Does not take the address. */
    standsBy: boolean;
}

/** A tracked service with its defaults filled in. */
export interface Tracker {
    systemdUnit: string | undefined;
    tcp: Required<pulumi.Unwrap<TcpProbeArgs>> | undefined;
    http: Required<pulumi.Unwrap<HttpProbeArgs>> | undefined;
    command: string | undefined;
    intervalSeconds: number;
    timeoutSeconds: number;
    fall: number;
    rise: number;
    weight: number;
}

/** All that is said about one virtual address, as plain data. */
export interface VipSpec {
    name: string;
    address: string;
    extraAddresses: string[];
    version: VrrpVersion;
    virtualRouterId: number;
    advertIntervalSeconds: number;
    /** The priorities as given, to point at them. */
    priorities: Record<string, number>;
    /** The standbys as given, to point at them. */
    standby: string[];
    preempt: boolean;
    preemptDelaySeconds: number;
    timerExpiredBackup: boolean;
    nodes: VipNode[];
    track: Record<string, Tracker>;
    notify: pulumi.Unwrap<NotifyArgs> & { user: string };
    garp: Required<pulumi.Unwrap<GarpArgs>>;
    startupDelaySeconds: number;
}

/** The unprivileged user that checks and hooks run as: the name that keepalived itself looks for. */
export const SCRIPT_USER = "keepalived_script";

const TOP_PRIORITY = 254;

/** The arguments without logins: the spec, and so every manifest, must not become a secret. */
export const publicArgs = (args: KeepalivedVipArgs): KeepalivedVipArgs => ({ ...args, nodes: args.nodes.map(placed) });

const placed = (node: NodeArgs): NodeArgs => ({
    name: node.name,
    address: node.address,
    address6: node.address6,
    interface: node.interface,
});

/** The priority of each node: the one given, or two less for each place in the list. */
export const priorityOf = (args: { priorities?: Record<string, number> }, name: string, place: number): number =>
    args.priorities?.[name] ?? TOP_PRIORITY - 2 * place;

/** A number from 1 to 255 that follows from the address: neighbouring addresses have different ones. */
export function derivedRouterId(address: string): number {
    if (family(address) === undefined) return 1;
    const [x = 0, y = 0] = octets(address).slice(-2);
    return ((256 * x + y + 254) % 255) + 1;
}

/** As keepalived spells it, so that the two can be compared; a text that is no address stays for the rules to name. */
const spelled = (address: string): string =>
    complete(address) ? `${canonical(address)}/${prefixLength(address) ?? 0}` : address;

/** The spec of a virtual address, with all defaults. */
export function toSpec(name: string, args: pulumi.Unwrap<KeepalivedVipArgs>): VipSpec {
    const ipv6 = family(args.address) === 6;
    return {
        name,
        address: spelled(args.address),
        extraAddresses: (args.extraAddresses ?? []).map(spelled),
        version: args.version ?? VrrpVersion.V3,
        virtualRouterId: args.virtualRouterId ?? derivedRouterId(args.address),
        advertIntervalSeconds: args.advertIntervalSeconds ?? 1,
        priorities: args.priorities ?? {},
        standby: args.standby ?? [],
        preempt: args.preempt ?? false,
        preemptDelaySeconds: args.preemptDelaySeconds ?? 0,
        timerExpiredBackup: args.timerExpiredBackup ?? false,
        nodes: args.nodes.map((node, place) => ({
            name: node.name,
            address: ipv6 && family(node.address) !== 6 ? node.address6 : node.address,
            interface: args.interface ?? node.interface,
            priority: priorityOf(args, node.name, place),
            standsBy: args.standby?.includes(node.name) ?? false,
        })),
        track: Object.fromEntries(Object.entries(args.track ?? {}).map(([key, track]) => [key, tracker(track)])),
        notify: { ...args.notify, user: args.notify?.user ?? SCRIPT_USER },
        garp: { repeat: 5, delaySeconds: 5, refreshSeconds: 60, ...args.garp },
        startupDelaySeconds: args.startupDelaySeconds ?? 0,
    };
}

function tracker(track: pulumi.Unwrap<TrackArgs>): Tracker {
    const intervalSeconds = track.intervalSeconds ?? 1;
    return {
        systemdUnit: track.systemdUnit,
        tcp: track.tcp && { address: "127.0.0.1", ...track.tcp },
        http: track.http && { status: 200, ...track.http },
        command: track.command,
        intervalSeconds,
        timeoutSeconds: track.timeoutSeconds ?? intervalSeconds / 2,
        fall: track.fall ?? 2,
        rise: track.rise ?? 2,
        weight: track.weight ?? 0,
    };
}
