import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { agent, qmp } from "../../../lab/vm/qmp";

interface Asked {
    execute: string;
    arguments?: { id?: number };
}

const dir = fs.mkdtempSync(path.join(os.tmpdir(), "qmp-"));
const socket = path.join(dir, "socket");
let server: net.Server | undefined;

/** A QEMU, or an agent, that says something at once and then answers each command. */
const peer = (greeting: string, answer: (asked: Asked) => (string | Buffer | object)[]): Promise<void> =>
    new Promise((resolve) => {
        server = net.createServer((connection) => {
            connection.on("error", () => undefined);
            connection.write(greeting);
            connection.on("data", (data) => {
                const lines = data.toString("latin1").replaceAll("\xff", "").split("\n").filter(Boolean);
                for (const line of lines)
                    for (const part of answer(JSON.parse(line) as Asked))
                        connection.write(
                            typeof part === "string" || Buffer.isBuffer(part) ? part : `${JSON.stringify(part)}\n`,
                        );
            });
        });
        server.listen(socket, resolve);
    });

afterEach(() => new Promise((resolve) => server!.close(resolve)));
afterAll(() => fs.rmSync(dir, { recursive: true }));

const GREETING = '{"QMP": {"version": {}}}\n';

test("a command's answer is told from events, which are kept until somebody waits for them", async () => {
    await peer(GREETING, ({ execute }) => [
        ...(execute === "device_del" ? [{ event: "DEVICE_DELETED", data: { device: "x" } }] : []),
        { return: execute },
    ]);
    const answer = await qmp(socket, async (line) => {
        const returned = await line.call("device_del", { id: "x" });
        await line.event("DEVICE_DELETED", (data) => data["device"] === "x");
        return returned;
    });
    expect(answer).toBe("device_del");
});

test("an answer that comes in pieces is one", async () => {
    await peer(GREETING, () => ['{"ret', 'urn": {"status": "running"}}', "\n"]);
    expect(await qmp(socket, (line) => line.call("query-status"))).toEqual({ status: "running" });
});

test("the agent's answers to somebody who has gone are left out", async () => {
    await peer('{"return": {"pid": 1}}\n{"return": {"p', ({ execute, arguments: details }) =>
        execute === "guest-sync-delimited"
            ? [{ error: { desc: "JSON parse error" } }, Buffer.from([0xff]), { return: details!.id }]
            : [{ return: { pid: 7 } }],
    );
    expect(await agent(socket, (line) => line.call("guest-exec"))).toEqual({ pid: 7 });
});

test("fails: with QEMU's reason", async () => {
    await peer(GREETING, ({ execute }) =>
        execute === "qmp_capabilities" ? [{ return: {} }] : [{ error: { desc: "Device 'x' not found" } }],
    );
    await expect(qmp(socket, (line) => line.call("device_del"))).rejects.toThrow(
        "QEMU: device_del: Device 'x' not found",
    );
});

test("fails: in time where nobody answers, and at once where nobody is", async () => {
    await peer("", () => []);
    await expect(agent(socket, (line) => line.call("guest-ping"), 0.05)).rejects.toThrow(
        "the guest's agent does not answer within 0.05 s",
    );
    await expect(qmp(path.join(dir, "none"), (line) => line.call("quit"))).rejects.toThrow("QEMU can't be reached");
});
