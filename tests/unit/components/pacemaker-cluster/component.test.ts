import * as pulumi from "@pulumi/pulumi";
import type { PacemakerClusterArgs, Vote } from "../../../../components";
import { PacemakerCluster, Witness } from "../../../../components";
import { mocked, promised } from "../mocked";

const PASSWORD = "a controller's password";
const LOGIN_KEY = "a key to a hypervisor";
const SIGNING_KEY = "key of the authority";
const node = (name: string, number: number) => ({
    name,
    address: `192.0.2.${number}`,
    hostKey: "ssh-ed25519 AAAA",
    privateKey: pulumi.secret("-----BEGIN OPENSSH PRIVATE KEY-----\nabc"),
});
const [n1, n2, third] = [node("n1", 11), node("n2", 12), node("third", 20)];
const issuer = {
    certificatePem: "certificate",
    privateKeyPem: pulumi.secret(SIGNING_KEY),
    chainPem: "",
    trustedPem: "trusted",
    terms: { algorithm: "ECDSA-P256", lifetimeHours: 2160, earlyRenewalHours: 720, longestLifetimeHours: 8000 },
} satisfies Vote["issuer"];
const controller = (number: number) => ({
    address: `192.0.2.${number}`,
    user: "fence",
    password: pulumi.secret(PASSWORD),
    independentPower: true,
});

const pair = (witness: Vote | undefined, more: Partial<PacemakerClusterArgs> = {}): PacemakerClusterArgs => ({
    nodes: [n1, n2],
    witness,
    fencing: { ipmi: { n1: controller(111), n2: controller(112) } },
    resources: { vip: { agent: "ocf:heartbeat:IPaddr2", parameters: { ip: "192.0.2.100" } } },
    ...more,
});

async function made(preview: boolean, args: (vote: Vote) => PacemakerClusterArgs) {
    const { registered, commands, applies, result } = await mocked(preview, async () => {
        const { vote } = new Witness("witness", { node: third, issuer });
        const cluster = new PacemakerCluster("pair", args(vote));
        return {
            name: await promised(cluster.clusterName),
            failover: await promised(cluster.failover),
            failoverIsSecret: await pulumi.isSecret(cluster.failover),
        };
    });
    return { registered, commands, applies, outputs: result };
}

describe.each([
    ["preview", true],
    ["update", false],
])("in a %s", (_title, preview) => {
    test("all members at once, one reload, their votes in turn, what they run, and what leaves after it", async () => {
        const { applies: order } = await made(preview, pair);
        const pairs = order.filter((name) => name.startsWith("pair"));
        expect(pairs.slice(0, 2).sort()).toEqual(["pair-n1-apply", "pair-n2-apply"]);
        expect(pairs.slice(2)).toEqual([
            "pair-reload-apply",
            "pair-n1-vote-apply",
            "pair-n2-vote-apply",
            "pair-resources-apply",
            "pair-n1-held-apply",
            "pair-n2-held-apply",
        ]);
        expect(order.indexOf("witness-third-apply")).toBeLessThan(order.indexOf("pair-n1-vote-apply"));
    });

    test("without a witness there is nothing to vote", async () => {
        const { applies } = await made(preview, () => pair(undefined));
        expect(applies.filter((name) => name.includes("vote"))).toEqual([]);
    });

    test("what an apply sends is known, and without a credential", async () => {
        const { registered, commands } = await made(preview, pair);
        const texts = commands
            .filter(({ name }) => name.endsWith("-apply"))
            .map(({ inputs }) => JSON.stringify(inputs["stdin"]));
        expect(texts.every((text) => text.startsWith('"pulumi-ha manifest 1'))).toBe(true);
        for (const secret of [PASSWORD, SIGNING_KEY]) expect(texts.join()).not.toContain(secret);
        const components = registered.filter(({ type }) => type.startsWith("pulumi-ha:"));
        expect(JSON.stringify(components.map(({ inputs }) => inputs))).not.toContain(PASSWORD);
        expect(JSON.stringify(components.map(({ inputs }) => inputs))).not.toContain(SIGNING_KEY);
    });

    test("a hypervisor's key is nowhere but among the credentials", async () => {
        const device = (n: number) => ({
            address: `192.0.2.${n}`,
            user: "fence",
            privateKey: pulumi.secret(LOGIN_KEY),
            hostKey: "ssh-ed25519 AAAA",
        });
        const { registered, commands } = await made(preview, (vote) =>
            pair(vote, { fencing: { libvirt: { n1: device(121), n2: device(122) } } }),
        );
        const texts = commands.filter(({ name }) => name.endsWith("-apply")).map(({ inputs }) => inputs["stdin"]);
        const components = registered.filter(({ type }) => type.startsWith("pulumi-ha:"));
        expect(JSON.stringify([texts, components.map(({ inputs }) => inputs)])).not.toContain(LOGIN_KEY);
        expect(JSON.stringify(texts)).toContain("fence_virsh");
    });

    test("the failover is known and no secret", async () => {
        const { outputs } = await made(preview, pair);
        expect(outputs).toMatchObject({ name: "pair", failoverIsSecret: false });
        expect(outputs.failover.map(({ fault, totalSeconds }) => [fault, totalSeconds])).toContainEqual(["power", 6.7]);
    });
});

test("fails: all that is wrong at once, before any host is reached", async () => {
    const wrong = made(true, (vote) => pair(vote, { tokenSeconds: 0, fencing: {} }));
    await expect(wrong).rejects.toThrow(
        /2 things must change[^]*fencing: is missing[^]*tokenSeconds: 0 s is no timeout/,
    );
    await pulumi.runtime.disconnect();
});
