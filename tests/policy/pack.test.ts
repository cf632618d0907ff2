import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import * as path from "node:path";
import * as command from "@pulumi/command";
import * as random from "@pulumi/random";
import type { PulumiFn } from "@pulumi/pulumi/automation";
import { Unit, manifest } from "../../components";
import { PROJECT, stackIn } from "../stack";

// The engine, the pack and the plugins are processes of their own.
jest.setTimeout(300_000);

const HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGbI5wMZb0Cn0nOXWnfEwYf3HZJfWAuBPWm2d0rUvHhD";
const LOGIN_KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nnobody's\n-----END OPENSSH PRIVATE KEY-----\n";
const policyPacks = [path.join(PROJECT, "policy")];

let dir: string;
beforeAll(() => (dir = mkdtempSync(path.join(tmpdir(), "pulumi-ha-policy-"))));
afterAll(() => rmSync(dir, { recursive: true }));

/** What the CLI says; also where it fails, if `fails` says so. */
async function preview(name: string, program: PulumiFn, fails = false): Promise<string> {
    const stack = await stackIn(dir, name, program);
    const ran = stack.preview({ policyPacks }).then(
        ({ stdout, stderr }) => ({ said: stdout + stderr, failed: false }),
        (error: Error) => ({ said: error.message, failed: true }),
    );
    const { said, failed } = await ran;
    if (failed !== fails) throw new Error(said);
    return said;
}

const unit = (node: { hostKey?: string; acceptUnknownHostKey?: string }) =>
    new Unit("web-lb1", {
        node: { name: "lb1", address: "192.0.2.11", privateKey: LOGIN_KEY, ...node },
        manifest: manifest({ unit: "web" }),
    });

test("a stack whose hosts are pinned passes", async () => {
    const said = await preview("pinned", async () => {
        unit({ hostKey: HOST_KEY });
    });
    expect(said).toMatch(/pulumi-ha@v0\.1\.0/);
    expect(said).not.toMatch(/host-keys-pinned|can't run policy/);
});

test("fails: a node that is not pinned, by its unit, node and field", async () => {
    const said = await preview("unpinned", async () => void unit({ acceptUnknownHostKey: "a lab" }), true);
    expect(said).toContain('Unit "web-lb1", node "lb1": hostKey is missing');
    expect(said).not.toContain("nobody's");
});

test("fails: a command of the user's own that is not pinned", async () => {
    const connection = { host: "192.0.2.11", privateKey: LOGIN_KEY };
    const said = await preview(
        "own",
        async () => void new command.remote.Command("own", { connection, create: "true" }),
        true,
    );
    expect(said).toContain('Command "own": connection.hostKey is missing');
});

test("a host that is known only later is advice in the preview; the update stops before it is dialled", async () => {
    let dialled = 0;
    const server = createServer((socket) => {
        dialled++;
        socket.destroy();
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const { port } = server.address() as AddressInfo;
    const program: PulumiFn = async () => {
        const name = new random.RandomString("name", { length: 4 });
        const host = name.result.apply(() => "127.0.0.1");
        new command.remote.Command("later", { connection: { host, port, dialErrorLimit: 0 }, create: "true" });
    };
    try {
        expect(await preview("later", program)).toMatch(/advisory[^]*can't run policy 'host-keys-pinned'/);
        const stack = await stackIn(dir, "later", program);
        await expect(stack.up({ policyPacks })).rejects.toThrow(/Command "later": connection\.hostKey is missing/);
        expect(dialled).toBe(0);
    } finally {
        server.close();
    }
});
