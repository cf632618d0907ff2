import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import * as dgram from "node:dgram";
import * as fs from "node:fs";
import * as path from "node:path";
import { groupsOf, killAll, processesIn, send } from "./cgroups";
import { hostGroup, hostPaths } from "./host";
import type { BmcAccess, Inventory } from "./inventory";
import { bmcPort, type HostPlan, type LabPlan } from "./plan";
import { type Instant, timed, until } from "./run";

/** Programs that management controllers need on this machine, and the Debian packages they come from. */
export const BMC_PROGRAMS: Record<string, string> = { ipmi_sim: "openipmi" };

/** The account of every controller; it may switch the power. */
const USER = "fence";
/** Holds one password per host, readable to whoever brought the lab up. No lab can have this name, so no lab's folder is in its way. */
export const PASSWORDS = "bmc_passwords";

/** How a host's management controller is reached. */
export const bmcAccess = (lab: LabPlan, host: HostPlan): BmcAccess => ({
    address: lab.gateway,
    port: bmcPort(host.number),
    user: USER,
    passwordFile: path.join(lab.dir, PASSWORDS, host.name),
});

/** The control group of all controllers of a lab, by which they are found. No host can have this name. */
export const bmcGroup = (lab: Pick<LabPlan, "cgroup">): string => path.join(lab.cgroup, ".bmc");
const group = (lab: Pick<LabPlan, "cgroup">, host: string): string => path.join(bmcGroup(lab), host);
const folder = (lab: LabPlan, host: string): string => path.join(hostPaths(lab, host).dir, "bmc");

/** The inventory with a management controller for every host. Makes the passwords that are missing. */
export function withBmcs(lab: LabPlan, inventory: Inventory): Inventory {
    fs.mkdirSync(path.join(lab.dir, PASSWORDS), { recursive: true, mode: 0o700 });
    return {
        ...inventory,
        hosts: inventory.hosts.map((known, index) => {
            const bmc = bmcAccess(lab, lab.hosts[index]!);
            if (!fs.existsSync(bmc.passwordFile)) makePassword(bmc.passwordFile);
            return { ...known, bmc };
        }),
    };
}

/** IPMI takes at most 20 characters, and 16 of IPMI 1.5's clients. */
function makePassword(file: string): void {
    fs.writeFileSync(`${file}.new`, randomBytes(8).toString("hex"), { mode: 0o600 });
    fs.renameSync(`${file}.new`, file);
}

/** The files that belong to whoever brought the lab up. */
export const bmcFiles = (lab: LabPlan, inventory: Inventory): string[] => {
    const files = inventory.hosts.map((host) => host.bmc?.passwordFile).filter((file) => file !== undefined);
    return files.length === 0 ? [] : [path.join(lab.dir, PASSWORDS), ...files];
};

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/** The compiled program that switches a host's power, also when this file itself runs uncompiled. */
const CHASSIS = path.join(
    path.basename(path.dirname(__dirname)) === "dist" ? __dirname : path.join(__dirname, "..", "dist", "lab"),
    "chassis.js",
);

/**
 * The files that make `ipmi_sim` the controller of a host (ipmi_lan(5), ipmi_sim_cmd(5)). It calls `chassis` for the power, by a relative path:
 * a shell would split another at its blanks.
 */
export const bmcSettings = (
    lab: LabPlan,
    host: HostPlan,
    password: string,
    groups = [...groupsOf(hostGroup(lab, host.name)), ...groupsOf(`${hostGroup(lab, host.name)}.launch`)],
): Record<"lan.conf" | "bmc.emu" | "chassis", string> => ({
    "lan.conf": `name "${host.name}"
set_working_mc 0x20
  startlan 1
    addr ${lab.gateway} ${bmcPort(host.number)}
    priv_limit admin
    allowed_auths_callback md5
    allowed_auths_user md5
    allowed_auths_operator md5
    allowed_auths_admin md5
    guid ${createHash("sha256").update(`${lab.name} ${lab.subnet} ${host.name}`).digest("hex").slice(0, 32)}
  endlan
  chassis_control "./chassis"
  user 1 false "" "" user 10 md5
  user 2 true "${USER}" "${password}" admin 10 md5
`,
    "bmc.emu": `mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
sel_enable 0x20 1000 0x0a
mc_enable 0x20
`,
    // Asked many times a second while a host is fenced: whether it runs is told without starting a program for it.
    chassis: `#!/bin/sh
if [ "$1 $2" = "get power" ]; then
    for group in ${groups.map(quoted).join(" ")}; do
        [ -d "$group" ] || continue
        [ -z "$(find "$group" -name cgroup.procs -exec cat {} + 2>/dev/null)" ] || exec echo power:1
    done
    exec echo power:0
fi
exec ${[process.execPath, CHASSIS, lab.dir, lab.name, host.name].map(quoted).join(" ")} "$@"
`,
});

// Joins its control groups, by which `down` finds it, and becomes the controller. Whole paths tell a person whose it is.
const LAUNCH = `set -eu
for group; do mkdir -p "$group"; echo 0 >"$group/cgroup.procs"; done
exec ipmi_sim -n -c "$PWD/lan.conf" -f "$PWD/bmc.emu" -s "$PWD/state"`;

/** Starts the controllers that don't run, and lets silent ones answer; those that answer stay as they are. */
export const startBmcs = async (lab: LabPlan, inventory: Inventory): Promise<void> => {
    await Promise.all(
        lab.hosts.map(async (host, index) => {
            const access = inventory.hosts[index]!.bmc;
            if (access !== undefined) await startBmc(lab, host, access);
        }),
    );
};

async function startBmc(lab: LabPlan, host: HostPlan, access: BmcAccess): Promise<void> {
    const runs = (): boolean => processesIn(group(lab, host.name)).length > 0;
    signal(lab, host.name, "SIGCONT");
    if (await answers(access, runs)) return;
    await killAll(() => processesIn(group(lab, host.name)));
    const dir = folder(lab, host.name);
    fs.rmSync(dir, { recursive: true, force: true });
    fs.mkdirSync(path.join(dir, "state"), { recursive: true, mode: 0o700 });
    const settings = bmcSettings(lab, host, fs.readFileSync(access.passwordFile, "utf8"));
    for (const [file, text] of Object.entries(settings)) {
        fs.writeFileSync(path.join(dir, file), text, { mode: file === "chassis" ? 0o700 : 0o600 });
    }
    const log = path.join(dir, "log");
    const output = fs.openSync(log, "w");
    const child = spawn("sh", ["-c", LAUNCH, "sh", ...groupsOf(group(lab, host.name))], {
        cwd: dir,
        env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
        detached: true,
        stdio: ["ignore", output, output],
    });
    child.unref();
    fs.closeSync(output);
    if (await answers(access, () => child.exitCode === null)) return;
    throw new Error(
        `${host.name}: its management controller does not answer on ${access.address}:${access.port} (UDP):\n${fs.readFileSync(log, "utf8").trimEnd()}`,
    );
}

/** Seconds a controller may take to answer: it does not while it takes the power away from a busy host. */
const ANSWER_SECONDS = 5;

const answers = async (access: BmcAccess, runs: () => boolean): Promise<boolean> =>
    (await until(async () => (runs() ? (await ping(access)) || undefined : false), { seconds: ANSWER_SECONDS })) ??
    false;

/** RMCP's presence ping (ASF 2.0, 3.2.4.2). */
const PING = Buffer.from("0600ff06000011be80000000", "hex");

/** Asks a controller once whether it is there. */
function ping({ address, port }: BmcAccess): Promise<boolean> {
    return new Promise((resolve) => {
        const socket = dgram.createSocket("udp4");
        const end = (answered: boolean): void => {
            clearTimeout(timer);
            socket.close();
            resolve(answered);
        };
        const timer = setTimeout(() => end(false), 200);
        socket.once("message", () => end(true));
        socket.once("error", () => end(false));
        socket.connect(port, address, () => socket.send(PING));
    });
}

function signal(lab: Pick<LabPlan, "cgroup">, host: string, name: "SIGSTOP" | "SIGCONT"): number {
    const pids = processesIn(group(lab, host));
    pids.forEach((pid) => send(pid, name));
    return pids.length;
}

/** The management controller of a lab host. */
export class Bmc {
    constructor(
        private readonly lab: Pick<LabPlan, "cgroup">,
        private readonly host: string,
    ) {}

    /** Leaves every request unanswered from now on, as a controller that hangs or lost its link. `labUp` lets it answer again. */
    silence(): Promise<Instant> {
        return this.signal("SIGSTOP");
    }

    /** Lets it answer again, requests included that came meanwhile. */
    answer(): Promise<Instant> {
        return this.signal("SIGCONT");
    }

    private signal(name: "SIGSTOP" | "SIGCONT"): Promise<Instant> {
        return timed(() => {
            if (signal(this.lab, this.host, name) > 0) return;
            throw new Error(`${this.host}: its management controller does not run: pulumi-ha lab up starts it again`);
        });
    }
}
