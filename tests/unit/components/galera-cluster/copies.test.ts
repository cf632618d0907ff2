import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

const FOLDER = path.join(__dirname, "../../../../components/galera-cluster/host/member");

let dir: string;
beforeEach(() => {
    dir = mkdtempSync(path.join(tmpdir(), "copies-"));
    writeFileSync(path.join(dir, "read"), "");
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** What has arrived so far, in a folder that is younger than the server's start. */
function arrived(mebibytes: number): void {
    spawnSync("touch", ["--date=@1000000000", path.join(dir, "read")]);
    mkdirSync(path.join(dir, ".sst"));
    writeFileSync(path.join(dir, ".sst", "ibdata1"), Buffer.alloc(mebibytes * 1024 ** 2, 1));
}

interface Server {
    /** What it answers, as status variables; undefined: it gives no answer. */
    wsrep?: Record<string, string>;
    unit?: string;
}

/** Waits for a server that stays as it is, for no time at all. */
function wait({ wsrep, unit = "activating" }: Server, ...more: string[]): { status: number | null; said: string } {
    const answers = Object.entries(wsrep ?? {}).map(([name, value]) => `[${name}]='${value}'`);
    const text = `set -euo pipefail; shopt -s extglob inherit_errexit
        for part in 1-base 2-evidence 3-decide 4-databases 4-server; do . ${FOLDER}/$part.sh; done
        DATA=${dir} READ=${dir}/read NODE=db2 SETTING[JOIN_SECONDS]=0
        look() { WSREP=(${answers.join(" ")}); ${wsrep ? ":" : "return 1"}; }
        look_at_unit() { SYSTEMD=([ActiveState]=${unit} [SubState]=start [NRestarts]=0); }
        explain() { say 'the words of the server'; }
        wait_synced "$EPOCHSECONDS" 0 "$@"`;
    const { status, stderr } = spawnSync("bash", ["-c", text, "member", ...more], { encoding: "utf8" });
    return { status, said: stderr };
}

const joined = { cluster_status: "Primary", local_state_comment: "Joined", ready: "OFF", local_recv_queue: "40" };
const synced = { ...joined, local_state_comment: "Synced", ready: "ON", local_recv_queue: "0" };

test("a copy that takes longer than it is waited for goes on", () => {
    arrived(3);
    const { status, said } = wait({});
    expect(said).toMatch(
        /^db2: receives a whole copy of the data \(SST\): [34] MiB in \d+ s, and goes on: `pulumi up`/m,
    );
    expect(status).toBe(75);
});

test("so does a member that catches up", () => {
    const { status, said } = wait({ wsrep: joined, unit: "active" });
    expect(said).toContain("db2: catches up: Joined, 40 write sets behind, and goes on");
    expect(status).toBe(75);
});

test("where no copy is wanted, one that has begun is not waited for", () => {
    arrived(1);
    expect(wait({}, "no-copy")).toEqual({ status: 0, said: "" });
});

test("a member that has all is done, whatever it took", () => {
    arrived(1);
    expect(wait({ wsrep: synced, unit: "active" })).toEqual({ status: 0, said: "db2: is Primary and Synced\n" });
});

test.each<[string, Server]>([
    ["is not let in", {}],
    ["has stopped", { unit: "failed" }],
    ["hangs after a copy", { unit: "active" }],
])("fails where the server %s, with its words", (what, server) => {
    if (what === "hangs after a copy") arrived(1);
    const { status, said } = wait(server);
    expect(said).toMatch(/db2: the words of the server\n$/);
    expect(status).toBe(1);
});
