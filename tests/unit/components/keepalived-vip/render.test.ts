import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { instanceConf } from "../../../../components/keepalived-vip/conf";
import { render, renderJoin } from "../../../../components/keepalived-vip/render";
import type { VipSpec } from "../../../../components/keepalived-vip/spec";
import type { Manifest } from "../../../../remote/manifest";
import { toText } from "../../../../remote/manifest";
import { parse } from "../../../../remote/parse";
import { full, ipv6, lb1, lb2, lb3, spec, version2 } from "./specs";

const variants: [string, VipSpec][] = [
    ["defaults", spec()],
    ["one of everything", full],
    ["IPv6", ipv6],
    ["version 2", version2],
];

const perNode = variants.flatMap(([title, vip]) =>
    vip.nodes.map((node) => [`${title}, ${node.name}`, vip, node] as const),
);

describe("keepalived.conf", () => {
    test.each(perNode)("of %s", (_title, vip, node) => expect(instanceConf(vip, node)).toMatchSnapshot());
});

test("a node that was paused knows how soon the most preferred of the others took the address", () => {
    const vip = spec({ nodes: [lb1, lb2, lb3], timerExpiredBackup: true });
    const after = vip.nodes.map((node) => /nopreempt\n +(.*)\n/.exec(instanceConf(vip, node))?.[1]);
    expect(after).toEqual(["timer_expired_backup 252", "timer_expired_backup 254", "timer_expired_backup 254"]);
});

test("the whole manifest of a node", () => {
    const text = toText(render(full, "lb2"));
    expect(text).toMatchSnapshot();
    expect(toText(parse(text))).toBe(text);
});

test("the manifest by which a node takes part", () => expect(toText(renderJoin(spec(), "lb1"))).toMatchSnapshot());

test("several addresses on a host state the same shared files", () => {
    const shared = (vip: VipSpec) => render(vip, "lb1").files.filter((file) => file.shared);
    expect(shared(full)).toEqual(shared(ipv6));
    const own = (vip: VipSpec) =>
        render(vip, "lb1")
            .files.filter((file) => !file.shared)
            .map((file) => file.path);
    expect(own(full).filter((file) => own(ipv6).includes(file))).toEqual([]);
});

/** Why the real keepalived cannot read a configuration here; undefined when it can. */
function missing(): string | undefined {
    if (process.getuid?.() !== 0) return "only root can make a network namespace for it";
    if (!existsSync("/usr/sbin/keepalived") || !existsSync("/etc/keepalived")) return "keepalived is not installed";
    return spawnSync("unshare", ["-mn", "true"]).status === 0 ? undefined : "no namespaces can be made here";
}

const MISSING = missing();
const withKeepalived = MISSING === undefined ? test : test.skip;
if (MISSING !== undefined) console.warn(`keepalived's own reading of the configuration is skipped: ${MISSING}`);

/** keepalived's own verdict on the files of manifests, in a network namespace with an eth0. */
function configTest(manifests: Manifest[]): { status: number | null; output: string } {
    const below = "/etc/keepalived/";
    const root = mkdtempSync(path.join(tmpdir(), "keepalived-"));
    try {
        // keepalived from 2.2.8 on wants the folder of a tracked file to be there.
        for (const { path: folder } of manifests.flatMap((m) => m.directories))
            if (folder.startsWith(below)) mkdirSync(path.join(root, folder.slice(below.length)), { recursive: true });
        for (const file of manifests.flatMap((m) => m.files)) {
            if (!file.path.startsWith(below)) continue;
            const target = path.join(root, file.path.slice(below.length));
            mkdirSync(path.dirname(target), { recursive: true });
            writeFileSync(target, file.content, { mode: parseInt(file.mode, 8) });
        }
        const script = `mount --bind ${root} /etc/keepalived && ip link add eth0 type veth peer name other && keepalived --config-test`;
        const { status, stderr, stdout } = spawnSync("unshare", ["-mn", "bash", "-c", script], { encoding: "utf8" });
        return { status, output: stdout + stderr };
    } finally {
        rmSync(root, { recursive: true });
    }
}

describe("keepalived itself", () => {
    withKeepalived.each(perNode)("accepts %s", (_title, vip, node) =>
        expect(configTest([render(vip, node.name)])).toEqual({ status: 0, output: "" }),
    );

    withKeepalived("accepts several addresses on one host", () =>
        expect(configTest([render(full, "lb1"), render(ipv6, "lb1"), render(spec({}, "back"), "lb1")])).toEqual({
            status: 0,
            output: "",
        }),
    );

    withKeepalived("fails: two addresses with one virtual router id", () => {
        const [a, b] = [spec(), spec({ address: "10.77.0.101/24", virtualRouterId: 100 }, "back")];
        const { status, output } = configTest([render(a, "lb1"), render(b, "lb1")]);
        expect({ status, output }).toEqual({ status: expect.any(Number), output: expect.stringContaining("VRID") });
        expect(status).not.toBe(0);
    });
});
