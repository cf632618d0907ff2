import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo, Server as TcpServer } from "node:net";
import * as path from "node:path";
import { Server, utils } from "ssh2";
import type { AuthContext } from "ssh2";
import { ENGINE_FILE } from "../../../remote/engine";
import { askAll } from "../../../cli/fleet/ask";
import type { Answer } from "../../../cli/fleet/ask";
import { fleetOf } from "../../../cli/fleet/hosts";
import { question } from "../../../cli/fleet/question";
import { drift } from "../../../cli/drift/run";
import { END, inOrder, stateOf } from "./fleet-state";
import type { Stated } from "./fleet-state";

jest.setTimeout(60_000);

const hostKey = utils.generateKeyPairSync("ed25519");
const login = utils.generateKeyPairSync("ed25519");
const UNIT = "vip-front";
/** How long a host takes to answer that is not too fast to show whether others wait for it. */
const THINKS_MS = 500;

const open: (() => unknown)[] = [];
afterAll(() => open.forEach((close) => close()));

async function listening(server: TcpServer | Server): Promise<number> {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    open.push(() => server.close());
    return (server.address() as AddressInfo).port;
}

let sshPort: number;
let silentPort: number;
let closedPort: number;
const asked: string[] = [];

beforeAll(async () => {
    sshPort = await listening(
        new Server({ hostKeys: [hostKey.private] }, (client) => {
            let user = "";
            open.push(() => client.end());
            client.on("error", () => undefined);
            client.on("authentication", (attempt: AuthContext) => {
                user = attempt.username;
                if (attempt.method === "publickey") attempt.accept();
                else attempt.reject(["publickey"]);
            });
            client.on("session", (accept) =>
                accept().on("exec", (agree, _refuse, { command }) => {
                    if (user === "asleep-before-exec") return;
                    // By login name: one that takes no command, and one that begins to tell and hangs.
                    const channel = agree();
                    asked.push(command);
                    channel.resume();
                    channel.on("end", () => {
                        channel.write(inOrder(UNIT));
                        if (user === "asleep-in-check") return;
                        channel.write(END);
                        channel.exit(0);
                        channel.end();
                    });
                }),
            );
        }),
    );
    silentPort = await listening(createServer((socket) => open.push(() => socket.destroy())));
    const gone = createServer();
    closedPort = await listening(gone);
    gone.close();
});

const host = (node: string, change: Record<string, unknown> = {}): Stated => ({
    node,
    parts: { unit: UNIT, gates: [{ name: "it answers", command: "true", withinSeconds: 600 }] },
    login: { host: "127.0.0.1", port: sshPort, hostKey: hostKey.public, privateKey: login.private, ...change },
});

test("200 hosts, of which 20 never answer: the others are reported at once, and those are unknown at the deadline", async () => {
    const hosts = Array.from({ length: 200 }, (_, n) => {
        const hangs = [{ port: silentPort }, { user: "asleep-before-exec" }, { user: "asleep-in-check" }][n % 3];
        return host(`n${n}`, n < 20 ? hangs : {});
    });
    const deadlineSeconds = 10;
    const begin = performance.now();
    const seconds = () => (performance.now() - begin) / 1000;
    let answered = 0;
    const { report } = await drift({
        state: stateOf(hosts),
        filter: { hosts: [], components: [] },
        deadlineSeconds,
        onHost: ({ verdict }) => {
            if (verdict === "fine") answered = seconds();
        },
    });
    expect(report.hosts.map(({ node, verdict }) => [node, verdict])).toEqual(
        hosts.map(({ node }, n) => [node, n < 20 ? "unknown" : "fine"]),
    );
    expect(report.verdict).toBe("unknown");
    expect(seconds()).toBeLessThan(deadlineSeconds + 2);
    expect(answered).toBeLessThan(deadlineSeconds);
    process.stdout.write(`figure: 180 of 200 hosts have answered after ${answered.toFixed(2)} s\n`);
});

test("20 hosts take what one takes, and what this machine has to compute for them", async () => {
    const script = path.join(__dirname, "ssh-host.js");
    const apart = fork(script, [inOrder(UNIT) + END, String(THINKS_MS)]);
    open.push(() => apart.kill());
    const [reached] = (await once(apart, "message")) as [Record<string, unknown>];
    const asked = async (count: number): Promise<{ wall: number; cpu: number }> => {
        const { hosts } = fleetOf(stateOf(Array.from({ length: count }, (_, n) => host(`n${n}`, reached))));
        const [begin, before] = [performance.now(), process.cpuUsage()];
        const answers = await askAll(hosts, { verbs: ["check", "health"], deadlineSeconds: 30 });
        const { user, system } = process.cpuUsage(before);
        expect(answers.map(({ evidence }) => evidence?.complete)).toEqual(hosts.map(() => true));
        return { wall: (performance.now() - begin) / 1000, cpu: (user + system) / 1e6 };
    };
    await asked(1);
    const [one, twenty] = [await asked(1), await asked(20)];
    const said = ({ wall, cpu }: { wall: number; cpu: number }) =>
        `${wall.toFixed(2)} s, ${cpu.toFixed(2)} s of processor`;
    process.stdout.write(
        `figure: hosts that take ${THINKS_MS / 1000} s to answer: one ${said(one)}; 20 of them ${said(twenty)}\n`,
    );
    // One after the other they would take 10 s. What is computed for each is the same, however many there are.
    expect(twenty.wall - one.wall).toBeLessThan((20 * THINKS_MS) / 1000 / 3);
    expect(twenty.cpu).toBeLessThan(2 * 20 * one.cpu);
});

const one = async (change: Record<string, unknown>, deadlineSeconds: number): Promise<Answer> =>
    (await askAll(fleetOf(stateOf([host("lb1", change)])).hosts, { verbs: ["check", "health"], deadlineSeconds }))[0]!;

test("fails: hosts that cannot be asked say why, in bounded time; what one told before it hung is kept", async () => {
    const faults: [Record<string, unknown>, string][] = [
        [{ port: closedPort }, "connection refused"],
        [{ port: silentPort }, "no answer within 2 s"],
        [{ user: "asleep-before-exec" }, "no answer within 2 s"],
        [{ user: "asleep-in-check" }, "it did not finish within 2 s"],
        [{ hostKey: login.public }, "ssh: host key mismatch"],
    ];
    const answers = await Promise.all(faults.map(async ([change]) => one(change, 2)));
    expect(answers.map(({ why }) => why)).toEqual(faults.map(([, why]) => expect.stringContaining(why) as string));
    answers.forEach(({ seconds }) => expect(seconds).toBeLessThan(3));
    const [, , , hung] = answers;
    expect(hung?.evidence?.complete).toBe(false);
    expect(hung?.evidence?.records.get(UNIT)?.state).toBe("same");
});

test("a host is asked once for all of its units, as root, and ends by itself", async () => {
    asked.length = 0;
    const state = stateOf([host("lb1", { user: "admin" }), { ...host("lb1", { user: "admin" }), component: "back" }]);
    await askAll(fleetOf(state).hosts, { verbs: ["check"], deadlineSeconds: 4 });
    expect(asked).toEqual(["sudo -n bash -s -- 4"]);
});

test("the question has the host side of the state, and does not wait for gates as an `up` does", () => {
    const [lb1] = fleetOf(stateOf([host("lb1")])).hosts;
    const text = question(lb1!, ["check", "health"]);
    expect(text).toContain(`\ntext text.3 ${Buffer.byteLength(ENGINE_FILE)}\n${ENGINE_FILE}`);
    expect(text).toContain("\ngate 600 it answers\n");
    expect(text).toContain("\ngate 2 it answers\n");
    expect(text.trimEnd().split("\n").at(-1)).toBe("end 0");
    expect(text).not.toContain("PRIVATE KEY");
});

test("fails: a stack without units, and filters that name what it has not", () => {
    const filter = (hosts: string[], components: string[]) => () =>
        fleetOf(stateOf([host("lb1"), host("lb2")]), { hosts, components });
    expect(() => fleetOf({ deployment: {} })).toThrow("the stack's state has no units of pulumi-ha");
    expect(filter(["lb3"], [])).toThrow("--host lb3: the stack has no such node; it has: lb1, lb2");
    expect(filter([], ["back"])).toThrow("--component back: the stack has no such component; it has: front");
    expect(filter(["lb2"], ["front"])().hosts.map(({ node }) => node)).toEqual(["lb2"]);
});

test("a half-destroyed stack has units that are not applied", () => {
    const { hosts, missing } = fleetOf(stateOf([host("lb1"), { ...host("lb2"), bare: true }]));
    expect(hosts.map(({ node }) => node)).toEqual(["lb1"]);
    expect(missing).toMatchObject([
        { node: "lb2", why: expect.stringContaining("front-lb2 is in the stack") as string },
    ]);
});
