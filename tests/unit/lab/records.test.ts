import * as net from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { monotonicMs } from "../../../lab/run";
import { RecordWriter } from "../../../lab/records";

/** A service that answers for a host, and forgets each record of a number that is in `forgets`, or hangs at it once. */
async function service(of: { host: string; forgets?: number[]; hangsAt?: number }) {
    const kept: string[] = [];
    let hung = false;
    const server = net.createServer((socket) => {
        socket.on("error", () => undefined);
        socket.on("data", (data) => {
            const line = data.toString().trim();
            const number = Number(line.split("-")[1]);
            if (number === of.hangsAt && !hung) {
                hung = true;
                return;
            }
            if (!of.forgets?.includes(number)) kept.push(`${line} ${of.host}`);
            socket.write(`ok ${line} ${of.host}\n`);
        });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as net.AddressInfo;
    return { to: { host: "127.0.0.1", port }, file: () => `${kept.join("\n")}\n`, close: () => server.close() };
}

async function written(writer: RecordWriter, count: number): Promise<void> {
    while (writer.acknowledged.length < count) await pause(2);
    await writer.stop();
}

test("what is acknowledged and not kept is lost", async () => {
    const { to, file, close } = await service({ host: "a", forgets: [3] });
    const writer = new RecordWriter(to, { everyMs: 1 });
    await written(writer, 10);
    close();
    expect(writer.judge(file())).toEqual({ lost: [3], disordered: 0, writers: ["a"] });
    expect(writer.server).toBe("a");
});

test("a record without an answer is sent again over another connection, and the time without one is told", async () => {
    const { to, file, close } = await service({ host: "a", hangsAt: 5 });
    const since = monotonicMs();
    const writer = new RecordWriter(to, { everyMs: 1, timeoutMs: 80 });
    await written(writer, 10);
    close();
    expect(writer.judge(file()).lost).toEqual([]);
    expect(writer.gapSeconds(since)).toBeGreaterThan(0.07);
});

test("who wrote out of turn is seen, and other clients' records are left out", () => {
    const writer = new RecordWriter({ host: "127.0.0.1", port: 1 });
    void writer.stop();
    const { label } = writer;
    const file = `${label}-1 a\n${label}-2 a\nother-9 c\n${label}-3 b\n${label}-2 a\n${label}-4 b\ncut of`;
    expect(writer.judge(file)).toEqual({ lost: [], disordered: 1, writers: ["a", "b", "a", "b"] });
});
