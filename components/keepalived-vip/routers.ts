import * as pulumi from "@pulumi/pulumi";
import ipaddr from "ipaddr.js";
import { family, prefixLength } from "../shared/addresses";
import type { Finder } from "../shared/rules";
import type { VipSpec } from "./spec";

/** For each run of a program: the name of the address that has a router number in a network. */
const runs = new WeakMap<object, Map<string, string>>();

/**
 * Refuses a virtual router id that another address of the same program has in the same network: routers of one number take each other's adverts
 * (RFC 9568, 5.2.3). The one thing about an address that its own arguments don't show. Addresses of other stacks are not seen.
 */
export function uniqueRouter(): Finder<VipSpec> {
    const taken = takenInThisRun();
    return (vip) => {
        const key = `${network(vip.address)} ${vip.virtualRouterId}`;
        const other = taken.get(key) ?? vip.name;
        taken.set(key, other);
        if (other === vip.name) return [];
        const message = `${vip.virtualRouterId} is the number of KeepalivedVip "${other}" in the same network: give one of the two another`;
        return [{ path: "virtualRouterId", message, level: "refuse" }];
    };
}

/** A run has its own connection to the engine; so do unit tests, each with its own mocks. */
function takenInThisRun(): Map<string, string> {
    const run: object = pulumi.runtime.getMonitor() ?? runs;
    const taken = runs.get(run) ?? new Map<string, string>();
    runs.set(run, taken);
    return taken;
}

function network(address: string): string {
    const kind = family(address);
    const bits = prefixLength(address);
    // What is no address with a prefix is refused by a rule of its own.
    if (kind === undefined || bits === undefined) return address;
    const of = kind === 4 ? ipaddr.IPv4 : ipaddr.IPv6;
    return `${of.networkAddressFromCIDR(address).toString()}/${bits}`;
}
