import type { Stack } from "@pulumi/pulumi/automation";
import { CertificateAuthority, GaleraCluster, HaproxyFrontend, KeepalivedVip } from "../../components";
import type { FaultSeconds, GaleraClusterArgs, Fault } from "../../components";
import type { LabHost } from "../../lab";
import { asRoot } from "./members";
import type { SqlAccess } from "./sql";
import { Bench, until } from "./support";

/** The members; the first is the writer. */
export const MEMBERS = ["db1", "db2", "db3"];
const BALANCERS = ["lb1", "lb2"];
/** Port of the frontend that leads to the writer, and of the one that leads to readers. */
export const PORTS = { writer: 3306, readers: 3307 };

type Wishes = Partial<Omit<GaleraClusterArgs, "nodes" | "issuer">>;

/** Three members, and an address in front of two load balancers that lead to them. */
export class GaleraBench {
    /** What the next `up` wants of the cluster beside its nodes and certificates. */
    wanted: Wishes = {
        databases: [{ name: "shop" }],
        users: [{ name: "shop", database: "shop", grants: ["ALL"] }],
    };
    stack!: Stack;

    private constructor(
        readonly bench: Bench,
        /** The virtual address. */
        readonly address: string,
    ) {}

    /** @param network three numbers of a /24 that no other test file uses. */
    static async up(name: string, network: string): Promise<GaleraBench> {
        const bench = await Bench.up(name, `${network}.0/24`, [...MEMBERS, ...BALANCERS]);
        const made = new GaleraBench(bench, `${network}.100`);
        made.stack = await bench.stack("sql", () => made.program());
        return made;
    }

    private program(): Promise<Record<string, unknown>> {
        const ca = new CertificateAuthority("ca", { organization: "Example" });
        const cluster = new GaleraCluster("orders", {
            nodes: MEMBERS.map((name) => this.bench.node(name)),
            issuer: ca.issuer,
            clientAddresses: [this.address],
            ...this.wanted,
        });
        const nodes = BALANCERS.map((name) => this.bench.node(name));
        const vip = new KeepalivedVip("front", {
            nodes,
            address: `${this.address}/24`,
            track: { haproxy: { systemdUnit: "haproxy.service" } },
        });
        const bind = (port: number) => ({ address: vip.address, port });
        const sql = new HaproxyFrontend("sql", { nodes, bind: bind(PORTS.writer), galera: cluster.backend });
        new HaproxyFrontend("readers", { nodes, bind: bind(PORTS.readers), galera: cluster.readers });
        return Promise.resolve({ ca: cluster.ca, passwords: cluster.passwords, failover: sql.failover });
    }

    host(name: string): LabHost {
        return this.bench.host(name);
    }

    get members(): LabHost[] {
        return MEMBERS.map((name) => this.host(name));
    }

    /** How the user `shop` reaches the address, or a member itself. */
    async access(host = this.address, port = PORTS.writer): Promise<SqlAccess> {
        const { ca, passwords } = await this.stack.outputs();
        const password = (passwords?.value as Record<string, string>).shop ?? "";
        return { host, port, user: "shop", password, database: "shop", ca: String(ca?.value) };
    }

    /** Seconds that are promised to a client of the address for a fault of the writer. */
    async promised(fault: Fault): Promise<number> {
        const { failover } = await this.stack.outputs();
        const found = (failover?.value as FaultSeconds[]).find((f) => f.fault === fault);
        if (!found) throw new Error(`nothing is promised for ${fault}`);
        return found.totalSeconds;
    }

    /** Waits until all members are in, and have all. */
    async whole(seconds = 60): Promise<void> {
        for (const member of this.members)
            await until(
                `${member.name} is synced in a cluster of three`,
                seconds,
                () => standing(member),
                (state) => state === "3 Synced",
            );
    }
}

const standing = (member: LabHost): Promise<string> =>
    asRoot(
        member,
        `SELECT CONCAT_WS(' ', (SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'wsrep_cluster_size'),
            (SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'wsrep_local_state_comment'))`,
    ).then(
        (text) => text.trim(),
        () => "no answer",
    );

/** What tells one run of a member's server from another. */
export const serverRuns = (members: LabHost[]): Promise<string[]> =>
    Promise.all(
        members.map(
            async (member) =>
                (await member.exec(["systemctl", "show", "--property=MainPID,InvocationID", "mariadb"])).stdout,
        ),
    );
