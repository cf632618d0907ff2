import { createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { answers } from "../../../remote/answers";

let server: Server | undefined;
const sockets: Socket[] = [];

afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    server?.close();
});

async function serving(greet: (socket: Socket) => void): Promise<number> {
    server = createServer((socket) => {
        sockets.push(socket);
        greet(socket);
    });
    await new Promise<void>((done) => server?.listen(0, "127.0.0.1", done));
    return (server.address() as AddressInfo).port;
}

test("an SSH server answers", async () => {
    const port = await serving((socket) => socket.write("SSH-2.0-OpenSSH_9.2\r\n"));
    await expect(answers("127.0.0.1", port)).resolves.toBeUndefined();
});

test("a refused dial is left to the provider, which tries again", async () => {
    const port = await serving(() => undefined);
    await new Promise((done) => server?.close(done));
    await expect(answers("127.0.0.1", port)).resolves.toBeUndefined();
});

test("fails: a server that accepts and stays silent, within the time given", async () => {
    const port = await serving(() => undefined);
    await expect(answers("127.0.0.1", port, 0.2)).rejects.toThrow(
        /accepts connections and then says nothing for 0.2 s/,
    );
});

test("fails: something that is no SSH server", async () => {
    const port = await serving((socket) => socket.write(Buffer.from([0x16, 0x03, 0x01, 0x00])));
    await expect(answers("127.0.0.1", port)).rejects.toThrow(/is no SSH server/);
});
