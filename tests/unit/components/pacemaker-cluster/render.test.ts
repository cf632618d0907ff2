import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { configuration } from "../../../../components/pacemaker-cluster/cib";
import { corosyncConf, sbdConf } from "../../../../components/pacemaker-cluster/conf";
import {
    renderHeld,
    renderMember,
    renderReload,
    renderResources,
    renderVote,
} from "../../../../components/pacemaker-cluster/render";
import { SCRIPT, settings } from "../../../../components/pacemaker-cluster/script";
import { toText } from "../../../../remote/manifest";
import { parse } from "../../../../remote/parse";
import type { ClusterSpec } from "../../../../components/pacemaker-cluster/spec";
import type { Manifest } from "../../../../remote/manifest";
import { bmc, diskless, full, ipmi, kvm, libvirt, n1, n2, n3, spec, tie, virtual } from "./specs";

/** The manifest without the script, which is the same for all. */
const text = (m: Parameters<typeof toText>[0]): string =>
    toText({ ...m, files: m.files.map((f) => (f.content === SCRIPT ? { ...f, content: "the script" } : f)) });

test.each([
    ["a pair with a witness and controllers", spec()],
    ["one of everything", full],
    ["a watchdog alone", diskless],
])("%s: what a member shall be", (_title, cluster) => expect(text(renderMember(cluster, "n1"))).toMatchSnapshot());

// Under `set -u` one that is not ends the script, and nothing else tells: a linter takes such a name for one of the environment.
test("every variable that the script reads is set: by itself, by its settings or by bash", () => {
    const names = (words: RegExp, text: string): string[] => [...text.matchAll(words)].map(([, name = ""]) => name);
    const set = new Set([
        ...names(/(?:^|[\s;(]|\$\{)([A-Z][A-Z_]+):?\+?=/gm, `${SCRIPT}\n${settings(full, full.nodes[0]!)}`),
        "SECONDS",
    ]);
    expect(names(/\$\{?([A-Z][A-Z_]+)/g, SCRIPT).filter((name) => !set.has(name))).toEqual([]);
});

test.each([
    ["one of everything", full],
    [
        "a pair with files",
        spec({ files: { "/etc/nginx/conf.d/shop.conf": "a\n" }, checks: { "nginx accepts it": "nginx -t" } }),
    ],
])("%s: what is kept until the configuration runs", (_title, cluster) =>
    expect(text(renderHeld(cluster, "n1"))).toMatchSnapshot(),
);

test("what has members read their files again", () => expect(text(renderReload(spec()))).toMatchSnapshot());
test("a member's way to the witness", () => expect(text(renderVote(spec(), "third"))).toMatchSnapshot());

test.each([
    ["a pair with a witness and controllers", spec()],
    ["one of everything", full],
    ["a watchdog alone", diskless],
    ["two nodes that decide by who fences first", tie],
])("%s: the configuration", (_title, cluster) => expect(configuration(cluster)).toMatchSnapshot());

test("all manifests are read back as they are", () => {
    for (const m of [
        renderMember(full, "n2"),
        renderHeld(full, "n2"),
        renderReload(full),
        renderVote(full, "third"),
        renderResources(full),
    ])
        expect(toText(parse(toText(m)))).toBe(toText(m));
});

test("each element of the configuration is a line of its own, with an id of its own", () => {
    const rows = configuration(full).trimEnd().split("\n");
    expect(rows.filter((row) => !/^ *<[^<>]*>$/.test(row))).toEqual([]);
    const ids = rows.flatMap((row) => /^ *<(?!\/)[^>]* ?id="([^"]+)"/.exec(row)?.[1] ?? []);
    expect(ids.filter((id, n) => ids.indexOf(id) < n)).toEqual([]);
});

test("all members are given the same bytes", () => {
    const conf = (node: string) => renderMember(full, node).files.find((f) => f.path === "/etc/corosync/corosync.conf");
    expect(conf("n1")).toEqual(conf("n2"));
    expect(renderReload(full).files[0]?.content).toBe(conf("n1")?.content);
});

describe("numbers of members", () => {
    const ids = (cluster: ClusterSpec): string[] =>
        [...corosyncConf(cluster).matchAll(/name: (\S+)\s+nodeid: (\d+)/g)].map(([, name, id]) => `${name} ${id}`);
    const two = spec();
    const three = { nodes: [n1, n2, n3], witness: undefined };

    test("are the places of nodes, unless they are stated", () => {
        expect(ids(two)).toEqual(["n1 1", "n2 2"]);
        expect(ids(spec({ nodes: [n1, n3], nodeIds: { n3: 3 } }))).toEqual(["n1 1", "n3 3"]);
    });

    test("that are stated make another order of nodes no change", () =>
        expect(corosyncConf(spec({ nodes: [n2, n1], nodeIds: { n1: 1, n2: 2 } }))).toBe(corosyncConf(two)));

    /** What a host says to a file of this cluster: beside another one that runs there, or lies there. */
    function asked(next: ClusterSpec, host: { runs?: ClusterSpec; has?: ClusterSpec }) {
        const dir = mkdtempSync(path.join(tmpdir(), "numbers-"));
        const at = (file: string, text: string): string => {
            writeFileSync(path.join(dir, file), text, { mode: 0o755 });
            return path.join(dir, file);
        };
        const keys = (host.runs?.nodes ?? []).flatMap(({ name, id, address }, n) => [
            `nodelist.node.${n}.name (str) = ${name}`,
            `nodelist.node.${n}.nodeid (u32) = ${id}`,
            `nodelist.node.${n}.ring0_addr (str) = ${address}`,
        ]);
        at("corosync-cmapctl", host.runs ? `#!/bin/sh\ncat <<'END'\n${keys.join("\n")}\nEND\n` : "#!/bin/sh\nexit 1\n");
        const parts = ["say", "fail", "numbers_in", "numbers_running", "verb_numbered"].map(
            (part) => new RegExp(`^${part}\\(\\) ({.*}$|[^]*?^})`, "m").exec(SCRIPT)![0],
        );
        const present = host.has ? at("present.conf", corosyncConf(host.has)) : path.join(dir, "none");
        const set = `CLUSTER=${next.name} CONF=${at("new.conf", corosyncConf(next))} PRESENT=${present} PATH=${dir}:$PATH`;
        const script = `shopt -s inherit_errexit\n${parts.join("\n")}\n${set}\nverb_numbered`;
        const { status, stderr } = spawnSync("bash", ["--norc", "-euo", "pipefail", "-c", script], {
            encoding: "utf8",
        });
        return { status, stderr };
    }
    const fine = { status: 0, stderr: "" };
    const reordered = spec({ nodes: [n2, n1] });

    test.each<[string, ClusterSpec, Parameters<typeof asked>[1]]>([
        ["a host that has none", two, {}],
        ["the same", two, { runs: two, has: two }],
        ["the same, where nothing runs", two, { has: two }],
        ["a node more, at the end", spec(three), { runs: two, has: two }],
        ["another node in the place of one", spec({ nodes: [n1, n3] }), { runs: two }],
        ["stated as they were", spec({ nodes: [n2, n1], nodeIds: { n1: 1, n2: 2 } }), { runs: two }],
        ["the order before, where the wrong one was laid down and not taken", two, { runs: two, has: reordered }],
        ["another cluster's file", two, { has: spec({ nodes: [n2, n1] }, "former") }],
    ])("that a host takes: %s", (_title, next, host) => expect(asked(next, host)).toEqual(fine));

    test.each<[string, ClusterSpec, Parameters<typeof asked>[1], string]>([
        [
            "another order of those that run",
            reordered,
            { runs: two, has: two },
            "n2 is 2 and would be 1, n1 is 1 and would be 2; put the nodes back in their order, or keep the numbers they have, with nodeIds: { n2: 2, n1: 1 }",
        ],
        ["another order, while Corosync is down", reordered, { has: two }, "n2 is 2 and would be 1"],
        [
            "one taken out that is not the last",
            spec({ nodes: [n1, n3] }),
            { runs: spec(three) },
            "numbers: n3 is 3 and would be 2; put the nodes back in their order, or keep the numbers they have, with nodeIds: { n1: 1, n3: 3 }",
        ],
    ])("fails: %s", (_title, next, host, words) => {
        const said = asked(next, host);
        expect(said.status).toBe(1);
        expect(said.stderr).toContain(words);
    });

    test("are looked at before anything changes, on every member", () => {
        for (const name of ["n1", "n2"])
            expect(renderMember(two, name).validators).toContainEqual({
                name: "members keep their numbers",
                command: "/usr/local/lib/pulumi-ha/pacemaker/cluster numbered",
            });
    });
});

test("a changed file of a resource is rolled, and moves what runs once", () => {
    const at = "/etc/nginx/conf.d/shop.conf";
    const shop = (content: string, node: string) =>
        renderMember(spec({ files: { [at]: content }, checks: { "nginx accepts it": "nginx -t" } }), node);
    const of = (content: string, node: string, path: string) =>
        shop(content, node).files.find((file) => file.path === path);
    expect(["n1", "n2"].map((node) => of("a\n", node, at)?.onChange)).toEqual([
        [{ do: "run", target: expect.stringMatching(/cluster roll$/) as string, impact: "failover", seconds: 0.7 }],
        [{ do: "run", target: expect.stringMatching(/cluster roll$/) as string, impact: "none", seconds: 0 }],
    ]);
    const record = "/etc/pulumi-ha-pacemaker/files";
    expect(of("a\n", "n1", record)?.content).not.toBe(of("b\n", "n1", record)?.content);
    expect(of("a\n", "n1", record)?.content).toBe(of("a\n", "n2", record)?.content);
    expect(shop("a\n", "n1").validators).toContainEqual({ name: "nginx accepts it", command: "nginx -t" });
});

test("a changed watchdog is rolled too, and a changed timeout is not", () => {
    const record = (cluster: typeof full) =>
        renderMember(cluster, "n1").files.find((file) => file.path === "/etc/pulumi-ha-pacemaker/daemons")?.content;
    expect(record({ ...full, sbd: { ...full.sbd!, watchdogTimeoutSeconds: 13 } })).not.toBe(record(full));
    expect(record({ ...full, sbd: undefined })).not.toBe(record(full));
    expect(record({ ...full, tokenSeconds: 5 })).toBe(record(full));
});

test("no password is in the configuration, and only root reads those that a member has", () => {
    expect(configuration(spec())).not.toMatch(/name="(password|passwd)"/);
    const files = renderMember(spec(), "n1").files.filter((f) => f.path.includes("/fencing/"));
    const at = (rest: RegExp) => expect.stringMatching(rest) as string;
    expect(files.map((file) => [file.path, file.mode, file.credential])).toEqual([
        [at(/\/fencing\/n1-[0-9a-f]{8}\.password$/), "0400", "ipmi-n1"],
        [at(/\/fencing\/n1-[0-9a-f]{8}$/), "0500", undefined],
        [at(/\/fencing\/n2-[0-9a-f]{8}\.password$/), "0400", "ipmi-n2"],
        [at(/\/fencing\/n2-[0-9a-f]{8}$/), "0500", undefined],
    ]);
});

describe("hypervisors", () => {
    const device = (cluster: ClusterSpec, name: string) =>
        new RegExp(`<primitive id="fence-${name}"[^]*?</primitive>`).exec(configuration(cluster))![0];
    const parameter = (name: string) =>
        new RegExp(`name="${name}" value="([^"]*)"`)
            .exec(device(virtual, "n1"))![1]!
            .replaceAll("&quot;", '"')
            .replaceAll("&gt;", ">")
            .replaceAll("&amp;", "&");

    test("as Pacemaker is told of them", () => expect(device(virtual, "n1")).toMatchSnapshot());

    test("another machine's name, and a second way", () => {
        const wanted = {
            ipmi: undefined,
            libvirt: { ...libvirt, n1: { ...kvm(121), domain: "shop-a" } },
            sbd: { disk: "/dev/sda" },
        };
        expect(device(spec({ ...wanted, witness: undefined }), "n1")).toMatch(
            /pcmk_host_map" value="n1:shop-a"[^]*pcmk_reboot_retries" value="1"/,
        );
        expect(configuration(spec(wanted))).toContain('target="n2" index="1" devices="fence-n2"');
    });

    test("ssh takes no other key than the pinned one, asks nobody, and opens a prompt only where there is virsh", () => {
        // The agent splits them as a shell does.
        const words = (options: string) =>
            spawnSync("bash", ["-c", `printf '%s\\n' ${options}`], { encoding: "utf8" })
                .stdout.trimEnd()
                .split("\n");
        const [terminal, shell] = words(parameter("ssh_options")).slice(-2);
        expect(words(parameter("ssh_options"))).toEqual(
            expect.arrayContaining(["StrictHostKeyChecking=yes", "BatchMode=yes", "IdentitiesOnly=yes"]),
        );
        expect(terminal).toBe("-t");
        const bin = mkdtempSync(path.join(tmpdir(), "bin-"));
        const ask = () =>
            spawnSync("/bin/sh", ["-c", `${shell} -i`], {
                env: { PATH: `${bin}:/usr/bin:/bin`, LANG: "de_DE.UTF-8" },
                input: "virsh domstate n1\n",
                encoding: "utf8",
            });
        expect(ask()).toMatchObject({ stdout: "" });
        writeFileSync(path.join(bin, "virsh"), '#!/bin/sh\necho "$LC_ALL $LIBVIRT_DEFAULT_URI $*"\n', { mode: 0o755 });
        const { stdout, stderr } = ask();
        expect(stdout).toBe("C qemu:///system domstate n1\n");
        expect(stderr).toContain("[EXPECT]#");
    });

    test.each([
        ["runs there", "echo Status: ON", 0, /^asking about "n2" on the hypervisor 192.0.2.122\n$/],
        [
            "is off there",
            "echo Status: OFF; exit 2",
            1,
            /"n2" on the hypervisor 192.0.2.122 is off, and its node is a mem/,
        ],
        [
            "cannot be asked for",
            "echo; echo 'ERROR: Unable to connect'; exit 1",
            1,
            /no answer about "n2"[^]*: Unable to c/,
        ],
    ])("a member whose machine %s", (_title, agent, status, words) => {
        const dir = mkdtempSync(path.join(tmpdir(), "agent-"));
        const [name, asked] = [path.join(dir, "fence_virsh"), path.join(dir, "n2.status")];
        writeFileSync(name, `#!/bin/bash\n${agent}\n`, { mode: 0o755 });
        const { content } = renderMember(virtual, "n1").files.find((file) => file.path.endsWith(".status"))!;
        writeFileSync(asked, content);
        const parts = ["say", "fail", "verb_hypervisors"].map(
            (part) => new RegExp(`^${part}\\(\\) [^]*?(^}|}$)`, "m").exec(SCRIPT)![0],
        );
        const script = `${parts.join("\n")}\nPATH=${dir}:$PATH verb_hypervisors ${asked}`;
        const ran = spawnSync("bash", ["--norc", "-euo", "pipefail", "-c", script], { encoding: "utf8" });
        expect(ran.stderr).toMatch(words);
        expect(ran.status).toBe(status);
    });

    test("the key is in no text; a member asks the others' hypervisors, not its own", () => {
        const { files, gates, packages } = renderMember(virtual, "n1");
        const at = (rest: RegExp) => expect.stringMatching(rest) as string;
        expect(
            files.filter((f) => f.path.includes("/fencing/")).map((f) => [f.path, f.mode, f.credential ?? f.content]),
        ).toEqual([
            [at(/\/fencing\/n1-[0-9a-f]{8}\.key$/), "0400", "libvirt-n1"],
            [at(/\/fencing\/n1-[0-9a-f]{8}\.known_hosts$/), "0444", "hypervisor ssh-ed25519 AAAAC3Nz\n"],
            [at(/\/fencing\/n2-[0-9a-f]{8}\.key$/), "0400", "libvirt-n2"],
            [at(/\/fencing\/n2-[0-9a-f]{8}\.known_hosts$/), "0444", "hypervisor ssh-ed25519 AAAAC3Nz\n"],
            [at(/\/fencing\/n2-[0-9a-f]{8}\.status$/), "0444", at(/^action=status\nplug=n2\nip=192.0.2.122\n/m)],
        ]);
        expect(gates.map(({ command }) => command)).toContainEqual(at(/cluster hypervisors \S+\/n2-\w+\.status$/));
        expect(packages).toEqual(expect.arrayContaining(["fence-agents-virsh|fence-agents", "openssh-client"]));
    });
});

describe("what a configuration names is on members before it, and stays until another one runs", () => {
    const paths = (m: Manifest): string[] => m.files.map((file) => file.path);
    /** Absolute paths in a configuration that are this library's. */
    const named = (cluster: ClusterSpec): string[] =>
        configuration(cluster).match(/\/etc\/pulumi-ha-pacemaker\/[^" ]+/g) ?? [];
    const other = spec({ ipmi: { n1: { ...ipmi.n1, user: "second" }, n2: { ...ipmi.n2, address: "192.0.2.212" } } });
    const disk = spec({ ipmi: undefined, sbd: { disk: "/dev/disk/by-id/fence" } });

    test.each([
        ["another user, another controller", spec(), other],
        ["controllers for hypervisors", spec(), virtual],
        [
            "a hypervisor's key for another one",
            virtual,
            spec({ ipmi: undefined, libvirt: { ...libvirt, n2: { ...kvm(122), hostKey: "ssh-ed25519 AAAAnew" } } }),
        ],
        ["controllers for a watchdog", spec(), diskless],
        ["controllers for a disk", spec(), disk],
        ["a watchdog for controllers", diskless, spec()],
        ["a disk for controllers", disk, spec()],
        ["both kinds for one", full, spec()],
        ["one kind for both", spec(), full],
    ])("%s", (_title, from, to) => {
        // Members with their new files, and what is kept of the former: both configurations can run.
        const between = [...paths(renderMember(to, "n1")), ...paths(renderHeld(from, "n1"))];
        expect(between).toEqual(expect.arrayContaining([...named(from), ...named(to)]));
        for (const { sbd } of [from, to])
            if (sbd)
                expect(between).toEqual(
                    expect.arrayContaining(["/etc/default/sbd", "/etc/pulumi-ha-pacemaker/daemons"]),
                );
        // And at the end nothing is kept but what a member states itself.
        const kept = renderHeld(to, "n1").files.filter((file) => file.held);
        const stated = renderMember(to, "n1").files;
        for (const file of kept) {
            expect(file).toMatchObject({ content: "", shared: true });
            expect(stated).toContainEqual(
                expect.objectContaining({ path: file.path, shared: true, onChange: file.onChange }),
            );
        }
    });

    test("SBD leaves by a roll, after the configuration", () => {
        const leaves = renderHeld(disk, "n2").files.flatMap(({ onChange }) => onChange.map(({ target }) => target));
        expect(leaves).toEqual([expect.stringMatching(/cluster sbd$/), expect.stringMatching(/cluster roll$/)]);
        expect(renderMember(spec(), "n2").files.flatMap(({ onChange }) => onChange)).not.toContainEqual(
            expect.objectContaining({ target: expect.stringMatching(/cluster roll$/) as string }),
        );
    });
});

describe("while SBD is exchanged for SBD, nothing counts as a fence that is none", () => {
    const both = spec({ sbd: { disk: "/dev/disk/by-id/fence" } });
    const watched = spec({ sbd: {} });
    /** The configuration as the script applies it on a member with such an SBD. */
    const on = (cluster: ClusterSpec, sbd: string, device: string): string => {
        const parts = ["disks", "true_of_sbd"].map(
            (name) => new RegExp(`^${name}\\(\\) [^]*?(^}|}$)`, "m").exec(SCRIPT)![0],
        );
        const file = path.join(mkdtempSync(path.join(tmpdir(), "cib-")), "cib.xml");
        writeFileSync(file, configuration(cluster));
        const ran = spawnSync(
            "bash",
            [
                "--norc",
                "-eu",
                "-c",
                `${parts.join("\n")}\nSBD=$1 SBD_DEVICE=$2; true_of_sbd "$3"`,
                "-",
                sbd,
                device,
                file,
            ],
            {
                encoding: "utf8",
            },
        );
        expect(ran).toMatchObject({ status: 0, stderr: "" });
        return ran.stdout;
    };
    test.each([
        ["controllers", spec(), "none", ""],
        ["a disk that is read", both, "disk", "/dev/disk/by-id/fence"],
        ["a watchdog", watched, "watchdog", ""],
        ["a watchdog alone", diskless, "watchdog", ""],
    ])("%s: as it is", (_title, cluster, sbd, device) => expect(on(cluster, sbd, device)).toBe(configuration(cluster)));

    test.each([
        ["a disk of which another one is read", both, "disk", "/dev/disk/by-id/other"],
        ["a disk, with a watchdog alone", both, "watchdog", ""],
        ["a watchdog, with a disk", watched, "disk", "/dev/disk/by-id/fence"],
    ])("%s: controllers go on alone", (_title, cluster, sbd, device) => {
        const rows = (text: string) =>
            text.split("\n").filter((row) => !/stonith-timeout|pcmk_reboot_retries/.test(row));
        expect(rows(on(cluster, sbd, device)).filter((row) => !/fencing-topology|fencing-level/.test(row))).toEqual(
            rows(configuration(spec())),
        );
        expect(on(cluster, sbd, device)).not.toMatch(/devices="(fence-sbd|watchdog)"/);
    });
});

test.each([
    ["a witness votes", spec(), /tls: required/, /two_node/],
    ["two alone", tie, /two_node: 1/, /device/],
    ["three have a majority", spec({ nodes: [n1, n2, n3], witness: undefined }), /votequorum\n}/, /two_node|device/],
])("quorum: %s", (_title, cluster, there, not) => {
    expect(corosyncConf(cluster)).toMatch(there);
    expect(corosyncConf(cluster)).not.toMatch(not);
});

describe("two nodes that decide by who fences first", () => {
    const values = (cluster: ClusterSpec, name: string) =>
        [...configuration(cluster).matchAll(new RegExp(`id="([^"]+)" name="${name}" value="([^"]+)"`, "g"))].map(
            ([, id = "", value]) => [id.replace(/(-meta_attributes|-instance_attributes)?-[a-z_-]+$/, ""), value],
        );
    const disk = { sbd: { disk: "/dev/sda" }, witness: undefined };

    test("the one that runs more wins by a delay, the first where both run as much", () => {
        expect(values(tie, "priority-fencing-delay").map(([, delay]) => delay)).toEqual(["5s"]);
        expect(values(tie, "priority").map(([, priority]) => priority)).toEqual(["0", "37", "100"]);
        expect(configuration(tie)).not.toContain("pcmk_delay_base");
    });

    test("a slower controller or hypervisor has longer to end the other one", () => {
        const slow = spec({ witness: undefined, ipmi: { n1: { ...bmc(111), answerSeconds: 8.5 }, n2: bmc(112) } });
        expect(values(slow, "priority-fencing-delay").map(([, delay]) => delay)).toEqual(["11s"]);
    });

    test("a disk alone cannot tell who runs what: the first wins", () => {
        const alone = spec({ ipmi: undefined, ...disk });
        expect(values(alone, "pcmk_delay_base").map(([, delay]) => delay)).toEqual(["n1:5s;n2:0s"]);
        expect(configuration(alone)).not.toContain("priority");
    });

    test("a disk as the second way begins as much later as the first one has", () => {
        expect(configuration(spec(disk))).not.toContain("pcmk_delay_base");
        expect(values(spec(disk), "priority").map(([, priority]) => priority)).toEqual(["0", "37", "0", "100"]);
    });

    test("a priority of one's own goes before", () => {
        const own = spec({ witness: undefined, resourceDefaults: { priority: "10" } });
        expect(values(own, "priority").at(-1)?.[1]).toBe("10");
    });

    test("not where a witness decides, nor a third node", () => {
        for (const cluster of [spec(), spec({ nodes: [n1, n2, n3], witness: undefined })])
            expect(configuration(cluster)).not.toMatch(/pcmk_delay_base|priority/);
    });
});

test("Pacemaker waits for a fence as long as its calls and waits may take", () => {
    const timeout = (answerSeconds: number, powerWaitSeconds: number) =>
        /stonith-timeout" value="([^"]+)"/.exec(
            configuration(spec({ ipmi: { n1: { ...bmc(111), answerSeconds, powerWaitSeconds }, n2: bmc(112) } })),
        )?.[1];
    expect(timeout(1, 1)).toBe("60s");
    expect(timeout(10, 30)).toBe("99s");
});

test("a node that resets itself is waited for longer than its watchdog takes", () => {
    const wait = Number(/name="stonith-watchdog-timeout" value="(\d+)s"/.exec(configuration(diskless))?.[1]);
    expect(wait).toBeGreaterThan(2 * diskless.sbd!.watchdogTimeoutSeconds);
});

test("with a disk, a node that is back waits for the others", () => {
    expect(sbdConf(full, full.sbd!)).toContain("SBD_DELAY_START=yes\n");
    expect(sbdConf(diskless, diskless.sbd!)).toContain("SBD_DELAY_START=no\n");
});

test("the script is accepted by bash", () => {
    expect(spawnSync("bash", ["-n"], { input: SCRIPT, encoding: "utf8" })).toMatchObject({ status: 0, stderr: "" });
});
