import { execFile } from "node:child_process";
import * as path from "node:path";
import { promisify } from "node:util";
import { controller } from "../../cli/demo/pair/program";
import type { PacemakerClusterArgs } from "../../components";
import { MEMBERS, PacemakerBench, THIRD, other } from "./pacemaker-bench";
import { upOk } from "./stack";
import { PROJECT, onHost, until } from "./support";

const run = promisify(execFile);

jest.setTimeout(300_000);

let pair: PacemakerBench;

/** Members without a witness: two decide by who fences first, three by majority. */
const members = (...names: string[]): Partial<PacemakerClusterArgs> => ({
    nodes: names.map((name) => pair.bench.node(name)),
    witness: undefined,
    fencing: { ipmi: Object.fromEntries(names.map((name) => [name, controller(pair.bench.lab, name)])) },
});

beforeAll(async () => {
    pair = await PacemakerBench.up("t-members", "10.125.1");
    pair.wanted = { ...pair.wanted, ...members(...MEMBERS) };
    await upOk(pair.stack);
    await pair.healthy();
});
afterAll(async () => pair.bench.down());

const boot = (name: string): Promise<string> => onHost(pair.host(name), "cat /proc/sys/kernel/random/boot_id");

/** Nothing that one member says reaches the other; each still reaches clients and controllers. */
async function sightOf(name: string, lost: boolean): Promise<void> {
    const { address } = pair.host(other(name)).inventory;
    await onHost(pair.host(name), `ip route ${lost ? "add" : "del"} blackhole ${address}/32`);
}

/** Nothing stopped where clients are served, and quorum was not away there: how long one question took is this machine's, on which other tests run too. */
async function unnoticed(what: string, change: () => Promise<unknown>): Promise<void> {
    const from = await pair.active();
    const since = (await onHost(pair.host(from), "date +%s.%N")).trim();
    const found = await pair.seen(what, () => [from], change);
    expect(found.both).toEqual([]);
    const told = `journalctl --since @${since} -u corosync -u pacemaker --no-pager -o cat`;
    const broken = "non-primary|Quorum lost|Result of (stop|demote) operation for (address|web)";
    expect(await onHost(pair.host(from), `${told} | grep -E '${broken}' || true`)).toBe("");
}

describe("two members without a witness that lose sight of each other", () => {
    test.each(["the one that is not preferred", "the one that is preferred"])(
        "%s serves: it goes on, the other one is ended",
        async (which) => {
            const serving = MEMBERS[which.includes("not") ? 1 : 0]!;
            if ((await pair.active()) !== serving) await pair.moved(`to ${serving}`);
            const before = { [serving]: await boot(serving), [other(serving)]: await boot(other(serving)) };
            await unnoticed("no way between the members", async () => {
                await Promise.all(MEMBERS.map((name) => sightOf(name, true)));
                await until(
                    "the other one is ended and begins again",
                    60,
                    () => boot(other(serving)).catch(() => ""),
                    (id) => id !== "" && id !== before[other(serving)],
                );
            });
            expect(await boot(serving)).toBe(before[serving]);
            await sightOf(serving, false);
            await pair.healthy();
        },
    );
});

describe("members come and go", () => {
    /** Names and states as Pacemaker has them. */
    const nodes = () =>
        onHost(
            pair.host("n1"),
            `crm_mon -1 --output-as=xml --include=none,nodes | sed -nE 's/^ *<node name="([^"]+)".* online="([a-z]+)".*/\\1 \\2/p' | sort`,
        );
    const votes = () =>
        onHost(pair.host("n1"), "corosync-quorumtool -s | sed -nE 's/^(Expected votes|Quorum): *([0-9]+).*/\\1 \\2/p'");

    test("a third one joins, while clients notice nothing", async () => {
        pair.wanted = { ...pair.wanted, ...members(...MEMBERS, THIRD) };
        await unnoticed("a third member", () => upOk(pair.stack));
        expect(await nodes()).toBe("n1 true\nn2 true\nthird true\n");
        expect(await votes()).toBe("Expected votes 3\nQuorum 2\n");
        await pair.healthy();
        expect((await upOk(pair.stack)).steps).toEqual([]);
    });

    test("fails: one is taken out while it runs; the three go on", async () => {
        const three = pair.wanted;
        pair.wanted = { ...pair.wanted, ...members(...MEMBERS) };
        let said = "";
        await unnoticed("a member taken out that runs", () => upOk(pair.stack).catch((e) => (said = String(e))));
        expect(said).toContain("third leaves, and still runs");
        expect(await nodes()).toBe("n1 true\nn2 true\nthird true\n");
        pair.wanted = three;
        await upOk(pair.stack);
    });

    test("one that is off for good is taken out: nothing of it is left, and clients notice nothing", async () => {
        await onHost(pair.host(THIRD), "systemctl disable --now pacemaker corosync");
        await pair.host(THIRD).powerOff();
        await until("it is missed", 30, nodes, (seen) => seen.includes("third false"));
        await forget(/^pair-third(-|$)/);
        pair.wanted = { ...pair.wanted, ...members(...MEMBERS) };
        // Its host was the witness's too, which no member asks.
        await unnoticed("a member that is gone", () => upOk(pair.stack));
        expect(await nodes()).toBe("n1 true\nn2 true\n");
        expect(await votes()).toBe("Expected votes 2\nQuorum 1\n");
        await pair.healthy();
    });

    /** As docs/operations.md says for a node that is gone for good. */
    async function forget(names: RegExp): Promise<void> {
        const { workspace, name } = pair.stack;
        const left = async (): Promise<string[]> => {
            const { deployment } = await pair.stack.exportStack();
            const urns = ((deployment as { resources?: { urn: string }[] }).resources ?? []).map(({ urn }) => urn);
            return urns.filter((urn) => names.test(urn.split("::").at(-1)!));
        };
        for (let [urn] = await left(); urn !== undefined; [urn] = await left())
            await run(
                path.join(PROJECT, ".pulumi-ha", "bin", "pulumi"),
                ["state", "delete", urn, "--target-dependents", "--yes", "--stack", name],
                { cwd: workspace.workDir, env: { ...process.env, ...workspace.envVars } },
            );
    }
});
