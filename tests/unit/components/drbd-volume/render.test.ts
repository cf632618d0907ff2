import { configuration } from "../../../../components/pacemaker-cluster/cib";
import { renderContent, renderDisk, renderNode } from "../../../../components/drbd-volume/render";
import { resourceConf } from "../../../../components/drbd-volume/conf";
import type { VolumeSpec } from "../../../../components/drbd-volume/spec";
import { SCRIPT } from "../../../../components/drbd-volume/script";
import { placeholder, toText } from "../../../../remote/manifest";
import type { Manifest } from "../../../../remote/manifest";
import { spec as clusterSpec } from "../pacemaker-cluster/specs";
import { app1, app2, app3, fullArgs, spec, threeArgs } from "./specs";

/** A manifest without the script that all volumes share. */
const text = (m: Manifest): string =>
    toText({ ...m, files: m.files.map((f) => (f.content === SCRIPT ? { ...f, content: "THE SCRIPT\n" } : f)) });

const settingsOf = (volume: VolumeSpec, node: string) =>
    fileOf(renderDisk(volume, node), "/usr/local/lib/pulumi-ha/drbd/files.settings");

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

test("a size is asked of the sides, the last of which says whether it is there", () => {
    const sized = spec({ sizeMebibytes: 500 });
    const path = "/usr/local/lib/pulumi-ha/drbd/files.size";
    const gates = (node: string) => renderNode(sized, node).gates.map(({ name }) => name);
    for (const node of ["app1", "app2"])
        expect(renderNode(sized, node).files.find((f) => f.path === path)).toMatchObject({
            content: expect.stringContaining("SIZE_MEBIBYTES=500\n") as string,
            onChange: [expect.objectContaining({ target: "/usr/local/lib/pulumi-ha/drbd/volume grow files" })],
        });
    expect(gates("app1")).toContain("files offers 500 MiB");
    expect(gates("app2")).not.toContain("files offers 500 MiB");
    expect(
        renderNode(spec(threeArgs({ tiebreaker: app3, sizeMebibytes: 500 })), "app3").files.map((f) => f.path),
    ).not.toContain(path);
    expect(renderNode(spec(), "app1").files.map((f) => f.path)).not.toContain(path);
});

test("written for DRBD 9", () => {
    const nine = spec({ version: "9" });
    expect(fileOf(renderNode(nine, "app1"), "/etc/drbd.d/files.res")).toMatchSnapshot();
    expect(settingsOf(nine, "app1")).toMatch(/^PEER_IDS=1$[^]*^VERSION=9$/m);
});

describe("three hosts that vote", () => {
    const tie = spec(threeArgs({ tiebreaker: app3 }));
    const three = spec(threeArgs({ nodes: [app1, app2, app3] }));

    test.each([
        ["two replicas and a tiebreaker", tie],
        ["three replicas", three],
    ])("the resource of %s", (_title, volume) =>
        expect(fileOf(renderNode(volume, "app1"), "/etc/drbd.d/files.res")).toMatchSnapshot(),
    );

    test("the tiebreaker needs no device, and is reached by both sides", () => {
        const disk = renderDisk(tie, "app3");
        expect(settingsOf(tie, "app3")).toMatch(
            /^NODE_ID=2\nPEERS=app1 app2\nPEER_ADDRESSES=192\.0\.2\.11 192\.0\.2\.12\nPEER_IDS=0 1\nTIEBREAKER=app3$[^]*^DEVICE=none$/m,
        );
        expect(disk.validators).toEqual([expect.objectContaining({ name: "app3 has the DRBD of files" })]);
        expect(renderNode(tie, "app3").ports).toEqual([{ port: "tcp/7789", from: ["192.0.2.11", "192.0.2.12"] }]);
    });

    test("it has the number of a third node, so that either may come after the other", () =>
        expect([tie, three].map((volume) => settingsOf(volume, "app3").match(/^NODE_ID=.*$/m)?.[0])).toEqual([
            "NODE_ID=2",
            "NODE_ID=2",
        ]));

    test("two nodes alone have no majority, and no quorum", () =>
        expect(resourceConf(spec({ version: "9", promotion: "manual" }))).not.toMatch(/quorum|connection-mesh|rr-/));
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
