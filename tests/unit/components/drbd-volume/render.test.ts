import { configuration } from "../../../../components/pacemaker-cluster/cib";
import { renderContent, renderDisk, renderNode } from "../../../../components/drbd-volume/render";
import { SCRIPT } from "../../../../components/drbd-volume/script";
import { placeholder, toText } from "../../../../remote/manifest";
import type { Manifest } from "../../../../remote/manifest";
import { spec as clusterSpec } from "../pacemaker-cluster/specs";
import { fullArgs, spec } from "./specs";

/** A manifest without the script that all volumes share. */
const text = (m: Manifest): string =>
    toText({ ...m, files: m.files.map((f) => (f.content === SCRIPT ? { ...f, content: "THE SCRIPT\n" } : f)) });

const fileOf = (m: Manifest, path: string) => m.files.find((f) => f.path === path)?.content ?? "";

test.each([
    ["app1", renderDisk(spec(), "app1")],
    ["app2", renderNode(spec(), "app2")],
    ["app1", renderNode(spec(), "app1")],
    ["the content", renderContent(spec())],
])("a volume for Pacemaker: %s", (_title, manifest) => expect(text(manifest)).toMatchSnapshot());

test.each([
    ["app2", renderDisk(spec(fullArgs, "mail"), "app2")],
    ["app1", renderNode(spec(fullArgs, "mail"), "app1")],
])("a volume that is promoted by hand, with every argument: %s", (_title, manifest) =>
    expect(text(manifest)).toMatchSnapshot(),
);

test("written for DRBD 9", () => {
    const nine = spec({ version: "9" });
    expect(fileOf(renderNode(nine, "app1"), "/etc/drbd.d/files.res")).toMatchSnapshot();
    expect(fileOf(renderDisk(nine, "app1"), "/usr/local/lib/pulumi-ha/drbd/files.settings")).toMatch(
        /^PEER_ID=1\nVERSION=9$/m,
    );
});

test("both nodes read the same resource, and its secret is not in the manifest", () => {
    const [one = "", other = ""] = ["app1", "app2"].map((name) =>
        fileOf(renderNode(spec(), name), "/etc/drbd.d/files.res"),
    );
    expect(one).toBe(other);
    expect(one).toContain(`shared-secret "${placeholder("secret")}"`);
});

test("under Pacemaker nothing else brings the volume up, and a lost peer is fenced before writes go on", () => {
    const manifest = renderNode(spec(), "app2");
    expect(manifest.services).toEqual([{ name: "drbd@files.target", enabled: false, running: false }]);
    expect(fileOf(manifest, "/etc/drbd.d/files.res")).toMatch(
        /fence-peer "[^"]*crm-fence-peer\.sh[^]*fencing resource-and-stonith;/,
    );
});

test("a Primary that lost its peer outwaits the slowest fencing, and a coordinator that is elected meanwhile", () => {
    const conf = fileOf(renderNode(spec(), "app1"), "/etc/drbd.d/files.res");
    const [timeout = 0, coordinator = 0] = [...conf.matchAll(/ --(?:dc-)?timeout (\d+)/g)].map(([, s]) => Number(s));
    const slowest = configuration(
        clusterSpec({ ipmi: undefined, sbd: { disk: "/dev/disk/by-id/fence", watchdogTimeoutSeconds: 600 } }),
    );
    const fencing = Number(/name="stonith-timeout" value="(\d+)s"/.exec(slowest)?.[1]);
    expect(fencing).toBeGreaterThan(1200);
    expect(timeout).toBeGreaterThan(fencing + 120);
    expect(coordinator).toBeGreaterThan(timeout);
});

test("promoted by hand, it is up after a boot, and nobody is fenced", () => {
    const manifest = renderNode(spec({ promotion: "manual" }), "app2");
    expect(manifest.services).toEqual([{ name: "drbd@files.target", enabled: true, running: true }]);
    expect(fileOf(manifest, "/etc/drbd.d/files.res")).not.toContain("fence-peer");
});

test("one node compares the replicas, unless nobody shall", () => {
    const timers = (verify: string) =>
        ["app1", "app2"].flatMap((name) =>
            renderNode(spec({ verify }), name).services.filter((s) => s.name.endsWith(".timer")),
        ).length;
    expect([timers("weekly"), timers("")]).toEqual([1, 0]);
});
