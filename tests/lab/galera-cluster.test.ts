import { randomBytes } from "node:crypto";
import type { LabHost } from "../../lab";
import { GaleraBench, MEMBERS, PORTS, serverRuns } from "./galera-bench";
import { asRoot, missing } from "./members";
import { SequenceWriter } from "./sequence";
import { connect, errorKind, rows } from "./sql";
import { figure, summaries, up, upOk } from "./stack";
import { onHost } from "./support";

jest.setTimeout(400_000);

let galera: GaleraBench;

beforeAll(async () => {
    galera = await GaleraBench.up("t-galera", "10.84.0");
});
afterAll(() => galera.bench.down());

const variable = async (member: LabHost, name: string) => (await asRoot(member, `SELECT @@GLOBAL.${name}`)).trim();
const everywhere = (name: string) => Promise.all(galera.members.map((member) => variable(member, name)));

test("a first up makes a cluster that is reached through the address", async () => {
    const { seconds } = await upOk(galera.stack);
    figure("first up of three members and two load balancers, packages not installed before", seconds);
    const done = await summaries(galera.stack);
    for (const [what, units] of Object.entries(PHASES)) {
        const took = units.map((unit) => done[unit]?.seconds ?? NaN);
        figure(`first up: ${what}`, Math.max(...took));
    }
    await galera.whole();
    const connection = await connect(await galera.access());
    expect(await rows(connection, "SELECT @@wsrep_node_name AS member")).toEqual([{ member: "db1" }]);
    await connection.end();
});

/** Commands of an `up`, by what they do; those of one phase run at once. */
const PHASES: Record<string, string[]> = {
    "packages of members": MEMBERS.map((name) => `orders-${name}-member-prepare`),
    "who belongs, and health endpoints": MEMBERS.map((name) => `orders-${name}-member-apply`),
    "db3 begins": ["orders-db3-apply"],
    "db2 joins": ["orders-db2-apply"],
    "db1 joins": ["orders-db1-apply"],
    "databases and users": ["orders-accounts-apply"],
};

test("a second up changes nothing", async () => {
    const { steps, seconds } = await upOk(galera.stack);
    figure("up with nothing to do", seconds);
    expect(steps).toEqual([]);
});

test("readers are led to the members that are not the writer", async () => {
    const access = await galera.access(galera.address, PORTS.readers);
    const seen = new Set<unknown>();
    for (let round = 0; round < 6; round++) {
        const connection = await connect(access);
        for (const row of await rows(connection, "SELECT @@wsrep_node_name AS member")) seen.add(row.member);
        await connection.end();
    }
    expect([...seen].sort()).toEqual(["db2", "db3"]);
});

test("a variable that a running server takes is set without a restart", async () => {
    const runs = await serverRuns(galera.members);
    galera.wanted = { ...galera.wanted, settings: { max_allowed_packet: "32M" } };
    const { seconds, steps } = await upOk(galera.stack);
    figure("up that changes one variable of three running servers", seconds);
    expect(steps).toEqual(MEMBERS.map((name) => `update orders-${name}-apply`));
    expect(await everywhere("max_allowed_packet")).toEqual(MEMBERS.map(() => String(32 * 1024 ** 2)));
    expect(await serverRuns(galera.members)).toEqual(runs);
});

test("a variable that leaves the program has its default again, without a restart", async () => {
    const runs = await serverRuns(galera.members);
    galera.wanted = { ...galera.wanted, settings: {} };
    await upOk(galera.stack);
    expect(await everywhere("max_allowed_packet")).toEqual(MEMBERS.map(() => String(16 * 1024 ** 2)));
    expect(await serverRuns(galera.members)).toEqual(runs);
});

test("fails: a variable that the server does not know, and nothing is touched", async () => {
    const runs = await serverRuns(galera.members);
    const before = galera.wanted;
    galera.wanted = { ...before, settings: { innodb_flux_capacitor: "1" } };
    const { ok, output } = await up(galera.stack);
    galera.wanted = before;
    expect(ok).toBe(false);
    expect(output).toContain("innodb_flux_capacitor");
    expect(await serverRuns(galera.members)).toEqual(runs);
    await galera.whole();
    await upOk(galera.stack);
});

test("a variable that needs a restart reaches one member after the other, the writer last", async () => {
    const runs = await serverRuns(galera.members);
    const writer = await SequenceWriter.start(await galera.access());
    galera.wanted = { ...galera.wanted, settings: { performance_schema: "ON" } };
    const { seconds, steps } = await upOk(galera.stack);
    const report = await writer.stop();
    figure("up that restarts three members one after the other", seconds);
    figure("the same: longest time without an acknowledged write", report.longestSeconds);
    process.stdout.write(
        `figure: the same: ${JSON.stringify({ ...report, acknowledged: report.acknowledged.length })}\n`,
    );
    expect(steps).toEqual(MEMBERS.map((name) => `update orders-${name}-apply`));
    expect(await everywhere("performance_schema")).toEqual(["1", "1", "1"]);
    for (const [n, run] of (await serverRuns(galera.members)).entries()) expect(run).not.toBe(runs[n]);
    await galera.whole();
    expect(await missing(report.acknowledged, "shop.sequence", galera.members)).toEqual({ db1: [], db2: [], db3: [] });
});

/** Whether a password lets the user in, and if not, why. */
const login = async (password: string): Promise<string> => {
    try {
        const connection = await connect({ ...(await galera.access()), password });
        await connection.end();
        return "in";
    } catch (error) {
        return errorKind(error);
    }
};

describe("users", () => {
    const [first, second] = [`'";\\\`--${randomBytes(8).toString("hex")}`, randomBytes(16).toString("hex")];
    const shop = { name: "shop", database: "shop", grants: ["ALL"] };

    test("a password moves to the next one with a time in which both let in", async () => {
        const { password: generated } = await galera.access();
        galera.wanted = { ...galera.wanted, users: [{ ...shop, password: first, previousPassword: generated }] };
        const { steps } = await upOk(galera.stack);
        expect(steps).toEqual(["update orders-accounts-apply", "update orders-accounts-prepare"]);
        expect([await login(generated), await login(first)]).toEqual(["in", "in"]);

        galera.wanted = { ...galera.wanted, users: [{ ...shop, password: second, previousPassword: first }] };
        await upOk(galera.stack);
        galera.wanted = { ...galera.wanted, users: [{ ...shop, password: second }] };
        await upOk(galera.stack);
        expect(await Promise.all([generated, first, second].map(login))).toEqual([
            "ER_ACCESS_DENIED_ERROR",
            "ER_ACCESS_DENIED_ERROR",
            "in",
        ]);
    });

    test("fails: a user of that name that somebody else made, which is left as it is", async () => {
        await asRoot(galera.host("db2"), "CREATE USER theirs@'%' IDENTIFIED BY 'theirs-theirs'");
        const before = galera.wanted;
        galera.wanted = { ...before, users: [...(before.users ?? []), { name: "theirs" }] };
        const { ok, output } = await up(galera.stack);
        galera.wanted = before;
        expect(ok).toBe(false);
        expect(output).toContain("theirs@%: made by someone else, and left as it is");
        expect(output).not.toContain("theirs-theirs");
        expect(await asRoot(galera.host("db3"), "SHOW GRANTS FOR theirs@'%'")).toMatch(/^GRANT USAGE/);
        await asRoot(galera.host("db2"), "DROP USER theirs@'%'");
    });

    test("one that leaves the program is dropped on all members, and its session ends", async () => {
        const connection = await connect(await galera.access());
        const ended = new Promise<void>((resolve) => connection.on("error", () => resolve()));
        galera.wanted = { ...galera.wanted, users: [{ name: "next", database: "shop" }] };
        await upOk(galera.stack);
        await ended;
        const left = await Promise.all(
            galera.members.map((member) =>
                asRoot(member, "SELECT User FROM mysql.global_priv WHERE User IN ('shop', 'next')"),
            ),
        );
        expect(left).toEqual(["next\n", "next\n", "next\n"]);
        expect(await asRoot(galera.host("db2"), "SHOW DATABASES LIKE 'shop'")).toBe("shop\n");
    });
});

test("no password is on a host", async () => {
    const { passwords } = await galera.stack.outputs();
    for (const password of Object.values(passwords?.value as Record<string, string>))
        for (const member of galera.members)
            expect(
                await onHost(
                    member,
                    `grep -rlF -- ${password} /etc /run/pulumi-ha* /var/lib/pulumi-ha /var/log 2>/dev/null || :`,
                ),
            ).toBe("");
});
