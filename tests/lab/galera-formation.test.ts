import * as fs from "node:fs";
import * as path from "node:path";
import type { GaleraClusterArgs, NodeArgs } from "../../components";
import type { LabHost } from "../../lab";
import { kill } from "../../lab/cgroups";
import { asRoot } from "./members";
import { Program, lives, processTree } from "./program";
import type { Running } from "./program";
import { figure } from "./stack";
import { Bench, PROJECT, onHost, until } from "./support";

jest.setTimeout(400_000);

const FOUNDER = "db3";
const NAMES = ["db1", "db2", FOUNDER];

const SOURCE = `const { readFileSync } = require("node:fs");
const { CertificateAuthority, GaleraCluster } = require(${JSON.stringify(path.join(PROJECT, "dist", "components"))});
const args = JSON.parse(readFileSync(__dirname + "/cluster.json", "utf8"));
const { issuer } = new CertificateAuthority("ca", { organization: "Example" });
new GaleraCluster("orders", { ...args, issuer });
`;

let bench: Bench;
let program: Program;
/** What the next `up` says of a host that is no longer what the lab made. */
const hostKeys: Record<string, string> = {};

beforeAll(async () => {
    bench = await Bench.up("t-gform", "10.83.0.0/24", NAMES);
    program = await Program.make(bench, "formation");
    fs.writeFileSync(path.join(program.dir, "index.js"), SOURCE);
    want();
});
afterAll(() => bench.down());

const node = (name: string): NodeArgs =>
    bench.node(name, hostKeys[name] === undefined ? {} : { hostKey: hostKeys[name] });

/** What the next `up` wants. */
function want(more: Partial<GaleraClusterArgs> = {}): void {
    const args = { nodes: NAMES.map(node), databases: [{ name: "shop" }], joinSeconds: 60, ...more };
    fs.writeFileSync(path.join(program.dir, "cluster.json"), JSON.stringify(args), { mode: 0o600 });
}

const members = (): LabHost[] => NAMES.map((name) => bench.host(name));

/** Whether a command succeeds on a host. */
const holds = (name: string, script: string) => async (): Promise<boolean> =>
    (await bench.host(name).exec(["bash", "-c", script])).code === 0;

const RECEIVES = "pgrep -f 'wsrep_sst_pulumi_ha.*--role joiner'";
const SYNCED = "grep -qx status=synced /run/pulumi-ha-galera/state";
const UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";

const standing = (host: LabHost): Promise<string> =>
    asRoot(
        host,
        `SELECT GROUP_CONCAT(VARIABLE_VALUE ORDER BY VARIABLE_NAME SEPARATOR ' ') FROM information_schema.GLOBAL_STATUS
        WHERE VARIABLE_NAME IN ('wsrep_cluster_size', 'wsrep_cluster_state_uuid', 'wsrep_local_state_comment')`,
    ).then(
        (text) => text.trim(),
        () => "no answer",
    );

/** Waits until all members are in one cluster, and gives its uuid. */
async function whole(seconds = 60): Promise<string> {
    const seen = await until(
        "all members are synced in one cluster of three",
        seconds,
        () => Promise.all(members().map(standing)),
        (all) => new Set(all).size === 1 && /^3 \S+ Synced$/.test(all[0] ?? ""),
    );
    return seen[0]?.split(" ")[1] ?? "";
}

/** Every uuid of a cluster that the servers of a host ever had a view of. */
const history = async (host: LabHost): Promise<string[]> => {
    const words = await onHost(
        host,
        `journalctl --unit=mariadb --output=cat --no-pager | grep -oE 'id: ${UUID}:[0-9]+|Group state: ${UUID}' | grep -oE '${UUID}' | sort -u || :`,
    );
    return words.split("\n").filter((uuid) => uuid !== "" && !uuid.startsWith("00000000-"));
};

/** Ends the CLI, and all that it started on this machine, once something is so. */
async function killWhen(what: string, running: Running, so: () => Promise<boolean>): Promise<void> {
    const { child, ended } = running;
    const reached = until(what, 150, so, Boolean);
    const early = await Promise.race([reached.then(() => undefined), ended]);
    if (early) throw new Error(`the up ended before ${what}\n${running.output()}`);
    const tree = processTree(child.pid!);
    tree.forEach(kill);
    await ended;
    await until(
        "what the killed CLI had started is gone",
        15,
        async () => tree.filter(lives),
        (pids) => !pids.length,
    );
    process.stdout.write(`killed: ${what}\n`);
    await program.run(["cancel", "--yes"]);
}

/** An `up` that must fail; what it said. */
async function refused(): Promise<string> {
    const { code, output, seconds } = await program.startUp().ended;
    figure("an up that is refused", seconds);
    expect(code).not.toBe(0);
    return output;
}

/** A host as after an installation from scratch, with another key, and nothing in the server's folder but what is said. */
async function reinstall(name: string, databases: string[] = []): Promise<void> {
    await onHost(
        bench.host(name),
        `systemctl stop mariadb pulumi-ha-galera-health.socket pulumi-ha-galera-health.service
        rm -rf /var/lib/mysql/* /var/lib/mysql/.[!.]* /var/lib/pulumi-ha /etc/pulumi-ha /usr/local/lib/pulumi-ha /etc/mysql/pulumi-ha \\
            /etc/mysql/mariadb.conf.d/7* /etc/systemd/system/mariadb.service.d /etc/systemd/system/pulumi-ha-*
        systemctl daemon-reload
        ${databases.map((database) => `install -d -o mysql -g mysql /var/lib/mysql/${database}`).join("\n")}
        rm -f /etc/ssh/ssh_host_ed25519_key*
        ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
        systemctl restart ssh`,
    );
    hostKeys[name] = (await onHost(bench.host(name), "cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub")).trim();
    want();
}

let uuid: string;

test("an up that is killed while the cluster forms, five times, is completed by the next one, and there is one cluster", async () => {
    const points: [string, () => Promise<boolean>][] = [
        ["a package is being installed", holds("db1", "[ -e /usr/sbin/mariadbd ]")],
        ["the health endpoints are there", holds("db2", "systemctl is-active pulumi-ha-galera-health.socket")],
        ["the founder begins the cluster", holds(FOUNDER, "pgrep -f 'mariadbd.*--wsrep-new-cluster'")],
        ["the first one to join receives its copy", holds("db2", RECEIVES)],
        ["the first one has joined", holds("db2", SYNCED)],
    ];
    for (const [what, so] of points) await killWhen(what, program.startUp(), so);
    const { seconds } = await program.up();
    figure("the up that completes the cluster", seconds);
    uuid = await whole();
    for (const member of members()) {
        expect(await history(member)).toEqual([uuid]);
        expect(await onHost(member, "awk '/^uuid:/ { print $2 }' /var/lib/mysql/grastate.dat")).toBe(`${uuid}\n`);
        expect(await onHost(member, "ls /run/mariadb-wsrep-new-cluster 2>&1 || :")).toContain("No such file");
        expect(await onHost(member, "ls -A /var/lib/pulumi-ha/units/*/journal 2>/dev/null || :")).toBe("");
    }
    expect((await program.up()).output).toMatch(/Resources:\n\s+\d+ unchanged\n/);
});

/** Keeps the others' answers from a host, which itself stays reachable from elsewhere. */
const partition = (name: string, route: "add" | "del") =>
    Promise.all(
        members()
            .filter((member) => member.name !== name)
            .map((member) => onHost(member, `ip route ${route} blackhole ${bench.host(name).address}/32`)),
    );

test("a founder that is installed anew begins nothing while it cannot ask the others, and joins once it can", async () => {
    await reinstall(FOUNDER);
    await partition(FOUNDER, "add");
    const output = await refused();
    await partition(FOUNDER, "del");
    expect(output).toContain(
        "a new cluster is not begun unless every other member is seen to be fresh: bring up db1 db2",
    );
    for (const name of ["db1", "db2"])
        expect(output).toContain(`${name}: cannot be asked (${bench.host(name).address}:9200: no answer within 3 s)`);
    expect(await onHost(bench.host(FOUNDER), "ls /var/lib/mysql")).toBe("");
    const { seconds } = await program.up();
    figure("the up that lets in a founder that was installed anew", seconds);
    expect(await whole()).toBe(uuid);
    expect(await history(bench.host(FOUNDER))).toEqual([uuid]);
});

test("databases of a server that never was a member are not discarded by its joining", async () => {
    await reinstall("db2", ["theirs"]);
    expect(await refused()).toContain("joining would discard the databases that are here and in no cluster: theirs");
    expect(await onHost(bench.host("db2"), "ls /var/lib/mysql")).toBe("theirs\n");
});

test("a server that is killed while it receives its copy is in the cluster after all", async () => {
    await onHost(bench.host("db2"), "rmdir /var/lib/mysql/theirs");
    const running = program.startUp();
    await until("the copy is under way", 150, holds("db2", RECEIVES), Boolean);
    await onHost(bench.host("db2"), "systemctl kill --signal=KILL --kill-whom=main mariadb");
    const { code, output, seconds } = await running.ended;
    figure(`the up whose server is killed while it receives its copy ${code === 0 ? "succeeds" : "fails"}`, seconds);
    if (code !== 0) {
        process.stdout.write(output);
        await program.up();
    }
    expect(await whole()).toBe(uuid);
});

test("a member whose disk is full leaves the others alone, and the next up says what is the matter with it", async () => {
    await onHost(
        bench.host(FOUNDER),
        `systemctl stop mariadb
        mkdir /srv/small
        mount -t tmpfs -o size=600m tmpfs /srv/small
        cp -a /var/lib/mysql /srv/small/mysql
        mount --bind /srv/small/mysql /var/lib/mysql
        systemctl start mariadb`,
    );
    await whole();
    await onHost(bench.host(FOUNDER), "cat /dev/zero >/srv/small/other 2>/dev/null || :");
    const db1 = bench.host("db1");
    await asRoot(db1, "CREATE TABLE shop.big (id INT PRIMARY KEY, text LONGBLOB)");
    await asRoot(db1, "USE shop; INSERT INTO big SELECT seq, REPEAT('x', 1000000) FROM seq_1_to_30");
    const size = async () => (await standing(db1)).split(" ")[0];
    await until("the member with the full disk is out", 60, size, (n) => n === "2");
    expect(await asRoot(db1, "SELECT COUNT(*) FROM shop.big")).toBe("30\n");
    want({ settings: { performance_schema: "ON" } });
    expect(await refused()).toContain("the disk is full: df -h /var/lib/mysql");
    expect(await standing(db1)).toMatch(/^2 \S+ Synced$/);
    await onHost(bench.host(FOUNDER), "rm /srv/small/other");
    want();
    await program.up();
    expect(await whole()).toBe(uuid);
});
