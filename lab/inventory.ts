import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { DEFAULTS, Release } from "./plan";

const Bmc = z.object({
    /** IPv4 address. */
    address: z.ipv4(),
    /** UDP port. */
    port: z.number().int(),
    /** The account that may switch the power. */
    user: z.string().min(1),
    /** File with that account's password and nothing else, mode 0600. */
    passwordFile: z.string().min(1),
});

/** How a host's management controller is reached: IPMI 2.0 (lanplus), cipher suite 3. */
export type BmcAccess = z.infer<typeof Bmc>;

const Machine = z.object({
    /** The second link, to the lab's other machines alone: its interface and its IPv4 address. */
    replication: z.object({ interface: z.string(), address: z.ipv4(), prefixLength: z.number().int() }),
    /** Block device of the empty data disk. */
    dataDisk: z.string().startsWith("/dev/"),
    /** Block device that all machines of the lab share. */
    sharedDisk: z.string().startsWith("/dev/"),
    /** The watchdog that resets it. */
    watchdog: z.string().startsWith("/dev/"),
});

const Host = z.object({
    /** Host name. */
    name: z.string().min(1),
    /** Place in the subnet: the host part of its address. */
    number: z.number().int().positive(),
    /** IPv4 address. */
    address: z.ipv4(),
    /** Prefix length of the IPv4 address. */
    prefixLength: z.number().int(),
    /** IPv6 address, in the lab's /64. */
    address6: z.ipv6(),
    /** Prefix length of the IPv6 address. */
    prefixLength6: z.number().int(),
    /** The network interface inside the host that has these addresses. */
    interface: z.string().min(1),
    /** Login with sudo without password; `root` and `plain` (no sudo) accept the same key. */
    user: z.string().min(1),
    /** Port of the SSH server. */
    port: z.number().int(),
    /** The SSH server's public key, as in an authorized_keys line: type and base64. */
    hostKey: z.string().startsWith("ssh-ed25519 "),
    /** Its management controller, in a lab that was asked for them. */
    bmc: Bmc.optional(),
    /** What a machine with a kernel of its own has beside; absent for a container. */
    vm: Machine.optional(),
});

const Inventory = z.object({
    /** Name of the lab. */
    lab: z.string().min(1),
    /** The release of Debian that its hosts run. */
    release: z.enum(Release).default(DEFAULTS.release),
    /** IPv4 network. */
    subnet: z.string().min(1),
    /** The machine's IPv4 address in the lab. */
    gateway: z.ipv4(),
    /** IPv6 network. */
    subnet6: z.string().min(1),
    /** The machine's IPv6 address in the lab. */
    gateway6: z.ipv6(),
    /** File with the private login key, mode 0600. */
    loginKey: z.string().min(1),
    /** The hosts, in the order they were asked for. */
    hosts: z.array(Host),
});

/** A lab as its users see it: what to reach, how, and which keys to expect. Kept in `.lab/inventory.json`. */
export type Inventory = z.infer<typeof Inventory>;
/** One host of the inventory. */
export type InventoryHost = z.infer<typeof Host>;

/** Where a lab's inventory is. */
export const inventoryPath = (dir: string): string => path.join(dir, "inventory.json");

/**
 * The inventory in a lab's folder; undefined when there is none.
 * @throws Error when the file is not an inventory, with every field that is wrong.
 */
export function readInventory(dir: string): Inventory | undefined {
    const file = inventoryPath(dir);
    if (!fs.existsSync(file)) return undefined;
    const parsed = Inventory.safeParse(parseJson(file));
    if (parsed.success) return parsed.data;
    const wrong = parsed.error.issues.map((issue) => `  ${issue.path.join(".") || "file"}: ${issue.message}`);
    throw new Error(`${file} is not a lab's inventory; run "pulumi-ha lab down" and "up" again:\n${wrong.join("\n")}`);
}

function parseJson(file: string): unknown {
    try {
        return JSON.parse(fs.readFileSync(file, "utf8"));
    } catch (error) {
        return `unreadable: ${String(error)}`;
    }
}

/** Puts the inventory in place at once, so that a reader never sees half of it. */
export function writeInventory(dir: string, inventory: Inventory): void {
    const file = inventoryPath(dir);
    fs.writeFileSync(`${file}.new`, `${JSON.stringify(inventory, null, 2)}\n`);
    fs.renameSync(`${file}.new`, file);
}

/** The lines of an OpenSSH known_hosts file that pin every host's key. */
export const knownHosts = (inventory: Inventory): string =>
    inventory.hosts
        .flatMap((host) => [host.address, host.address6].map((address) => `${address} ${host.hostKey}\n`))
        .join("");
