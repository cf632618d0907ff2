import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import * as path from "node:path";
import * as command from "@pulumi/command";
import * as random from "@pulumi/random";
import type { PulumiFn } from "@pulumi/pulumi/automation";
import { Unit, manifest } from "../../components";
import { LEVELS } from "../../policy/profiles";
import { PROJECT, stackIn } from "../stack";
import { installed } from "./packed";
import { breaksAll, keepsAll, node } from "./programs";

// The engine, the pack and the plugins are processes of their own.
jest.setTimeout(300_000);

const PACK = path.join(PROJECT, "policy");

let dir: string;
beforeAll(() => (dir = mkdtempSync(path.join(tmpdir(), "pulumi-ha-policy-"))));
afterAll(() => rmSync(dir, { recursive: true }));

/** How a preview is made. */
interface How {
    pack?: string;
    /** The policy config, as a file for the CLI. */
    config?: Record<string, unknown>;
    env?: Record<string, string>;
    fails?: boolean;
}

/** What the CLI says; also where it fails, if it shall. */
async function preview(name: string, program: PulumiFn, { pack = PACK, config, env = {}, fails = false }: How = {}) {
    const stack = await stackIn(dir, name, program);
    stack.workspace.envVars = { ...stack.workspace.envVars, ...env };
    const file = path.join(dir, `${name}-policy.json`);
    if (config) writeFileSync(file, JSON.stringify(config));
    const policyPackConfigs = config ? [file] : undefined;
    const { said, failed } = await stack.preview({ policyPacks: [pack], policyPackConfigs }).then(
        ({ stdout, stderr }) => ({ said: stdout + stderr, failed: false }),
        (error: Error) => ({ said: error.message, failed: true }),
    );
    if (failed !== fails) throw new Error(said);
    return said;
}

const STRICT = { PULUMI_HA_PROFILE: "strict", PULUMI_HA_UNKNOWN: "refuse" };
const nothing: PulumiFn = async () => {};

/** Rules with violations of a level, out of what the CLI prints. */
const named = (said: string, level: string): string[] =>
    [
        ...new Set(
            [...said.matchAll(/\[(\w+)\] \[severity: \w+\] +([a-z-]+) +\(/g)]
                .filter(([, l]) => l === level)
                .map(([, , rule = ""]) => rule),
        ),
    ].sort();

test("fails: a stack that breaks every rule, each by its component, node, field and fix; from an installed package", async () => {
    const said = await preview("production", breaksAll, { pack: installed(dir), env: STRICT, fails: true });
    expect([...named(said, "mandatory"), ...named(said, "advisory")].sort()).toEqual(Object.keys(LEVELS).sort());
    for (const line of [
        'Unit "unpinned", node "a": hostKey is missing: pin the key of that node',
        'Command "own": connection.password is set: give privateKey in its place',
        'Command "own": is a remote.Command beside the library: make it a Unit',
        'HaPair "files": nodes have 2 votes in all',
        'HaPair "files": fencing is missing',
        'HaPair "files": acceptSplitBrainRisk is set, and the stack is protected',
        'DrbdVolume "disk": deleteData is set',
        'DrbdVolume "disk": protect is not set',
        // Which of two comes second is a matter of time.
        ' is 192.0.2.1, which is the address of node "',
        " in the same network 192.0.2.0/24: give one of the two another",
        "writes /etc/corosync/corosync.conf without encryption",
        'GaleraCluster "back", node "a": bufferPoolMebibytes is 65536',
        'GaleraCluster "back", node "a": links is missing',
        'HaproxyFrontend "sql": issuer is missing',
        'HaproxyFrontend "sql": servers.db.port is a database\'s',
        'KeepalivedVip "front": nodes[1].labels.rack is "r1" of a, b',
        'KeepalivedVip "front": failover[0] takes 60 s after a fault of kind power, and 10 s are allowed by componentSeconds: 3 x advert interval',
        'Stack "test-production": failover.power takes 60 s',
        'Certificate > LocallySignedCert "long-certificate": validityPeriodHours is 20000: 2400 are allowed',
        'Unit "older", node "b": is applied by engine 0, and 1 is the oldest allowed',
        'Unit "tools", node "a": packages have no version for socat',
    ])
        expect(said).toContain(line);
    expect(said).not.toContain("nobody's");
});

test("a whole stack keeps every rule in the strict profile, and nothing of it is unknown", async () => {
    // What a volume adds, with management controllers that are given a second.
    const seconds = { process: 21, hang: 28, power: 12, link: 19, partition: 12, planned: 10 };
    const said = await preview("production-kept", keepsAll, {
        env: STRICT,
        config: {
            "packages-pinned": { enforcementLevel: "mandatory", protectedStacks: ["live"] },
            "failover-within-budget": { componentSeconds: seconds, stackSeconds: seconds },
            "encryption-in-transit": { encryptedNetworks: ["10.9.0.0/24"] },
        },
    });
    expect(said).toMatch(/✅ pulumi-ha@v0\.1\.0/);
    expect([...named(said, "mandatory"), ...named(said, "advisory")]).toEqual([]);
});

test("a unit with pinned packages passes where that is demanded", async () => {
    const program: PulumiFn = async () => {
        const parts = manifest({ unit: "tools", packages: ["socat=1.7.4.4-2"] });
        new Unit("tools", { node: node("lb1", 11), manifest: parts });
    };
    const said = await preview("prod", program, { config: { "packages-pinned": "mandatory" } });
    expect(said).toContain("✅");
});

test("fails: settings that do not fit their schema, all of them by what is allowed, before the program runs", async () => {
    const config = {
        "certificate-lifetime": { maxLifetimeHours: "long" },
        "failover-within-budget": { stackSeconds: { powr: 1 } },
    };
    const said = await preview("bad-config", nothing, { config, fails: true });
    expect(said).toContain("certificate-lifetime: maxLifetimeHours: Invalid type. Expected: integer, given: string");
    expect(said).toContain("failover-within-budget: stackSeconds: Additional property powr is not allowed");
});

test("fails: a setting that a rule does not have, in words of its own", async () => {
    const said = await preview("typo", nothing, {
        config: { "certificate-lifetime": { maxLifeHours: 1 } },
        fails: true,
    });
    expect(said).toContain("config of certificate-lifetime: maxLifeHours is none of its settings: maxLifetimeHours");
});

test("fails: a profile that there is none of, without a stack trace", async () => {
    const said = await preview("bad-profile", nothing, { env: { PULUMI_HA_PROFILE: "prod" }, fails: true });
    expect(said).toContain('PULUMI_HA_PROFILE is "prod": allowed are dev, standard, strict');
    expect(said).not.toMatch(/^\s+at /m);
});

describe("a host that is known only later", () => {
    let dialled = 0;
    const server = createServer((socket) => {
        dialled++;
        socket.destroy();
    });
    beforeAll(async () => new Promise<void>((done) => server.listen(0, "127.0.0.1", done)));
    afterAll(() => server.close());
    const program: PulumiFn = async () => {
        const { port } = server.address() as AddressInfo;
        const name = new random.RandomString("name", { length: 4 });
        const host = name.result.apply(() => "127.0.0.1");
        new command.remote.Command("later", { connection: { host, port, dialErrorLimit: 0 }, create: "true" });
    };

    test("is advice in the preview; the update stops before it is dialled", async () => {
        const said = await preview("later", program);
        expect(said).toMatch(/advisory[^]*can't run policy 'host-keys-pinned'/);
        const stack = await stackIn(dir, "later", program);
        await expect(stack.up({ policyPacks: [PACK] })).rejects.toThrow(
            /Command "later": connection\.hostKey is missing/,
        );
        expect(dialled).toBe(0);
    });

    test("fails: in a preview that refuses what it cannot check", async () => {
        const said = await preview("gate", program, { env: { PULUMI_HA_UNKNOWN: "refuse" }, fails: true });
        expect(said).toContain(
            'Command "later": connection is known only at the update, so this rule cannot be checked before',
        );
    });
});
