import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import {
    DiskName,
    type Lab,
    labDown,
    type LabHost,
    labOpen,
    labRestore,
    labSave,
    labUp,
    LinkName,
    LinkState,
    monotonicMs,
    Power,
    vipOwners,
} from "../../lab";
import { savedDir } from "../../lab/saved";
import { sshArguments, tryLogin } from "../../lab/ssh";
import { CLI } from "./cli";
import { machineSnapshot } from "./machine-snapshot";
import { onHost, until } from "./support";

const NAME = "t-vms";
const SUBNET = "10.101.0.0/24";
const STATE = "t-vms-test";
const ROOT = path.join(__dirname, "..", "..");
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), `${NAME}-`));
const dir = path.join(scratch, "lab");

jest.setTimeout(600_000);

const figure = (what: string, ms: number): boolean =>
    process.stdout.write(`figure: ${what}: ${(ms / 1000).toFixed(1)} s\n`);

async function timed<T>(what: string, work: () => Promise<T>): Promise<{ value: T; ms: number }> {
    const begin = monotonicMs();
    const value = await work();
    const ms = monotonicMs() - begin;
    figure(what, ms);
    return { value, ms };
}

/** What a host took to boot, as `up` said. */
const bootMs = (told: string[], name: string): number =>
    1000 * Number(told.join("\n").match(new RegExp(`^${name}: answers on \\S+ after ([\\d.]+) s$`, "m"))?.[1]);

/** Processes of this lab's machines, whatever folder they were started from. */
const machines = (): string[] =>
    fs
        .readdirSync("/proc")
        .filter((entry) => /^\d+$/.test(entry))
        .filter((pid) => {
            try {
                return fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(`/labs/${NAME}.vms/`);
            } catch {
                return false;
            }
        });

describe("machines with a kernel of their own", () => {
    let lab: Lab;
    let before: Record<string, string[]>;
    /** From nothing in its memory until the last machine let in. */
    let coldMs: number;
    let [one, two, witness]: LabHost[] = [];

    beforeAll(async () => {
        await labDown({ name: NAME, dir });
        before = machineSnapshot(NAME, { shared: false });
        // The image is made once per machine: not part of what is measured.
        const told: string[] = [];
        const progress = (line: string): void => void told.push(line);
        await labUp({ name: NAME, subnet: SUBNET, dir, vms: ["one", "two"], hosts: ["witness"], progress });
        coldMs = Math.max(...["one", "two"].map((name) => bootMs(told, name)));
        figure("cold boot, until both let in", coldMs);
        lab = labOpen({ name: NAME, dir });
        [one, two, witness] = [lab.host("one"), lab.host("two"), lab.host("witness")];
    });
    afterAll(async () => {
        await labDown({ name: NAME, dir });
        fs.rmSync(scratch, { recursive: true, force: true });
        fs.rmSync(savedDir(STATE), { recursive: true, force: true });
    });

    test("are in the inventory beside the containers, with what they have beyond them", async () => {
        expect(witness!.inventory.vm).toBeUndefined();
        expect(two!.inventory).toMatchObject({
            address: "10.101.0.13",
            interface: "eth0",
            vm: {
                replication: { interface: "eth1", address: "198.19.0.13", prefixLength: 24 },
                dataDisk: "/dev/vdb",
                sharedDisk: "/dev/disk/by-id/virtio-sbd",
                watchdog: "/dev/watchdog",
            },
        });
        expect(await lab.status()).toEqual([
            expect.objectContaining({ name: "witness", power: Power.on, link: LinkState.connected }),
            ...["one", "two"].map((name) =>
                expect.objectContaining({
                    name,
                    power: Power.on,
                    link: LinkState.connected,
                    replication: LinkState.connected,
                }),
            ),
        ]);
    });

    test("let in with the login key whom a container lets in, under the pinned host key and no other", async () => {
        const { inventory } = one!;
        const args = (user: string): string[] => sshArguments(lab.inventory, inventory, lab.knownHostsFile, user);
        expect(spawnSync("ssh", [...args("admin"), "sudo", "-n", "id", "-un"]).stdout.toString()).toBe("root\n");
        expect(spawnSync("ssh", [...args("plain"), "sudo", "-n", "true"]).status).toBe(1);
        const other = { ...inventory, hostKey: two!.inventory.hostKey };
        expect(await tryLogin(lab.inventory, other, 20_000)).toMatch(/verif/i);
    });

    test("have a kernel of their own, the disks, a watchdog, nothing failed and nothing started of what is installed", async () => {
        const script = `set -e
modprobe drbd; cat /proc/drbd | head -1
blockdev --getsize64 /dev/vdb /dev/disk/by-id/virtio-sbd
test -c /dev/watchdog
systemctl is-system-running --wait
systemctl is-active drbd corosync pacemaker sbd corosync-qdevice nginx || true
getent hosts two witness | wc -l`;
        const [drbd, data, shared, state, ...rest] = (await onHost(one!, script)).trim().split("\n");
        expect(drbd).toMatch(/^version: 8\.4\./);
        expect([data, shared]).toEqual([String(400 * 2 ** 20), String(16 * 2 ** 20)]);
        expect(state).toBe("running");
        expect(rest).toEqual([...Array<string>(6).fill("inactive"), "2"]);
    });

    test("run a command without the network, with its input, and give its status", async () => {
        await one!.cut();
        const ran = await one!.exec(["sh", "-c", "env | cut -d= -f1 | sort | xargs; cat; exit 3"], { input: "said" });
        expect(ran).toEqual({ code: 3, stdout: "HOME LANG PATH PWD\nsaid", stderr: "" });
        await expect(one!.exec(["sleep", "60"], { timeoutSeconds: 1 })).rejects.toThrow(
            "sleep 60: did not end within 1 s and was killed",
        );
        await one!.heal();
    });

    test("share a disk", async () => {
        await onHost(one!, "echo mark | dd of=/dev/disk/by-id/virtio-sbd oflag=direct bs=512 conv=sync status=none");
        expect(await onHost(two!, SHARED_READ)).toBe("mark");
    });

    const SHARED_READ = "dd if=/dev/disk/by-id/virtio-sbd iflag=direct bs=512 count=1 status=none | head -c 4";

    const reaches = async (host: LabHost, address: string): Promise<boolean> =>
        (await host.exec(["ping", "-c", "1", "-W", "2", address])).code === 0;
    const carrier = async (host: LabHost, card: string): Promise<string> =>
        (await onHost(host, `cat /sys/class/net/${card}/carrier`)).trim();

    test("lose one link alone, in silence or with its carrier, and have it back", async () => {
        const { replication } = two!.inventory.vm!;
        expect(await reaches(one!, replication.address)).toBe(true);
        await one!.cut({ link: LinkName.replication });
        expect(await reaches(one!, replication.address)).toBe(false);
        expect(await reaches(one!, two!.address)).toBe(true);
        expect(await carrier(one!, "eth1")).toBe("1");
        await one!.cut({ link: LinkName.replication, carrier: true });
        expect(await carrier(one!, "eth1")).toBe("0");
        expect((await lab.status())[1]).toMatchObject({
            link: LinkState.connected,
            replication: LinkState.noCarrier,
        });
        await one!.heal();
        expect(await carrier(one!, "eth1")).toBe("1");
        expect(await reaches(one!, replication.address)).toBe(true);
        await expect(witness!.cut({ link: LinkName.replication })).rejects.toThrow('witness has no link "replication"');
    });

    test("are asked who holds an address", async () => {
        await onHost(two!, "ip address add 10.101.0.100/24 dev eth0");
        expect(await vipOwners(lab, "10.101.0.100")).toEqual(["two"]);
    });

    test("go on from a saved instant, with what was in their memory, on their disks and on that of a container", async () => {
        await onHost(one!, "echo kept >/dev/shm/note; dd if=/dev/shm/note of=/dev/vdb conv=sync,fsync status=none");
        await onHost(witness!, "echo kept >/root/note");
        const { hostKey } = one!.inventory;
        await timed("save", () => labSave(lab, STATE));
        await onHost(one!, "rm /dev/shm/note");
        await onHost(witness!, "rm /root/note");
        await one!.powerOff();
        await expect(labSave(lab, STATE)).rejects.toThrow("hosts are all on can be saved: one");
        const restored = await timed("restore, until both let in", () => labRestore(STATE, { dir }));
        lab = restored.value;
        process.stdout.write(`figure: ratio of the two: ${(restored.ms / coldMs).toFixed(2)}\n`);
        expect(restored.ms / coldMs).toBeLessThan(1);
        [one, two, witness] = [lab.host("one"), lab.host("two"), lab.host("witness")];
        expect(one.inventory.hostKey).toBe(hostKey);
        expect(await onHost(one, "cat /dev/shm/note; head -c 5 /dev/vdb")).toBe("kept\nkept\n");
        expect(await onHost(witness, "cat /root/note")).toBe("kept\n");
        expect(await vipOwners(lab, "10.101.0.100")).toEqual(["two"]);
        const clock = Number(await onHost(two, "date +%s"));
        expect(Math.abs(clock - Date.now() / 1000)).toBeLessThan(10);
    });

    test("stand still while paused, and find that time went on", async () => {
        const uptime = async (): Promise<number> => Number((await onHost(two!, "cat /proc/uptime")).split(" ")[0]);
        const upBefore = await uptime();
        const { atMs: from } = await two!.pause();
        expect((await lab.status())[2]).toMatchObject({ power: Power.paused });
        expect(await reaches(witness!, two!.address)).toBe(false);
        await expect(two!.exec(["true"])).rejects.toThrow("two is paused: nothing runs on it");
        const { atMs, withinMs } = await two!.resume();
        expect(((await uptime()) - upBefore) * 1000).toBeGreaterThan(atMs - withinMs - from);
        expect(await reaches(witness!, two!.address)).toBe(true);
    });

    // Not before the lab is saved: what is plugged in again is in another slot, where a saved state does not look for it.
    test("lose the disk they share one by one, and have it back", async () => {
        await two!.removeDisk(DiskName.shared);
        expect((await two!.exec(["test", "-e", "/dev/disk/by-id/virtio-sbd"])).code).toBe(1);
        expect(await onHost(one!, SHARED_READ)).toBe("mark");
        await two!.returnDisk(DiskName.shared);
        await until(
            "it is back",
            60,
            () => onHost(two!, `${SHARED_READ} 2>&1`),
            (text) => text === "mark",
        );
    });

    test("come back from a loss of their disk and power, and from a reset by their watchdog", async () => {
        await two!.removeDisk();
        expect((await two!.exec(["test", "-e", "/dev/vdb"])).code).toBe(1);
        await expect(witness!.removeDisk()).rejects.toThrow("witness is a container: it has no data disk");
        await onHost(two!, "echo written >/root/note; sync; echo lost >/root/unwritten");
        await two!.powerOff();
        expect((await lab.status())[2]).toMatchObject({
            power: Power.off,
            link: LinkState.absent,
            replication: LinkState.absent,
        });
        expect(await vipOwners(lab, "10.101.0.100")).toEqual([]);
        await expect(two!.exec(["true"])).rejects.toThrow("two is off");
        await expect(two!.removeDisk()).rejects.toThrow("two is off: its disk can't be pulled out");

        const bootOf = (host: LabHost): Promise<string> => onHost(host, "cat /proc/sys/kernel/random/boot_id");
        const boot = await bootOf(one!);
        // A watchdog that is closed without its farewell goes on.
        await onHost(one!, "rmmod softdog; modprobe softdog soft_margin=1; echo >/dev/watchdog");
        await timed("power-on until it lets in", () => two!.powerOn());
        expect(await onHost(two!, "cat /root/note /root/unwritten 2>/dev/null; test -b /dev/vdb")).toBe("written\n");
        await until(
            "it has started again",
            240,
            () => bootOf(one!).catch(() => boot),
            (now) => now !== boot,
        );
    });

    test("leave nothing behind when the lab is down, also when their `up` was killed", async () => {
        await timed("down", () => labDown({ name: NAME, dir }));
        expect(machines()).toEqual([]);
        expect(machineSnapshot(NAME, { shared: false })).toEqual(before);
        expect(fs.existsSync(dir)).toBe(false);
        const flags = ["lab", "up", "--name", NAME, "--subnet", SUBNET, "--dir", dir, "--vms", "1"];
        const child: ChildProcess = spawn(process.execPath, [...CLI, ...flags], { cwd: ROOT, stdio: "ignore" });
        const ended = new Promise((resolve) => child.once("exit", resolve));
        await until(
            "a machine starts",
            60,
            () => Promise.resolve(machines()),
            (pids) => pids.length > 0,
        );
        child.kill("SIGKILL");
        await ended;
        await labDown({ name: NAME, dir });
        expect(machines()).toEqual([]);
        expect(machineSnapshot(NAME, { shared: false })).toEqual(before);
        expect(fs.existsSync(dir)).toBe(false);
    });
});
