import { spawnSync } from "node:child_process";
import { arbitratorConf, arbitratorUnit, renderArbitrator } from "../../../../components/galera-cluster/arbitrator";
import { membersConf, serverConf } from "../../../../components/galera-cluster/conf";
import { toSpec } from "../../../../components/galera-cluster/spec";
import type { GaleraArbitrator, GaleraSpec } from "../../../../components/galera-cluster/spec";
import { toText } from "../../../../remote/manifest";

const third: GaleraArbitrator = { name: "third", address: "192.0.2.40", port: 4600 };

const cluster = (changes: Partial<GaleraSpec> = {}): GaleraSpec => ({
    ...toSpec("orders", {
        nodes: [
            { name: "db1", address: "192.0.2.31" },
            { name: "db2", address: "192.0.2.32" },
        ],
        arbitrator: third,
        users: [],
    }),
    arbitrator: third,
    ...changes,
});

const rendered = (spec: GaleraSpec = cluster(), arbitrator = third) => renderArbitrator(spec, arbitrator);

test("the whole manifest of an arbitrator", () => {
    expect(toText(rendered())).toMatchSnapshot();
});

const timings = (text: string): string[] => (text.match(/evs\.[a-z_]+=[^;"]+/g) ?? []).map((t) => t.trim()).sort();

test("its timing is that of the members, also where the program states it", () => {
    const spec = cluster({ providerOptions: { "evs.send_window": "64" } });
    expect(timings(arbitratorConf(spec, third))).toEqual(timings(serverConf(spec, spec.nodes[0]!)));
    expect(arbitratorConf(spec, third)).toContain("evs.send_window=64");
});

test("members let it in, and look for one another alone", () => {
    const spec = cluster();
    const conf = membersConf(spec, spec.nodes[0]!);
    expect(conf).toMatch(/^wsrep_allowlist = .*192\.0\.2\.40/m);
    expect(conf).toMatch(/^wsrep_cluster_address = gcomm:\/\/192\.0\.2\.31,192\.0\.2\.32$/m);
});

test("it asks the writer last to be its donor", () => {
    expect(arbitratorConf(cluster(), third)).toContain("\ndonor = db2,db1,\n");
});

test("addresses of IPv6 stand in brackets", () => {
    const spec = cluster({ nodes: [{ name: "db1", address: "2001:db8::31" }] });
    const conf = arbitratorConf(spec, { ...third, address: "2001:db8::40" });
    expect(conf).toContain("address = gcomm://[2001:db8::31]:4567\n");
    expect(conf).toContain("gmcast.listen_addr=ssl://[::]:4600");
});

test("two clusters share a host without a file, unit or state in common but what all have", () => {
    const [one, two] = [rendered(), rendered({ ...cluster(), name: "stock" }, { ...third, port: 4601 })];
    const paths = new Set(one.files.map(({ path }) => path));
    expect(two.files.filter(({ path }) => paths.has(path))).toEqual([]);
    expect(two.services.filter(({ name }) => one.services.some((other) => other.name === name))).toEqual([
        { name: "garb.service", enabled: false, running: false },
    ]);
});

test("its credentials are files that root alone reads, shown to its service by systemd", () => {
    const secrets = rendered().files.filter(({ credential }) => credential !== undefined);
    expect(secrets.map(({ mode, owner, content, credential }) => [mode, owner, content, credential])).toEqual(
        ["ca", "certificate", "key"].map((credential) => ["0600", "root:root", "", credential]),
    );
    const unit = arbitratorUnit(cluster());
    for (const { path, credential } of secrets) expect(unit).toContain(`LoadCredential=${credential}:${path}\n`);
});

/** The gate with `timeout` and `systemctl` replaced: what a member would answer to a question for its evidence. */
function gate(answer: string): { status: number | null; said: string } {
    const doubles = `systemctl() { :; }\ntimeout() { printf 'HTTP/1.0 200 OK\\r\\n\\r\\n%s' "$ANSWER"; }\n`;
    const ran = spawnSync("bash", ["-euc", doubles + (rendered().gates[0]?.command ?? "")], {
        encoding: "utf8",
        env: { ...process.env, ANSWER: answer },
    });
    return { status: ran.status, said: ran.stderr };
}

test.each<[string, number, string]>([
    ["counted by a member of the primary component", 0, '{"primary":true,"members":["db1","third","db2"]}'],
    ["unknown to it", 1, '{"primary":true,"members":["db1","db2"]}'],
    ["known by another name that holds its own", 1, '{"primary":true,"members":["db1","third2"]}'],
    ["counted by a member that lost the others", 1, '{"primary":false,"members":["db1","third"]}'],
    ["named anywhere else", 1, '{"primary":true,"members":[],"databases":["third"]}'],
])("an arbitrator that is %s: gate %d", (_, status, answer) => {
    const { status: ended, said } = gate(answer);
    expect(ended).toBe(status);
    if (status !== 0) expect(said).toContain(`192.0.2.31: ${answer}`);
});
