import { spawn } from "node:child_process";
import { type Command, InvalidArgumentError, Option } from "commander";
import {
    type Bmc,
    type Instant,
    labDown,
    type LabHost,
    labOpen,
    labRestore,
    labSave,
    labUp,
    monotonicMs,
} from "../lab/index";
import { enter } from "../lab/host";
import { LinkName } from "../lab/network";
import { DEFAULTS, HostKind, Release } from "../lab/plan";
import { sshArguments } from "../lab/ssh";
import { DiskName } from "../lab/vm/guest";

interface Where {
    /** Undefined where it was not given: the default lab, if it is that of this folder. */
    name?: string;
    dir?: string;
}
interface UpFlags extends Where {
    subnet?: string;
    bmc?: boolean;
    hosts?: string[] | number;
    vms?: string[] | number;
    dataDisk?: number;
    release?: Release;
    bootSeconds?: number;
}

interface FaultFlags extends Where {
    carrier?: boolean;
    link?: LinkName;
    disk?: DiskName;
}

/** Adds `pulumi-ha lab …`. */
export function addLabCommands(program: Command): void {
    const lab = program
        .command("lab")
        .description("real hosts on this machine, in containers, to try a stack on (Linux, root)")
        .enablePositionalOptions();

    where(lab.command("up"))
        .description("bring the lab up; what is there stays")
        .option(
            "--hosts <names>",
            `host names with commas between, or how many (default: ${DEFAULTS.hosts.join(",")})`,
            parseHosts,
        )
        .option(
            "--vms <names>",
            "machines with a kernel of their own beside them: names with commas between, or how many",
            parseHosts,
        )
        .option(
            "--data-disk <megabytes>",
            `size of the data disk of new machines (default: ${DEFAULTS.dataDisk})`,
            Number,
        )
        .option("--subnet <network>", `IPv4 network of the lab (default: ${DEFAULTS.subnet})`)
        .addOption(
            new Option("--release <name>", `release of Debian that hosts run (default: ${DEFAULTS.release})`).choices(
                Object.values(Release),
            ),
        )
        .option("--bmc", "a management controller (IPMI) for every host, which switches its power")
        .option(
            "--boot-seconds <seconds>",
            "how long a host may take to start (default: 60, a machine 240)",
            parseSeconds,
        )
        .action(async (flags: UpFlags) => {
            const begin = monotonicMs();
            const made = await labUp({ ...flags, progress });
            const what = `the lab "${made.name}" is up with ${made.hosts.map((host) => host.name).join(", ")}`;
            progress(`${what} after ${seconds(monotonicMs() - begin)}: ${made.plan.dir}/inventory.json`);
        });

    where(lab.command("status"))
        .description("the hosts and how they are")
        .option("--json", "as JSON")
        .action(async (flags: Where & { json?: boolean }) => {
            const rows = await labOpen(flags).status();
            print(
                flags.json === true
                    ? JSON.stringify(rows, null, 2)
                    : table(["name", "address", "address6", "power", "link", "replication"], rows),
            );
        });

    where(lab.command("ssh <host> [command...]"))
        .description("log in to a host with the lab's key, or run a command there")
        .option("--user <user>", "admin (sudo), plain (no sudo) or root", "admin")
        .passThroughOptions()
        .action(async (name: string, command: string[], flags: Where & { user: string }) => {
            const opened = labOpen(flags);
            const { inventory } = opened.host(name);
            await handOver([
                "ssh",
                ...sshArguments(opened.inventory, inventory, opened.knownHostsFile, flags.user),
                ...command,
            ]);
        });

    where(lab.command("exec <host> <command...>"))
        .description("run a command on a host as root without its network, also while its link is cut")
        .passThroughOptions()
        .action(async (name: string, command: string[], flags: Where) => {
            const opened = labOpen(flags);
            const argv = command[0] === "--" ? command.slice(1) : command;
            const host = opened.host(name);
            if (host.kind === HostKind.container) return handOver(enter(opened.plan, name, argv));
            // There is no terminal to a machine but by its network.
            const ran = await host.exec(argv, { timeoutSeconds: 3600 });
            process.stdout.write(ran.stdout);
            process.stderr.write(ran.stderr);
            process.exitCode = ran.code;
        });

    fault(lab, "cut <host>", "cut a host's link: frames are lost, its card still sees a carrier", (host, flags) =>
        host.cut(flags),
    )
        .addOption(new Option("--carrier", "let the card lose the carrier too, as when the cable is pulled"))
        .addOption(oneLink());
    fault(lab, "heal <host>", "connect a host's link again", (host, flags) => host.heal(flags)).addOption(oneLink());
    fault(lab, "remove-disk <host>", "pull a disk out of a machine, until its next power-on", (host, { disk }) =>
        host.removeDisk(disk),
    ).addOption(oneDisk());
    fault(lab, "return-disk <host>", "plug a disk that was pulled out in again", (host, { disk }) =>
        host.returnDisk(disk),
    ).addOption(oneDisk());
    fault(lab, "power-off <host>", "take a host's power away; its disk stays", (host) => host.powerOff());
    fault(lab, "power-on <host>", "start a host again", (host) => host.powerOn());
    fault(lab, "pause <host>", "stop all processes of a host in their tracks", (host) => host.pause());
    fault(lab, "resume <host>", "let a paused host go on", (host) => host.resume());

    fault(lab, "bmc-silence <host>", "let a host's management controller leave every request unanswered", (host) =>
        bmcOf(host).silence(),
    );
    fault(lab, "bmc-answer <host>", "let it answer again", (host) => bmcOf(host).answer());

    where(lab.command("save <state>"))
        .description("save the lab as it is at this instant: machines with their memory, containers with their disks")
        .action(async (state: string, flags: Where) => {
            const begin = monotonicMs();
            const saved = labOpen(flags);
            const dir = await labSave(saved, state);
            progress(`the lab "${saved.name}" is saved after ${seconds(monotonicMs() - begin)}: ${dir}`);
        });

    lab.command("restore <state>")
        .description("bring a saved lab up, with its name, addresses and keys, in place of what there is of it")
        .option("--dir <folder>", "where the lab keeps its state (default: where it is up, else .lab, or .lab/NAME)")
        .action(async (state: string, flags: { dir?: string }) => {
            const begin = monotonicMs();
            const restored = await labRestore(state, { ...flags, progress });
            progress(`the lab "${restored.name}" is up as saved in "${state}" after ${seconds(monotonicMs() - begin)}`);
        });

    where(lab.command("down"))
        .description("remove the lab and leave the machine as it was; safe to run at any time")
        .action(async (flags: Where) => {
            await labDown({ ...flags, progress });
            progress(`the lab "${flags.name ?? DEFAULTS.name}" is down`);
        });
}

const where = (command: Command): Command =>
    command
        .option("--name <lab>", `name of the lab; several can be up at once (default: ${DEFAULTS.name})`)
        .option("--dir <folder>", "where the lab keeps its state (default: .lab, or .lab/NAME)");

const oneLink = (): Option =>
    new Option("--link <link>", "only one link of a machine, which has two").choices(Object.values(LinkName));

const oneDisk = (): Option =>
    new Option("--disk <disk>", "the machine's own, or the one that all of them share")
        .choices(Object.values(DiskName))
        .default(DiskName.data);

function fault(
    lab: Command,
    usage: string,
    description: string,
    inject: (host: LabHost, flags: FaultFlags) => Promise<Instant>,
): Command {
    return where(lab.command(usage))
        .description(description)
        .action(async (name: string, flags: FaultFlags) => {
            const instant = await inject(labOpen(flags).host(name), flags);
            print(JSON.stringify({ host: name, fault: usage.split(" ")[0], ...instant }));
        });
}

function bmcOf(host: LabHost): Bmc {
    if (host.bmc !== undefined) return host.bmc;
    throw new Error(`${host.name} has no management controller: pulumi-ha lab up --bmc gives every host one`);
}

/** Gives the terminal to another program and ends as it ends. */
async function handOver(argv: string[]): Promise<void> {
    const child = spawn(argv[0]!, argv.slice(1), { stdio: "inherit" });
    process.exitCode = await new Promise<number>((resolve, reject) => {
        child.once("error", reject);
        child.once("exit", (code) => resolve(code ?? 1));
    });
}

function parseHosts(text: string): string[] | number {
    if (/^\d+$/.test(text)) return Number(text);
    const names = text
        .split(",")
        .map((name) => name.trim())
        .filter((name) => name !== "");
    if (names.length === 0) throw new InvalidArgumentError("names no host.");
    return names;
}

function parseSeconds(text: string): number {
    const value = Number(text);
    if (!(value > 0)) throw new InvalidArgumentError("must be a number of seconds above 0.");
    return value;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
const print = (text: string): boolean => process.stdout.write(`${text}\n`);
const progress = (line: string): boolean => process.stderr.write(`${line}\n`);

const table = (columns: string[], rows: object[]): string => {
    const cells = [
        columns,
        ...rows.map((row) => columns.map((column) => (row as Record<string, string | undefined>)[column] ?? "")),
    ];
    const widths = columns.map((_, column) => Math.max(...cells.map((line) => line[column]!.length)));
    return cells
        .map((line) =>
            line
                .map((cell, column) => cell.padEnd(widths[column]!))
                .join("  ")
                .trimEnd(),
        )
        .join("\n");
};
