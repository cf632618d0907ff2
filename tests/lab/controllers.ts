import * as dgram from "node:dgram";
import type { Socket } from "node:dgram";
import type { IpmiFencingArgs } from "../../components";

/** Of the lab's own controllers; these listen that much above. */
const ABOVE = 100;

/** Controllers at addresses of their own, each of which is one of the lab's: it passes datagrams on. */
export class OtherControllers {
    private readonly sockets: Socket[] = [];

    /** The same controller, as another one. */
    async at(known: IpmiFencingArgs): Promise<IpmiFencingArgs> {
        const [address, port] = [known.address as string, known.port as number];
        const front = this.socket();
        const behind = new Map<string, Socket>();
        front.on("message", (asked, from) => {
            const who = `${from.address}:${from.port}`;
            const known = behind.get(who) ?? this.socket();
            if (!behind.has(who)) {
                behind.set(who, known);
                known.on("message", (answer) => front.send(answer, from.port, from.address));
            }
            known.send(asked, port, address);
        });
        await new Promise<void>((bound) => front.bind(port + ABOVE, address, bound));
        return { ...known, port: port + ABOVE };
    }

    private socket(): Socket {
        const made = dgram.createSocket("udp4");
        this.sockets.push(made);
        return made;
    }

    down(): void {
        for (const socket of this.sockets) socket.close();
    }
}
