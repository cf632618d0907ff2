import { readFileSync } from "node:fs";
import * as path from "node:path";
import fc from "fast-check";
import { profileFrom, unknownsFrom } from "../../policy/environment";
import { LEVELS, PROFILES, configOf } from "../../policy/profiles";
import { Unknowns } from "../../policy/rule";
import { policies } from "../../policy/rules";
import { PROJECT } from "../stack";
import { ENGINE } from "../../remote/engine";
import { CASES, applied } from "./cases";
import { UNKNOWN, says } from "./support";
import type { Given, How } from "./support";

const refuse: How = { unknowns: Unknowns.Refuse };

describe.each(CASES)("$rule", ({ rule, fails, says: parts, passes, unknown = [] }) => {
    test("fails: what breaks it, by component, node, field and fix", () => {
        const [line = "", ...more] = says(rule, fails);
        for (const part of parts) expect(line).toContain(part);
        expect(more).toEqual([]);
    });

    test("what keeps it passes", () => {
        expect(says(rule, passes)).toEqual([]);
    });

    test("a value that is not known yet never passes", () => {
        if (unknown.length === 0) return;
        expect(() => says(rule, unknown)).toThrow(/can't be known during preview/);
        const [line] = says(rule, unknown, refuse);
        expect(line).toMatch(/is known only at the update, so this rule cannot be checked before/);
    });
});

describe("all rules", () => {
    const all = policies(Unknowns.Advise);
    const docs = readFileSync(path.join(PROJECT, "docs", "policies.md"), "utf8");

    test("have a case each, a level in each profile, and say what to do", () => {
        expect(CASES.map(({ rule }) => rule).sort()).toEqual(all.map(({ name }) => name).sort());
        expect(Object.keys(LEVELS).sort()).toEqual(all.map(({ name }) => name).sort());
        for (const policy of all) {
            expect(policy.name).toMatch(/^[a-z]+(-[a-z]+)*$/);
            expect(policy.description).toMatch(/^[A-Z].*\.$/);
            expect(policy.remediationSteps).toMatch(/^[A-Z].*\.$/);
            expect(policy.severity).toMatch(/^(low|medium|high|critical)$/);
            for (const schema of Object.values(policy.configSchema?.properties ?? {}))
                expect(schema).toMatchObject({ default: expect.anything(), description: expect.stringMatching(/\.$/) });
        }
    });

    test.each(policies(Unknowns.Advise))(
        "$name: the documentation says the same",
        ({ name, url, severity, configSchema }) => {
            expect(url).toBe(`docs/policies.md#${name}`);
            const levels = PROFILES.map((profile) => configOf(profile)[name]).map((entry) =>
                typeof entry === "object" ? entry.enforcementLevel : entry,
            );
            const words = { mandatory: "must", advisory: "advice", disabled: "off", remediate: "" };
            const cells = [severity, ...levels.map((level) => (level ? words[level] : ""))].join(" | ");
            expect(docs).toContain(`| [${name}](#${name}) | ${cells} |`);
            expect(docs).toContain(`### ${name}\n`);
            for (const setting of Object.keys(configSchema?.properties ?? {})) expect(docs).toContain(`\`${setting}\``);
        },
    );

    // What another version of a component, or another author, may put there.
    const inputs = fc.dictionary(
        fc.constantFrom(
            "nodes",
            "node",
            "address",
            "labels",
            "servers",
            "bind",
            "check",
            "failover",
            "connection",
            "stdin",
            "fencing",
            "witness",
            "validityPeriodHours",
            "virtualRouterId",
            "issuer",
            "password",
            "proxy",
            "deleteData",
        ),
        fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<unknown>,
    );
    const types = [
        "GaleraCluster",
        "HaPair",
        "HaproxyFrontend",
        "Unit",
        "command:remote:Command",
        "tls:index/selfSignedCert:SelfSignedCert",
        "pulumi:pulumi:Stack",
    ];

    test("never throw, whatever the inputs look like", () => {
        fc.assert(
            fc.property(inputs, fc.constantFrom(...types), (props, type) => {
                for (const { name } of all) says(name, [{ type, name: "any", props }], refuse);
            }),
            { numRuns: 150 },
        );
    });

    test("say that they cannot check what breaks them, and not why", () => {
        const config = { kinds: "no list" };
        expect(says("data-protected", [{ type: "DrbdVolume", name: "files" }], { config })).toEqual([
            'DrbdVolume "files": could not be checked (TypeError): its inputs have a form that this rule does not know',
        ]);
    });

    test("repeat no login, key or password", () => {
        const secret = {
            host: "10.0.0.1",
            user: "root",
            password: "hidden",
            privateKey: "hidden",
            hostKey: "",
            proxy: { password: "hidden" },
        };
        const manifest = applied(
            ["package x", "credential login hidden", "file /etc/x 0600 root:root", "| password=hidden"],
            { type: "HaPair", name: "x", props: { volume: { secret: "hidden" }, acceptDataLossRisk: "hidden" } },
        );
        const commands: Given[] = [
            { type: "command:remote:Command", name: "own", props: { connection: secret, stdin: "hidden" } },
            ...manifest,
        ];
        for (const { name } of all) expect(says(name, commands).join("\n")).not.toContain("hidden");
    });

    test("fails: a setting that a rule does not have", () => {
        const root: Given = { type: "pulumi:pulumi:Stack", name: "shop-dev" };
        expect(says("certificate-lifetime", [root], { config: { maxLifeHours: 1 } })).toEqual([
            expect.stringContaining("maxLifeHours is none of its settings: maxLifetimeHours,"),
        ]);
        expect(says("odd-votes", [root], { config: { least: 3 } })).toEqual([expect.stringContaining("it has none")]);
    });
});

describe("settings", () => {
    const risky = CASES.find(({ rule }) => rule === "no-accepted-risk")?.fails ?? [];

    test.each([
        ["dev", {}, 0],
        ["production", {}, 1],
        ["live-eu", { protectedStacks: ["live-*"] }, 1],
        ["prod", { protectedStacks: ["live-*"] }, 0],
    ])("protected stacks: %s with %j has %d violations", (stack, config, count) => {
        expect(says("no-accepted-risk", risky, { stack, config })).toHaveLength(count);
    });

    test("every hop: servers, metrics and disks too", () => {
        const web: Given = {
            type: "HaproxyFrontend",
            name: "web",
            props: {
                issuer: {},
                tls: { certificatePem: "PEM" },
                servers: { a: { address: "192.0.2.9" } },
                metrics: { onNodeAddress: true },
            },
        };
        expect(says("encryption-in-transit", [web])).toEqual([]);
        expect(says("encryption-in-transit", [web], { config: { everyHop: true } })).toEqual([
            expect.stringContaining("serverTls is missing"),
            expect.stringContaining("metrics.onNodeAddress is true"),
        ]);
        const conf = [
            "file /etc/drbd.d/files.res 0644 root:root",
            "| resource files {",
            "|     address 10.9.0.1:7789;",
            "| }",
        ];
        const disk = applied(conf, { type: "DrbdVolume", name: "files" });
        expect(says("encryption-in-transit", disk)).toEqual([]);
        expect(says("encryption-in-transit", disk, { config: { everyHop: true } })).toEqual([
            expect.stringContaining("writes /etc/drbd.d/files.res, which replicates in clear text"),
        ]);
    });

    test.each([
        [["10.9.0.0/24"], 0],
        [["10.8.0.0/24", "fd00::/8"], 1],
        [["any"], 1],
    ])("networks that encrypt: %j leave %d violations", (encryptedNetworks, count) => {
        const web: Given = {
            type: "HaproxyFrontend",
            name: "web",
            props: { bind: { address: "10.9.0.100", extraAddresses: ["10.9.0.101"] }, servers: {} },
        };
        expect(says("encryption-in-transit", [web], { config: { encryptedNetworks } })).toHaveLength(count);
    });

    test("labels that are required", () => {
        const pair: Given = {
            type: "KeepalivedVip",
            name: "front",
            props: { nodes: [{ name: "a", labels: { rack: "r1", hypervisor: "h1" } }, { name: "b" }] },
        };
        expect(says("members-apart", [pair])).toEqual([]);
        expect(says("members-apart", [pair], { config: { required: true } })).toEqual([
            expect.stringContaining('node "b": nodes[1].labels.hypervisor is missing'),
            expect.stringContaining('node "b": nodes[1].labels.rack is missing'),
        ]);
    });

    test("members that are fenced by one hypervisor are on it", () => {
        const pair = (...last: number[]): Given => ({
            type: "PacemakerCluster",
            name: "files",
            props: {
                nodes: last.map((_, i) => ({ name: `n${i}` })),
                fencing: { libvirt: Object.fromEntries(last.map((n, i) => [`n${i}`, { address: `192.0.2.${n}` }])) },
            },
        });
        expect(says("members-apart", [pair(31, 32)])).toEqual([]);
        expect(says("members-apart", [pair(31, 31)])).toEqual([
            expect.stringContaining('fencing.libvirt.n1.address is "192.0.2.31" of n0, n1, 2 of 2 members'),
        ]);
    });

    test("the oldest engine is the library's own, unless another is asked for", () => {
        const own = /^ENGINE_VERSION=\d+$/m.exec(ENGINE)?.[0];
        const unit = applied([], { type: "KeepalivedVip", name: "front" }, "a", own);
        const { configSchema } = policies(Unknowns.Advise).find(({ name }) => name === "engine-version") ?? {};
        const { default: current } = (configSchema?.properties ?? {}).minVersion as { default: number };
        expect(own).toBe(`ENGINE_VERSION=${current}`);
        expect(says("engine-version", unit, { config: { minVersion: current + 1 } })).toEqual([
            expect.stringContaining(`is applied by engine ${current}, and ${current + 1} is the oldest allowed`),
        ]);
    });

    test("a budget for the stack as a whole, by its output", () => {
        const root = (promise: unknown): Given => ({
            type: "pulumi:pulumi:Stack",
            name: "shop-dev",
            props: { failover: { power: promise } },
        });
        expect(
            says("failover-within-budget", [
                root({ totalSeconds: 16, formula: "a + b", knob: "front.advertIntervalSeconds" }),
            ]),
        ).toEqual([
            'Stack "shop-dev": failover.power takes 16 s after a fault of kind power, and 15 s are allowed by stackSeconds: a + b; change front.advertIntervalSeconds',
        ]);
        expect(says("failover-within-budget", [root({ unpromised: ["web"] })])).toEqual([]);
        expect(says("failover-within-budget", [root({ totalSeconds: 9 })])).toEqual([]);
    });

    test("a profile and what is done about unknown values come from the environment", () => {
        expect(profileFrom({})).toBe("standard");
        expect(profileFrom({ PULUMI_HA_PROFILE: "strict" })).toBe("strict");
        expect(unknownsFrom({})).toBe("advise");
        expect(unknownsFrom({ PULUMI_HA_UNKNOWN: "refuse" })).toBe("refuse");
    });

    test("fails: a profile that there is none of", () => {
        expect(() => profileFrom({ PULUMI_HA_PROFILE: "prod" })).toThrow(
            'PULUMI_HA_PROFILE is "prod": allowed are dev, standard, strict',
        );
        expect(() => unknownsFrom({ PULUMI_HA_UNKNOWN: "" })).toThrow("allowed are advise, refuse");
    });
});

test.each<[string, Given["type"], Record<string, unknown>]>([
    ["addresses-unique", "KeepalivedVip", { nodes: UNKNOWN }],
    ["addresses-unique", "KeepalivedVip", { nodes: [{ name: "a" }], extraAddresses: UNKNOWN }],
    ["odd-votes", "GaleraCluster", { nodes: UNKNOWN }],
    ["members-apart", "KeepalivedVip", { nodes: UNKNOWN }],
    ["database-checks", "HaproxyFrontend", { mode: UNKNOWN, servers: { db: { port: 3306 } } }],
    ["database-checks", "HaproxyFrontend", { mode: "tcp", servers: { db: { port: UNKNOWN } } }],
    ["database-checks", "KeepalivedVip", { track: { db: { tcp: { port: UNKNOWN } } } }],
    ["no-data-deletion", "DrbdVolume", { deleteData: UNKNOWN }],
])("%s does not pass a %s with %j", (rule, type, props) => {
    expect(says(rule, [{ type, name: "any", props }], refuse)).toEqual([
        expect.stringContaining("known only at the update"),
    ]);
});

test("what a component makes of parts is said of the component alone", () => {
    const nodes = ["a", "b"].map((name, i) => ({ name, address: `192.0.2.${i + 1}`, labels: { rack: "r1" } }));
    const props = { nodes, address: "192.0.2.100/24", engine: "pacemaker", acceptSplitBrainRisk: "a lab" };
    const whole: Given = { type: "HaPair", name: "files", props };
    const part: Given = { type: "PacemakerCluster", name: "files", props, of: whole };
    for (const rule of ["odd-votes", "stateful-pair-fenced", "no-accepted-risk", "members-apart"])
        expect(says(rule, [whole, part])).toEqual([expect.stringMatching(/^HaPair "files": /)]);
    expect(says("addresses-unique", [whole, { ...part, type: "KeepalivedVip" }])).toEqual([]);
});
