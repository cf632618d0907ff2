import { createHash } from "node:crypto";
import * as path from "node:path";
import ipaddr from "ipaddr.js";

/** What a person asks of a lab; every field has a default. */
export interface LabOptions {
    /** Name of the lab; several labs live side by side on one machine. Lower-case letters, digits and dashes, at most 12. Default: `lab`. */
    name?: string;
    /** IPv4 network of the lab, /16 to /25. Default: `10.77.0.0/24`. */
    subnet?: string;
    /** Names of the hosts, or how many (`node1`, `node2`, …). Default: lb1, lb2, web1 and web2 for a new lab, else those it has. */
    hosts?: string[] | number;
    /** Names of machines with a kernel of their own (QEMU), or how many (`vm1`, `vm2`, …). Default: those the lab has. */
    vms?: string[] | number;
    /** Megabytes of the data disk of machines that are new. Default: 400. */
    dataDisk?: number;
    /** Where the lab keeps its state. Default: `.lab` for the lab named `lab`, else `.lab/NAME`; relative to the working directory. */
    dir?: string;
    /** A management controller (IPMI) for every host, which switches its power. Default: as the lab has it, none for a new one. */
    bmc?: boolean;
    /** The release of Debian that its hosts run; machines run bookworm alone. Default: as the lab has it, bookworm for a new one. */
    release?: Release;
}

/** Releases of Debian that hosts can run: 12 and 13. */
export const Release = { bookworm: "bookworm", trixie: "trixie" } as const;
/** One of the releases. */
export type Release = (typeof Release)[keyof typeof Release];

/** What a host is: a container, which shares this machine's kernel, or a machine of its own in QEMU. */
export const HostKind = { container: "container", vm: "vm" } as const;
/** One of the kinds of hosts. */
export type HostKind = (typeof HostKind)[keyof typeof HostKind];

/** One host of a lab, before it exists. */
export interface HostPlan {
    /** Host name, unique in the lab. */
    name: string;
    kind: HostKind;
    /** Its place in the subnet: 11 for the first host, as in 10.77.0.11. */
    number: number;
    /** IPv4 address. */
    address: string;
    /** IPv6 address (unique local, RFC 4193). */
    address6: string;
    /** Network namespace on this machine. */
    namespace: string;
    /** The bridge's end of the host's link, inside the lab's namespace. */
    port: string;
    /** A machine's second link, for replication alone; a container has none. */
    replication?: { address: string; port: string };
}

/** Everything about a lab that follows from its name, subnet and host names alone. */
export interface LabPlan {
    name: string;
    dir: string;
    subnet: string;
    prefixLength: number;
    gateway: string;
    subnet6: string;
    gateway6: string;
    /** Namespace that holds the bridge. */
    namespace: string;
    /** The machine's own link into the lab. */
    link: string;
    /** The lab's table in the packet filter. */
    table: string;
    /** The lab's control group, below each hierarchy's root. */
    cgroup: string;
    hosts: HostPlan[];
    /** Megabytes of a new machine's data disk. */
    dataDisk: number;
    /** The release of Debian that its hosts run. */
    release: Release;
}

/** A lab that is asked for with nothing said. */
export const DEFAULTS = {
    name: "lab",
    subnet: "10.77.0.0/24",
    hosts: ["lb1", "lb2", "web1", "web2"],
    dataDisk: 400,
    release: Release.bookworm,
};

/** The network between the replication links of a lab's machines: only they are in it, so every lab can have the same. */
const REPLICATION_SUBNET = "198.19.0.0/24";

/** The host part of the first host's address: .1 is the gateway, up to .10 is free for a person's own use. */
const FIRST_HOST = 11;
/** Addresses from .100 on are left to virtual IPs. */
const LAST_HOST = 99;

/** The UDP port of a host's management controller, on the lab's gateway. */
export const bmcPort = (number: number): number => 9000 + number;
/** The ports that management controllers can have. */
export const BMC_PORTS = { first: bmcPort(FIRST_HOST), last: bmcPort(LAST_HOST) };
const ROOM = LAST_HOST - FIRST_HOST + 1;

/** Prefix of everything a lab makes on the machine; what `down` looks for after a crash. */
const PREFIX = "ha-";

/** Names that a lab leaves on the machine: pure functions of the lab's name, so that `down` finds all of them without any record. */
export const namesOf = (lab: string) => ({
    namespace: `${PREFIX}${lab}`,
    hostNamespace: (host: string): string => `${PREFIX}${lab}.${host}`,
    /** At most 15 characters, as the kernel allows (IFNAMSIZ). */
    link: `${PREFIX}${lab}`,
    table: `ha_lab_${lab.replaceAll("-", "_")}`,
    cgroup: `pulumi-ha.${lab}`,
    isHostNamespace: (namespace: string): boolean => namespace.startsWith(`${PREFIX}${lab}.`),
});

/** The name of the lab that made a link on this machine, if one did. */
export const labOfLink = (link: string): string | undefined =>
    link.startsWith(PREFIX) ? link.slice(PREFIX.length) : undefined;

const LAB_NAME = /^[a-z][a-z0-9-]{0,11}$/;
const HOST_NAME = /^[a-z][a-z0-9-]{0,30}$/;
/** Names of what stands in the default lab's folder, where the folders of other labs stand too. */
const RESERVED_LAB_NAMES = ["hosts"];

/** Characters that separate the options of an overlayfs mount. */
const UNMOUNTABLE = /[,:\\"]/;

/** All that is wrong with what was asked, one line each; empty when nothing is. */
export function violations(options: LabOptions): string[] {
    const { name = DEFAULTS.name, subnet = DEFAULTS.subnet, hosts = [], vms = [], dataDisk = 1 } = options;
    const { release = DEFAULTS.release } = options;
    const names = wantedHosts(options).map((host) => host.name);
    const repeated = names.filter((host, index) => names.indexOf(host) !== index);
    return [
        !LAB_NAME.test(name) && `name: "${name}" must be lower-case letters, digits and dashes, at most 12 characters`,
        RESERVED_LAB_NAMES.includes(name) && `name: "${name}" is taken by the lab's own folders: choose another`,
        subnetViolation(subnet),
        UNMOUNTABLE.test(labDir(name, options.dir)) &&
            `dir: "${labDir(name, options.dir)}" must not contain a comma, a colon, a backslash or a quote: overlayfs can't mount it`,
        countViolation("hosts", hosts),
        countViolation("vms", vms),
        names.length > ROOM &&
            typeof hosts !== "number" &&
            typeof vms !== "number" &&
            `hosts: ${names.length} names, but a lab has room for ${ROOM}`,
        !(Number.isInteger(dataDisk) && dataDisk > 0) && `dataDisk: ${dataDisk} must be a whole number of megabytes`,
        !Object.values<string>(Release).includes(release) &&
            `release: "${release}" must be ${Object.values(Release).join(" or ")}`,
        release !== DEFAULTS.release &&
            wantedHosts(options).some((host) => host.kind === HostKind.vm) &&
            `vms: machines with a kernel of their own run ${DEFAULTS.release} alone, and release is ${release}`,
        ...names
            .filter((host) => !HOST_NAME.test(host))
            .map((host) => `hosts: "${host}" must be lower-case letters, digits and dashes, at most 31 characters`),
        ...[...new Set(repeated)].map((host) => `hosts: "${host}" is listed more than once`),
    ].filter((line) => line !== false && line !== undefined);
}

const countViolation = (field: string, count: string[] | number): string | undefined =>
    typeof count === "number" && (!Number.isInteger(count) || count < 0 || count > ROOM)
        ? `${field}: ${count} must be a whole number between 0 and ${ROOM}`
        : undefined;

function subnetViolation(subnet: string): string | undefined {
    if (!ipaddr.IPv4.isValidCIDRFourPartDecimal(subnet)) {
        return `subnet: "${subnet}" must be an IPv4 network such as ${DEFAULTS.subnet}`;
    }
    const [, prefixLength] = ipaddr.IPv4.parseCIDR(subnet);
    const network = ipaddr.IPv4.networkAddressFromCIDR(subnet).toString();
    if (prefixLength < 16 || prefixLength > 25) {
        return `subnet: "${subnet}" must have a prefix length between 16 and 25`;
    }
    if (subnet !== `${network}/${prefixLength}`) {
        return `subnet: "${subnet}" has host bits set: did you mean ${network}/${prefixLength}?`;
    }
    if (overlaps(subnet, REPLICATION_SUBNET)) {
        return `subnet: "${subnet}" overlaps ${REPLICATION_SUBNET}, the network of the machines' replication links`;
    }
    return undefined;
}

const hostNames = (hosts: string[] | number, prefix: string): string[] =>
    typeof hosts === "number"
        ? Array.from(
              { length: Number.isInteger(hosts) ? Math.max(0, Math.min(hosts, 1000)) : 0 },
              (_, n) => `${prefix}${n + 1}`,
          )
        : hosts;

type Named = Pick<HostPlan, "name" | "kind">;

const wantedHosts = ({ hosts = [], vms = [] }: LabOptions): Named[] => [
    ...hostNames(hosts, "node").map((name) => ({ name, kind: HostKind.container })),
    ...hostNames(vms, "vm").map((name) => ({ name, kind: HostKind.vm })),
];

/** The folder of a lab's state. */
export const labDir = (name: string, dir?: string): string =>
    path.resolve(dir ?? (name === DEFAULTS.name ? ".lab" : path.join(".lab", name)));

/** A host that a lab has; a container where nothing else is said. */
type Existing = Pick<HostPlan, "name" | "number"> & Partial<Pick<HostPlan, "kind">>;

/**
 * The plan of a lab. Hosts that exist already keep their numbers; new ones take the lowest free ones in the order given.
 * @throws Error that lists all violations at once.
 */
export function plan(options: LabOptions, existing: Existing[] = []): LabPlan {
    const wrong = violations(options);
    if (wrong.length > 0) throw new Error(`the lab can't be made:\n${wrong.map((line) => `  ${line}`).join("\n")}`);
    const { name = DEFAULTS.name, subnet = DEFAULTS.subnet, dataDisk = DEFAULTS.dataDisk } = options;
    const names = namesOf(name);
    const prefix6 = uniqueLocalPrefix(`${name} ${subnet}`);
    const inPrefix6 = (n: string): string => ipaddr.IPv6.parse(`${prefix6}::${n}`).toString();
    const numbered = numberHosts(wantedHosts(options), existing);
    return {
        name,
        dir: labDir(name, options.dir),
        subnet,
        prefixLength: ipaddr.IPv4.parseCIDR(subnet)[1],
        gateway: nthAddress(subnet, 1),
        subnet6: `${inPrefix6("0")}/64`,
        gateway6: inPrefix6("1"),
        namespace: names.namespace,
        link: names.link,
        table: names.table,
        cgroup: names.cgroup,
        hosts: numbered.map((host) => ({
            ...host,
            address: nthAddress(subnet, host.number),
            address6: inPrefix6(String(host.number)),
            namespace: names.hostNamespace(host.name),
            port: `port${host.number}`,
            ...(host.kind === HostKind.vm && {
                replication: { address: nthAddress(REPLICATION_SUBNET, host.number), port: `repl${host.number}` },
            }),
        })),
        dataDisk,
        release: options.release ?? DEFAULTS.release,
    };
}

function numberHosts(wanted: Named[], existing: Existing[]): (Named & { number: number })[] {
    const taken = new Set(existing.map((host) => host.number));
    const free = Array.from({ length: ROOM }, (_, n) => FIRST_HOST + n).filter((n) => !taken.has(n));
    const known = existing.map((host) => ({ ...host, kind: host.kind ?? HostKind.container }));
    const changed = wanted.find((host) => known.some(({ name, kind }) => name === host.name && kind !== host.kind));
    if (changed !== undefined)
        throw new Error(
            `hosts: "${changed.name}" is there already, and can't become a ${changed.kind}: choose another name`,
        );
    const added = wanted.filter((host) => !known.some(({ name }) => name === host.name));
    if (added.length > free.length)
        throw new Error(`hosts: the lab has room for ${free.length} more, not for ${added.length}`);
    return [...known, ...added.map((host, index) => ({ ...host, number: free[index]! }))];
}

/** The nth address of an IPv4 network. */
function nthAddress(subnet: string, n: number): string {
    const bytes = ipaddr.IPv4.networkAddressFromCIDR(subnet).toByteArray();
    const value = bytes.reduce((sum, byte) => sum * 256 + byte, 0) + n;
    return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}

/** A /48 of fd00::/8 made from a seed instead of the clock (RFC 4193, 3.2.2), subnet 0: a lab has the same addresses every time. */
function uniqueLocalPrefix(seed: string): string {
    const hex = createHash("sha256").update(`pulumi-ha ${seed}`).digest("hex");
    return [`fd${hex.slice(0, 2)}`, hex.slice(2, 6), hex.slice(6, 10), "0"].join(":");
}

/** Whether two IPv4 networks share an address. */
export function overlaps(a: string, b: string): boolean {
    const [addressA, lengthA] = ipaddr.IPv4.parseCIDR(a);
    const [addressB, lengthB] = ipaddr.IPv4.parseCIDR(b);
    return addressA.match(addressB, Math.min(lengthA, lengthB));
}

/** A network this machine already uses, and what for. */
export interface Occupied {
    subnet: string;
    by: string;
}

/** The first /24 that nothing occupies, to suggest in place of one that is taken. */
export function freeSubnet(occupied: Occupied[]): string | undefined {
    const range = (from: number, count: number, subnet: (n: number) => string): string[] =>
        Array.from({ length: count }, (_, index) => subnet(from + index));
    const candidates = [
        ...range(77, 100, (n) => `10.${n}.0.0/24`),
        ...range(77, 100, (n) => `192.168.${n}.0/24`),
        ...range(16, 16, (n) => `172.${n}.77.0/24`),
        ...range(0, 100, (n) => `198.18.${n}.0/24`),
    ];
    return candidates.find((candidate) => !occupied.some((network) => overlaps(network.subnet, candidate)));
}
