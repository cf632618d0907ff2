import ipaddr from "ipaddr.js";
import { family, prefixLength, withoutPrefix } from "../shared/addresses";
import { same } from "../shared/syntax";
import type { Claim } from "../shared/unique";
import type { VipSpec } from "./spec";

/**
 * What a virtual address has, and no other one may: its addresses, and the number of its router in their network, as routers of one number take each
 * other's adverts (RFC 9568, 5.2.3).
 */
export const claims = (vip: VipSpec): Claim[] => [
    ...[vip.address, ...vip.extraAddresses].map(withoutPrefix).map((address, place) => ({
        path: place === 0 ? "address" : `extraAddresses[${place - 1}]`,
        key: same(address),
        what: address,
    })),
    {
        path: "virtualRouterId",
        key: `${network(vip.address)} ${vip.virtualRouterId}`,
        part: vip.address,
        what: `${vip.virtualRouterId} in ${network(vip.address)}`,
    },
];

/** An address that two have is said of the address: the number that follows from it is nothing that anybody wrote. */
export const clash = (one: Claim, other: Claim): boolean => one.part === undefined || one.part !== other.part;

function network(address: string): string {
    const kind = family(address);
    const bits = prefixLength(address);
    // What is no address with a prefix is refused by a rule of its own.
    if (kind === undefined || bits === undefined) return address;
    const of = kind === 4 ? ipaddr.IPv4 : ipaddr.IPv6;
    return `${of.networkAddressFromCIDR(address).toString()}/${bits}`;
}
