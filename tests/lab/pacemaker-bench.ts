import type { Stack } from "@pulumi/pulumi/automation";
import { controller } from "../../cli/demo/pair/program";
import { CertificateAuthority, PacemakerCluster, Witness } from "../../components";
import type { Fault, FaultSeconds, PacemakerClusterArgs } from "../../components";
import { paths } from "../../components/pacemaker-cluster/paths";
import type { LabHost } from "../../lab";
import { Prober, httpProbe, monotonicMs, vipOwners } from "../../lab";
import { late, seen } from "./seen";
import type { Seen } from "./seen";
import { Bench, onHost, until } from "./support";

/** The members; the first is preferred. */
export const MEMBERS = ["n1", "n2"];
/** The third host, with the witness. */
export const THIRD = "third";
/** What is done to a member, as root. */
export const CLUSTER = paths.script;
/** Of the computed bound: the rest is this machine, which runs all hosts and the client. */
const ROOM = 1.15;
/** How long nothing is served where nothing may be: several times what a failover takes. */
const REFUSED_SECONDS = 6;

/** The other member. */
export const other = (name: string): string => MEMBERS.find((n) => n !== name)!;

/** Two members with controllers, a witness, and an address with a web server behind it. */
export class PacemakerBench {
    stack!: Stack;
    /** What the cluster promised at the last `totals`. */
    promises: FaultSeconds[] = [];
    readonly web = { agent: "systemd:nginx" };
    readonly address;
    /** What the next `up` wants of the cluster. */
    wanted: Partial<PacemakerClusterArgs>;

    private constructor(
        readonly bench: Bench,
        readonly vip: string,
    ) {
        this.address = { agent: "ocf:heartbeat:IPaddr2", parameters: { ip: vip, cidr_netmask: "24", nic: "eth0" } };
        // The web server runs on both nodes, and the address is where it runs.
        this.wanted = {
            clones: { "web-clone": { resource: "web" } },
            orders: [{ first: "web-clone", then: "address" }],
            colocations: [{ resource: "address", with: "web-clone" }],
        };
    }

    /** @param network three numbers of a /24 that no other test file uses. */
    static async up(name: string, network: string): Promise<PacemakerBench> {
        const bench = await Bench.up(name, `${network}.0/24`, [...MEMBERS, THIRD], { bmc: true });
        const made = new PacemakerBench(bench, `${network}.100`);
        made.stack = await bench.stack("pair", () => made.program());
        return made;
    }

    private program(): Promise<Record<string, unknown>> {
        const { issuer } = new CertificateAuthority("ca", { organization: "Example" });
        const { vote } = new Witness("witness", { node: this.bench.node(THIRD), issuer });
        const cluster = new PacemakerCluster("pair", {
            nodes: MEMBERS.map((name) => this.bench.node(name)),
            witness: vote,
            fencing: { ipmi: Object.fromEntries(MEMBERS.map((name) => [name, controller(this.bench.lab, name)])) },
            resources: { address: this.address, web: this.web },
            packages: ["nginx-light"],
            ...this.wanted,
        });
        return Promise.resolve({ failover: cluster.failover });
    }

    host(name: string): LabHost {
        return this.bench.host(name);
    }

    onBoth(script: string): Promise<string[]> {
        return Promise.all(MEMBERS.map((name) => onHost(this.host(name), script)));
    }

    owners(): Promise<string[]> {
        return vipOwners(this.bench.lab, this.vip);
    }

    async active(): Promise<string> {
        const [name] = await until(
            "one node holds the address",
            30,
            () => this.owners(),
            (now) => now.length === 1,
        );
        return name!;
    }

    /** Waits until a node has the address, by itself. */
    async serves(name: string): Promise<void> {
        await until(
            "the other one serves",
            60,
            () => this.owners(),
            (now) => now.includes(name),
        );
    }

    async totals(): Promise<void> {
        this.promises = (await this.stack.outputs())["failover"]?.value as FaultSeconds[];
    }

    promised(fault: Fault): number {
        return this.promises.find((p) => p.fault === fault)!.totalSeconds;
    }

    /** Waits until both are members with the witness's vote and nothing is left to do. */
    async healthy(): Promise<void> {
        const check = `${CLUSTER} members && ${CLUSTER} vote && ${CLUSTER} idle`;
        const wrong = async (): Promise<string> => {
            const ran = await Promise.all(
                MEMBERS.map((name) => this.host(name).exec(["bash", "-c", check]).catch(String)),
            );
            ran.push(await this.host("n1").exec([CLUSTER, "running"]).catch(String));
            return ran.map((r) => (typeof r === "string" ? r : r.code === 0 ? "" : r.stderr)).join("");
        };
        await until("both members are well", 60, wrong, (words) => words === "");
    }

    /** What a client of the address saw until it answers at `to` again, and whether two held it at once. */
    seen(what: string, to: () => string[], happens: () => Promise<unknown>): Promise<Seen> {
        return seen({ url: `http://${this.vip}/`, owners: () => this.owners() }, what, to, happens);
    }

    expectWithin(found: Seen, fault: Fault, more = 0): void {
        expect(found.seconds).toBeLessThanOrEqual(this.promised(fault) * ROOM + late(found) + more);
    }

    standby(name: string, on: boolean): Promise<string> {
        return onHost(
            this.host(name),
            `crm_attribute --type nodes --node ${name} --name standby ${on ? "--update on" : "--delete"}`,
        );
    }

    /** A planned move away from the active node, which may come back afterwards. */
    async moved(what: string): Promise<Seen> {
        const from = await this.active();
        const found = await this.seen(
            what,
            () => [other(from)],
            () => this.standby(from, true),
        );
        await this.standby(from, false);
        await this.healthy();
        return found;
    }

    /** What happens when a fault takes the active node away. */
    async lost(what: string, happens: (h: LabHost) => Promise<unknown>): Promise<Seen> {
        const from = await this.active();
        const found = await this.seen(
            what,
            () => [other(from)],
            () => happens(this.host(from)),
        );
        expect(found.both).toEqual([]);
        await this.healthy();
        return found;
    }

    /** Asserts that nobody serves for a while. */
    async nobodyServes(): Promise<void> {
        const prober = new Prober(httpProbe(`http://${this.vip}/`), { everyMs: 100, timeoutMs: 500 });
        const end = monotonicMs() + REFUSED_SECONDS * 1000;
        await until(
            "the time is over",
            2 * REFUSED_SECONDS,
            async () => monotonicMs(),
            (now) => now > end,
        );
        expect((await prober.stop()).answered).toBe(0);
    }
}
