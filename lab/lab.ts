import * as path from "node:path";
import { Bmc } from "./bmc";
import { freeze, isFrozen, powerDown } from "./cgroups";
import { hostGroup, initOf, processesOf, start } from "./host";
import type { Inventory, InventoryHost } from "./inventory";
import { LinkState, linkStates, setLink, unplug } from "./network";
import type { HostPlan, LabPlan } from "./plan";
import { attempt, type Instant, type Ran, type RunOptions, timed } from "./run";
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
}

/** Seconds a host may take from power-on until its SSH server answers. */
export const BOOT_SECONDS = 60;

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
        return powerOf(this.lab.plan, this.name);
    }
    /** Its management controller; undefined in a lab that was not asked for them. */
    get bmc(): Bmc | undefined {
        return this.inventory.bmc && new Bmc(this.lab.plan, this.name);
    }

    /**
     * Cuts the host off from the network: frames are lost in silence and its card still sees a carrier, as behind a switch that fails.
     * With `carrier: true` its card loses the carrier, as with a cable that is pulled.
     */
    cut(options: { carrier?: boolean } = {}): Promise<Instant> {
        return this.link(options.carrier === true ? LinkState.noCarrier : LinkState.cut);
    }

    /** Connects the host again. */
    heal(): Promise<Instant> {
        return this.link(LinkState.connected);
    }

    private async link(state: Exclude<LinkState, "absent">): Promise<Instant> {
        this.initOrOff("it has no link to change");
        return timed(() => setLink(this.lab.plan, this.plan, state));
    }

    /** Takes the host's power away: off the network, every process killed, at one instant. Its disk stays. */
    async powerOff(): Promise<Instant> {
        const init = this.initOrOff("its power can't be taken away");
        const instant = await timed(() => setLink(this.lab.plan, this.plan, LinkState.cut));
        await Promise.all([
            powerDown([init], () => processesOf(this.lab.plan, this.name)),
            unplug(this.lab.plan, this.plan),
        ]);
        return instant;
    }

    /** Starts the host again from its disk; returns when its SSH server answers. */
    async powerOn(options: { bootSeconds?: number } = {}): Promise<Instant> {
        const instant = await this.switchOn();
        await waitForHost(this.lab.plan, this.lab.inventory, this.inventory, options.bootSeconds ?? BOOT_SECONDS);
        return instant;
    }

    /** Starts the host again from its disk, connected to the network; returns while it boots. */
    async switchOn(): Promise<Instant> {
        if (initOf(this.lab.plan, this.name) !== undefined) throw new Error(`${this.name} is on already`);
        return timed(() => start(this.lab.plan, this.plan, this.lab.base));
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
        this.initOrOff("it has no processes to pause");
        return timed(() => freeze(hostGroup(this.lab.plan, this.name), frozen));
    }

    private initOrOff(consequence: string): number {
        const init = initOf(this.lab.plan, this.name);
        if (init === undefined) throw new Error(`${this.name} is off: ${consequence}`);
        return init;
    }

    /**
     * Runs a command on the host as root, without its network: it works while the link is cut. Standard input and time limit as in
     * `options`; a failing command does not throw, its status is in the result.
     */
    async exec(argv: string[], options: Pick<RunOptions, "input" | "timeoutSeconds"> = {}): Promise<Ran> {
        return attempt(enter(this.lab.plan, this.name, argv), options);
    }
}

/** The command line that runs a command inside a host. */
export function enter(lab: LabPlan, host: string, argv: string[]): string[] {
    const init = initOf(lab, host);
    if (init === undefined) throw new Error(`${host} is off`);
    const environment = [
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME=/root",
        "LANG=C.UTF-8",
    ];
    const spaces = ["--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--wd"];
    return ["nsenter", `--target=${init}`, ...spaces, "env", "-i", ...environment, ...argv];
}

/** A lab that is up. */
export class Lab {
    /** Its hosts, in the order they were asked for. */
    readonly hosts: LabHost[];

    constructor(
        readonly plan: LabPlan,
        /** What is written in the inventory file. */
        readonly inventory: Inventory,
        /** The base root of its hosts. */
        readonly base: string,
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
            power: powerOf(this.plan, host.name),
            link: linkOf(host),
        }));
    }
}

const powerOf = (lab: LabPlan, host: string): Power => {
    if (initOf(lab, host) === undefined) return Power.off;
    return isFrozen(hostGroup(lab, host)) ? Power.paused : Power.on;
};
