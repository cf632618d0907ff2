import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { leaveFirewall, passFirewall } from "./firewall";
import type { HostPlan, LabPlan, Occupied } from "./plan";
import { freeSubnet, labOfLink, overlaps } from "./plan";
import { attempt, CommandFailed, ipBatch, run } from "./run";
import { subnetsOfOthers } from "./state";

/** A host's links: to the lab's network and, of a machine with a kernel of its own, to the other such machines. */
export const LinkName = { lan: "lan", replication: "replication" } as const;
/** The name of one of a host's links. */
export type LinkName = (typeof LinkName)[keyof typeof LinkName];

/** The bridges inside a lab's namespace. */
const BRIDGES: Record<LinkName, string> = { lan: "br0", replication: "br1" };
/** A host's network interface, as the host sees it. */
export const HOST_INTERFACE = "eth0";
/** A machine's interface for replication, as it sees it. */
export const REPLICATION_INTERFACE = "eth1";

const portOf = (host: Ports, name: LinkName): string | undefined =>
    name === LinkName.lan ? host.port : host.replication?.port;
type Ports = Pick<HostPlan, "port" | "replication">;

/** The names of the links that a host has. */
export const linksOf = (host: Ports): LinkName[] =>
    Object.values(LinkName).filter((name) => portOf(host, name) !== undefined);

interface LinkAddresses {
    ifname: string;
    addr_info: { family: string; local: string; prefixlen: number }[];
}
interface Route {
    dst: string;
    dev?: string;
}
interface Link {
    ifname: string;
    master?: string;
    flags: string[];
}

const ipJson = async <T>(argv: string[]): Promise<T> => JSON.parse((await run(["ip", "-j", ...argv])) || "[]") as T;

/** The networks in use on this machine, other than by one lab. */
async function occupied(lab: LabPlan): Promise<Occupied[]> {
    const [links, routes] = await Promise.all([
        ipJson<LinkAddresses[]>(["-4", "address"]),
        ipJson<Route[]>(["-4", "route", "show", "table", "all", "type", "unicast"]),
    ]);
    const owner = (link: string): string => {
        const other = labOfLink(link);
        return other === undefined ? `the interface ${link}` : `the lab "${other}"`;
    };
    const addresses = links
        .filter((link) => link.ifname !== lab.link)
        .flatMap((link) =>
            link.addr_info.map((info) => ({ subnet: `${info.local}/${info.prefixlen}`, by: owner(link.ifname) })),
        );
    const routed = routes
        .filter((route) => route.dst !== "default" && route.dev !== lab.link)
        .map((route) => ({
            subnet: route.dst.includes("/") ? route.dst : `${route.dst}/32`,
            by: `the route to ${route.dst}${route.dev === undefined ? "" : ` through ${route.dev}`}`,
        }));
    return [...subnetsOfOthers(lab.name), ...addresses, ...routed];
}

/**
 * Makes sure that a lab's subnet is its own.
 * @throws Error that names who has it and suggests one that is free.
 */
export async function checkSubnet(lab: LabPlan): Promise<void> {
    const networks = await occupied(lab);
    const conflict = networks.find((network) => overlaps(network.subnet, lab.subnet));
    if (conflict === undefined) return;
    const free = freeSubnet(networks);
    const advice = free === undefined ? "" : `; ${free} is free: --subnet ${free}`;
    throw new Error(`subnet: ${lab.subnet} is occupied by ${conflict.by} (${conflict.subnet})${advice}`);
}

const namespaceExists = (namespace: string): boolean => fs.existsSync(`/run/netns/${namespace}`);
const linkExists = (link: string): boolean => fs.existsSync(`/sys/class/net/${link}`);
const hasIpv6 = (): boolean => readSysctl("net/ipv6/conf/default/disable_ipv6") === "0";

const readSysctl = (key: string): string | undefined => {
    const file = `/proc/sys/${key}`;
    return fs.existsSync(file) ? fs.readFileSync(file, "utf8").trim() : undefined;
};

/** The lab's own table: hosts reach the outside under the machine's address, in segments that fit through its uplink. */
const nftTable = (lab: LabPlan): string => `table ip ${lab.table} {
    chain forward {
        type filter hook forward priority mangle;
        iifname "${lab.link}" tcp flags syn / syn,rst tcp option maxseg size set rt mtu
    }
    chain postrouting {
        type nat hook postrouting priority srcnat;
        ip saddr ${lab.subnet} oifname != "${lab.link}" masquerade
    }
}
`;

/** Makes the bridge, the machine's link into it and the way out; what stands already stays. */
export async function makeNetwork(lab: LabPlan): Promise<void> {
    if (!namespaceExists(lab.namespace) || !linkExists(lab.link)) await makeSwitch(lab);
    const table = await attempt(["nft", "list", "table", "ip", lab.table]);
    if (table.code === 0) return;
    await run(["nft", "-f", "-"], { input: nftTable(lab) });
    await passFirewall(lab.name, lab.link);
}

async function makeSwitch(lab: LabPlan): Promise<void> {
    await removeNetwork(lab);
    await run(["ip", "netns", "add", lab.namespace]);
    // The bridge's side of the lab is a switch: it has no address of its own.
    const silent =
        "for kind in all default; do echo 1 >/proc/sys/net/ipv6/conf/$kind/disable_ipv6; done 2>/dev/null || true";
    await run(["ip", "netns", "exec", lab.namespace, "sh", "-c", silent]);
    await ipBatch(
        [
            "link set lo up",
            ...Object.values(BRIDGES).flatMap((bridge) => [
                `link add ${bridge} type bridge stp_state 0 forward_delay 0 mcast_snooping 0`,
                `link set ${bridge} up`,
            ]),
        ],
        lab.namespace,
    );
    await ipBatch([
        `link add ${lab.link} type veth peer name uplink netns ${lab.namespace}`,
        ...(hasIpv6() ? [`address add ${lab.gateway6}/64 dev ${lab.link} nodad`] : []),
        `address add ${lab.gateway}/${lab.prefixLength} dev ${lab.link}`,
        `link set ${lab.link} up`,
    ]);
    await ipBatch([`link set uplink master ${BRIDGES.lan} up`], lab.namespace);
    setForwarding(lab.link, "1");
}

/** Removes what makeNetwork made, whatever of it there is. */
export async function removeNetwork(lab: Pick<LabPlan, "name" | "namespace" | "link" | "table">): Promise<void> {
    if (linkExists(lab.link)) await attempt(["ip", "link", "delete", lab.link]);
    if (namespaceExists(lab.namespace)) await attempt(["ip", "netns", "delete", lab.namespace]);
    await leaveFirewall(lab.name);
    await attempt(["nft", "delete", "table", "ip", lab.table]);
}

const forwardingKey = (link: string): string => `net/ipv4/conf/${link}/forwarding`;

/** The forwarding switches of the links that lead out of this machine. */
export async function uplinkForwarding(): Promise<Record<string, string>> {
    const routes = await ipJson<Route[]>(["-4", "route", "show", "default"]);
    const links = [...new Set(routes.map((route) => route.dev).filter((dev) => dev !== undefined))];
    return Object.fromEntries(links.map((link) => [link, readSysctl(forwardingKey(link)) ?? "0"]));
}

/** Lets answers from outside through to the labs. Per link, so that the machine as a whole does not become a router. */
export function forward(uplinks: string[]): void {
    for (const link of uplinks) setForwarding(link, "1");
}

/** Puts the forwarding switches back. Where somebody has meanwhile made the whole machine a router, they stay. */
export function restoreForwarding(before: Record<string, string>): void {
    if (readSysctl("net/ipv4/ip_forward") === "1") return;
    for (const [link, value] of Object.entries(before)) setForwarding(link, value);
}

function setForwarding(link: string, value: string): void {
    const key = forwardingKey(link);
    if (readSysctl(key) !== undefined && readSysctl(key) !== value) fs.writeFileSync(`/proc/sys/${key}`, value);
}

/** A host's hardware address: the same at every start, as a network card's is. */
export const hardwareAddress = (lab: LabPlan, host: HostPlan, name: LinkName = LinkName.lan): string => {
    const suffix = name === LinkName.lan ? "" : ` ${name}`;
    const hex = createHash("sha256").update(`${lab.name} ${lab.subnet} ${host.number}${suffix}`).digest("hex");
    return ["02", ...[0, 2, 4, 6, 8].map((at) => hex.slice(at, at + 2))].join(":");
};

/** Makes a host's namespace and its link to the bridge. */
export async function plugIn(lab: LabPlan, host: HostPlan): Promise<void> {
    await unplug(lab, host);
    await run(["ip", "netns", "add", host.namespace]);
    const peer = `peer name ${HOST_INTERFACE} address ${hardwareAddress(lab, host)} netns ${host.namespace}`;
    await ipBatch(
        [`link add ${host.port} type veth ${peer}`, `link set ${host.port} master ${BRIDGES.lan} up`],
        lab.namespace,
    );
}

/** Makes the ends of a machine's links to the bridges; QEMU holds the other ends. */
export async function plugInMachine(lab: LabPlan, host: HostPlan): Promise<void> {
    await unplug(lab, host);
    await ipBatch(
        linksOf(host).flatMap((name) => [
            `tuntap add dev ${portOf(host, name)} mode tap`,
            `link set ${portOf(host, name)} master ${BRIDGES[name]} up`,
        ]),
        lab.namespace,
    );
}

/** Removes a host's links and namespace, whatever of it there is. */
export async function unplug(
    lab: Pick<LabPlan, "namespace">,
    host: Pick<HostPlan, "port" | "replication" | "namespace">,
): Promise<void> {
    for (const name of namespaceExists(lab.namespace) ? linksOf(host) : [])
        await attempt(["ip", "-n", lab.namespace, "link", "delete", portOf(host, name)!]);
    if (namespaceExists(host.namespace)) await attempt(["ip", "netns", "delete", host.namespace]);
}

/** The addresses set in a network namespace; none where there is no such namespace, or where it goes while it is looked at. */
export async function addressesIn(namespace: string): Promise<string[]> {
    if (!namespaceExists(namespace)) return [];
    const argv = ["ip", "-j", "-n", namespace, "address"];
    const ran = await attempt(argv);
    if (ran.code !== 0 && namespaceExists(namespace))
        throw new CommandFailed(argv, ran, `failed with status ${ran.code}`);
    const links = JSON.parse(ran.stdout || "[]") as LinkAddresses[];
    return links.flatMap((link) => link.addr_info.map((info) => info.local));
}

/** A host's link: connected; cut silently (its card still sees a carrier); cut so that the card sees it; or not there (host is off). */
export const LinkState = { connected: "connected", cut: "cut", noCarrier: "no carrier", absent: "absent" } as const;
/** One of the states of a host's link. */
export type LinkState = (typeof LinkState)[keyof typeof LinkState];

/** The state of the links of all hosts, by the bridges' ports. */
export async function linkStates(lab: LabPlan): Promise<(host: HostPlan, name?: LinkName) => LinkState> {
    const links = namespaceExists(lab.namespace) ? await ipJson<Link[]>(["-n", lab.namespace, "link"]) : [];
    return (host, name = LinkName.lan) => {
        const link = links.find((candidate) => candidate.ifname === portOf(host, name));
        if (link === undefined) return LinkState.absent;
        if (!link.flags.includes("UP")) return LinkState.noCarrier;
        return link.master === BRIDGES[name] ? LinkState.connected : LinkState.cut;
    };
}

/** Commands, for `ip` in the lab's namespace, that bring a link into a state. */
const LINK_COMMANDS: Record<Exclude<LinkState, "absent">, (port: string, bridge: string) => string> = {
    [LinkState.connected]: (port, bridge) => `link set ${port} master ${bridge} up`,
    [LinkState.cut]: (port) => `link set ${port} nomaster up`,
    [LinkState.noCarrier]: (port) => `link set ${port} nomaster down`,
};

/** Brings some of a host's links into a state; all of them where none is named. */
export const setLink = (
    lab: LabPlan,
    host: HostPlan,
    state: Exclude<LinkState, "absent">,
    names: LinkName[] = linksOf(host),
): Promise<string> =>
    ipBatch(
        names.map((name) => LINK_COMMANDS[state](portOf(host, name)!, BRIDGES[name])),
        lab.namespace,
    );
