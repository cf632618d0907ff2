import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { type Lab, labDown, labUp, LinkState, monotonicMs, Power } from "../../lab";
import { BMC_PROGRAMS, bmcGroup } from "../../lab/bmc";
import { groupsOf, processesIn } from "../../lab/cgroups";
import { prepareMachine } from "../../lab/machine";
import { until } from "../../lab/run";
import { tryLogin } from "../../lab/ssh";
import { CLI } from "./cli";

const NAME = "t-bmc";
const SUBNET = "10.102.0.0/24";
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), `${NAME}-`));
const dir = path.join(scratch, "lab");
const down = (): Promise<void> => labDown({ name: NAME, dir });

let lab: Lab;
const up = async (): Promise<Lab> =>
    (lab = await labUp({ name: NAME, subnet: SUBNET, dir, hosts: ["one", "two"], bmc: true }));
const controllers = (host = ""): number[] => processesIn(path.join(bmcGroup({ cgroup: `pulumi-ha.${NAME}` }), host));

/** Asks the controller of a host from the other one's place in the network, and gives what it answered, or why it did not. */
function power(host: "one" | "two", request: string, { passwordOf = host, tries = 4 } = {}): string {
    const from = host === "one" ? "two" : "one";
    const { address, port, user } = lab.host(host).inventory.bmc!;
    const { passwordFile } = lab.host(passwordOf).inventory.bmc!;
    const argv = ["-C", "3", "-I", "lanplus", "-R", String(tries), "-H", address, "-p", String(port), "-U", user];
    const ipmitool = ["ipmitool", ...argv, "-f", passwordFile, "power", request];
    const ran = spawnSync("ip", ["netns", "exec", `ha-${NAME}.${from}`, ...ipmitool], { encoding: "utf8" });
    return (ran.stdout + ran.stderr).trim();
}

async function eventually(what: string, holds: () => Promise<boolean> | boolean, seconds = 20): Promise<void> {
    const held = await until(async () => (await holds()) || undefined, { seconds });
    if (held === undefined) throw new Error(`not within ${seconds} s: ${what}`);
}

const letsIn = async (host: string): Promise<boolean> =>
    (await tryLogin(lab.inventory, lab.host(host).inventory)) === undefined;
const bootOf = async (host: string): Promise<string> =>
    (await lab.exec(host, ["cat", "/proc/1/stat"])).stdout.split(" ")[21]!;

jest.setTimeout(120_000);
beforeAll(async () => {
    await down();
    // ipmitool is the test's own: the lab itself does without.
    await prepareMachine((line) => process.stdout.write(`${line}\n`), { ...BMC_PROGRAMS, ipmitool: "ipmitool" });
    await up();
});
afterAll(async () => {
    await down();
    fs.rmSync(scratch, { recursive: true, force: true });
});

test("a controller tells whether its host has power", () => {
    expect(power("one", "status")).toBe("Chassis Power is on");
    expect(power("two", "status")).toBe("Chassis Power is on");
});

test("fails: the password of another host's controller", () => {
    expect(power("one", "off", { passwordOf: "two" })).toMatch(/unable to establish|RAKP/i);
    expect(lab.host("one").power).toBe(Power.on);
});

test("takes the power away for good, and says so at once", async () => {
    const begin = monotonicMs();
    expect(power("two", "off")).toBe("Chassis Power Control: Down/Off");
    process.stdout.write(`figure: power off by IPMI: ${((monotonicMs() - begin) / 1000).toFixed(2)} s\n`);
    expect(power("two", "status")).toBe("Chassis Power is off");
    expect((await lab.status())[1]).toMatchObject({ name: "two", power: Power.off, link: LinkState.absent });
    expect(power("two", "off")).toBe("Chassis Power Control: Down/Off");
    expect(controllers("two")).toHaveLength(1);
});

test("gives the power back, and a second request does not start the host again", async () => {
    expect(power("two", "on")).toBe("Chassis Power Control: Up/On");
    expect(power("two", "status")).toBe("Chassis Power is on");
    await eventually("the host lets us in", () => letsIn("two"));
    const boot = await bootOf("two");
    expect(power("two", "on")).toBe("Chassis Power Control: Up/On");
    expect(await bootOf("two")).toBe(boot);
});

test("switches a host that is cut off and paused, which is plugged in again with its power", async () => {
    const two = lab.host("two");
    const boot = await bootOf("two");
    await two.cut();
    await two.pause();
    expect(power("two", "status")).toBe("Chassis Power is on");
    expect(power("two", "cycle")).toBe("Chassis Power Control: Cycle");
    await eventually("the host is on again", () => two.power === Power.on);
    await eventually("the host lets us in", () => letsIn("two"));
    expect(await bootOf("two")).not.toBe(boot);
    expect((await lab.status())[1]).toMatchObject({ link: LinkState.connected });
});

test("a host that powers itself off is off, and gone from the network", async () => {
    await lab.exec("two", ["systemctl", "poweroff"]);
    await eventually("the controller says so", () => power("two", "status") === "Chassis Power is off");
    expect((await lab.status())[1]).toMatchObject({ power: Power.off, link: LinkState.absent });
    expect(power("two", "on")).toBe("Chassis Power Control: Up/On");
    await eventually("the host lets us in", () => letsIn("two"));
});

test("leaves every request unanswered while it is silent", async () => {
    const { bmc } = lab.host("one");
    const silence = await bmc!.silence();
    expect(silence.atMs).toBeLessThanOrEqual(monotonicMs());
    expect(power("one", "off", { tries: 1 })).toBe("Error: Unable to establish IPMI v2 / RMCP+ session");
    expect(lab.host("one").power).toBe(Power.on);
    await bmc!.answer();
    expect(power("one", "status")).toBe("Chassis Power is on");
});

test("`up` starts a controller that died, lets a silent one answer, and leaves the rest alone", async () => {
    const [dead] = controllers("one");
    const [silent] = controllers("two");
    process.kill(dead!, "SIGKILL");
    await eventually("it is gone", () => controllers("one").length === 0);
    await expect(lab.host("one").bmc!.silence()).rejects.toThrow("one: its management controller does not run");
    await lab.host("two").bmc!.silence();
    const password = fs.readFileSync(lab.host("one").inventory.bmc!.passwordFile, "utf8");
    lab = await labUp({ name: NAME, dir });
    expect(controllers("two")).toEqual([silent]);
    expect(fs.readFileSync(lab.host("one").inventory.bmc!.passwordFile, "utf8")).toBe(password);
    expect([power("one", "status"), power("two", "status")]).toEqual(Array(2).fill("Chassis Power is on"));
    const running = controllers();
    await up();
    expect(controllers()).toEqual(running);
});

test("`down` leaves no controller, also after an `up` that was killed", async () => {
    await down();
    expect(controllers()).toEqual([]);
    expect(fs.existsSync(dir)).toBe(false);
    const flags = ["lab", "up", "--name", NAME, "--subnet", SUBNET, "--dir", dir, "--hosts", "one,two", "--bmc"];
    const child: ChildProcess = spawn(process.execPath, [...CLI, ...flags], { stdio: "ignore" });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    await eventually("a controller runs", () => controllers().length > 0 || child.exitCode !== null);
    child.kill("SIGKILL");
    await ended;
    expect(child.exitCode).toBeNull();
    fs.rmSync(`/run/pulumi-ha/labs/${NAME}.json`, { force: true });
    await down();
    expect(controllers()).toEqual([]);
    const groups = groupsOf(`pulumi-ha.${NAME}`);
    expect(groups.filter((group) => fs.existsSync(group))).toEqual([]);
});
