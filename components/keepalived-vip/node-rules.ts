import { complete, family, inNetworkOf, octets, prefixLength, withoutPrefix } from "../shared/addresses";
import { hostRules } from "../shared/node-rules";
import type { ItemRule } from "../shared/rules";
import { isAddress, same, shown, whole } from "../shared/syntax";
import type { VipNode, VipSpec } from "./spec";

const INTERFACE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$/;

const known = (address: string | undefined): address is string => address !== undefined && isAddress(address);
/** Whether two addresses are one, whatever their prefix. */
const alike = (a: string, b: string): boolean => same(withoutPrefix(a)) === same(withoutPrefix(b));
const ipv = (vip: VipSpec): number => family(vip.address) ?? 4;

/** The first and, for IPv4, the last address of a network name no host; networks of one or two addresses have neither. */
function namesNoHost(address: string): boolean {
    const bytes = octets(address);
    const free = bytes.length * 8 - (prefixLength(address) ?? 0);
    if (free < 2) return false;
    const host = bytes.map((byte, index) => {
        const bits = Math.min(8, Math.max(0, free - 8 * (bytes.length - 1 - index)));
        return { value: byte & (2 ** bits - 1), most: 2 ** bits - 1 };
    });
    return host.every((h) => h.value === 0) || (bytes.length === 4 && host.every((h) => h.value === h.most));
}

/** What holds for every address that moves. */
export const addressRules: ItemRule<VipSpec, string>[] = [
    {
        path: "",
        refuses: (address) => !complete(address),
        because: (address) =>
            `"${address}" is no address with prefix length: give it as in 10.77.0.100/24 or fd77::100/64`,
    },
    {
        path: "",
        refuses: (address) => complete(address) && namesNoHost(address),
        because: (address) => `${address} is the network itself or its broadcast address: choose one between them`,
    },
    {
        path: "",
        refuses: (address, vip) =>
            complete(address) && vip.nodes.some((n) => known(n.address) && alike(n.address, address)),
        because: (address, vip) =>
            `${address} is the address of node ${vip.nodes.find((n) => known(n.address) && alike(n.address, address))?.name ?? ""}, which keeps it: choose one that no host has`,
    },
];

/** What holds for the further addresses as well. */
export const extraAddressRules: ItemRule<VipSpec, string>[] = [
    ...addressRules,
    {
        path: "",
        refuses: (address, vip) =>
            complete(address) && complete(vip.address) && family(address) !== family(vip.address),
        because: (address, vip) =>
            `${address} and ${vip.address} are of different families, and adverts of one say nothing about the other: make a second KeepalivedVip for it`,
    },
    {
        path: "",
        refuses: (address, vip) =>
            complete(address) &&
            [vip.address, ...vip.extraAddresses].filter((a) => complete(a) && alike(a, address)).length > 1,
        because: (address) => `${address} is listed twice`,
    },
];

/** What holds for each node among the others. */
export const nodeRules: ItemRule<VipSpec, VipNode>[] = [
    ...hostRules<VipSpec>({ among: (vip) => vip.nodes }),
    {
        path: "address",
        refuses: (node, vip) =>
            node.address === undefined || (known(node.address) && family(node.address) !== ipv(vip)),
        because: (node, vip) =>
            ipv(vip) === 6
                ? `node ${node.name} has no IPv6 address, and ${vip.address} needs one to send adverts from: give its address6`
                : `${node.address ?? ""} of node ${node.name} is no IPv4 address, and ${vip.address} needs one to send adverts from`,
    },
    {
        path: "address",
        refuses: (node, vip) =>
            known(node.address) &&
            family(node.address) === ipv(vip) &&
            complete(vip.address) &&
            !inNetworkOf(node.address, vip.address),
        because: (node, vip) =>
            `${node.address ?? ""} is not in the network of ${vip.address}: an address moves only between nodes of its own network (check its prefix length)`,
    },
    {
        path: "interface",
        refuses: (node) => node.interface === undefined,
        because: (node) =>
            `which interface of ${node.name} shall hold the address? set the node's interface, or interface for all nodes`,
    },
    {
        path: "interface",
        refuses: (node) => node.interface !== undefined && !INTERFACE.test(node.interface),
        because: (node) =>
            `"${node.interface ?? ""}" is no name of an interface: at most 15 letters, digits, ".", "_", "-"`,
    },
];

/** A priority as it was given. */
interface Given {
    name: string;
    priority: number;
}

const rival = ({ name, priority }: Given, vip: VipSpec): VipNode | undefined =>
    vip.nodes.find((node) => node.name !== name && node.priority === priority);

/** The priorities that were given, by node name, each with the name at hand. */
export const givenPriorities = (vip: VipSpec): Record<string, Given> =>
    Object.fromEntries(Object.entries(vip.priorities).map(([name, priority]) => [name, { name, priority }]));

/** What holds for each priority that was given. */
export const priorityRules: ItemRule<VipSpec, Given>[] = [
    {
        path: "",
        refuses: ({ name }, vip) => !vip.nodes.some((node) => node.name === name),
        because: ({ name }, vip) =>
            `there is no node ${name}: the nodes are ${vip.nodes.map((n) => n.name).join(", ")}`,
    },
    {
        path: "",
        refuses: ({ priority }) => !whole(priority, 1, 254),
        because: ({ priority }) =>
            `${shown(priority)} is no priority: a whole number from 1 to 254 (255 would mean a node's own address)`,
    },
    {
        path: "",
        refuses: (given, vip) => rival(given, vip) !== undefined,
        because: (given, vip) =>
            `${given.priority} is the priority of ${rival(given, vip)?.name ?? ""} too: every node needs its own (defaults count down from 254 by 2)`,
    },
];

/** What holds for each name in `standby`. */
export const standbyRules: ItemRule<VipSpec, string>[] = [
    {
        path: "",
        refuses: (name, vip) => !vip.nodes.some((node) => node.name === name),
        because: (name, vip) => `there is no node ${name}: the nodes are ${vip.nodes.map((n) => n.name).join(", ")}`,
    },
];
