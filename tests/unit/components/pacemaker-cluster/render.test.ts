import { spawnSync } from "node:child_process";
import { configuration } from "../../../../components/pacemaker-cluster/cib";
import { corosyncConf, sbdConf } from "../../../../components/pacemaker-cluster/conf";
import {
    renderMember,
    renderReload,
    renderResources,
    renderVote,
} from "../../../../components/pacemaker-cluster/render";
import { SCRIPT } from "../../../../components/pacemaker-cluster/script";
import { toText } from "../../../../remote/manifest";
import { parse } from "../../../../remote/parse";
import { diskless, full, n1, n2, n3, spec, tie } from "./specs";

/** The manifest without the script, which is the same for all. */
const text = (m: Parameters<typeof toText>[0]): string =>
    toText({ ...m, files: m.files.map((f) => (f.content === SCRIPT ? { ...f, content: "the script" } : f)) });

test.each([
    ["a pair with a witness and controllers", spec()],
    ["one of everything", full],
    ["a watchdog alone", diskless],
])("%s: what a member shall be", (_title, cluster) => expect(text(renderMember(cluster, "n1"))).toMatchSnapshot());

test("what has members read their files again", () => expect(text(renderReload(spec()))).toMatchSnapshot());
test("a member's way to the witness", () => expect(text(renderVote(spec(), "third"))).toMatchSnapshot());

test.each([
    ["a pair with a witness and controllers", spec()],
    ["one of everything", full],
    ["a watchdog alone", diskless],
    ["two nodes that decide by who fences first", tie],
])("%s: the configuration", (_title, cluster) => expect(configuration(cluster)).toMatchSnapshot());

test("all manifests are read back as they are", () => {
    for (const m of [renderMember(full, "n2"), renderReload(full), renderVote(full, "third"), renderResources(full)])
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

test("a changed file of a resource is rolled, and moves what runs once", () => {
    const at = "/etc/nginx/conf.d/shop.conf";
    const shop = (content: string, node: string) =>
        renderMember(spec({ files: { [at]: content }, checks: { "nginx accepts it": "nginx -t" } }), node);
    const of = (content: string, node: string, path: string) =>
        shop(content, node).files.find((file) => file.path === path);
    const record = "/etc/pulumi-ha-pacemaker/files";
    expect(of("a\n", "n1", at)).toMatchObject({ content: "a\n", onChange: [] });
    expect(of("a\n", "n1", record)?.content).not.toBe(of("b\n", "n1", record)?.content);
    expect(of("a\n", "n1", record)?.content).toBe(of("a\n", "n2", record)?.content);
    expect(["n1", "n2"].map((node) => of("a\n", node, record)?.onChange)).toEqual([
        [{ do: "run", target: expect.stringMatching(/cluster roll$/) as string, impact: "failover", seconds: 0.7 }],
        [{ do: "run", target: expect.stringMatching(/cluster roll$/) as string, impact: "none", seconds: 0 }],
    ]);
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
    expect(files.map(({ path, mode, credential }) => [path, mode, credential])).toEqual([
        ["/etc/pulumi-ha-pacemaker/fencing/n1.password", "0400", "ipmi-n1"],
        ["/etc/pulumi-ha-pacemaker/fencing/n1", "0500", undefined],
        ["/etc/pulumi-ha-pacemaker/fencing/n2.password", "0400", "ipmi-n2"],
        ["/etc/pulumi-ha-pacemaker/fencing/n2", "0500", undefined],
    ]);
});

test.each([
    ["a witness votes", spec(), /tls: required/, /two_node/],
    ["two alone", tie, /two_node: 1/, /device/],
    ["three have a majority", spec({ nodes: [n1, n2, n3], witness: undefined }), /votequorum\n}/, /two_node|device/],
])("quorum: %s", (_title, cluster, there, not) => {
    expect(corosyncConf(cluster)).toMatch(there);
    expect(corosyncConf(cluster)).not.toMatch(not);
});

test("a delay favours the first node only where nobody else decides", () => {
    expect(configuration(spec())).not.toContain("pcmk_delay_base");
    expect(configuration(tie).match(/id="([^"]+)" name="pcmk_delay_base"/g)).toEqual([
        'id="fence-n1-instance_attributes-pcmk_delay_base" name="pcmk_delay_base"',
    ]);
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
