import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { PulumiFn } from "@pulumi/pulumi/automation";
import { PROJECT, stackIn } from "../stack";

// The engine and the plugins are processes of their own.
jest.setTimeout(120_000);

const HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGbI5wMZb0Cn0nOXWnfEwYf3HZJfWAuBPWm2d0rUvHhD";
const node = (name: string, byte: number) => ({
    name,
    address: `198.51.100.${byte}`,
    interface: "eth0",
    hostKey: HOST_KEY,
    privateKey: pulumi.secret("a login key"),
});

let dir: string;
beforeAll(() => {
    dir = mkdtempSync(path.join(tmpdir(), "pulumi-ha-plugin-"));
    mkdirSync(path.join(dir, "state"));
});
afterAll(() => rmSync(dir, { recursive: true }));

/** A component as SDKs of other languages register it: by its type and its arguments, made by the plugin. */
class Remote extends pulumi.ComponentResource {
    [output: string]: unknown;

    constructor(kind: string, name: string, args: pulumi.Inputs, outputs: string[]) {
        const unset = Object.fromEntries(outputs.map((key) => [key, undefined]));
        super(`pulumi-ha:index:${kind}`, name, { ...unset, ...args }, {}, true);
    }

    get = <T>(key: string): pulumi.Output<T> => this[key] as pulumi.Output<T>;
}

async function remotely(name: string, program: PulumiFn) {
    const stack = await stackIn(path.join(dir, "state"), name, program);
    const plugins = { providers: [{ name: "pulumi-ha", path: path.join(PROJECT, "plugin") }] };
    const settings = { ...(await stack.workspace.projectSettings()), plugins };
    await stack.workspace.saveProjectSettings(settings);
    return stack;
}

test("a program in another language has components with their parts, and hands one's output to another", async () => {
    const stack = await remotely("web", async () => {
        const nodes = [node("lb1", 11), node("lb2", 12)];
        const ca = new Remote("CertificateAuthority", "ca", { organization: "Example" }, ["issuer"]);
        const vip = new Remote("KeepalivedVip", "front", { nodes, address: "198.51.100.101/24" }, ["address"]);
        const servers = { web1: { address: "198.51.100.21", port: 8080 } };
        const bind = { address: vip.get("address"), port: 443 };
        const args = { nodes, bind, issuer: ca.get("issuer"), servers };
        const web = new Remote("HaproxyFrontend", "web", args, ["url", "failover"]);
        return { url: web.get("url") };
    });
    const { stdout, changeSummary } = await stack.preview();
    expect(stdout).toContain("https://198.51.100.101");
    expect(stdout).toMatch(/pulumi-ha:index:Unit web-lb2 create/);
    expect(changeSummary.create).toBeGreaterThan(20);
    expect(stdout).not.toContain("a login key");
});
