import type { Fault, StackFailover } from "../../components";
import type { Lab, LabHost } from "../../lab";
import { vipOwners } from "../../lab/owners";
import { Prober, httpProbe } from "../../lab/probe";
import type { Probe, ProbeReport } from "../../lab/probe";
import { SqlLedger } from "../../lab/sql";
import type { SqlAccess } from "../../lab/sql";
import type { DeployedUnit } from "../state";
import { until } from "../wait";
import type { Seen, SeenWrites } from "./verdict";

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
const HOLDER = {
    link: { title: "holder's link cut", ...link },
    power: { title: "holder loses power", ...power },
    planned: {
        title: "planned: keepalived stopped",
        fault: "planned",
        strike: (host) => host.exec(["systemctl", "stop", "keepalived"]),
        mend: (host) => host.exec(["systemctl", "start", "keepalived"]),
    },
} satisfies Record<string, Drill>;
/** The name of a fault of the holder. */
export type HolderFault = keyof typeof HOLDER;

/** Faults of the member that clients write to. */
const WRITER = {
    power: { title: "writer loses power", ...power },
    hang: {
        title: "writer hangs (SIGSTOP)",
        fault: "hang",
        strike: (host) => host.exec(signal("STOP")),
        mend: (host) => host.exec(signal("CONT")),
    },
} satisfies Record<string, Drill>;
/** The name of a fault of the writer. */
export type WriterFault = keyof typeof WRITER;

/** The longest that a drill may leave clients waiting before it has failed. */
const PATIENCE_SECONDS = 60;

/** Faults under requests. */
export async function webDrills(ground: Ground, faults = Object.keys(HOLDER) as HolderFault[]): Promise<Seen[]> {
    const { url, address, caCertificate, failover } = ground.outputs;
    const all: Seen[] = [];
    for (const drill of faults.map((name): Drill => HOLDER[name])) {
        await atRest(ground);
        const holder = ground.lab.host(await onlyOwner(ground.lab, address));
        const moved = async () => (await vipOwners(ground.lab, address)).some((name) => name !== holder.name);
        const report = await struck(ground, drill, holder, httpProbe(url, { ca: caCertificate }), moved);
        all.push(seen(drill, promised(failover, "front", drill), report));
    }
    await atRest(ground);
    return all;
}

/** Faults under writes: also how many of the acknowledged rows are missing on any member afterwards. */
export async function sqlDrills(ground: Ground, faults = Object.keys(WRITER) as WriterFault[]): Promise<SeenWrites[]> {
    const { lab, outputs } = ground;
    const access = sqlAccess(outputs);
    const all: SeenWrites[] = [];
    for (const name of faults) {
        const drill: Drill = WRITER[name];
        await atRest(ground);
        const ledger = await SqlLedger.open(access, `drill_${name}_${Date.now()}`);
        await until(
            `clients write to ${WRITER_NAME}`,
            PATIENCE_SECONDS,
            async () => (await ledger.member()) === WRITER_NAME,
        );
        const writer = lab.host(WRITER_NAME);
        const taken = async () => ![WRITER_NAME, undefined].includes(await ledger.member());
        const report = await struck(ground, drill, writer, ledger.probe, taken);
        await atRest(ground);
        const missing = await Promise.all(
            MEMBERS.map((member) => ledger.missing({ host: lab.host(member).inventory.address, port: SQL_PORT })),
        );
        all.push({
            ...seen(drill, promised(outputs.failover, "sql", drill), report),
            acknowledged: ledger.acknowledged.length,
            missing: Math.max(...missing),
        });
    }
    return all;
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
): Promise<ProbeReport> {
    const prober = new Prober(probe, { everyMs: EVERY_MS });
    const answers = () => Promise.resolve(prober.answers);
    try {
        await until("clients are served", 10, answers);
        say(`${drill.title}: ${host.name}`);
        await drill.strike(host);
        await until("the fault took its effect", PATIENCE_SECONDS, happened);
        await until("clients are served again", PATIENCE_SECONDS, answers);
    } finally {
        await prober.stop();
    }
    const report = await prober.stop();
    await drill.mend(host);
    return report;
}

/** Milliseconds between two questions of a client. */
export const EVERY_MS = 20;

/** What the component promises by itself at which the fault strikes. */
const promised = (failover: StackFailover, component: string, { fault }: Drill): number | undefined =>
    failover[fault].components[component];

const seen = ({ title }: Drill, promisedSeconds: number | undefined, report: ProbeReport): Seen => ({
    title,
    promisedSeconds,
    gapSeconds: report.longestGapMs / 1000,
    lateSeconds: (2 * report.resolutionMs + slowestMs(report)) / 1000,
    sent: report.sent,
    lost: report.lost,
});

/** What an answer took at most. */
const slowestMs = ({ samples }: ProbeReport): number =>
    Math.max(0, ...samples.flatMap(({ sentMs, endedMs, failure }) => (failure === undefined ? endedMs - sentMs : [])));

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
    const one = async () => (owners = await vipOwners(lab, address)).length === 1;
    await until(`one host alone holds ${address}`, 30, one).catch((error: Error) => {
        throw new Error(`${error.message}; it was found on ${owners.join(" and ") || "none"}`);
    });
    return owners[0] ?? "";
}
