import * as fs from "node:fs";
import * as path from "node:path";
import type { Stack } from "@pulumi/pulumi/automation";
import { CertificateAuthority, GaleraCluster } from "../../components";
import { projectOf, pulumiHa } from "./command";
import type { Ended } from "./command";
import { asRoot } from "./members";
import { destroy, figure, up, upOk } from "./stack";
import { Bench, onHost, until } from "./support";

jest.setTimeout(300_000);

const MEMBERS = ["db1", "db2", "db3"];
let bench: Bench;
let stack: Stack;

beforeAll(async () => {
    bench = await Bench.up("t-rec", "10.85.0.0/24", MEMBERS);
    stack = await bench.stack("recovery", () => {
        const { issuer } = new CertificateAuthority("ca", { organization: "Example" });
        new GaleraCluster("orders", {
            nodes: MEMBERS.map((name) => bench.node(name)),
            issuer,
            databases: [{ name: "shop" }],
        });
        return Promise.resolve({});
    });
    const { seconds } = await upOk(stack);
    figure("up of three members", seconds);
    await asRoot(bench.host("db1"), "CREATE TABLE shop.sold (id INT PRIMARY KEY)");
});
afterAll(() => bench.down());

/** Runs `pulumi-ha recover galera orders` as a person does, in the folder of a project. */
const recover = (...more: string[]): Promise<Ended> =>
    pulumiHa(bench, "recover", "galera", "orders", "--stack", "recovery", ...more);

const records = () =>
    fs
        .readdirSync(path.join(projectOf(bench), ".pulumi-ha", "recover"))
        .sort()
        .map((file) => ({
            file,
            record: JSON.parse(fs.readFileSync(path.join(projectOf(bench), ".pulumi-ha", "recover", file), "utf8")) as {
                outcome: string;
                reason?: string;
                history?: string;
                decision: { node?: string; position?: { uuid: string } };
            },
        }));

const sell = (id: number, member = "db1") => asRoot(bench.host(member), `INSERT INTO shop.sold VALUES (${id})`);
const sold = async (member: string) =>
    (await asRoot(bench.host(member), "SELECT GROUP_CONCAT(id ORDER BY id) FROM shop.sold")).trim();
const UUID =
    "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'wsrep_cluster_state_uuid'";
const uuidOf = async (member: string) => (await asRoot(bench.host(member), UUID)).trim();
const stop = (member: string) => onHost(bench.host(member), "systemctl stop mariadb");

/** Nothing that would make a later start begin a second cluster. */
const noMarkers = () =>
    Promise.all(MEMBERS.map((name) => onHost(bench.host(name), "! test -e /run/mariadb-wsrep-new-cluster")));

test("there is nothing to do for a cluster that runs", async () => {
    const { code, output } = await recover("--yes");
    expect(output).toContain("nothing to recover: db1, db2, db3 are Primary");
    expect(code).toBe(0);
});

test("fails beside a member that is Primary, and says how the others join", async () => {
    await stop("db2");
    await sell(1);
    const { code, output } = await recover("--yes");
    expect(code).toBe(1);
    expect(output).toMatch(/refused:\n.*there is a cluster \(db1, db3 Primary\).*let db2 join it/);
});

test("after an orderly stop the one that left last begins, and the others join", async () => {
    await stop("db3");
    await sell(2);
    await stop("db1");

    const asked = await recover();
    expect(asked.output).toContain("db1 would begin the cluster");
    expect(asked.output).toContain("nothing was changed; --yes does it");
    expect(asked.code).toBe(2);
    expect(await onHost(bench.host("db1"), "systemctl is-active mariadb || true")).toBe("inactive\n");

    const done = await recover("--yes");
    expect(done.output).toContain("recovered: db1, db2, db3 are Primary");
    expect(done.code).toBe(0);
    figure("recovered after an orderly stop, two members joining", done.seconds);
    for (const name of MEMBERS) expect(await sold(name)).toBe("1,2");
    await noMarkers();

    const [kept] = records();
    expect(kept?.record).toMatchObject({ outcome: "done", decision: { do: "bootstrap", node: "db1" } });
    for (const name of MEMBERS) {
        const there = await onHost(bench.host(name), `cat /var/lib/pulumi-ha/recover/${kept?.file}`);
        expect(JSON.parse(there)).toEqual(kept?.record);
    }
});

test("after a power loss one is missing: refused until it is named, and it gets a whole copy when it is back", async () => {
    await sell(3);
    await Promise.all(MEMBERS.map((name) => bench.host(name).powerOff()));
    await Promise.all(["db1", "db2"].map((name) => bench.host(name).powerOn()));
    const login = async () => (await recover()).output;
    const refused = await until(
        "both that have power can be asked",
        30,
        login,
        (output) => !/db[12]\s+no answer/.test(output),
    );
    expect(refused).toMatch(/refused:\n.*db3 can't be asked .* say --without db3 --reason/);

    const unsaid = await recover("--without", "db3", "--yes");
    expect(unsaid.output).toContain("--without db3 needs --reason");
    expect(unsaid.code).toBe(1);

    const done = await recover("--without", "db3", "--reason", "its rack has no power", "--yes");
    expect(done.output).toContain("recovered: db1, db2 are Primary");
    expect(done.code).toBe(0);
    figure("recovered after a power loss with one member missing", done.seconds);
    const { record } = records().at(-1)!;
    expect(record).toMatchObject({ outcome: "done", reason: "its rack has no power" });
    expect(record.history).not.toBe(record.decision.position?.uuid);
    await sell(4);

    await bench.host("db3").powerOn();
    const uuid = async () => uuidOf("db3").catch(() => "not yet");
    await until("the missing member is in the same cluster", 60, uuid, (found) => found === record.history);
    expect(
        await until(
            "it has it all",
            10,
            () => sold("db3"),
            (ids) => ids === "1,2,3,4",
        ),
    ).toBe("1,2,3,4");
    await noMarkers();
});

test("after destroy the data is kept, and begins again only on the word of a recovery", async () => {
    await destroy(stack);
    const refused = await up(stack);
    expect(refused.ok).toBe(false);
    expect(refused.diagnostics).toMatch(
        /nobody to join; `pulumi-ha recover galera orders` starts it from the newest data/,
    );

    const named = await recover("--yes");
    expect(named.output).toContain('now run "pulumi up": it configures the members, begins the cluster on db3');
    expect(named.code).toBe(0);
    figure("up on data that was there", (await upOk(stack)).seconds);
    for (const name of MEMBERS) expect(await sold(name)).toBe("1,2,3,4");
    await noMarkers();
});
