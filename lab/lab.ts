import * as path from "node:path";
import { Bmc } from "./bmc";
import { freeze, initProcesses, isFrozen, powerDown } from "./cgroups";
import { driverOf } from "./driver";
import { hostGroup, processesOf } from "./host";
import type { Inventory, InventoryHost } from "./inventory";
import { LinkName, linksOf, LinkState, linkStates, setLink, unplug } from "./network";
import type { HostKind, HostPlan, LabPlan } from "./plan";
import { type Instant, type Ran, type RunOptions, timed } from "./run";
import { DiskName, removeDisk, returnDisk } from "./vm/guest";
import { waitForHost } from "./wait";

/** Whether a host runs. */
export const Power = { on: "on", paused: "paused", off: "off" } as const;
/** One of the power states of a host. */
export type Power = (typeof Power)[keyof typeof Power];

/** How a host is doing. */
export interface HostStatus {
    name: string;
    address: string;
    address6: string;
    power: Power;
    link: LinkState;
    /** The second link of a machine with a kernel of its own. */
    replication?: LinkState;
}

/** What hosts lie over, by their kind; empty where there is none of that kind. */
export type Bases = Record<HostKind, string>;

/** One host of a lab that is up: what to reach, and the faults to put it through. */
export class LabHost {
    constructor(
        private readonly lab: Lab,
        private readonly plan: HostPlan,
        /** Address, user, keys. */
        readonly inventory: InventoryHost,
    ) {}

    /** Host name. */
    get name(): string {
        return this.plan.name;
    }
    /** Whether it is a container or a machine with a kernel of its own. */
    get kind(): HostKind {
        return this.plan.kind;
    }
    /** IPv4 address. */
    get address(): string {
        return this.plan.address;
    }
    /** IPv6 address. */
    get address6(): string {
        return this.plan.address6;
    }

    /** Whether it runs at this moment. */
    get power(): Power {
        return powerOf(this.lab.plan, this.plan);
    }
    /** Its management controller; undefined in a lab that was not asked for them. */
    get bmc(): Bmc | undefined {
        return this.inventory.bmc && new Bmc(this.lab.plan, this.name);
    }

    /**
     * Cuts the host off from the network: frames are lost in silence and its card still sees a carrier, as behind a switch that fails.
     * With `carrier: true` its card loses the carrier, as with a cable that is pulled. `link` names one link where it has two.
     */
    cut(options: { carrier?: boolean; link?: LinkName } = {}): Promise<Instant> {
        return this.link(options.carrier === true ? LinkState.noCarrier : LinkState.cut, options.link);
    }

    /** Connects the host again, or one of its links. */
    heal(options: { link?: LinkName } = {}): Promise<Instant> {
        return this.link(LinkState.connected, options.link);
    }

    private async link(state: Exclude<LinkState, "absent">, only?: LinkName): Promise<Instant> {
        this.mustBeOn("it has no link to change");
        const all = linksOf(this.plan);
        if (only !== undefined && !all.includes(only))
            throw new Error(`${this.name} has no link "${only}": a host in a container has ${all.join(", ")} alone`);
        const names = only === undefined ? all : [only];
        const stateOf = await linkStates(this.lab.plan);
        const carrier = state !== LinkState.noCarrier;
        const changed = names.filter((name) => (stateOf(this.plan, name) !== LinkState.noCarrier) !== carrier);
        return timed(async () => {
            await setLink(this.lab.plan, this.plan, state, names);
            if (changed.length > 0) await driverOf(this.plan).setCarrier(this.lab.plan, this.plan, changed, carrier);
        });
    }

    /** Pulls a disk out of a machine with a kernel of its own (default: its data disk); it is back, as it was, after the next power-on. */
    removeDisk(disk: DiskName = DiskName.data): Promise<Instant> {
        return this.disk(disk, removeDisk, "its disk can't be pulled out");
    }

    /** Plugs a disk that was pulled out in again, as it was. */
    returnDisk(disk: DiskName = DiskName.data): Promise<Instant> {
        return this.disk(disk, returnDisk, "its disk can't be plugged in; it is there at the next power-on");
    }

    private async disk(name: DiskName, move: typeof returnDisk, consequence: string): Promise<Instant> {
        if (this.inventory.vm === undefined) throw new Error(`${this.name} is a container: it has no ${name} disk`);
        this.mustBeOn(consequence);
        return timed(async () => void (await move(this.lab.plan, this.plan, name)));
    }

    /** Takes the host's power away: off the network, every process killed, at one instant. Its disk stays. */
    async powerOff(): Promise<Instant> {
        this.mustBeOn("its power can't be taken away");
        // A container's supervisor that is paused with it clears nothing away: it gets no time for that.
        const inits = this.power === Power.paused ? [] : initProcesses(hostGroup(this.lab.plan, this.name));
        const instant = await timed(() => setLink(this.lab.plan, this.plan, LinkState.cut));
        await Promise.all([
            powerDown(inits, () => processesOf(this.lab.plan, this.name)),
            unplug(this.lab.plan, this.plan),
        ]);
        return instant;
    }

    /** Starts the host again from its disk; returns when its SSH server answers. */
    async powerOn(options: { bootSeconds?: number } = {}): Promise<Instant> {
        const instant = await this.switchOn();
        await waitForHost(this.lab.plan, this.lab.inventory, this.plan, options.bootSeconds);
        return instant;
    }

    /** Starts the host again from its disk, connected to the network; returns while it boots. */
    async switchOn(): Promise<Instant> {
        if (this.isOn) throw new Error(`${this.name} is on already`);
        return timed(() => driverOf(this.plan).start(this.lab.plan, this.plan, this.lab.bases[this.plan.kind]));
    }

    /** Stops every process in its tracks; the kernel goes on answering pings and taking connections, as on a host that hangs. */
    pause(): Promise<Instant> {
        return this.frozen(true);
    }

    /** Lets a paused host go on. */
    resume(): Promise<Instant> {
        return this.frozen(false);
    }

    private async frozen(frozen: boolean): Promise<Instant> {
        this.mustBeOn("it has no processes to pause");
        return timed(() => freeze(hostGroup(this.lab.plan, this.name), frozen));
    }

    /** Whether it has power. */
    get isOn(): boolean {
        return driverOf(this.plan).isOn(this.lab.plan, this.plan);
    }

    private mustBeOn(consequence: string): void {
        if (!this.isOn) throw new Error(`${this.name} is off: ${consequence}`);
    }

    /**
     * Runs a command on the host as root, without its network: it works while the link is cut. Standard input and time limit as in
     * `options`; a failing command does not throw, its status is in the result.
     */
    async exec(argv: string[], options: Pick<RunOptions, "input" | "timeoutSeconds"> = {}): Promise<Ran> {
        return driverOf(this.plan).exec(this.lab.plan, this.plan, argv, options);
    }
}

/** A lab that is up. */
export class Lab {
    /** Its hosts, in the order they were asked for. */
    readonly hosts: LabHost[];

    constructor(
        readonly plan: LabPlan,
        /** What is written in the inventory file. */
        readonly inventory: Inventory,
        /** What its hosts lie over. */
        readonly bases: Bases,
    ) {
        this.hosts = plan.hosts.map(
            (host) =>
                new LabHost(
                    this,
                    host,
                    inventory.hosts.find((known) => known.name === host.name)!,
                ),
        );
    }

    /** Name of the lab. */
    get name(): string {
        return this.plan.name;
    }

    /** The known_hosts file that pins every host's key. */
    get knownHostsFile(): string {
        return path.join(this.plan.dir, "known_hosts");
    }

    /**
     * A host by its name.
     * @throws Error that lists the hosts there are.
     */
    host(name: string): LabHost {
        const found = this.hosts.find((host) => host.name === name);
        if (found !== undefined) return found;
        throw new Error(
            `"${name}" is no host of the lab "${this.name}": it has ${this.hosts.map((host) => host.name).join(", ") || "none"}`,
        );
    }

    /** Runs a command on a host as root, without its network: see LabHost.exec. */
    async exec(host: string, argv: string[], options: Pick<RunOptions, "input" | "timeoutSeconds"> = {}): Promise<Ran> {
        return this.host(host).exec(argv, options);
    }

    /** How every host is doing, as the kernel sees it at this moment. */
    async status(): Promise<HostStatus[]> {
        const linkOf = await linkStates(this.plan);
        return this.plan.hosts.map((host) => ({
            name: host.name,
            address: host.address,
            address6: host.address6,
            power: powerOf(this.plan, host),
            link: linkOf(host),
            ...(host.replication !== undefined && { replication: linkOf(host, LinkName.replication) }),
        }));
    }
}

const powerOf = (lab: LabPlan, host: HostPlan): Power => {
    if (!driverOf(host).isOn(lab, host)) return Power.off;
    return isFrozen(hostGroup(lab, host.name)) ? Power.paused : Power.on;
};
