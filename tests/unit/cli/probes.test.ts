import { readFileSync } from "node:fs";
import * as path from "node:path";
import fc from "fast-check";
import { evidenceIn } from "../../../cli/fleet/answer";
import { fleetOf } from "../../../cli/fleet/hosts";
import { question } from "../../../cli/fleet/question";
import { corosync } from "../../../cli/fleet/probes/corosync";
import { drbd, spoken as spokenByDrbd } from "../../../cli/fleet/probes/drbd";
import { PROBES } from "../../../cli/fleet/probes";
import { settingsOf, spoken } from "../../../cli/fleet/probes/mariadb";
import { pacemaker } from "../../../cli/fleet/probes/pacemaker";
import { findingsOf } from "../../../cli/drift/findings";
import { manifest, run } from "../../../remote/manifest";
import type { ManifestParts } from "../../../remote/manifest";
import { hostile } from "../../hostile";
import { onlyUnit, stateOf, told } from "./fleet-state";

const recorded = (name: string): string =>
    readFileSync(path.join(__dirname, "..", "..", "vectors", "running", name), "utf8");

const file = (at: string, content: string, takes?: string): ManifestParts => ({
    unit: "some",
    files: [{ path: at, mode: "0644", owner: "root:root", content, onChange: takes === undefined ? [] : [run(takes)] }],
});

/** What is found, as `SUBJECT: WORDS`. */
const found = (of: ManifestParts, probe: string, text: string): string[] =>
    findingsOf(onlyUnit(of), evidenceIn(told("running", `${probe}/${of.unit}`, text))).map(
        ({ subject, detail }) => `${subject}: ${detail}`,
    );

describe("corosync", () => {
    const conf = "/etc/corosync/corosync.conf";
    const unit = file(conf, recorded("corosync.conf"));
    const now = recorded("corosync-cmapctl.txt");
    const asApplied = now
        .replace("= sha1", "= sha256")
        .replace("= 5000", "= 1000")
        .replace(/^.*(token_retransmits|wait_for_all).*\n/gm, "");

    test("what it was given besides its file", () => {
        expect(found(unit, "corosync", now)).toEqual([
            `corosync.service totem.crypto_hash: it runs with sha1, and ${conf} says sha256`,
            `corosync.service totem.token: it runs with 5000, and ${conf} says 1000`,
            `corosync.service totem.token_retransmits_before_loss_const: it runs with 10, and ${conf} does not have it`,
            `corosync.service quorum.wait_for_all: it runs with 0, and ${conf} does not have it`,
        ]);
        expect(found(unit, "corosync", asApplied)).toEqual([]);
        expect(found(unit, "corosync", "")).toEqual([]);
    });

    test("nodes are told apart by their names", () => {
        const others = asApplied.replace(/^nodelist\.node\.0.*\n/gm, "").replaceAll("node.1.", "node.0.");
        expect(found(unit, "corosync", others)).toEqual(
            ["name", "nodeid", "ring0_addr"].map(
                (key) => expect.stringContaining(`nodelist.n1.${key}: it does not run with it`) as string,
            ),
        );
    });

    test("the network of a link, which Corosync makes out of its node's address, is no difference", () => {
        expect(found(unit, "corosync", `${asApplied}totem.interface.0.bindnetaddr (str) = 10.122.0.11\n`)).toEqual([]);
    });

    test("a reload puts right what one can, and a restart the rest", () => {
        const commands = (text: string) =>
            corosync.differences(manifest(unit), text).map((difference) => difference.commands);
        expect(commands(asApplied.replace("= 1000", "= 2000"))).toEqual([["corosync-cfgtool -R"]]);
        expect(commands(asApplied.replace("= pair", "= other"))).toEqual([["systemctl restart corosync.service"]]);
    });

    test("the key is not asked for, nor taken", () => {
        expect(corosync.command(manifest(unit))).toContain("grep -vE '^totem\\.(private_)?key '");
        expect(found(unit, "corosync", `${asApplied}totem.key (str) = hunter2\n`)).toEqual([]);
    });
});

describe("pacemaker", () => {
    const cib = "/etc/pulumi-ha-pacemaker/cib.xml";
    const unit = file(cib, recorded("cib.xml"), "cluster configure");
    const now = recorded("cibadmin.xml");

    test("what was changed, added and taken away by hand, and nothing that the cluster writes itself", () => {
        expect(found(unit, "pacemaker", now).map((words) => words.replaceAll(cib, "CIB"))).toEqual([
            "address nic: it runs with eth1, and CIB says eth0",
            "op web-monitor-2s: it runs with interval=60s name=monitor timeout=30s, and CIB says interval=2s name=monitor timeout=30s",
            "rsc_order order-start-web-start-address: it does not run with it, and CIB says first=web first-action=start then=address then-action=start",
            "crm_config stop-all-resources: it runs with true, and CIB does not have it",
            "crm_config maintenance-mode: it runs with true, and CIB does not have it",
            "web target-role: it runs with Stopped, and CIB does not have it",
            "primitive mine: it runs with class=ocf provider=heartbeat type=Dummy, and CIB does not have it",
            "rsc_location cli-prefer-address: it runs with node=n2 role=Started rsc=address score=INFINITY, and CIB does not have it",
        ]);
        expect(pacemaker.differences(manifest(unit), now).map(({ commands }) => commands)).toEqual(
            Array(8).fill(["cluster configure"]),
        );
    });

    test("a password that somebody gave a resource is not shown", () => {
        const given = recorded("cib.xml").replace('name="nic" value="eth0"', 'name="password" value="hunter2"');
        expect(found(unit, "pacemaker", given)).toEqual([
            `address nic: it does not run with it, and ${cib} says eth0`,
            `address password: it runs with ***, and ${cib} does not have it`,
        ]);
    });

    test.each([
        ["a cluster that is not there", ""],
        ["the same", recorded("cib.xml")],
        [
            "a constraint of DRBD's own",
            recorded("cib.xml").replace(
                "<constraints>",
                '<constraints><rsc_location id="drbd-fence-by-handler-x-y" rsc="y"/>',
            ),
        ],
    ])("nothing is said of %s", (_what, text) => expect(found(unit, "pacemaker", text)).toEqual([]));

    test("the order in a group counts, and values that need quoting are the same in both spellings", () => {
        const group = (first: string, second: string, value: string) =>
            `<configuration><resources><group id="g"><primitive id="${first}"/><primitive id="${second}"/><meta_attributes id="i"><nvpair id="v" name="n" value="${value}"/></meta_attributes></group></resources></configuration>`;
        const of = file(cib, group("a", "b", "x &lt; &#34;y&#34;"));
        expect(found(of, "pacemaker", group("a", "b", "x &lt; &quot;y&quot;"))).toEqual([]);
        expect(found(of, "pacemaker", group("b", "a", "x &lt; &quot;y&quot;"))).toEqual([
            `group g: it runs with b a, and ${cib} says a b`,
        ]);
    });
});

test("settings of MariaDB that its server tells in other words are the same", () => {
    const of: ManifestParts = {
        unit: "galera-orders",
        services: [{ name: "mariadb.service", enabled: true, running: true }],
        files: [
            ...file(
                "/etc/mysql/b.cnf",
                "[mariadbd]\nmax_connections = 200\nlog_bin = ON\nssl_ca = /etc/x.pem\n[sst]\ntca = x\n",
            ).files!,
            ...file("/etc/mysql/a.cnf", "[mysqld]\nmax-connections = 100\ninnodb_log_file_size = 64M\n").files!,
        ],
    };
    expect(settingsOf(manifest(of)).map(({ name, value }) => [name, spoken(value)])).toEqual([
        ["max_connections", "200"],
        ["innodb_log_file_size", "67108864"],
        ["log_bin", "ON"],
    ]);
    const text = "max_connections\t100\nlog_bin\t1\ninnodb_log_file_size\t67108864\n";
    expect(findingsOf(onlyUnit(of), evidenceIn(told("running", "mariadb/galera-orders", text)))).toMatchObject([
        {
            detail: "it runs with 100, and /etc/mysql/b.cnf says 200",
            commands: ['mariadb -e "SET GLOBAL max_connections = 200"'],
        },
    ]);
});

test.each([
    ["10.000000", "10", true],
    ["0.250000", "0.25", true],
    ["1.000000", "ON", true],
    ["10.500000", "10", false],
    ["100", "1", false],
])("MariaDB's %s and %s", (runs, stated, same) => expect(spoken(runs) === spoken(stated)).toBe(same));

test("a gate that fails because of what runs does not ask for an `up`", () => {
    const of = { ...file("/etc/corosync/corosync.conf", "totem {\n    token: 1000\n}\n"), unit: "some" };
    const evidence = evidenceIn(
        told("running", "corosync/some", "totem.token (u32) = 2000\n") +
            told("health", "some", '0\n{"result":"unhealthy","gates":[{"name":"it answers","passes":false}]}'),
    );
    expect(findingsOf(onlyUnit(of), evidence).map(({ kind, repair }) => [kind, repair])).toEqual([
        ["not in effect", "host"],
        ["gate fails", "host"],
    ]);
});

test("only what is compared is asked for: not where a unit states none of it, nor for how things are", () => {
    const [host] = fleetOf(stateOf([{ node: "n1", parts: file("/etc/corosync/corosync.conf", "totem {\n}\n") }])).hosts;
    const probes = (verbs: ("check" | "health")[]) =>
        [...question(host!, verbs).matchAll(/\nprobe (\S+) \d+\n(.*)/g)].map(([, name, command]) => [name, command]);
    expect(probes(["check", "health"])).toEqual([["corosync/some", expect.stringContaining("corosync-cmapctl ")]]);
    expect(probes(["health"])).toEqual([]);
});

test("no answer makes a probe fail", () => {
    const all = [
        file("/etc/corosync/corosync.conf", recorded("corosync.conf")),
        file("/etc/x/cib.xml", recorded("cib.xml")),
        file("/etc/drbd.d/data.res", "resource data {\n    net {\n        timeout 50;\n    }\n}\n"),
    ].map(manifest);
    fc.assert(
        fc.property(hostile, (text) =>
            PROBES.forEach((probe) => all.forEach((of) => probe.differences(of, `<configuration>${text}`))),
        ),
    );
});

describe("drbd", () => {
    test.each([
        ["40M", "40960k", true],
        ["10k", "10240", true],
        ["8s", "4k", true],
        ["60", "50", false],
        ["consensus", "consensus", true],
    ])("%s and %s", (one, other, same) => expect(spokenByDrbd(one) === spokenByDrbd(other)).toBe(same));

    const res = "/etc/drbd.d/data.res";
    const stated = file(
        res,
        `resource data {
    device /dev/drbd0 minor 0;
    meta-disk internal;
    disk {
        on-io-error detach;
        al-extents 1237;
        resync-rate 40M;
    }
    net {
        protocol C;
        cram-hmac-alg sha256;
        shared-secret "@@credential:secret@@";
        timeout 30;
        after-sb-1pri consensus;
    }
    on n1 {
        disk /dev/vdb;
        address 10.0.0.1:7788;
    }
}
`,
        "volume converge data",
    );
    /** Laid out as drbdsetup of drbd-utils 9.22 does it for DRBD 8.4: https://manpages.debian.org/drbdsetup-8.4 */
    const shown = (timeout: string, rate: string) => `resource data {
    options {
        cpu-mask        \t""; # default
    }
    net {
        protocol        \tC; # default
        cram-hmac-alg   \t"sha256";
        timeout         \t${timeout}; # 1/10 seconds
        after-sb-1pri   \tconsensus;
    }
    _remote_host {
        address\t\t\tipv4 10.0.0.2:7788;
    }
    _this_host {
        address\t\t\tipv4 10.0.0.1:7788;
        volume 0 {
            device\t\t\tminor 0;
            disk\t\t\t"/dev/vdb";
            meta-disk\t\t\tinternal;
            disk {
                on-io-error     \tdetach;
                al-extents      \t1237; # default
                resync-rate     \t${rate}; # bytes/second
            }
        }
    }
}
`;

    test("what it was given besides its file", () => {
        expect(found(stated, "drbd", shown("30", "40960k"))).toEqual([]);
        expect(found(stated, "drbd", shown("60", "1024k"))).toEqual([
            `drbd data disk resync-rate: it runs with 1024k, and ${res} says 40M`,
            `drbd data net timeout: it runs with 60, and ${res} says 30`,
        ]);
        expect(drbd.differences(manifest(stated), shown("60", "40960k"))[0]?.commands).toEqual([
            "volume converge data",
        ]);
    });

    test("the shared secret stays on the host", () =>
        expect(drbd.command(manifest(file("/etc/drbd.d/data.res", "")))).toBe(
            "drbdsetup show --show-defaults data | grep -vF shared-secret",
        ));
});
