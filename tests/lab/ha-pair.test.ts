import type { Stack } from "@pulumi/pulumi/automation";
import { Failback, Fault, HaPair, HaPairEngine, ServicePreset } from "../../components";
import type { FaultSeconds } from "../../components";
import type { LabHost } from "../../lab";
import { vipOwners } from "../../lab";
import { etc } from "./beacon";
import { late, seen } from "./seen";
import type { Seen } from "./seen";
import { destroy, figure, summaries, up, upOk } from "./stack";
import { Bench, onHost, until } from "./support";

jest.setTimeout(180_000);
// What is measured here is tenths of a second of a machine that others use too: what was late once is shown, and measured once more.
jest.retryTimes(1, { logErrorsBeforeRetry: true, retryImmediately: true });

const VIP = "10.121.2.100";
const URL = `http://${VIP}/`;
const NODES = ["app1", "app2"];
/** Of the computed bound: the rest is this machine, which runs all hosts and the client. */
const ROOM = 1.15;
/** Preferred: it has the address whenever it can. */
const [HOME, OTHER] = ["app1", "app2"];

/** What the web server reads: its answers say which host they come from. */
const READ = "/etc/nginx/conf.d/pair.conf";
const NAMED = "add_header X-Host $hostname always;\n";

let bench: Bench;
let stack: Stack;
let content = NAMED;
let before: Record<string, string>[];

const host = (name: string): LabHost => bench.host(name);
const each = <T>(ask: (h: LabHost) => Promise<T>): Promise<T[]> => Promise.all(NODES.map((name) => ask(host(name))));
const owners = (): Promise<string[]> => vipOwners(bench.lab, VIP);
const watched = (what: string, to: string[], happens: () => Promise<unknown>): Promise<Seen> =>
    seen({ url: URL, owners }, what, () => to, happens);

/** What the pair may touch of /etc, without what its packages bring along. */
async function ours(of: LabHost): Promise<Record<string, string>> {
    const files =
        /^\.\/(keepalived\/(conf\.d|joined|scripts|keepalived\.conf$)|nginx\/conf\.d\/pair|systemd\/system\/keepalived)/;
    return Object.fromEntries(Object.entries(await etc(of)).filter(([file]) => files.test(file)));
}

beforeAll(async () => {
    bench = await Bench.up("t-hapair", "10.121.2.0/24", NODES);
    stack = await bench.stack("pair", async () => {
        const pair = new HaPair("front", {
            nodes: NODES.map((name) => bench.node(name)),
            address: `${VIP}/24`,
            engine: HaPairEngine.Keepalived,
            failback: Failback.Automatic,
            services: { web: { preset: ServicePreset.Nginx, files: { [READ]: content } } },
        });
        return { failover: pair.failover, endpoints: pair.endpoints, volume: pair.volume };
    });
    before = await each(ours);
});
afterAll(async () => bench.down());

/** Seconds that the pair promises for a fault. */
async function promised(fault: Fault): Promise<number> {
    const { failover } = await stack.outputs();
    const found = (failover?.value as FaultSeconds[]).find((f) => f.fault === fault);
    if (!found) throw new Error(`nothing is promised for ${fault}`);
    return found.totalSeconds;
}

/** Which host answers at the address. */
const answersFrom = async (): Promise<string | null> => {
    const { headers } = await fetch(URL, { headers: { connection: "close" }, signal: AbortSignal.timeout(1000) });
    return headers.get("x-host");
};

/** Waits until one host alone has the address, and answers there. */
async function serves(name: string): Promise<void> {
    const now = async () => ({ owners: await owners(), from: await answersFrom().catch(String) });
    await until(
        `${name} alone serves`,
        30,
        now,
        ({ owners: have, from }) => have.length === 1 && have[0] === name && from === name,
    );
}

/** The holder can serve no more: the other one does in time; and, once it can again, it does without a call. */
async function failsOverAndBack(
    what: string,
    fault: Fault,
    happens: () => Promise<unknown>,
    repair: () => Promise<unknown>,
) {
    await serves(HOME);
    const found = await watched(what, [OTHER], happens);
    expect(found.both).toEqual([]);
    expect(found.lost).toBeGreaterThan(0);
    expect(found.seconds).toBeLessThanOrEqual((await promised(fault)) * ROOM + late(found));
    await serves(OTHER);
    const back = await watched(`${what}: and back`, [HOME], repair);
    expect(back.both).toEqual([]);
    await serves(HOME);
}

describe("a pair without state, by keepalived", () => {
    test("comes up with its packages, and one node alone serves at the address", async () => {
        const outcome = await upOk(stack);
        figure("first up of a pair by keepalived, nginx and keepalived to install", outcome.seconds);
        await serves(HOME);
        expect(await each((h) => onHost(h, "systemctl is-active nginx && systemctl is-enabled nginx"))).toEqual(
            NODES.map(() => "active\nenabled\n"),
        );
        const { endpoints, volume } = await stack.outputs();
        expect([endpoints?.value, volume?.value]).toEqual([{ web: `${VIP}:80` }, undefined]);
    });

    test("a second up changes nothing", async () => expect((await upOk(stack)).steps).toEqual([]));

    test("the web server is killed on the holder: the other node serves in time, and the first one when it runs again", () =>
        failsOverAndBack(
            "kill -9 of nginx",
            Fault.Process,
            () => onHost(host(HOME), "systemctl kill --signal=KILL nginx"),
            () => onHost(host(HOME), "systemctl start nginx"),
        ));

    test("it is stopped there: the same", () =>
        failsOverAndBack(
            "nginx stopped",
            Fault.Process,
            () => onHost(host(HOME), "systemctl stop nginx"),
            () => onHost(host(HOME), "systemctl start nginx"),
        ));

    test("the holder loses power: the other node serves in time, and the first one when it is back", () =>
        failsOverAndBack(
            "power-off of the holder",
            Fault.Power,
            () => host(HOME).powerOff(),
            () => host(HOME).powerOn(),
        ));

    test("the web server of the node that stands by may fail: no question is lost", async () => {
        const found = await watched("nginx stopped beside the holder", [HOME], async () => {
            await onHost(host(OTHER), "systemctl stop nginx");
            await until(
                "keepalived has seen it",
                20,
                () => host(OTHER).exec(["journalctl", "--unit=keepalived", "--grep=front.*Entering FAULT", "-n1"]),
                (ran) => ran.code === 0,
            );
            await onHost(host(OTHER), "systemctl start nginx");
        });
        expect(found.lost).toBe(0);
    });

    test("fails: a file that the web server refuses; both go on as they were", async () => {
        content = "nonsense;\n";
        let outcome = { ok: true, output: "" };
        const found = await watched("a refused file", [HOME], async () => (outcome = await up(stack)));
        content = NAMED;
        expect(outcome).toMatchObject({ ok: false, output: expect.stringContaining('directive "nonsense"') });
        expect(found.lost).toBe(0);
        expect(await each((h) => onHost(h, `cat ${READ}`))).toEqual(NODES.map(() => NAMED));
        await upOk(stack);
    });

    test("a changed file goes to both, with a restart of the web server on one after the other", async () => {
        content = `${NAMED}server_tokens off;\n`;
        const found = await watched("a changed file", [HOME], () => upOk(stack));
        expect(found.seconds).toBeLessThanOrEqual((await promised(Fault.Process)) * ROOM + late(found));
        expect(await each((h) => onHost(h, `cat ${READ}`))).toEqual(NODES.map(() => content));
        const done = await summaries(stack);
        expect(NODES.map((name) => done[`front-${name}-services-apply`]?.actions)).toEqual(
            NODES.map(() => ["restart nginx.service"]),
        );
        await serves(HOME);
    });

    test("destroy leaves no address and nothing that it brought", async () => {
        expect((await destroy(stack)).ok).toBe(true);
        expect(await owners()).toEqual([]);
        expect(await each(ours)).toEqual(before);
        expect(await each((h) => onHost(h, "systemctl is-active keepalived nginx || true"))).toEqual(
            NODES.map(() => "inactive\ninactive\n"),
        );
    });
});
