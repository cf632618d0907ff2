import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { bmcAccess, bmcFiles, bmcSettings, withBmcs } from "../../../lab/bmc";
import type { Inventory } from "../../../lab/inventory";
import { plan } from "../../../lab/plan";

const dir = fs.mkdtempSync(path.join(os.tmpdir(), "t'bmc unit-"));
afterAll(() => fs.rmSync(dir, { recursive: true, force: true }));

const lab = plan({ hosts: ["db1", "db2"], dir });
const host = lab.hosts[1]!;
const inventory = { hosts: lab.hosts.map(({ name }) => ({ name })) } as Inventory;

test("every host's controller has a port of its own on the lab's gateway", () => {
    expect(lab.hosts.map((each) => bmcAccess(lab, each))).toEqual([
        { address: "10.77.0.1", port: 9011, user: "fence", passwordFile: path.join(dir, "bmc_passwords", "db1") },
        { address: "10.77.0.1", port: 9012, user: "fence", passwordFile: path.join(dir, "bmc_passwords", "db2") },
    ]);
});

test("the controller listens there, and lets in who has the password alone", () => {
    const text = bmcSettings(lab, host, "5ecret5ecret5ecr")["lan.conf"];
    expect(text).toContain("    addr 10.77.0.1 9012\n");
    expect(text.match(/^ {2}user .*$/gm)).toEqual([
        '  user 1 false "" "" user 10 md5',
        '  user 2 true "fence" "5ecret5ecret5ecr" admin 10 md5',
    ]);
    expect(text).not.toMatch(/none|straight/);
    expect(text).toMatch(/^ {4}guid [0-9a-f]{32}$/m);
});

test("each host has a password, that stays and that nobody else reads", () => {
    const passwords = (): string[] =>
        withBmcs(lab, inventory).hosts.map((each) => fs.readFileSync(each.bmc!.passwordFile, "utf8"));
    const made = passwords();
    expect(new Set(made).size).toBe(2);
    expect(made.every((password) => /^[0-9a-f]{16}$/.test(password))).toBe(true);
    expect(passwords()).toEqual(made);
    const modes = bmcFiles(lab, withBmcs(lab, inventory)).map((file) => fs.statSync(file).mode & 0o777);
    expect(modes).toEqual([0o700, 0o600, 0o600]);
    expect(bmcFiles(lab, inventory)).toEqual([]);
});

test("a host is on as long as a process of it is left in any of its control groups", () => {
    const groups = ["host's own", "launch"].map((name) => path.join(dir, name));
    const chassis = path.join(dir, "chassis");
    fs.writeFileSync(chassis, bmcSettings(lab, host, "", groups).chassis, { mode: 0o700 });
    const power = (): string => execFileSync(chassis, ["get", "power"], { encoding: "utf8" });
    expect(power()).toBe("power:0\n");
    groups.forEach((group) => fs.mkdirSync(path.join(group, "below"), { recursive: true }));
    const lists = groups.map((group) => path.join(group, "below", "cgroup.procs"));
    lists.forEach((file) => fs.writeFileSync(file, ""));
    expect(power()).toBe("power:0\n");
    for (const file of lists) {
        fs.writeFileSync(file, "4711\n");
        expect(power()).toBe("power:1\n");
        fs.writeFileSync(file, "");
    }
});
