// A host that takes the same time to give the same answer to everything, in a process of its own: so its log-ins are not counted with those of who asks.
// Called with the answer and milliseconds; sends its port and keys.
const { setTimeout } = require("node:timers");
const { Server, utils } = require("ssh2");

const [, , answer, milliseconds] = process.argv;
const hostKey = utils.generateKeyPairSync("ed25519");
const login = utils.generateKeyPairSync("ed25519");

const server = new Server({ hostKeys: [hostKey.private] }, (client) => {
    client.on("error", () => undefined);
    client.on("authentication", (attempt) =>
        attempt.method === "publickey" ? attempt.accept() : attempt.reject(["publickey"]),
    );
    client.on("session", (accept) =>
        accept().on("exec", (agree) => {
            const channel = agree();
            channel.resume();
            channel.on("end", () =>
                setTimeout(() => {
                    channel.write(answer);
                    channel.exit(0);
                    channel.end();
                }, Number(milliseconds)),
            );
        }),
    );
});
server.listen(0, "127.0.0.1", () =>
    process.send({ port: server.address().port, hostKey: hostKey.public, privateKey: login.private }),
);
