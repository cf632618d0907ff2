import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as grpc from "@grpc/grpc-js";
import type { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { pluginDirectory } from "../../../toolchain/layout";
import { PLUGINS } from "../../../toolchain/versions";

const DIST = path.join(__dirname, "..", "..", "..", "dist", "toolchain");
const ADDRESS = "127.0.0.1:9";

/** A language host that has a program to run, of the engine whose id it is given. */
const HOST = `
    const { offerStandIns } = require(${JSON.stringify(path.join(DIST, "language-host", "offer.js"))});
    offerStandIns({ pid: Number(process.argv[1]), address: "${ADDRESS}" }, process.env.PULUMI_HOME).then(() => console.log("offered"));
`;

let home: string;
const started: ChildProcess[] = [];

beforeEach(() => {
    home = fs.mkdtempSync(path.join(os.tmpdir(), "offer-"));
    for (const plugin of PLUGINS) {
        fs.mkdirSync(pluginDirectory(home, plugin), { recursive: true });
        fs.writeFileSync(path.join(pluginDirectory(home, plugin), "STAND-IN"), "");
    }
});
afterEach(async () => {
    await Promise.all(started.splice(0).map(end));
    fs.rmSync(home, { recursive: true, force: true });
});

function start(command: string, args: string[], env: Record<string, string> = {}): ChildProcess {
    const child = spawn(command, args, {
        env: { ...process.env, PULUMI_HOME: home, SSH_AUTH_SOCK: "/agent", ...env },
        stdio: "pipe",
    });
    started.push(child);
    return child;
}

const ended = (child: ChildProcess) =>
    child.exitCode !== null || child.signalCode !== null
        ? Promise.resolve()
        : new Promise((resolve) => child.once("exit", resolve));

function end(child: ChildProcess): Promise<unknown> {
    child.kill("SIGKILL");
    return ended(child);
}

/** The first line that a process says. */
function firstLine(child: ChildProcess): Promise<string> {
    return new Promise((resolve, reject) => {
        let text = "";
        child.stdout?.on("data", (bytes: Buffer) => {
            text += bytes.toString();
            if (text.includes("\n")) resolve(text.slice(0, text.indexOf("\n")));
        });
        child.once("exit", () => reject(new Error(`ended after ${JSON.stringify(text)}`)));
    });
}

/** Starts the language host of the engine that this process is, and waits until it offers its plugins. */
async function host(engine = process.pid): Promise<ChildProcess> {
    const child = start(process.execPath, ["--eval", HOST, String(engine)]);
    await firstLine(child);
    return child;
}

const plugin = (name: string): string[] => [
    path.join(DIST, "plugins", "stand-in.sh"),
    process.execPath,
    path.join(DIST, "plugins", name, "index.js"),
    name,
];

/** Starts a plugin as the engine does; says its port, and whether another process serves it. */
async function engineStarts(name: string, args = [ADDRESS], env: Record<string, string> = {}) {
    const child = start("/bin/sh", [...plugin(name), ...args], env);
    const port = Number(await firstLine(child));
    const command = fs.readFileSync(`/proc/${child.pid}/cmdline`, "utf8");
    return { child, port, shared: command.startsWith("/bin/sh") };
}

function version(port: number): Promise<string> {
    const client = new ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), {
        "grpc.enable_http_proxy": 0,
    });
    return new Promise((resolve, reject) => {
        client.getPluginInfo(new Empty(), (error, info: PluginInfo) => {
            client.close();
            if (error === null) resolve(info.getVersion());
            else reject(error);
        });
    });
}

test("the language host serves each stand-in on a port of its own, which its plugin tells", async () => {
    await host();
    const plugins = await Promise.all(PLUGINS.map(({ name }) => engineStarts(name)));
    expect(plugins.map(({ shared }) => shared)).toEqual([true, true, true]);
    expect(await Promise.all(plugins.map(({ port }) => version(port)))).toEqual(
        PLUGINS.map((wanted) => wanted.version),
    );
});

test("a plugin that the language host serves says what it is, and ends when the engine is gone", async () => {
    await host();
    const { child } = await engineStarts("tls");
    let said = "";
    child.stderr?.on("data", (bytes: Buffer) => (said += bytes.toString()));
    child.stdin?.end(); // as the kernel does with the engine's end of the pipe
    await ended(child);
    expect(said).toMatch(/^stand-in of pulumi-ha for the tls plugin 5\.6\.1/);
});

test("a plugin that the language host serves ends when the engine signals, and the others stay", async () => {
    await host();
    const first = await engineStarts("tls");
    const second = await engineStarts("command");
    first.child.kill("SIGINT");
    await ended(first.child);
    expect(await version(second.port)).toBe("1.2.1");
});

test("a second plugin of the same name has a process of its own", async () => {
    await host();
    const plugins = [await engineStarts("command"), await engineStarts("command")];
    expect(plugins.map(({ shared }) => shared)).toEqual([true, false]);
    expect(await Promise.all(plugins.map(({ port }) => version(port)))).toEqual(["1.2.1", "1.2.1"]);
});

test("two engines never share a process", async () => {
    await host();
    // The shell is the other engine here: it starts the plugin, and waits for it.
    const words = ["/bin/sh", ...plugin("random"), ADDRESS].map((word) => `'${word}'`).join(" ");
    const other = start("/bin/sh", ["-c", `${words} </dev/null & echo $!; wait`, "engine"]);
    const pid = await firstLine(other);
    const command = await untilNode(pid);
    process.kill(Number(pid), "SIGKILL");
    expect(command).toContain("random/index.js");
    expect((await engineStarts("random")).shared).toBe(true);
});

/** The command line of a process once it is Node that it runs. */
async function untilNode(pid: string): Promise<string> {
    const deadline = Date.now() + 10_000;
    for (;;) {
        const command = fs.readFileSync(`/proc/${pid}/cmdline`, "utf8");
        if (command.startsWith(process.execPath)) return command;
        if (Date.now() > deadline) throw new Error(`still ${command}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
}

test.each<[string, string[], Record<string, string>]>([
    ["with another address", ["127.0.0.1:8"], {}],
    ["with more arguments", ["-v=9", ADDRESS], {}],
    ["with another SSH agent", [ADDRESS], { SSH_AUTH_SOCK: "/another" }],
    ["with another home", [ADDRESS], { PULUMI_HOME: "/nowhere" }],
])("a plugin that is started %s has a process of its own", async (_, args, env) => {
    await host();
    const { port, shared } = await engineStarts("tls", args, env);
    expect(shared).toBe(false);
    expect(await version(port)).toBe("5.6.1");
});

test("a plugin whose language host is gone has a process of its own", async () => {
    await end(await host());
    const { port, shared } = await engineStarts("tls");
    expect(shared).toBe(false);
    expect(await version(port)).toBe("5.6.1");
});

test("what is left of engines that are gone is taken away, and of those that are not is not", async () => {
    const gone = start("/bin/sh", ["-c", "read -r line"]);
    const folder = (pid?: number) =>
        fs.readdirSync(path.join(home, "offers")).filter((name) => name.startsWith(`${pid}-`));
    await host(gone.pid);
    expect(folder(gone.pid)).toHaveLength(1);
    await end(gone);
    await host();
    expect(folder(gone.pid)).toEqual([]);
    await host(process.ppid);
    expect(folder(process.pid)).toHaveLength(1);
});

test("real plugins are left alone, and the folder is nobody else's to read", async () => {
    fs.rmSync(path.join(pluginDirectory(home, PLUGINS[1]), "STAND-IN"));
    await host();
    const offers = path.join(home, "offers");
    const [folder = ""] = fs.readdirSync(offers);
    expect(fs.readdirSync(path.join(offers, folder)).sort()).toEqual(["command", "tls"]);
    expect(fs.statSync(offers).mode & 0o777).toBe(0o700);
});
