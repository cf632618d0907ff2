import { savedDir } from "../../../lab/saved";
import { HostKind, plan, violations } from "../../../lab/plan";
import { qemuArguments } from "../../../lab/vm/guest";
import { Accelerator } from "../../../lab/vm/kvm";

const both = { name: "t", subnet: "10.9.0.0/24", hosts: ["witness"], vms: ["a", "b"] };

test("machines are numbered with the containers, and have a second link", () => {
    const lab = plan(both);
    expect(lab.hosts.map((host) => [host.name, host.kind, host.address, host.port, host.replication])).toEqual([
        ["witness", HostKind.container, "10.9.0.11", "port11", undefined],
        ["a", HostKind.vm, "10.9.0.12", "port12", { address: "198.19.0.12", port: "repl12" }],
        ["b", HostKind.vm, "10.9.0.13", "port13", { address: "198.19.0.13", port: "repl13" }],
    ]);
});

test("a count of machines names them vm1, vm2, …", () => {
    expect(plan({ hosts: 1, vms: 2 }).hosts.map((host) => host.name)).toEqual(["node1", "vm1", "vm2"]);
});

test("hosts that exist keep their kind", () => {
    const existing = [
        { name: "a", number: 15, kind: HostKind.vm },
        { name: "old", number: 16 },
    ];
    expect(plan(both, existing).hosts.map(({ name, number, kind }) => [name, number, kind])).toEqual([
        ["a", 15, "vm"],
        ["old", 16, "container"],
        ["witness", 11, "container"],
        ["b", 12, "vm"],
    ]);
});

test("fails: a container that is asked for as a machine", () => {
    expect(() => plan({ vms: ["a"] }, [{ name: "a", number: 11 }])).toThrow(
        `"a" is there already, and can't become a vm: choose another name`,
    );
});

test.each([
    [{ hosts: ["a"], vms: ["a"] }, '"a" is listed more than once'],
    [{ vms: 1.5 }, "vms: 1.5 must be a whole number"],
    [{ vms: ["v1"], dataDisk: 0 }, "dataDisk: 0 must be a whole number of megabytes"],
    [{ subnet: "198.19.0.0/24" }, "the network of the machines' replication links"],
])("fails: %j", (options, message) => {
    expect(violations(options).join("\n")).toContain(message);
});

test("fails: a saved state whose name could be a path", () => {
    expect(() => savedDir("../x")).toThrow('state: "../x" must be lower-case letters');
});

describe("QEMU's command line", () => {
    const lab = plan({ ...both, dir: "/labs/some" });
    const [, a, b] = lab.hosts;
    const of = (host = a!, accelerated: Accelerator = Accelerator.tcg): string =>
        qemuArguments(lab, host, "/image", accelerated).join(" ");
    const macs = (line: string): string[] => line.match(/mac=[0-9a-f:]+/g) ?? [];

    test("has the disks, the cards and the lines of that machine, and none of another's", () => {
        const line = of();
        for (const part of [
            "file=/labs/some/hosts/a/root.qcow2",
            "file.filename=/labs/some/hosts/a/data.qcow2",
            "ifname=port12",
            "ifname=repl12",
            "-kernel /image/vmlinux -initrd /labs/some/hosts/a/initrd",
        ])
            expect(line).toContain(part);
        expect(line).not.toContain("hosts/b/");
        expect(new Set([...macs(line), ...macs(of(b))]).size).toBe(4);
    });

    test("shares one disk among all machines, past every cache and lock", () => {
        const shared =
            "driver=raw,node-name=shared,cache.direct=on,file.locking=off,file.driver=file,file.filename=/labs/some/hosts/shared.raw";
        expect(of()).toContain(shared);
        expect(of(b)).toContain(shared);
        expect(of()).toContain(
            "-device virtio-blk-pci,drive=shared,id=disk-shared,serial=sbd,share-rw=on,write-cache=off",
        );
    });

    test("takes this machine's processor only where it is told to", () => {
        expect(of()).toMatch(/-accel tcg,thread=multi .* norandmaps /);
        expect(of(a, Accelerator.kvm)).toMatch(/-accel kvm -cpu host (?!.*norandmaps)/);
    });

    test("takes a comma in a folder's name for no option", () => {
        const odd = plan({ ...both, dir: "/labs/some" });
        expect(qemuArguments({ ...odd, dir: "/x,y" }, a!, "/image", Accelerator.tcg).join(" ")).toContain(
            "file=/x,,y/hosts/a/root.qcow2,if=none",
        );
    });

    test("tells nothing but where things are: no key, no password", () => {
        expect(of()).not.toMatch(/ssh-|PRIVATE|password/i);
    });
});
