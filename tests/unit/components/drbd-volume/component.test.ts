import * as pulumi from "@pulumi/pulumi";
import { DrbdVersion, DrbdVolume } from "../../../../components/drbd-volume";
import type { DrbdVolumeArgs } from "../../../../components/drbd-volume";
import { Promotion } from "../../../../components/shared/volume";
import { app1, app2, app3 } from "./specs";
import { mocked, promised } from "../mocked";

const KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nabc";
const nodes = [app1, app2].map((node) => ({ ...node, hostKey: "ssh-ed25519 AAAA", privateKey: pulumi.secret(KEY) }));
const args: DrbdVolumeArgs = { nodes, device: "/dev/vg0/files", mountPoint: "/srv/files" };

const running = <T>(preview: boolean, program: () => Promise<T> | T) =>
    mocked(preview, program, () => ({ result: "s3cret-of-the-volume" }));

describe.each([
    ["preview", true],
    ["update", false],
])("in a %s", (_title, preview) => {
    const made = () =>
        running(preview, async () => {
            const volume = new DrbdVolume("files", args);
            return { volume: await promised(volume.volume), failover: await promised(volume.failover) };
        });

    test("both disks are prepared, then the second node comes up, then the first, which makes the file system", async () => {
        const { registered } = await made();
        const applies = registered.map((r) => r.name).filter((name) => name.endsWith("-apply"));
        expect(applies).toEqual([
            "files-app1-disk-apply",
            "files-app2-disk-apply",
            "files-app2-apply",
            "files-app1-apply",
            "files-content-apply",
        ]);
    });

    test("what mounts the volume knows it", async () =>
        expect((await made()).result).toMatchObject({
            volume: {
                resource: "files",
                device: "/dev/drbd0",
                fileSystem: "xfs",
                mountPoint: "/srv/files",
                nodes: ["app1", "app2"],
                promotion: "pacemaker",
            },
            failover: expect.arrayContaining([expect.objectContaining({ fault: "power", totalSeconds: 6 })]),
        }));

    test("neither the login key nor the shared secret is in what is recorded or applied", async () => {
        const { registered } = await made();
        const shown = registered.filter((r) => !r.name.endsWith("-prepare"));
        const apply = registered.find((r) => r.name === "files-app1-apply");
        expect(apply?.inputs.stdin).toContain("resource files {");
        expect(JSON.stringify(shown.map(({ inputs: { connection: _, ...inputs } }) => inputs))).not.toMatch(
            /PRIVATE KEY|s3cret-of-the-volume/,
        );
    });
});

test("fails: arguments that are refused, all at once", async () => {
    const bad = { ...args, nodes: nodes.slice(1), mountPoint: "/etc", netOptions: { "allow-two-primaries": "yes" } };
    await expect(running(true, () => new DrbdVolume("files", bad))).rejects.toThrow(
        /DrbdVolume "files": 3 things must change[^]*nodes: [^]*mountPoint: [^]*netOptions\.allow-two-primaries: /,
    );
});

test("a tiebreaker is prepared with the sides, and votes before they change", async () => {
    const tiebreaker = { ...app3, hostKey: "ssh-ed25519 AAAA", privateKey: pulumi.secret(KEY) };
    const more = { tiebreaker, version: DrbdVersion.Nine, promotion: Promotion.Manual };
    const { registered } = await running(false, () => new DrbdVolume("files", { ...args, ...more }));
    const applies = registered.map((r) => r.name).filter((name) => name.endsWith("-apply"));
    expect(applies).toEqual([
        ...["app1", "app2", "app3"].map((name) => `files-${name}-disk-apply`),
        ...["app3", "app2", "app1"].map((name) => `files-${name}-apply`),
        "files-content-apply",
    ]);
});

describe("two volumes of a program", () => {
    const second = { device: "/dev/vg0/mail", mountPoint: "/srv/mail", port: 7790, minor: 1 };
    const both = (more: Partial<DrbdVolumeArgs>) =>
        running(true, () => {
            new DrbdVolume("files", args);
            return new DrbdVolume("mail", { ...args, ...second, ...more });
        });

    test("share the nodes", async () => expect((await both({})).registered).not.toHaveLength(0));

    test("may have mount points of which one only begins like the other", async () =>
        expect((await both({ mountPoint: "/srv/files2" })).registered).not.toHaveLength(0));

    test("may have one below the other on nodes of their own", async () => {
        const others = nodes.map((node, place) => ({
            ...node,
            name: `db${place + 1}`,
            address: `192.0.2.${place + 21}`,
        }));
        expect((await both({ nodes: others, mountPoint: "/srv/files/mail" })).registered).not.toHaveLength(0);
    });

    test.each([
        ["below", "/srv/files/mail", "has /srv/files on app1, below which /srv/files/mail would be: "],
        ["above", "/srv", "has /srv/files on app2, which would be below /srv: "],
    ])("fails: a mount point %s the other one's on a node", async (_title, mountPoint, words) =>
        expect(both({ mountPoint })).rejects.toThrow(`mountPoint: DrbdVolume "files" ${words}`),
    );

    test.each([
        ["device", { device: "/dev/vg0/files" }],
        ["minor", { minor: 0 }],
        ["port", { port: 7789 }],
        ["mountPoint", { mountPoint: "/srv/files" }],
    ])("fails: the same %s", async (path, more) =>
        expect(both(more)).rejects.toThrow(
            new RegExp(`${path}: DrbdVolume "files" has .* too: give one of the two another`),
        ),
    );
});
