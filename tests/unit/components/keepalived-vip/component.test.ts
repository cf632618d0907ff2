import * as pulumi from "@pulumi/pulumi";
import type { KeepalivedVipArgs } from "../../../../components/keepalived-vip";
import { KeepalivedVip } from "../../../../components/keepalived-vip";
import { lb1, lb2, lb3 } from "./specs";
import { mocked, promised } from "../mocked";

const KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nabc";
const nodes = [lb1, lb2].map((node) => ({ ...node, hostKey: "ssh-ed25519 AAAA", privateKey: pulumi.secret(KEY) }));

async function made(preview: boolean, args: () => KeepalivedVipArgs) {
    const { registered, commands, result } = await mocked(preview, async () => {
        const vip = new KeepalivedVip("front", args());
        return {
            address: await promised(vip.address),
            addresses: await promised(vip.addresses),
            virtualRouterId: await promised(vip.virtualRouterId),
            failover: await promised(vip.failover),
        };
    });
    return { registered, commands: commands.map((r) => r.name), outputs: result };
}

describe.each([
    ["preview", true],
    ["update", false],
])("in a %s", (_title, preview) => {
    test("the least preferred node is configured first, and the most preferred one takes part first", async () => {
        const { commands } = await made(preview, () => ({ nodes, address: "10.77.0.100/24" }));
        expect(commands.filter((name) => name.endsWith("-apply"))).toEqual([
            "front-lb2-apply",
            "front-lb1-apply",
            "front-lb1-join-apply",
            "front-lb2-join-apply",
        ]);
    });

    test("a given priority changes the order", async () => {
        const { commands } = await made(preview, () => ({ nodes, address: "10.77.0.100/24", priorities: { lb1: 10 } }));
        expect(commands.filter((name) => name.endsWith("-apply"))[0]).toBe("front-lb1-apply");
    });

    test("a standby is configured and does not take part", async () => {
        const { commands } = await made(preview, () => ({
            nodes: [...nodes, { ...lb3, hostKey: "ssh-ed25519 AAAA" }],
            address: "10.77.0.100/24",
            standby: ["lb3"],
        }));
        expect(commands).toContain("front-lb3-apply");
        expect(commands).not.toContain("front-lb3-join-apply");
    });

    test("the outputs are known", async () => {
        const { outputs } = await made(preview, () => ({
            nodes,
            address: pulumi.output("10.77.0.100/24"),
            extraAddresses: ["10.77.0.101/24"],
        }));
        expect(outputs).toMatchObject({
            address: "10.77.0.100",
            addresses: ["10.77.0.100", "10.77.0.101"],
            virtualRouterId: 100,
            failover: expect.arrayContaining([expect.objectContaining({ fault: "power", totalSeconds: 3.016 })]),
        });
    });

    test("the manifests are readable, and no login key is in what is recorded of the component", async () => {
        const { registered } = await made(preview, () => ({ nodes, address: "10.77.0.100/24" }));
        const apply = registered.find((r) => r.name === "front-lb1-apply");
        expect(apply?.inputs.stdin).toContain("unicast_src_ip 10.77.0.11");
        const component = registered.filter((r) => r.type !== "command:remote:Command");
        expect(component.map((r) => r.type)).toContain("pulumi-ha:index:KeepalivedVip");
        expect(JSON.stringify(component)).not.toContain("PRIVATE KEY");
    });
});

test("fails: arguments that are refused, all at once", async () => {
    await expect(
        made(true, () => ({ nodes: nodes.slice(1), address: "10.77.0.300/24", virtualRouterId: 0 })),
    ).rejects.toThrow(/KeepalivedVip "front": 3 things must change[^]*nodes: [^]*address: [^]*virtualRouterId: /);
});

describe("two addresses of a program", () => {
    async function both(first: Partial<KeepalivedVipArgs>, second: Partial<KeepalivedVipArgs>): Promise<string> {
        await pulumi.runtime.setMocks({
            newResource: ({ name, inputs }) => ({ id: name, state: inputs }),
            call: () => ({}),
        });
        new KeepalivedVip("front", { nodes, address: "10.77.0.100/24", ...first });
        try {
            new KeepalivedVip("back", { nodes, address: "10.77.0.101/24", ...second });
            return "";
        } catch (error) {
            return String(error);
        } finally {
            await pulumi.runtime.disconnect();
        }
    }

    test("have numbers of their own by default", async () => expect(await both({}, {})).toBe(""));

    test("fails: one number twice in a network", async () =>
        expect(await both({ virtualRouterId: 7 }, { virtualRouterId: 7 })).toMatch(
            /virtualRouterId: KeepalivedVip "front" has 7 in 10\.77\.0\.0\/24 too: give one of the two another/,
        ));

    test.each<[string, Partial<KeepalivedVipArgs>, string]>([
        ["one address", { address: "10.77.0.100/24" }, "address"],
        ["an address that the other one moves along", { extraAddresses: ["10.77.0.100/24"] }, "extraAddresses[0]"],
    ])("fails: %s twice, and nothing is said of a number that nobody wrote", async (_title, second, path) => {
        const message = await both({}, second);
        expect(message).toContain(`"back": one thing must change`);
        expect(message).toContain(`- ${path}: KeepalivedVip "front" has 10.77.0.100 too: give one of the two another`);
    });

    test("may share a number in different networks", async () => {
        const elsewhere = [
            { name: "n1", address: "10.78.0.11", interface: "eth0", hostKey: "ssh-ed25519 AAAA" },
            { name: "n2", address: "10.78.0.12", interface: "eth0", hostKey: "ssh-ed25519 AAAA" },
        ];
        expect(await both({}, { nodes: elsewhere, address: "10.78.0.101/24", virtualRouterId: 100 })).toBe("");
    });
});
