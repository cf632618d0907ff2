import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import {
    type Lab,
    labDown,
    labOpen,
    labUp,
    LinkState,
    monotonicMs,
    Power,
    Prober,
    readInventory,
    tcpProbe,
    vipOwners,
} from "../../lab";
import { groupsOf } from "../../lab/cgroups";
import { sshArguments, tryLogin } from "../../lab/ssh";
import { CLI } from "./cli";
import { machineSnapshot, othersUp } from "./machine-snapshot";

const NAME = "t-lab";
const SUBNET = "10.91.0.0/24";
const VIP = "10.91.0.100";
const ROOT = path.join(__dirname, "..", "..");
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), `${NAME}-`));
const dir = path.join(scratch, "lab");
const up = (hosts: string[], more: object = {}): Promise<Lab> =>
    labUp({ name: NAME, subnet: SUBNET, dir, hosts, ...more });
const down = (): Promise<void> => labDown({ name: NAME, dir });

const figure = (what: string, ms: number): boolean =>
    process.stdout.write(`figure: ${what}: ${(ms / 1000).toFixed(2)} s\n`);

async function timed<T>(what: string, work: () => Promise<T>): Promise<{ value: T; ms: number }> {
    const begin = monotonicMs();
    const value = await work();
    figure(what, monotonicMs() - begin);
    return { value, ms: monotonicMs() - begin };
}

async function eventually(what: string, holds: () => Promise<boolean> | boolean, seconds = 10): Promise<void> {
    const deadline = monotonicMs() + seconds * 1000;
    while (!(await holds())) {
        if (monotonicMs() > deadline) throw new Error(`not within ${seconds} s: ${what}`);
        await pause(5);
    }
}

const answers = async (address: string, port = 22): Promise<boolean> => {
    try {
        await tcpProbe(address, port)(AbortSignal.timeout(1000));
        return true;
    } catch {
        return false;
    }
};

function cli(verb: string, ...args: string[]): { status: number | null; stdout: string; stderr: string } {
    return spawnSync(process.execPath, [...CLI, "lab", verb, "--name", NAME, ...args], { cwd: ROOT, encoding: "utf8" });
}

/** Compares the machine with how it was; what labs share only where no other lab was up. */
function remembered(): () => void {
    const alone = !othersUp(NAME);
    const before = machineSnapshot(NAME, { shared: alone });
    const beforeOwn = machineSnapshot(NAME, { shared: false });
    return () => {
        const shared = alone && !othersUp(NAME);
        if (!shared)
            process.stdout.write("skipped: what labs share is not compared, another lab is up on this machine\n");
        expect(machineSnapshot(NAME, { shared })).toEqual(shared ? before : beforeOwn);
    };
}

jest.setTimeout(300_000);
afterAll(async () => {
    await down();
    fs.rmSync(scratch, { recursive: true, force: true });
});

describe("a lab", () => {
    let lab: Lab;
    let upMs: number;
    let expectMachineAsBefore: () => void;
    const bootOf = async (host: string): Promise<string> =>
        (await lab.exec(host, ["stat", "-c", "%Z", "/proc/1"])).stdout;

    beforeAll(async () => {
        await down();
        expectMachineAsBefore = remembered();
        ({ value: lab, ms: upMs } = await timed("up of 2 hosts", () => up(["one", "two"])));
    });

    test("is up: on, connected, and described by its inventory", async () => {
        expect(await lab.status()).toEqual([
            expect.objectContaining({ name: "one", address: "10.91.0.11", power: Power.on, link: LinkState.connected }),
            expect.objectContaining({ name: "two", address: "10.91.0.12", power: Power.on, link: LinkState.connected }),
        ]);
        const inventory = readInventory(dir);
        expect(inventory).toEqual(lab.inventory);
        expect(inventory).toMatchObject({ lab: NAME, subnet: SUBNET, gateway: "10.91.0.1" });
        expect(fs.statSync(inventory!.loginKey).mode & 0o777).toBe(0o600);
        expect(fs.statSync(path.join(dir, "hosts")).mode & 0o777).toBe(0o700);
        expect(await answers(lab.host("one").address6)).toBe(true);
    });

    test("is a no-op the second time", async () => {
        const boots = [await bootOf("one"), await bootOf("two")];
        const { ms } = await timed("up with nothing to do", () => up(["one", "two"]));
        expect([await bootOf("one"), await bootOf("two")]).toEqual(boots);
        expect(ms).toBeLessThan(upMs);
    });

    test("takes one more host without touching the others, which learn its name", async () => {
        const boot = await bootOf("one");
        lab = await up(["one", "two", "three"]);
        expect(await bootOf("one")).toBe(boot);
        expect(lab.host("three").address).toBe("10.91.0.13");
        expect((await lab.exec("one", ["getent", "hosts", "three"])).stdout).toContain(lab.host("three").address6);
        expect(labOpen({ name: NAME }).hosts.map((host) => host.name)).toEqual(["one", "two", "three"]);
    });

    test.each([
        ["admin", 0],
        ["root", 0],
        ["plain", 1],
    ])("lets %s in with the login key; sudo without password ends with %i", (user, status) => {
        const args = sshArguments(lab.inventory, lab.host("one").inventory, lab.knownHostsFile, user);
        expect(execFileSync("ssh", [...args, "id", "-un"], { encoding: "utf8" }).trim()).toBe(user);
        expect(spawnSync("ssh", [...args, "sudo", "-n", "true"]).status).toBe(status);
    });

    test("fails: a host with another key than the pinned one", async () => {
        const { inventory } = lab.host("one");
        expect(await tryLogin(lab.inventory, inventory)).toBeUndefined();
        expect(await tryLogin(lab.inventory, { ...inventory, hostKey: lab.host("two").inventory.hostKey })).toMatch(
            /verif/i,
        );
    });

    test("reaches Debian's packages and boots without a failed unit, with nothing of ours installed", async () => {
        const sources = await lab.exec("one", ["awk", '$1 == "deb" { print $2; exit }', "/etc/apt/sources.list"]);
        const { hostname, port } = new URL(sources.stdout.trim());
        const connect = `exec 3<>/dev/tcp/${hostname}/${port || "80"}`;
        expect(await lab.exec("one", ["timeout", "10", "bash", "-c", connect])).toMatchObject({ code: 0 });
        await eventually(
            "the host has booted",
            async () => (await lab.exec("one", ["systemctl", "is-system-running"])).code === 0,
        );
        const installed = await lab.exec("one", [
            "sh",
            "-c",
            "dpkg-query -W -f '${Package}\\n' | grep -E 'keepalived|haproxy'",
        ]);
        expect(installed.stdout).toBe("");
    });

    test("runs a command in the host's own root, with its own environment and input, and gives its status", async () => {
        const script = "cat etc/hostname; env | cut -d= -f1 | sort | xargs; cat; exit 3";
        const ran = await lab.exec("two", ["sh", "-c", script], { input: "said" });
        expect(ran).toEqual({ code: 3, stdout: "two\nHOME LANG PATH PWD\nsaid", stderr: "" });
    });

    test("cuts a link in silence, tells when, and heals it", async () => {
        const one = lab.host("one");
        const before = monotonicMs();
        const cut = await one.cut();
        expect(cut.atMs - cut.withinMs).toBeGreaterThanOrEqual(before);
        expect(cut.atMs).toBeLessThanOrEqual(monotonicMs());
        expect(await answers(one.address)).toBe(false);
        expect((await one.exec(["cat", "/sys/class/net/eth0/carrier"])).stdout.trim()).toBe("1");
        expect((await lab.status())[0]).toMatchObject({ power: Power.on, link: LinkState.cut });
        await one.heal();
        await eventually("the host answers again", () => answers(one.address));
        figure("cut took", cut.withinMs);
    });

    test("cuts a link with its carrier", async () => {
        const one = lab.host("one");
        await one.cut({ carrier: true });
        expect((await one.exec(["cat", "/sys/class/net/eth0/carrier"])).stdout.trim()).toBe("0");
        expect((await lab.status())[0]).toMatchObject({ link: LinkState.noCarrier });
        await one.heal();
        await eventually("the host answers again", () => answers(one.address));
    });

    test("measures the gap of an address that moves from a cut host to another", async () => {
        await lab.exec("one", ["ip", "address", "add", `${VIP}/24`, "dev", "eth0"]);
        expect(await vipOwners(lab, VIP)).toEqual(["one"]);
        const prober = new Prober(tcpProbe(VIP, 22), { everyMs: 10 });
        await eventually("the address answers", () => prober.answers);
        const cut = await lab.host("one").cut();
        await eventually("a question is lost", () => !prober.answers);
        const script = `ip address add ${VIP}/24 dev eth0`;
        expect(await lab.exec("two", ["sh", "-c", script])).toMatchObject({ code: 0 });
        expect(await vipOwners(lab, VIP)).toEqual(["one", "two"]);
        execFileSync("ip", ["neigh", "flush", "to", VIP]);
        await eventually("the address answers from elsewhere", () => prober.answers);
        const seen = await prober.stop();
        const outage = seen.gaps.at(-1)!;
        // An answer that had arrived is seen when this process gets its turn.
        expect(outage.fromMs).toBeLessThanOrEqual(cut.atMs + 50 + seen.resolutionMs);
        expect(outage.toMs).toBeGreaterThan(cut.atMs);
        expect(seen.longestGapMs).toBe(outage.lengthMs);
        expect(outage.lost).toBeGreaterThan(0);
        figure("gap of the moved address", outage.lengthMs);
        await lab.host("one").heal();
    });

    test("takes the power away with all the host held in memory, and keeps its disk", async () => {
        await lab.exec("one", ["sh", "-c", "echo kept >/root/note"]);
        const off = await timed("power-off", () => lab.host("one").powerOff());
        figure("power-off took effect", off.value.withinMs);
        expect((await lab.status())[0]).toMatchObject({ power: Power.off, link: LinkState.absent });
        expect(await vipOwners(lab, VIP)).toEqual(["two"]);
        await expect(lab.host("one").powerOff()).rejects.toThrow("one is off: its power can't be taken away");
        await expect(lab.host("one").cut()).rejects.toThrow("one is off: it has no link to change");
        await expect(lab.host("one").pause()).rejects.toThrow("one is off: it has no processes to pause");
        await expect(lab.exec("one", ["true"])).rejects.toThrow("one is off");
        await timed("power-on until its SSH server answers", () => lab.host("one").powerOn());
        expect((await lab.exec("one", ["cat", "/root/note"])).stdout).toBe("kept\n");
        expect(await vipOwners(lab, VIP)).toEqual(["two"]);
    });

    test("loses what its start-up does not set when it reboots", async () => {
        const boot = await bootOf("two");
        await lab.exec("two", ["systemctl", "reboot"]);
        // Asked from outside: systemd-shutdown(8) waits 90 s for the end of a process that was placed in the host, which is no child of its own.
        const two = lab.host("two");
        await eventually("the host is down", async () => !(await answers(two.address)));
        const login = async (): Promise<boolean> => (await tryLogin(lab.inventory, two.inventory, 1000)) === undefined;
        await eventually("the host is back", login, 60);
        expect(await bootOf("two")).not.toBe(boot);
        expect(await vipOwners(lab, VIP)).toEqual([]);
    });

    test("pauses a host, which takes connections and says nothing, and lets it go on", async () => {
        const one = lab.host("one");
        await one.pause();
        expect((await lab.status())[0]).toMatchObject({ power: Power.paused });
        expect(await answers(one.address)).toBe(true);
        expect(await tryLogin(lab.inventory, one.inventory, 300)).toBe("no answer");
        await one.resume();
        await eventually(
            "the host lets us in",
            async () => (await tryLogin(lab.inventory, one.inventory)) === undefined,
        );
    });

    test("brings back by `up` what is off, cut or paused", async () => {
        await lab.host("one").cut();
        await lab.host("two").pause();
        await lab.host("two").powerOff();
        await lab.host("three").pause();
        lab = await labUp({ name: NAME, dir });
        expect(lab.hosts.map((host) => host.name)).toEqual(["one", "two", "three"]);
        for (const status of await lab.status())
            expect(status).toMatchObject({ power: Power.on, link: LinkState.connected });
    });

    test("fails: a subnet that another lab has, with the name of that lab and a free one", async () => {
        const other = labUp({ name: "t-lab2", subnet: "10.91.0.0/25", dir: path.join(scratch, "other"), hosts: 1 });
        await expect(other).rejects.toThrow(
            /10\.91\.0\.0\/25 is occupied by the lab "t-lab".*10\.\d+\.0\.0\/24 is free: --subnet 10\./s,
        );
        await labDown({ name: "t-lab2", dir: path.join(scratch, "other") });
    });

    test("fails: a subnet that an interface or a route of this machine has", async () => {
        const loopback = labUp({ name: "t-lab2", subnet: "127.0.0.0/24", dir: path.join(scratch, "other"), hosts: 1 });
        await expect(loopback).rejects.toThrow("127.0.0.0/24 is occupied by the interface lo (127.0.0.1/8)");
        await labDown({ name: "t-lab2", dir: path.join(scratch, "other") });
    });

    test("fails: the same lab in another subnet or folder, another lab in its folder", async () => {
        await expect(up([], { subnet: "10.92.0.0/24" })).rejects.toThrow(`the lab "t-lab" is up on ${SUBNET}`);
        await expect(up([], { dir: path.join(scratch, "elsewhere") })).rejects.toThrow(
            `a lab "t-lab" is up already, in ${dir}`,
        );
        await expect(up([], { name: "t-lab2" })).rejects.toThrow(`${dir} belongs to the lab "t-lab"`);
        expect(() => lab.host("lb9")).toThrow('"lb9" is no host of the lab "t-lab": it has one, two, three');
    });

    test("answers on the command line: status as JSON, a fault with its instant, and errors with status 1", () => {
        const status = JSON.parse(cli("status", "--json").stdout);
        expect(status[0]).toMatchObject({ name: "one", power: "on", link: "connected" });
        expect(JSON.parse(cli("cut", "one").stdout)).toMatchObject({
            host: "one",
            fault: "cut",
            atMs: expect.any(Number),
        });
        expect(cli("status").stdout).toMatch(/^one +10\.91\.0\.11 +\S+ +on +cut$/m);
        expect(cli("exec", "one", "--", "echo", "--flag").stdout).toBe("--flag\n");
        expect(cli("exec", "one", "false").status).toBe(1);
        expect(cli("heal", "one").status).toBe(0);
        expect(cli("ssh", "--user", "plain", "one", "id", "-un").stdout).toBe("plain\n");
        expect(cli("cut", "lb9")).toMatchObject({
            status: 1,
            stderr: expect.stringContaining('"lb9" is no host of the lab "t-lab"'),
        });
    });

    test("comes back with its disks after the machine was switched off and on", async () => {
        await lab.exec("one", ["sh", "-c", "echo kept >/root/note"]);
        await Promise.all(lab.hosts.map((host) => host.powerOff()));
        for (const host of lab.hosts) execFileSync("umount", [path.join(dir, "hosts", host.name, "root")]);
        execFileSync("ip", ["link", "delete", `ha-${NAME}`]);
        execFileSync("ip", ["netns", "delete", `ha-${NAME}`]);
        execFileSync("nft", ["delete", "table", "ip", "ha_lab_t_lab"]);
        fs.rmSync(`/run/pulumi-ha/labs/${NAME}.json`);
        lab = await labUp({ name: NAME, dir });
        expect((await lab.exec("one", ["cat", "/root/note"])).stdout).toBe("kept\n");
        for (const status of await lab.status())
            expect(status).toMatchObject({ power: Power.on, link: LinkState.connected });
    });

    test("goes down and leaves the machine as it was, twice", async () => {
        await timed("down", down);
        expectMachineAsBefore();
        expect(fs.existsSync(dir)).toBe(false);
        await down();
        expectMachineAsBefore();
        expect(() => labOpen({ name: NAME, dir })).toThrow('no lab "t-lab" is up');
    });
});

describe("an `up` that is killed", () => {
    const exists = (file: string) => (): boolean => fs.existsSync(file);
    const points: [string, () => boolean][] = [
        ["recorded the lab", exists(`/run/pulumi-ha/labs/${NAME}.json`)],
        ["made the namespace", exists(`/run/netns/ha-${NAME}`)],
        ["made the machine's link", exists(`/sys/class/net/ha-${NAME}`)],
        ["plugged a host in", exists(`/run/netns/ha-${NAME}.one`)],
        ["started a host", () => groupsOf(`pulumi-ha.${NAME}/one.launch`).some((group) => fs.existsSync(group))],
    ];

    const killedUp = async (point: () => boolean): Promise<void> => {
        const flags = ["lab", "up", "--name", NAME, "--subnet", SUBNET, "--dir", dir, "--hosts", "one,two"];
        const child: ChildProcess = spawn(process.execPath, [...CLI, ...flags], { cwd: ROOT, stdio: "ignore" });
        const ended = new Promise((resolve) => child.once("exit", resolve));
        await eventually("the point to kill it at", () => point() || child.exitCode !== null, 60);
        child.kill("SIGKILL");
        await ended;
        expect(child.exitCode).toBeNull();
    };

    test.each(points)("after it %s leaves nothing that `down` does not remove", async (_, point) => {
        const expectMachineAsBefore = remembered();
        await killedUp(point);
        await down();
        expectMachineAsBefore();
        expect(fs.existsSync(dir)).toBe(false);
    });

    test("is completed by the next `up`", async () => {
        await killedUp(points[3]![1]);
        const lab = await up(["one", "two"]);
        for (const status of await lab.status())
            expect(status).toMatchObject({ power: Power.on, link: LinkState.connected });
        expect(await tryLogin(lab.inventory, lab.host("two").inventory)).toBeUndefined();
        await down();
    });
});
