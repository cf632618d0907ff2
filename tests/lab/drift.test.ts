import * as pulumi from "@pulumi/pulumi";
import type { Stack } from "@pulumi/pulumi/automation";
import type { DriftReport } from "../../cli/drift/report";
import type { RepairPlan } from "../../cli/drift/repair";
import type { StatusPage } from "../../cli/status/page";
import { CertificateAuthority, HaproxyFrontend, HaproxyMode, KeepalivedVip, Unit } from "../../components";
import { placeholder, reload } from "../../remote/manifest";
import { beacon } from "./beacon";
import { ENGINE_ID, enginePath } from "../../remote/engine";
import { called, projectOf } from "./command";
import type { Ended } from "./command";
import { figure, up, upOk } from "./stack";
import { Bench, PROJECT, onHost, until } from "./support";

jest.setTimeout(180_000);

const VIP = "10.87.0.100";
const HOSTS = ["lb1", "lb2"];
const SECRET = "s3cret-of-the-stack";
let bench: Bench;
let stack: Stack;

beforeAll(async () => {
    bench = await Bench.up("t-drift", "10.87.0.0/24", HOSTS);
    stack = await bench.stack("drift", () => {
        const nodes = HOSTS.map((name) => bench.node(name));
        const { issuer } = new CertificateAuthority("ca", { organization: "Example" });
        const servers = Object.fromEntries(nodes.map(({ name, address }) => [name, { address, port: 22 }]));
        const bind = { address: VIP, port: 443 };
        const web = new HaproxyFrontend("web", { nodes, bind, servers, issuer, mode: HaproxyMode.Tcp });
        const track = { haproxy: { systemdUnit: "haproxy" } };
        new KeepalivedVip("front", { nodes, address: `${VIP}/24`, track }, { dependsOn: web });
        const key = { path: "/etc/beacon/key", mode: "0600", owner: "root:root", fill: ["key"] };
        const content = `name beacon\nkey ${placeholder("key")}\n`;
        new Unit("beacon-lb1", {
            node: nodes[0]!,
            manifest: beacon({
                more: { packages: ["tree"], files: [{ ...key, content, onChange: [reload("beacon.service")] }] },
            }),
            credentials: { key: pulumi.secret(SECRET) },
        });
        return Promise.resolve({});
    });
    figure("up of an address, a frontend and a beacon", (await upOk(stack)).seconds);
    await until(
        "the address is held",
        20,
        () => status(),
        ({ code }) => code === 0,
    );
});
afterAll(() => bench.down());

/** For a project elsewhere. */
const cli = (args: string[], env: Record<string, string> = {}): Promise<Ended> =>
    called(bench, [...args, "--cwd", projectOf(bench)], { cwd: PROJECT, env });

type Told<T> = Ended & { report: T };

async function told<T>(verb: string, more: string[]): Promise<Told<T>> {
    const ran = await cli([verb, "--stack", "drift", "--json", ...more]);
    if (ran.stdout === "") throw new Error(ran.stderr);
    return { ...ran, report: JSON.parse(ran.stdout) as T };
}

const drift = (...more: string[]) => told<DriftReport & { repair: RepairPlan }>("drift", more);
const status = (...more: string[]) => told<StatusPage>("status", more);

/** Each finding as `HOST KIND SUBJECT`. */
const findings = ({ hosts }: DriftReport): string[] =>
    hosts.flatMap(({ node, findings: own, units }) =>
        [...own, ...units.flatMap((unit) => unit.findings)].map(({ kind, subject }) => `${node} ${kind}: ${subject}`),
    );

/**
 * Every path of a host with kind, mode, owner, size and the times at which content and inode changed last. Left out are what lives in memory, logs, and
 * what keepalived writes when it is asked how it is.
 */
const PATHS = `find / -xdev \\( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path /var/log \\) -prune \
    -o -printf '%p %y %m %U:%G %s %T@ %C@ %l\\n' | sort; find /run/pulumi-ha /tmp/keepalived.json -printf '%p\\n' | sort`;
const onAll = (script: string) => Promise.all(HOSTS.map((name) => onHost(bench.host(name), script)));

test("nothing differs after an up, and the status names who holds the address", async () => {
    const first = await drift();
    expect(findings(first.report)).toEqual([]);
    expect(first.code).toBe(0);
    figure("drift of two hosts with seven units", first.seconds);
    const { report, code } = await status();
    expect(code).toBe(0);
    const front = report.components.find(({ name }) => name === "front");
    expect(front).toMatchObject({ type: "KeepalivedVip", health: "healthy", addresses: [{ address: VIP }] });
    expect(front?.addresses[0]?.holders).toHaveLength(1);
    expect(front?.members.map(({ node, services }) => [node, services[0]?.name, services[0]?.state])).toEqual(
        HOSTS.map((name) => [name, "keepalived.service", "running"]),
    );
});

/** What is done by hand, and what is found. */
const DRIFTS: { host: string; by: string; finds: string[] }[] = [
    {
        host: "lb1",
        by: "sed -i 's/balance .*/balance source/' /etc/haproxy/conf.d/web.cfg",
        finds: ["file differs: /etc/haproxy/conf.d/web.cfg"],
    },
    {
        host: "lb1",
        by: 'f=/etc/haproxy/haproxy.cfg; cp -p $f /root/kept; echo \'# tried\' >>$f; systemctl reload haproxy; t=$(date +%s); until [ "$(date +%s)" -gt "$((t + 2))" ]; do read -rt 0.2 <> <(:) || true; done; cp -p /root/kept $f; rm /root/kept',
        finds: ["not in effect: haproxy.service"],
    },
    { host: "lb1", by: "chmod 0644 /etc/haproxy/certs/*", finds: ["mode or owner: /etc/haproxy/certs/web.pem"] },
    {
        host: "lb1",
        by: "echo '# theirs' >/etc/haproxy/conf.d/zz.cfg",
        finds: ["not of any unit: /etc/haproxy/conf.d/zz.cfg"],
    },
    { host: "lb1", by: "echo 'key hunter2' >/etc/beacon/key", finds: ["file differs: /etc/beacon/key"] },
    { host: "lb1", by: "dpkg --remove tree >/dev/null", finds: ["package: tree"] },
    { host: "lb1", by: "rm -r /var/lib/pulumi-ha/units/joined-front", finds: ["record: joined-front"] },
    { host: "lb1", by: "systemctl disable --quiet beacon.service", finds: ["service: beacon.service"] },
    {
        host: "lb2",
        by: "f=/etc/keepalived/keepalived.conf; mv $f /root/away.conf; ln -s /root/away.conf $f",
        finds: ["not a file: /etc/keepalived/keepalived.conf"],
    },
    { host: "lb2", by: "rm /etc/keepalived/joined/front", finds: ["file missing: /etc/keepalived/joined/front"] },
    {
        host: "lb2",
        by: "head -c 70000 /dev/urandom >/etc/sysctl.d/60-pulumi-ha-nonlocal-bind.conf",
        finds: [
            "file differs: /etc/sysctl.d/60-pulumi-ha-nonlocal-bind.conf",
            "file differs: /etc/sysctl.d/60-pulumi-ha-nonlocal-bind.conf",
        ],
    },
    { host: "lb2", by: "echo true >>/var/lib/pulumi-ha/engine/newest", finds: [`engine: ${enginePath(ENGINE_ID)}`] },
    {
        host: "lb2",
        by: "systemctl --quiet mask --now haproxy.service 2>/dev/null",
        finds: ["service: haproxy.service"],
    },
];

test("thirteen kinds of drift are found and named in one run, nothing is touched by that, and the hint repairs them", async () => {
    for (const name of HOSTS)
        await onHost(
            bench.host(name),
            ["set -e", ...DRIFTS.filter(({ host }) => host === name).map(({ by }) => by)].join("\n"),
        );
    await onAll(`{ ${PATHS}; } >/run/paths.before`);
    const found = await drift();
    const healthy = await status();
    expect(await onAll(`{ ${PATHS}; } | diff /run/paths.before - || true`)).toEqual(["", ""]);

    expect(found.code).toBe(2);
    const wanted = DRIFTS.flatMap(({ host, finds }) => finds.map((finding) => `${host} ${finding}`));
    expect(
        findings(found.report)
            .filter((finding) => !finding.includes("gate fails"))
            .sort(),
    ).toEqual(wanted.sort());
    const text = (await cli(["drift", "--stack", "drift", "--host", "lb1"])).stdout;
    expect(text).toMatch(/-.*balance leastconn\n.*\+.*balance source/);
    expect(text).toContain("+key *** (another value)");
    expect(found.stdout + text).not.toMatch(new RegExp(`hunter2|${SECRET}|PRIVATE KEY`));
    expect(healthy.code).toBe(2);
    expect(healthy.report.components.find(({ name }) => name === "web")?.members[1]).toMatchObject({
        node: "lb2",
        health: "unhealthy",
        troubles: [{ fix: "systemctl unmask haproxy.service && systemctl start haproxy.service" }, {}, {}],
    });

    // An up alone takes everything for applied.
    expect((await upOk(stack)).steps).toEqual([]);
    for (const { node, commands } of found.report.repair.hosts) await onHost(bench.host(node), commands.join("\n"));
    const marked = await cli(["drift", "--stack", "drift", "--mark"]);
    const target = [...marked.stdout.matchAll(/--target '([^']+)'/g)].map(([, pattern = ""]) => pattern);
    const repaired = await up(stack, { target });
    expect(repaired.diagnostics).not.toContain("error");
    expect(repaired.steps.filter((step) => !step.startsWith("update"))).toEqual([]);
    await until(
        "nothing differs any more",
        20,
        async () => findings((await drift()).report),
        (left) => left.length === 0,
    );
    expect((await status()).code).toBe(0);
});

test("what an up is at work on is unknown", async () => {
    const lb2 = bench.host("lb2");
    await onHost(
        lb2,
        "systemd-run --quiet --unit=holder flock /run/pulumi-ha/host.lock sleep 60; until ! flock -n /run/pulumi-ha/host.lock true; do :; done",
    );
    const { code, report } = await drift("--component", "web");
    await onHost(lb2, "systemctl stop holder");
    expect(code).toBe(3);
    expect(report.hosts.map(({ verdict }) => verdict)).toEqual(["fine", "unknown"]);
    expect(report.hosts[1]?.why).toContain("something else is at work on it");
});

test("fails: clear words for a wrong passphrase, a stack that is not there, and one without units", async () => {
    await bench.stack("empty", () => Promise.resolve({}));
    const [passphrase, none, empty] = await Promise.all([
        cli(["drift", "--stack", "drift"], { PULUMI_CONFIG_PASSPHRASE: "wrong" }),
        cli(["status", "--stack", "nowhere"]),
        cli(["drift", "--stack", "empty"]),
    ]);
    expect([passphrase.code, none.code, empty.code]).toEqual([1, 1, 1]);
    expect(passphrase.stderr).toContain("incorrect passphrase");
    expect(passphrase.stderr).toContain("PULUMI_CONFIG_PASSPHRASE_FILE");
    expect(none.stderr).toContain("no stack named 'nowhere' found");
    expect(empty.stderr).toContain("the stack's state has no units of pulumi-ha");
});
