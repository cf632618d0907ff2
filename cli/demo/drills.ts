import type { Fault, StackFailover } from "../../components";
import type { Lab, LabHost } from "../../lab";
import { vipOwners } from "../../lab/owners";
import { Prober, httpProbe } from "../../lab/probe";
import type { Probe } from "../../lab/probe";
import { SqlLedger } from "../../lab/sql";
import type { SqlAccess } from "../../lab/sql";
import type { DeployedUnit } from "../state";
import { until } from "../wait";

/** What the demo's stack exports, as far as drills use it. */
export interface Outputs {
    url: string;
    address: string;
    caCertificate: string;
    /** `10.77.0.100:3306`. */
    database: string;
    shopPassword: string;
    failover: StackFailover;
}

/** Where drills take place. */
export interface Ground {
    lab: Lab;
    outputs: Outputs;
    units: DeployedUnit[];
    say: (text: string) => void;
}

/** A fault, how it is mended, and which promise it is held against. */
interface Drill {
    title: string;
    fault: Fault;
    strike: (host: LabHost) => Promise<unknown>;
    mend: (host: LabHost) => Promise<unknown>;
}

const link: Omit<Drill, "title"> = { fault: "link", strike: (host) => host.cut(), mend: (host) => host.heal() };
const power: Omit<Drill, "title"> = {
    fault: "power",
    strike: (host) => host.powerOff(),
    mend: (host) => host.powerOn(),
};
const signal = (name: string) => ["systemctl", "kill", "--kill-whom=main", `--signal=${name}`, "mariadb"];

/** Faults of the host that holds the address. */
const HOLDER: Drill[] = [
    { title: "holder's link cut", ...link },
    { title: "holder loses power", ...power },
    {
        title: "planned: keepalived stopped",
        fault: "planned",
        strike: (host) => host.exec(["systemctl", "stop", "keepalived"]),
        mend: (host) => host.exec(["systemctl", "start", "keepalived"]),
    },
];

/** Faults of the member that clients write to. */
const WRITER: Drill[] = [
    { title: "writer loses power", ...power },
    {
        title: "writer hangs (SIGSTOP)",
        fault: "hang",
        strike: (host) => host.exec(signal("STOP")),
        mend: (host) => host.exec(signal("CONT")),
    },
];

/** The longest that a drill may leave clients waiting before it has failed. */
const PATIENCE_SECONDS = 60;

/** Faults under requests: a row for each, computed against measured. */
export async function webDrills(ground: Ground): Promise<string[][]> {
    const { url, address, caCertificate, failover } = ground.outputs;
    const rows: string[][] = [];
    for (const drill of HOLDER) {
        await atRest(ground);
        const holder = ground.lab.host(await onlyOwner(ground.lab, address));
        const moved = async () => (await vipOwners(ground.lab, address)).some((name) => name !== holder.name);
        const seen = await struck(ground, drill, holder, httpProbe(url, { ca: caCertificate }), moved);
        rows.push([
            drill.title,
            computed(failover, "front", drill),
            `${seen.gapSeconds.toFixed(3)} s`,
            seen.lost,
            seen.sent,
        ]);
    }
    return rows;
}

/** Faults under writes: also how many of the acknowledged rows are missing on any member afterwards. */
export async function sqlDrills(ground: Ground): Promise<string[][]> {
    const { lab, outputs } = ground;
    const access = sqlAccess(outputs);
    const rows: string[][] = [];
    for (const [place, drill] of WRITER.entries()) {
        await atRest(ground);
        const ledger = await SqlLedger.open(access, `drill_${place}_${Date.now()}`);
        await until(
            `clients write to ${WRITER_NAME}`,
            PATIENCE_SECONDS,
            async () => (await ledger.member()) === WRITER_NAME,
        );
        const writer = lab.host(WRITER_NAME);
        const taken = async () => ![WRITER_NAME, undefined].includes(await ledger.member());
        const seen = await struck(ground, drill, writer, ledger.probe, taken);
        await atRest(ground);
        const missing = await Promise.all(
            MEMBERS.map((name) => ledger.missing({ host: lab.host(name).inventory.address, port: SQL_PORT })),
        );
        rows.push([
            drill.title,
            computed(outputs.failover, "sql", drill),
            `${seen.gapSeconds.toFixed(3)} s`,
            `${Math.max(...missing)} of ${ledger.acknowledged.length}`,
        ]);
    }
    return rows;
}

/** The members of the demo's cluster, the writer first. */
export const MEMBERS = ["db1", "db2", "db3"];
const WRITER_NAME = "db1";
/** Of the members themselves. */
const SQL_PORT = 3306;

function sqlAccess({ database, shopPassword, caCertificate }: Outputs): SqlAccess {
    const [host = "", port = ""] = database.split(":");
    return { host, port: Number(port), user: "shop", password: shopPassword, database: "orders", ca: caCertificate };
}

/** One fault, seen by a client. */
async function struck(
    { say }: Ground,
    drill: Drill,
    host: LabHost,
    probe: Probe,
    happened: () => Promise<boolean>,
): Promise<{ gapSeconds: number; lost: string; sent: string }> {
    const prober = new Prober(probe, { everyMs: EVERY_MS });
    const answers = () => Promise.resolve(prober.answers);
    await until("clients are served", 10, answers);
    say(`${drill.title}: ${host.name}`);
    await drill.strike(host);
    await until("the fault took its effect", PATIENCE_SECONDS, happened);
    await until("clients are served again", PATIENCE_SECONDS, answers);
    const report = await prober.stop();
    await drill.mend(host);
    return { gapSeconds: report.longestGapMs / 1000, lost: String(report.lost), sent: String(report.sent) };
}

/** Milliseconds between two questions of a client. */
export const EVERY_MS = 20;
/** What the component promises by itself at which the fault strikes. */
const computed = (failover: StackFailover, component: string, { fault }: Drill): string => {
    const seconds = failover[fault].components[component];
    return seconds === undefined ? "-" : `${seconds.toFixed(3)} s`;
};

/** A fault is struck when the one before is over: every host is up and passes the gates of all its units, and one of them has the address. */
async function atRest({ lab, outputs, units }: Ground): Promise<void> {
    for (const { node, manifest } of units) {
        for (const gate of manifest.gates) {
            const passes = async () => (await lab.host(node).exec(["bash", "-c", gate.command])).code === 0;
            await until(`${node}: ${gate.name}`, PATIENCE_SECONDS, passes);
        }
    }
    await onlyOwner(lab, outputs.address);
}

/** The one host that holds the address, once there is just one. */
async function onlyOwner(lab: Lab, address: string): Promise<string> {
    let owners: string[] = [];
    await until(`one host holds ${address}`, 30, async () => (owners = await vipOwners(lab, address)).length === 1);
    return owners[0] ?? "";
}
