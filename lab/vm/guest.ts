import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { groupsOf, isFrozen, killAll, removeGroup } from "../cgroups";
import { type Driver, ENVIRONMENT, hostGroup, processesOf } from "../host";
import { hostsLine, makeIdentity } from "../identity";
import { hardwareAddress, LinkName, plugInMachine } from "../network";
import type { HostPlan, LabPlan } from "../plan";
import { monotonicMs, run } from "../run";
import { labSockets } from "../state";
import { archive, imageFiles } from "./image";
import { accelerator, type Accelerator, PROCESSOR } from "./kvm";
import { agent, answers, type Conversation, qmp } from "./qmp";

/** What belongs to one machine. */
export const guestPaths = (lab: Pick<LabPlan, "dir" | "name">, host: string) => {
    const dir = path.join(lab.dir, "hosts", host);
    return {
        dir,
        /** The files that make it this host; its first root puts them in place, once. */
        identity: path.join(dir, "identity"),
        initrd: path.join(dir, "initrd"),
        /** Its root disk, over the image, and its data disk. */
        root: path.join(dir, "root.qcow2"),
        data: path.join(dir, "data.qcow2"),
        /** What its kernel wrote to its console, and what QEMU said. */
        console: path.join(dir, "console.log"),
        log: path.join(dir, "qemu.log"),
        /** Where QEMU takes commands, and where the agent in the guest does. */
        qmp: path.join(labSockets(lab.name), `${host}.qmp`),
        agent: path.join(labSockets(lab.name), `${host}.agent`),
    };
};

/** The disk that all machines of a lab share; no host can have this name. */
export const sharedDisk = (lab: Pick<LabPlan, "dir">): string => path.join(lab.dir, "hosts", "shared.raw");

const MEMORY_MEGABYTES = 768;
const SHARED_MEGABYTES = 16;

/** By which the guests find the disk that they share. */
const SHARED_SERIAL = "sbd";

/** What the inventory says of every machine. */
export const DEVICES = {
    dataDisk: "/dev/vdb",
    sharedDisk: `/dev/disk/by-id/virtio-${SHARED_SERIAL}`,
    watchdog: "/dev/watchdog",
};

/** QEMU's name of a link's card. */
const cardOf = (name: LinkName): string => `card-${name}`;

/** The disks that can be pulled out of a machine: its own, and the one that all machines of its lab share. */
export const DiskName = { data: "data", shared: "shared" } as const;
/** The name of one of a machine's disks. */
export type DiskName = (typeof DiskName)[keyof typeof DiskName];

/** A disk as QEMU takes it, on its command line and while it runs; what is behind it stays when it is pulled out. */
const diskDevice = (name: DiskName): Record<string, string | boolean> => ({
    driver: "virtio-blk-pci",
    drive: name,
    id: `disk-${name}`,
    ...(name === DiskName.data
        ? { serial: "data" }
        : { serial: SHARED_SERIAL, "share-rw": true, "write-cache": "off" }),
});

const KERNEL_ARGUMENTS = "console=ttyS0 net.ifnames=0 mitigations=off audit=0 quiet panic=5";
/**
 * QEMU keeps what it has translated of a program by the addresses at which it runs: at random ones, each start of a program is translated anew, and shell scripts take
 * four times as much of the processor. And a kernel that looks whether its timer ticks takes it for broken, and stops, where QEMU waits for a processor.
 */
const KERNEL_ARGUMENTS_OF: Record<Accelerator, string> = {
    kvm: KERNEL_ARGUMENTS,
    tcg: `${KERNEL_ARGUMENTS} norandmaps no_timer_check`,
};

/** A device's properties, as QEMU takes them on its command line. */
const words = ({ driver, ...more }: Record<string, string | boolean>): string =>
    [driver, ...Object.entries(more).map(([key, value]) => `${key}=${value === true ? "on" : value}`)].join(",");

/** QEMU's command line for a machine. */
export function qemuArguments(lab: LabPlan, host: HostPlan, image: string, accelerated: Accelerator): string[] {
    const paths = guestPaths(lab, host.name);
    const value = (text: string): string => text.replaceAll(",", ",,");
    const file = (where: string): string => `file.driver=file,file.filename=${value(where)}`;
    const card = (name: LinkName, port: string): string[] => [
        ...["-netdev", `tap,id=net-${name},ifname=${port},script=no,downscript=no`],
        ...["-device", `virtio-net-pci,netdev=net-${name},id=${cardOf(name)},mac=${hardwareAddress(lab, host, name)}`],
    ];
    const socket = (id: string, file: string): string => `socket,id=${id},path=${value(file)},server=on,wait=off`;
    return [
        ...["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-name", host.name],
        ...["-machine", "pc", ...PROCESSOR[accelerated], "-smp", "1", "-m", String(MEMORY_MEGABYTES)],
        ...["-kernel", imageFiles(image).kernel, "-initrd", paths.initrd, "-append", KERNEL_ARGUMENTS_OF[accelerated]],
        // A guest's power-off does not lose what this machine's page cache holds, so nothing is flushed to the medium.
        ...["-drive", `file=${value(paths.root)},if=none,id=root,cache=unsafe`],
        ...["-device", "virtio-blk-pci,drive=root,id=disk-root"],
        ...["-blockdev", `driver=qcow2,node-name=data,discard=unmap,${file(paths.data)}`],
        ...["-blockdev", `driver=raw,node-name=shared,cache.direct=on,file.locking=off,${file(sharedDisk(lab))}`],
        ...Object.values(DiskName).flatMap((name) => ["-device", words(diskDevice(name))]),
        ...card(LinkName.lan, host.port),
        ...(host.replication === undefined ? [] : card(LinkName.replication, host.replication.port)),
        ...[
            "-serial",
            `file:${paths.console}`,
            "-device",
            "virtio-serial-pci",
            "-chardev",
            socket("agent", paths.agent),
        ],
        ...["-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0"],
        ...["-chardev", socket("qmp", paths.qmp), "-mon", "chardev=qmp,mode=control"],
    ];
}

/** Makes the disks that are missing. */
async function makeDisks(lab: LabPlan, host: HostPlan, image: string): Promise<void> {
    const { root, data } = guestPaths(lab, host.name);
    const make = async (file: string, ...sizeOrBacking: string[]): Promise<void> => {
        if (fs.existsSync(file)) return;
        await run(["qemu-img", "create", "-q", "-f", "qcow2", `${file}.new`, ...sizeOrBacking]);
        fs.renameSync(`${file}.new`, file);
    };
    await make(root, "-F", "qcow2", "-b", imageFiles(image).disk);
    await make(data, `${lab.dataDisk}M`);
    if (!fs.existsSync(sharedDisk(lab))) fs.writeFileSync(sharedDisk(lab), Buffer.alloc(SHARED_MEGABYTES * 2 ** 20));
}

/** Makes the image's first root into this machine's. */
async function makeInitrd(lab: LabPlan, host: HostPlan, image: string): Promise<void> {
    const { dir, identity, initrd } = guestPaths(lab, host.name);
    const holder = path.join(dir, "first");
    fs.rmSync(holder, { recursive: true, force: true });
    fs.mkdirSync(holder);
    fs.cpSync(identity, path.join(holder, "identity"), { recursive: true });
    await archive(holder, `${initrd}.identity`);
    const parts = [imageFiles(image).initrd, `${initrd}.identity`];
    fs.writeFileSync(initrd, Buffer.concat(parts.map((part) => fs.readFileSync(part))), { mode: 0o600 });
    fs.rmSync(`${initrd}.identity`);
    fs.rmSync(holder, { recursive: true });
}

/** Starts a machine, with further arguments for QEMU. Returns once QEMU takes commands. */
export async function startMachine(lab: LabPlan, host: HostPlan, image: string, more: string[] = []): Promise<void> {
    const group = hostGroup(lab, host.name);
    await killAll(() => processesOf(lab, host.name));
    await removeGroup(group);
    await Promise.all([makeDisks(lab, host, image), makeInitrd(lab, host, image), plugInMachine(lab, host)]);
    const paths = guestPaths(lab, host.name);
    fs.mkdirSync(path.dirname(paths.qmp), { recursive: true, mode: 0o700 });
    for (const file of [paths.qmp, paths.agent, paths.console]) fs.rmSync(file, { force: true });
    const qemu = [...qemuArguments(lab, host, image, await accelerator(image)), ...more];
    const output = fs.openSync(paths.log, "w");
    const argv = [path.join(__dirname, "launch.sh"), lab.namespace, ...groupsOf(group), "--", ...qemu];
    const child = spawn("sh", argv, { detached: true, stdio: ["ignore", output, output] });
    child.unref();
    fs.closeSync(output);
    if (await answers(paths.qmp, () => child.exitCode === null)) return;
    throw new Error(`${host.name}: QEMU did not start:\n${fs.readFileSync(paths.log, "utf8").trimEnd()}`);
}

const Started = z.object({ pid: z.number() });
const Progress = z.object({
    exited: z.boolean(),
    exitcode: z.number().optional(),
    "out-data": z.string().optional(),
    "err-data": z.string().optional(),
});
const Interfaces = z.array(z.object({ "ip-addresses": z.array(z.object({ "ip-address": z.string() })).optional() }));

/** Talks with the agent of a machine that can answer. */
async function ask<T>(
    lab: LabPlan,
    host: HostPlan,
    talk: (line: Conversation) => Promise<T>,
    seconds?: number,
): Promise<T> {
    if (!isOn(lab, host)) throw new Error(`${host.name} is off`);
    if (isFrozen(hostGroup(lab, host.name))) throw new Error(`${host.name} is paused: nothing runs on it`);
    return agent(guestPaths(lab, host.name).agent, talk, seconds);
}

const isOn = (lab: LabPlan, host: HostPlan): boolean => processesOf(lab, host.name).length > 0;

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const plain = (data: string | undefined): string => Buffer.from(data ?? "", "base64").toString();

/** Runs a command on a machine as root, by its agent. */
export const runOn: Driver["exec"] = async (lab, host, argv, { input = "", timeoutSeconds = 60 }) => {
    const deadline = monotonicMs() + timeoutSeconds * 1000;
    const left = (): number => Math.max(1, (deadline - monotonicMs()) / 1000);
    const details = {
        path: "env",
        arg: ["-i", ...ENVIRONMENT, ...argv],
        "capture-output": true,
        "input-data": base64(input),
    };
    const { pid } = Started.parse(await ask(lab, host, (line) => line.call("guest-exec", details), left()));
    // The line takes one conversation at a time: between two questions others have their turn.
    for (let pauseMs = 20; ; pauseMs = Math.min(pauseMs * 1.5, 500)) {
        const ran = Progress.parse(await ask(lab, host, (line) => line.call("guest-exec-status", { pid }), left() + 5));
        if (ran.exited)
            return { code: ran.exitcode ?? -1, stdout: plain(ran["out-data"]), stderr: plain(ran["err-data"]) };
        if (monotonicMs() >= deadline) break;
        await pause(pauseMs);
    }
    const kill = { path: "kill", arg: ["-KILL", String(pid)] };
    await ask(lab, host, (line) => line.call("guest-exec", kill));
    throw new Error(`${argv.slice(0, 6).join(" ")}: did not end within ${timeoutSeconds} s and was killed`);
};

/** Adds the names of hosts that came after this machine, which its identity still lacks. */
const introduce: Driver["introduce"] = async (lab, host) => {
    const file = path.join(guestPaths(lab, host.name).identity, "etc", "hosts");
    const text = fs.readFileSync(file, "utf8");
    const unknown = lab.hosts.map(hostsLine).filter((line) => !text.includes(line));
    if (unknown.length === 0) return;
    const ran = await runOn(lab, host, ["sh", "-c", "cat >>/etc/hosts"], { input: unknown.join("") });
    if (ran.code !== 0) throw new Error(`${host.name}: /etc/hosts can't be written: ${ran.stderr.trimEnd()}`);
    fs.appendFileSync(file, unknown.join(""));
};

/** Pulls a disk out of a machine; it is back at the next power-on. */
export async function removeDisk(lab: LabPlan, host: HostPlan, name: DiskName): Promise<void> {
    const { id } = diskDevice(name);
    const pulledOut = async (line: Conversation): Promise<void> => {
        await line.call("device_del", { id });
        await line.event("DEVICE_DELETED", (data) => data["device"] === id);
    };
    // The guest has its part in it, which a busy one does late.
    await qmp(guestPaths(lab, host.name).qmp, pulledOut, 60);
}

/** Plugs a disk in again, as it was. */
export const returnDisk = (lab: LabPlan, host: HostPlan, name: DiskName): Promise<unknown> =>
    qmp(guestPaths(lab, host.name).qmp, (line) => line.call("device_add", diskDevice(name)));

/** How machines with a kernel of their own are handled. */
export const vm: Driver = {
    makeDisk: async (lab, host, loginKey) => {
        const { dir, identity } = guestPaths(lab, host.name);
        fs.mkdirSync(dir, { recursive: true });
        return makeIdentity(lab, host, loginKey, identity);
    },
    start: (lab, host, image) => startMachine(lab, host, image),
    isOn,
    exec: runOn,
    introduce,
    setCarrier: (lab, host, names, carrier) =>
        qmp(guestPaths(lab, host.name).qmp, async (line) => {
            for (const name of names) await line.call("set_link", { name: cardOf(name), up: carrier });
        }),
    addresses: async (lab, host) => {
        if (!isOn(lab, host) || isFrozen(hostGroup(lab, host.name))) return [];
        const found = Interfaces.parse(await ask(lab, host, (line) => line.call("guest-network-get-interfaces")));
        return found.flatMap((card) => (card["ip-addresses"] ?? []).map((address) => address["ip-address"]));
    },
    logs: (lab, host) => [guestPaths(lab, host.name).console, guestPaths(lab, host.name).log],
    loginSeconds: 20,
    bootSeconds: 240,
};
