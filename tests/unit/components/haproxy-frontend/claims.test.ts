import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { HaproxyFrontend } from "../../../../components/haproxy-frontend";
import type { HaproxyFrontendArgs } from "../../../../components/haproxy-frontend";
import { PATHS } from "../../../../components/haproxy-frontend/conf";
import { boundOnce } from "../../../../components/haproxy-frontend/host";
import { mocked } from "../mocked";
import { selfSigned } from "./specs";

const node = (name: string, address: string) => ({ name, address, hostKey: "ssh-ed25519 AAAA" });
const nodes = [node("lb1", "192.0.2.11"), node("lb2", "192.0.2.12")];
const base = { nodes, servers: { app1: { address: "192.0.2.21", port: 8080 } } };
const tls = selfSigned();

type Parts = Pick<HaproxyFrontendArgs, "bind"> & Partial<HaproxyFrontendArgs>;

/** What is said of the second of two frontends; nothing where both can be. */
const both = (first: Parts, second: Parts): Promise<string> =>
    mocked(true, () => {
        new HaproxyFrontend("web", { ...base, ...first });
        new HaproxyFrontend("api", { ...base, ...second });
    }).then(
        () => "",
        (error: unknown) => String(error),
    );

const at = (port: number, address?: string, parts: Partial<HaproxyFrontendArgs> = {}): Parts => ({
    bind: { port, address },
    ...parts,
});

test.each<[title: string, first: Parts, second: Parts, said: string]>([
    [
        "all addresses",
        at(8080),
        at(8080),
        'bind.port: HaproxyFrontend "web" has *:8080 too: give one of the two another port',
    ],
    [
        "one address",
        at(443, "192.0.2.100"),
        at(443, "192.0.2.100"),
        'bind.port: HaproxyFrontend "web" has 192.0.2.100:443 too',
    ],
    ["one address in two spellings", at(443, "fd77::64"), at(443, "FD77:0::64"), "FD77:0::64]:443"],
    [
        "all of IPv6, which is all of IPv4",
        at(8080, "::"),
        at(8080),
        '"web" has [::]:8080, which is for clients of *:8080 too',
    ],
    ["all of IPv6, both with that address", at(8080, "::"), at(8080, "0::0"), '"web" has [::]:8080, '],
    [
        "the :80 of another one's redirect",
        at(443, "192.0.2.100", { tls }),
        at(80, "192.0.2.100"),
        'bind.port: HaproxyFrontend "web" has 192.0.2.100:80 too',
    ],
    [
        "its own redirect",
        at(80, "192.0.2.100"),
        at(443, "192.0.2.100", { tls }),
        'redirectHttp: HaproxyFrontend "web" has 192.0.2.100:80 too: set redirectHttp: false on one of the two',
    ],
    [
        "the exporter",
        at(80, "192.0.2.100", { metrics: { port: 8405 } }),
        at(80, "192.0.2.101", { metrics: { port: 8405 } }),
        'metrics.port: HaproxyFrontend "web" has 127.0.0.1:8405 too: one exporter shows all',
    ],
])("fails: %s twice", async (_title, first, second, said) => {
    const found = await both(first, second);
    expect(found).toContain('HaproxyFrontend "api": ');
    expect(found).toContain(said);
});

test.each<[title: string, first: Parts, second: Parts]>([
    ["other ports", at(8080), at(8081)],
    ["other addresses", at(443, "192.0.2.100"), at(443, "192.0.2.101")],
    ["all of IPv4 and an IPv6 address", at(8080), at(8080, "fd77::64")],
    ["all addresses and one of them", at(8080), at(8080, "192.0.2.100")],
    ["an address and all of them", at(8080, "192.0.2.100"), at(8080)],
    ["an IPv4 address and all of IPv6", at(8080, "192.0.2.100"), at(8080, "::")],
    ["the exporter on loopback and all addresses", at(80, "192.0.2.100", { metrics: { port: 8405 } }), at(8405)],
    ["other nodes", at(8080), at(8080, undefined, { nodes: [node("lb3", "192.0.2.13")] })],
    [
        "exporters on their nodes' addresses and on loopback",
        at(80, "192.0.2.100", { metrics: { port: 8405 } }),
        at(80, "192.0.2.101", { metrics: { port: 8405, onNodeAddress: true } }),
    ],
])("%s are two frontends' own", async (_title, first, second) => expect(await both(first, second)).toBe(""));

test("fails: on the host, a bind that two files have, with the ways out", () => {
    const dir = mkdtempSync(path.join(tmpdir(), "binds-"));
    try {
        for (const name of ["plain", "web"]) writeFileSync(path.join(dir, `${name}.cfg`), "    bind 192.0.2.100:80\n");
        const judged = () =>
            spawnSync("bash", ["-eu", "-c", boundOnce.replaceAll(PATHS.frontends, dir)], { encoding: "utf8" });
        const { status, stderr } = judged();
        expect(status).toBe(1);
        expect(stderr).toBe(
            `192.0.2.100:80 is bound more than once: ${dir}/plain.cfg ${dir}/web.cfg\nif one of them leaves with this update, take it away first: pulumi destroy --target '**::NAME' --target-dependents, then pulumi up; if both stay, name the one that gives it up in dependsOn of the other one\n`,
        );
        rmSync(path.join(dir, "plain.cfg"));
        expect(judged().status).toBe(0);
    } finally {
        rmSync(dir, { recursive: true });
    }
});
