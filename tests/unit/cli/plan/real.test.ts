// The plan of a real preview by the real CLI. What answers as the hosts is an SSH server here that takes every command.
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { Server, utils } from "ssh2";
import { backendUrl } from "../../../../cli/local-stack";
import { toolchainEnv } from "../../../../toolchain";
import { layoutOf } from "../../../../toolchain/layout";
import { readRecord } from "../../../../toolchain/record";

const PROJECT = path.join(__dirname, "..", "..", "..", "..");
const BUILT = path.join(PROJECT, "dist", "cli", "index.js");
const ready = readRecord(layoutOf(PROJECT)) !== undefined;
if (!ready) console.warn('skipped: no toolchain in this project; "npm run toolchain" makes it');

const key = utils.generateKeyPairSync("ed25519");
let logins = 0;
const server = new Server({ hostKeys: [key.private] }, (client) => {
    client.on("error", () => undefined);
    client.on("authentication", (attempt) => {
        logins++;
        attempt.accept();
    });
    client.on("session", (accept) =>
        accept().on("exec", (agree) => {
            const channel = agree();
            channel.resume().on("end", () => {
                channel.exit(0);
                channel.end();
            });
        }),
    );
});

const PROGRAM = `const { KeepalivedVip } = require(${JSON.stringify(path.join(PROJECT, "dist", "components"))});
const { connection, ...wanted } = require("./wanted.json");
const nodes = ["lb1", "lb2"].map((name, place) => ({ name, address: "10.0.0." + (place + 1), interface: "eth0", ...connection }));
exports.promises = new KeepalivedVip("front", { nodes, address: "10.0.0.100/24", ...wanted }).failover;
`;

const dir = fs.mkdtempSync(path.join(os.tmpdir(), "plan-"));
afterAll(() => fs.rmSync(dir, { recursive: true }));

const want = (more: object) => {
    const { port } = server.address() as AddressInfo;
    const connection = { sshAddress: "127.0.0.1", port, hostKey: key.public, privateKey: key.private };
    fs.writeFileSync(path.join(dir, "wanted.json"), JSON.stringify({ connection, ...more }), { mode: 0o600 });
};

async function ran(program: string, args: string[]): Promise<{ code: number | null; out: string; err: string }> {
    const child = spawn(program, args, {
        cwd: dir,
        env: {
            ...process.env,
            ...(ready ? toolchainEnv(PROJECT) : {}),
            PULUMI_BACKEND_URL: backendUrl(path.join(dir, "state")),
            PULUMI_CONFIG_PASSPHRASE: "test",
            TMPDIR: path.join(dir, "tmp"),
        },
        stdio: ["ignore", "pipe", "pipe"],
    });
    let [out, err] = ["", ""];
    child.stdout.on("data", (piece: Buffer) => (out += piece.toString()));
    child.stderr.on("data", (piece: Buffer) => (err += piece.toString()));
    const code = await new Promise<number | null>((resolve, reject) => child.on("error", reject).on("close", resolve));
    return { code, out, err };
}
/** The command for a plan in an example of a pipeline. */
const inPipeline = (example: string): string => {
    const text = fs.readFileSync(path.join(PROJECT, "examples", "ci", example), "utf8");
    return /npx pulumi-ha plan .*$/m.exec(text)?.[0] ?? "none";
};
const plan = (...args: string[]) => ran("node", [BUILT, "plan", ...args]);

(ready ? describe : describe.skip)("with the real CLI", () => {
    jest.setTimeout(120_000);

    beforeAll(async () => {
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        for (const folder of ["state", "tmp"]) fs.mkdirSync(path.join(dir, folder));
        fs.symlinkSync(path.join(PROJECT, "node_modules"), path.join(dir, "node_modules"));
        const runtime = "runtime: { name: nodejs, options: { typescript: false } }";
        fs.writeFileSync(path.join(dir, "Pulumi.yaml"), `name: plan\n${runtime}\nmain: index.js\n`);
        fs.writeFileSync(path.join(dir, "package.json"), '{ "name": "plan" }');
        fs.writeFileSync(path.join(dir, "index.js"), PROGRAM);
        want({});
        await ran("pulumi", ["stack", "init", "dev", "--non-interactive"]);
        expect(await ran("pulumi", ["up", "--yes", "--skip-preview", "--non-interactive"])).toMatchObject({ code: 0 });
    });
    afterAll(() => server.close());

    test("a change is announced with its promise, held against the threshold, and no host is contacted", async () => {
        want({ advertIntervalSeconds: 0.5 });
        const before = logins;
        const { code, out, err } = await plan("--stack", "dev", "--allow", "none", "--acknowledge", "reload:front-lb2");
        expect(out).toMatch(
            /^2 units on 2 hosts · worst: reload · expected interruption 0 s · failover promise front, power loss: 3.0 s → 1.5 s\n/,
        );
        expect(out).toMatch(/\n {8}- {4}advert_int 1\n {8}\+ {4}advert_int 0.5\n/);
        expect(out).toContain("worse than --allow none: front-lb1: reload:");
        expect(out).not.toContain("worse than --allow none: front-lb2");
        expect(err).toMatch(/^running pulumi preview of dev in .*\n(still .*\n)*previewed \d+ resources in/);
        expect(code).toBe(2);
        expect(logins).toBe(before);
        // The engine's log has secrets in clear.
        expect(fs.readdirSync(path.join(dir, "tmp")).filter((name) => name.startsWith("pulumi-ha-plan"))).toEqual([]);
    });

    test("pipelines run it with policies, and have a comment of it", async () => {
        want({ advertIntervalSeconds: 0.5 });
        const command = inPipeline("github-actions.yml").replace(
            "node_modules/pulumi-ha-policy",
            path.join(PROJECT, "policy"),
        );
        const npx = `npx() { shift; node ${BUILT} "$@"; }`;
        const script = `${npx}; STACK=dev PULUMI_HA_PROFILE=standard; acknowledged=(); status=0; ${command}; exit $status`;
        const { code, err } = await ran("bash", ["-uc", script]);
        expect([code, err]).toEqual([0, expect.stringContaining("previewed")]);
        expect(fs.readFileSync(path.join(dir, "plan.md"), "utf8")).toMatch(/^\*\*2 units on 2 hosts · worst: reload/);
        expect(inPipeline("gitlab-ci.yml")).toBe(inPipeline("github-actions.yml"));
    });

    test("fails: arguments that a component refuses, in its own words", async () => {
        want({ advertIntervalSeconds: -3 });
        const { code, out, err } = await plan();
        expect(err).toContain("the preview failed:\n");
        expect(err).toContain("advertIntervalSeconds: -3 s is no interval");
        expect([code, out]).toEqual([1, ""]);
    });
});

test.each([
    [
        "an impact that there is not",
        ["--allow", "much"],
        "Allowed choices are none, reload, restart, failover, outage, data",
    ],
    ["an acknowledgement of nothing", ["--acknowledge", "outage"], "It is IMPACT:NAME, e.g. outage:front"],
    [
        "arguments for a preview that is not run",
        ["--preview", "x.json", "--", "--refresh"],
        "--refresh: --preview reads what is there",
    ],
    ["a file that is not there", ["--preview", "/nonexistent.json"], "no such file"],
])("fails: %s", async (_, args, message) => {
    const { code, err } = await plan(...args);
    expect(err).toContain(message);
    expect(code).toBe(1);
});
