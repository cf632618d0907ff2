// What the stand-in for remote.Command does better than the original, and what it must never do.
import { spawn, spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import type { AddressInfo, Server as TcpServer, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Server, utils } from "ssh2";
import type { AuthContext, ServerChannel } from "ssh2";
import type { LogLine } from "../../../../toolchain/plugins/engine";
import type { Connection } from "../../../../toolchain/plugins/command/inputs";
import { check } from "../../../../toolchain/plugins/command/inputs";
import { hostKey, privateKey } from "../../../../toolchain/plugins/command/keys";
import { KEEPALIVE } from "../../../../toolchain/plugins/command/login";
import { quoted } from "../../../../toolchain/plugins/command/quote";
import { run } from "../../../../toolchain/plugins/command/run";
import type { Job } from "../../../../toolchain/plugins/command/run";
import { compiledPlugins } from "./harness";

const PASSWORD = "correct-horse-battery";
const key = utils.generateKeyPairSync("ed25519");
const other = utils.generateKeyPairSync("ed25519");

/** Closed in reverse order after each test. */
const open: (() => unknown)[] = [];
afterEach(async () => {
    jest.restoreAllMocks();
    while (open.length > 0) await open.pop()?.();
});

async function listening(server: TcpServer | Server): Promise<number> {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    open.push(() => server.close());
    return (server.address() as AddressInfo).port;
}

/** An SSH server that runs `command` for every exec request. `logins` are the log-in methods that clients tried. */
async function sshServer(command: (channel: ServerChannel) => void) {
    const logins: string[] = [];
    const server = new Server({ hostKeys: [key.private] }, (client) => {
        client.on("error", () => undefined);
        client.on("authentication", (attempt: AuthContext) => {
            logins.push(attempt.method);
            if (attempt.method === "password" && attempt.password === PASSWORD) attempt.accept();
            else attempt.reject(["password"]);
        });
        client.on("session", (accept) => accept().on("exec", (agree) => command(agree())));
    });
    return { port: await listening(server), logins };
}

function job(port: number, change: Partial<Job> = {}, connection: Partial<Connection> = {}): Job {
    return {
        command: "work",
        stdin: "",
        logging: "none",
        environment: {},
        previousOutput: {},
        ...change,
        connection: {
            host: "127.0.0.1",
            port,
            user: "root",
            password: PASSWORD,
            hostKey: key.public,
            dialErrorLimit: 0,
            perDialTimeout: 5,
            ...connection,
        },
    };
}

function watcher() {
    const lines: string[] = [];
    const stop = new AbortController();
    const log = ({ message }: Omit<LogLine, "urn">) => {
        lines.push(message);
        return Promise.resolve();
    };
    return { lines, stop, watcher: { log, signal: stop.signal } };
}

describe("a server that does not answer", () => {
    test("fails: one that accepts and stays silent, as a failed dial that is retried", async () => {
        const port = await listening(createServer((socket) => open.push(() => socket.destroy())));
        const { watcher: w, lines } = watcher();
        const running = run(job(port, {}, { perDialTimeout: 0.2, dialErrorLimit: 1 }), w);
        await expect(running).rejects.toThrow("after 1 failed attempts: ssh: handshake failed: no answer within 1.2 s");
        expect(lines).toEqual(["Dial 1/1 failed: retrying"]);
    });

    test("fails: one that closes before the handshake", async () => {
        const port = await listening(createServer((socket) => socket.end()));
        await expect(run(job(port), watcher().watcher)).rejects.toThrow("ssh: handshake failed: EOF");
    });

    test("fails: an abort ends the log-in at once, with the abort's reason", async () => {
        const port = await listening(createServer((socket) => open.push(() => socket.destroy())));
        const { watcher: w, stop } = watcher();
        const running = run(job(port, {}, { dialErrorLimit: -1, perDialTimeout: 0 }), w);
        setTimeout(() => stop.abort(new Error("context canceled")), 100);
        await expect(running).rejects.toThrow("context canceled");
    });

    test("fails: a link that drops in silence while a command runs", async () => {
        jest.replaceProperty(KEEPALIVE, "keepaliveInterval", 50);
        const { port } = await sshServer((channel) => channel.write("begun\n"));
        let cut = false;
        const relay = createServer((near: Socket) => {
            const far = connect(port, "127.0.0.1");
            open.push(() => [near, far].forEach((socket) => socket.destroy()));
            for (const socket of [near, far]) socket.on("error", () => undefined);
            near.on("data", (data) => cut || far.write(data));
            far.on("data", (data) => cut || near.write(data));
        });
        const { watcher: w, lines } = watcher();
        const running = run(job(await listening(relay), { logging: "stdout" }), {
            ...w,
            log: (line) => {
                cut = true;
                return w.log(line);
            },
        });
        await expect(running).rejects.toThrow(
            'wait: remote command exited without exit status or exit signal: the server has stopped answering: running "work":\nbegun',
        );
        expect(lines).toEqual(["begun"]);
    });
});

describe("host key", () => {
    test("fails: another key than the pinned one, and nothing is logged in with", async () => {
        const { port, logins } = await sshServer((channel) => channel.exit(0));
        const running = run(job(port, {}, { hostKey: other.public }), watcher().watcher);
        await expect(running).rejects.toThrow("ssh: handshake failed: ssh: host key mismatch");
        expect(logins).toEqual([]);
    });

    test("is read from a line with options, a comment, or host names before it", () => {
        const pinned = hostKey(key.public);
        for (const line of [
            `${key.public} root@host`,
            `no-pty,from="a" ${key.public}`,
            `# note\n\nlb1 ${key.public}\n`,
        ]) {
            expect(hostKey(line)).toEqual(pinned);
        }
        expect(pinned.type).toBe("ssh-ed25519");
    });
});

describe("output", () => {
    const prints = (write: (channel: ServerChannel) => void) =>
        sshServer((channel) => {
            write(channel);
            channel.exit(0);
            channel.end();
        });

    test("a line of any length is logged in pieces and stored whole", async () => {
        const line = "x".repeat(200_000);
        const { port } = await prints((channel) => channel.write(`${line}\nafter\n`));
        const { watcher: w, lines } = watcher();
        const { stdout } = await run(job(port, { logging: "stdoutAndStderr" }), w);
        expect(stdout).toBe(`${line}\nafter`);
        expect(lines.slice(0, -1).join("")).toBe(line);
        expect(lines.at(-1)).toBe("after");
    });

    test("bytes that are not UTF-8 are replaced; a character cut in two by the network is not", async () => {
        const { port } = await sshServer((channel) => {
            channel.write(Buffer.from([0x61, 0xff, 0xc3]));
            setTimeout(() => {
                channel.write(Buffer.from([0xbc, 0x0a]));
                channel.exit(0);
                channel.end();
            }, 50);
        });
        const { watcher: w, lines } = watcher();
        expect((await run(job(port, { logging: "stdout" }), w)).stdout).toBe("a\ufffdü");
        expect(lines).toEqual(["a\ufffdü"]);
    });

    test("an engine that takes its time gets every line, in order", async () => {
        const { port } = await prints((channel) =>
            channel.write(Array.from({ length: 5000 }, (_, i) => `${i}\n`).join("")),
        );
        const lines: string[] = [];
        const log = async ({ message }: Omit<LogLine, "urn">) => {
            await new Promise(setImmediate);
            lines.push(message);
        };
        let last = Promise.resolve();
        const ordered = (line: Omit<LogLine, "urn">) => (last = last.then(() => log(line)));
        await run(job(port, { logging: "stdout" }), { ...watcher().watcher, log: ordered });
        expect(lines).toEqual(Array.from({ length: 5000 }, (_, i) => String(i)));
    });
});

describe("private keys", () => {
    const { privateKey: ed25519 } = generateKeyPairSync("ed25519");
    const { privateKey: ec } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const pem = (cipher: object = {}) => ({ type: "pkcs8", format: "pem", ...cipher }) as const;
    const locked = ed25519.export(pem({ cipher: "aes-256-cbc", passphrase: "phrase" })).toString();

    test.each([
        ["PKCS#8 Ed25519", ed25519.export(pem()).toString(), "ssh-ed25519"],
        ["PKCS#8 ECDSA", ec.export(pem()).toString(), "ecdsa-sha2-nistp256"],
        ["OpenSSH with CRLF and text around it", `note\r\n${key.private.replaceAll("\n", "\r\n")}\r\n`, "ssh-ed25519"],
    ])("%s", (_name, text, type) => {
        expect(privateKey(text, undefined).type).toBe(type);
    });

    test("PKCS#8 with a passphrase", () => {
        expect(privateKey(locked, "phrase").type).toBe("ssh-ed25519");
    });

    test.each([
        ["no key", "secret-material", undefined, "ssh: no key found"],
        ["locked, no passphrase", locked, undefined, "ssh: this private key is passphrase protected"],
        ["locked, wrong passphrase", locked, "wrong-phrase", "x509: decryption password incorrect"],
        [
            "a key SSH cannot use",
            generateKeyPairSync("x25519").privateKey.export(pem()).toString(),
            undefined,
            "x25519",
        ],
        ["cut short", key.private.replace(/\n.{60}/, "\n"), undefined, "ssh: cannot parse private key"],
    ])("fails: %s, and the error holds nothing of it", (_name, text, phrase, message) => {
        const attempt = () => privateKey(text, phrase);
        expect(attempt).toThrow(message);
        const error = String(new Error((catching(attempt) as Error).message));
        for (const word of [...text.split("\n").filter((line) => !line.startsWith("-----") && line !== ""), phrase]) {
            if (word) expect(error).not.toContain(word);
        }
    });
});

test("fails: a wrong password is in neither error nor log", async () => {
    const { port } = await sshServer((channel) => channel.exit(0));
    const { watcher: w, lines } = watcher();
    const running = run(job(port, {}, { password: "wrong-horse", dialErrorLimit: 1 }), w);
    const message = await running.then(
        () => "",
        (error: Error) => error.message,
    );
    expect(message).toContain("ssh: unable to authenticate, attempted methods [none password]");
    expect([message, ...lines].join(" ")).not.toContain("wrong-horse");
});

test("fails: check names every fault of a connection without showing its values", () => {
    const { failures = [] } = check({ connection: { hots: "h", password: 12345678, privateKey: ["key-material"] } });
    const text = JSON.stringify(failures);
    for (const word of ["hots", "host", "password", "privateKey"]) expect(text).toContain(word);
    for (const secret of ["12345678", "key-material"]) expect(text).not.toContain(secret);
});

test("commands are quoted in errors as Go quotes them", () => {
    expect(quoted('a"b\\c\n\t\x07\x1b\x7fü世🎉\u00ad\u{e0001}')).toBe(
        '"a\\"b\\\\c\\n\\t\\a\\x1b\\x7fü世🎉\\u00ad\\U000e0001"',
    );
});

describe("the process", () => {
    const plugins = compiledPlugins();
    afterAll(() => plugins.remove());
    const entry = plugins.entry("command");

    test("says its port first, on stderr that it is a stand-in, and ends on SIGTERM", async () => {
        const child = spawn(process.execPath, [entry, "127.0.0.1:9"], { stdio: ["ignore", "pipe", "pipe"] });
        const [[line], [notice]] = (await Promise.all(
            [child.stdout, child.stderr].map((from) => once(from, "data")),
        )) as [[Buffer], [Buffer]];
        expect(line.toString()).toMatch(/^\d+\n$/);
        expect(notice.toString()).toMatch(/^stand-in of pulumi-ha for the command plugin 1\.2\.1, .*\n$/);
        child.kill("SIGTERM");
        expect(await once(child, "exit")).toEqual([0, null]);
    });

    test("ends when the engine that started it is killed", async () => {
        const engine = `const { spawn } = require("node:child_process");
            const child = spawn(process.execPath, [${JSON.stringify(entry)}, "127.0.0.1:9"], { stdio: ["ignore", "pipe", "ignore"] });
            child.stdout.once("data", () => console.log(child.pid));`;
        const parent = spawn(process.execPath, ["-e", engine], { stdio: ["ignore", "pipe", "inherit"] });
        const [line] = (await once(parent.stdout, "data")) as [Buffer];
        const pid = Number(line.toString());
        expect(isRunning(pid)).toBe(true);
        parent.kill("SIGKILL");
        for (const deadline = Date.now() + 15_000; isRunning(pid) && Date.now() < deadline;) await sleep(50);
        expect(isRunning(pid)).toBe(false);
    }, 30_000);

    test("loads SSH only when a command runs", () => {
        const loaded = `Object.keys(require.cache).some((file) => file.includes("/node_modules/ssh2/"))`;
        const script = `require(${JSON.stringify(entry)}); console.error(${loaded}); process.exit();`;
        expect(spawnSync(process.execPath, ["-e", script], { encoding: "utf8" }).stderr).toBe("false\n");
    });
});

function isRunning(pid: number): boolean {
    try {
        return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
    } catch {
        return false;
    }
}

function catching(attempt: () => unknown): unknown {
    try {
        attempt();
    } catch (error) {
        return error;
    }
    return undefined;
}
