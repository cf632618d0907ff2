import * as pulumi from "@pulumi/pulumi";
import { Unit, rolling } from "../../remote/unit";
import { withoutPrefix } from "../shared/addresses";
import type { FaultSeconds } from "../shared/failover";
import { checkedOn } from "../shared/node-rules";
import { recorded } from "../shared/rules";
import { unique } from "../shared/unique";
import type { FailoverWiring } from "../shared/wiring";
import type { KeepalivedVipArgs } from "./args";
import { claims, clash } from "./claims";
import { failover, wiring } from "./failover";
import { render, renderJoin } from "./render";
import { rules } from "./rules";
import { priorityOf, publicArgs, toSpec } from "./spec";

export { VrrpVersion } from "./args";
export type { GarpArgs, HttpProbeArgs, KeepalivedVipArgs, NotifyArgs, TcpProbeArgs, TrackArgs } from "./args";

/**
 * An address that lives on one of several nodes and moves by itself when that node is lost: VRRP (RFC 9568) by keepalived.
 *
 * ```ts
 * const vip = new KeepalivedVip("front", {
 *     nodes: [lb1, lb2],
 *     address: "10.77.0.100/24",
 *     track: { haproxy: { systemdUnit: "haproxy" } },
 * });
 * ```
 *
 * Several addresses may share the nodes: each is a file of its own beside keepalived's shared configuration. The nodes talk unicast, accept adverts
 * from each other alone, start as standbys, and the holder keeps the address until it is lost (`preempt` changes that). Scripts run without
 * privileges. Services can bind the address on every node (`ip_nonlocal_bind`). On hosts with several interfaces in one network, set `arp_ignore` = 1
 * and `arp_announce` = 2 as well: this is not done here because it changes how all addresses of the host answer.
 *
 * What no VRRP can give: while the holder's keepalived or its virtual machine is paused, and while the nodes cannot see each other, both have the
 * address (`timerExpiredBackup` decides which of them keeps it after a pause). And VRRP has no say in who may write: put nothing behind it that breaks when two nodes serve.
 */
export class KeepalivedVip extends pulumi.ComponentResource {
    static readonly __pulumiType = "pulumi-ha:index:KeepalivedVip";
    /** The address without its prefix length. */
    readonly address: pulumi.Output<string>;
    /** All addresses that move, without prefix length; `address` is the first. */
    readonly addresses: pulumi.Output<string[]>;
    /** How long clients are without the address, at most, by kind of fault. */
    readonly failover: pulumi.Output<FaultSeconds[]>;
    /** Which addresses move, for `stackFailover`. */
    readonly wiring: pulumi.Output<FailoverWiring>;
    /** The number of the virtual router, as given or derived. */
    readonly virtualRouterId: pulumi.Output<number>;

    constructor(name: string, args: KeepalivedVipArgs, opts?: pulumi.ComponentResourceOptions) {
        super(KeepalivedVip.__pulumiType, name, recorded(args), opts);
        const spec = checkedOn(
            this,
            name,
            { nodes: args.nodes },
            () => publicArgs(args),
            (a) => toSpec(name, a),
            [...rules, unique("KeepalivedVip", claims, clash)],
        );

        const options = { parent: this, dependsOn: opts?.dependsOn };
        const byPreference = mostPreferredFirst(args);
        // A change that goes wrong stops at a standby, before it reaches the node that most likely holds the address.
        const configured = rolling([...byPreference].reverse(), (node, after) => {
            const manifest = spec.apply((s) => render(s, node.name));
            return new Unit(`${name}-${node.name}`, { node, manifest, after }, options);
        });
        // A node takes part once all the others send it their adverts: until then it would take an address that is held.
        const joining = byPreference.filter((node) => !args.standby?.includes(node.name));
        rolling(joining, (node, after) => {
            const manifest = spec.apply((s) => renderJoin(s, node.name));
            return new Unit(`${name}-${node.name}-join`, { node, manifest, after: [...configured, ...after] }, options);
        });

        this.address = spec.apply((s) => withoutPrefix(s.address));
        this.addresses = spec.apply((s) => [s.address, ...s.extraAddresses].map(withoutPrefix));
        this.failover = spec.apply(failover);
        this.wiring = spec.apply(wiring);
        this.virtualRouterId = spec.apply((s) => s.virtualRouterId);
        this.registerOutputs({
            address: this.address,
            addresses: this.addresses,
            failover: this.failover,
            wiring: this.wiring,
            virtualRouterId: this.virtualRouterId,
        });
    }
}

const mostPreferredFirst = (args: KeepalivedVipArgs) =>
    args.nodes
        .map((node, place) => ({ node, priority: priorityOf(args, node.name, place) }))
        .sort((a, b) => b.priority - a.priority)
        .map(({ node }) => node);
