import ipaddr from "ipaddr.js";
import { driverOf } from "./driver";
import type { Lab } from "./lab";

/**
 * The names of the hosts that hold an address at this moment, in the lab's order, as their kernels see it: also hosts that are cut, and
 * containers that are paused. A machine with a kernel of its own can't be asked while it is paused, and counts as holding none.
 */
export async function vipOwners(lab: Lab, address: string): Promise<string[]> {
    const wanted = ipaddr.parse(address).toString();
    const held = await Promise.all(lab.plan.hosts.map((host) => driverOf(host).addresses(lab.plan, host)));
    return lab.plan.hosts
        .filter((_, index) => held[index]!.some((found) => ipaddr.parse(found).toString() === wanted))
        .map((host) => host.name);
}
