import * as pulumi from "@pulumi/pulumi";
import { HaPair } from "../../../../components/ha-pair";
import type { HaPairArgs } from "../../../../components/ha-pair";
import { pairResources } from "../../../../components/ha-pair/resources";
import { toSpec, wishesOf } from "../../../../components/ha-pair/spec";
import { app1, app2, safe, volume } from "./specs";
import { mocked, promised } from "../mocked";

const nodes = [app1, app2].map((node) => ({ ...node, hostKey: "ssh-ed25519 AAAA", privateKey: pulumi.secret("key") }));
async function made(preview: boolean, args: Partial<HaPairArgs>) {
    const { registered, applies, result } = await mocked(preview, async () => {
        const web: HaPairArgs = { nodes, address: "10.77.0.101/24", services: { web: { preset: "nginx" } } };
        const pair = new HaPair("front", { ...web, ...args });
        return {
            address: await promised(pair.address),
            endpoints: await promised(pair.endpoints),
            volume: await promised(pair.volume),
        };
    });
    return { registered, applies, outputs: result };
}

describe.each([
    ["preview", true],
    ["update", false],
])("with keepalived, in a %s", (_title, preview) => {
    test("services run on both nodes, the standby's first, then the address follows them", async () => {
        const { registered, applies, outputs } = await made(preview, {});
        expect(applies.slice(0, 2)).toEqual(["front-app2-services-apply", "front-app1-services-apply"]);
        const stdin = (name: string): string => String(registered.find((r) => r.name === name)?.inputs.stdin);
        expect(stdin("front-app1-services-apply")).toContain("service nginx.service enabled running");
        expect(stdin("front-app1-apply")).toContain("nginx.service");
        expect(outputs).toEqual({
            address: "10.77.0.101",
            endpoints: { web: "10.77.0.101:80" },
            volume: undefined,
        });
    });

    test("the preferred node is the one with the highest priority", async () => {
        const { registered } = await made(preview, { preferred: "app2" });
        const vip = registered.find((r) => r.type === "pulumi-ha:index:KeepalivedVip");
        expect((vip?.inputs.nodes as { name: string }[]).map((node) => node.name)).toEqual(["app2", "app1"]);
    });
});

test.each([
    ["preview", true],
    ["update", false],
])("in a %s a pair hands its volume on as it was given", async (_title, preview) => {
    const risk = { volume: pulumi.output(volume), acceptSplitBrainRisk: "a test" };
    expect((await made(preview, risk)).outputs.volume).toEqual(volume);
    expect((await made(preview, { services: {}, ...risk })).outputs.volume).toEqual(volume);
});

test("fails: a volume with neither fencing nor witness, before anything is made", async () => {
    await expect(made(true, { volume })).rejects.toThrow(
        /HaPair "front": 2 things must change[^]*fencing: [^]*witness: /,
    );
});

describe("what the cluster of a pair runs", () => {
    const resources = async (parts: Partial<HaPairArgs>) => {
        const args: HaPairArgs = { nodes, address: "10.77.0.101/24", ...parts };
        const spec = pulumi.output(toSpec("files", { ...wishesOf(args), witness: true, fenced: true } as never));
        return promised(pulumi.output(pairResources("files", args, spec)));
    };

    test("with a volume: promoted, mounted, reached, served, in this order and on one node", async () => {
        const found = await resources({
            volume: safe.volume,
            services: { nfs: { preset: "nfs-server" } },
            failback: "automatic",
        });
        expect(found).toMatchSnapshot();
    });

    test("members with a second link go by who reaches the witness", async () => {
        const witness = { node: "third", address: "10.77.0.40", port: 5403, issuer: {} as never };
        const links = { app1: "10.78.0.31", app2: "10.78.0.32" };
        const found = await resources({ volume: safe.volume, witness, links });
        expect(found.resources["files-reach"]).toMatchObject({
            agent: "ocf:pacemaker:ping",
            parameters: { name: "files-reach", host_list: "10.77.0.40", multiplier: "3000" },
        });
        expect(found.clones["files-reach-clone"]).toEqual({ resource: "files-reach" });
        expect(found.attributeLocations).toEqual([{ resource: "files", attribute: "files-reach" }]);
    });

    test("who reaches the witness goes before who is preferred, and that before what holds all members where they are", async () => {
        const witness = { node: "third", address: "10.77.0.40", port: 5403, issuer: {} as never };
        const links = { app1: "10.78.0.31", app2: "10.78.0.32" };
        const services = Object.fromEntries([..."abcdefghijkl"].map((name) => [name, { systemdUnit: name }]));
        const args = { volume: safe.volume, witness, links, services };
        const held = 100 * (await resources(args)).groups["files"]!.length;
        const score = async (failback: "manual" | "automatic") =>
            Number((await resources({ ...args, failback })).locations[0]!.score);
        expect(await score("manual")).toBeLessThan(100);
        expect(await score("automatic")).toBeGreaterThan(held);
        const reach = Number((await resources(args)).resources["files-reach"]!.parameters!["multiplier"]);
        expect(reach).toBeGreaterThan(held + (await score("automatic")));
    });

    test("a service on every node is a clone that the address follows", async () => {
        const found = await resources({
            engine: "pacemaker",
            services: { web: { preset: "nginx", placement: "every-node" } },
        });
        expect(found.groups).toEqual({ files: ["files-address"] });
        expect(found.clones).toEqual({ "files-web-clone": { resource: "files-web" } });
        expect(found.orders).toEqual([{ first: "files-web-clone", then: "files" }]);
        expect(found.colocations).toEqual([{ resource: "files", with: "files-web-clone" }]);
    });
});
