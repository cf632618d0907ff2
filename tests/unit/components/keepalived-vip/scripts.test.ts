import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import * as path from "node:path";
import {
    answers,
    releaseAddresses,
    rollableCheck,
    stateCheck,
    trackScript,
} from "../../../../components/keepalived-vip/scripts";
import type { args } from "./specs";
import { full, lb1, spec } from "./specs";
import type { Tracker } from "../../../../components/keepalived-vip/spec";

const tracker = (track: NonNullable<Parameters<typeof args>[0]>["track"]): Tracker => {
    const [made] = Object.values(spec({ track }).track);
    if (!made) throw new Error("no tracker");
    return made;
};

/** Runs a check as keepalived does, within its timeout. */
const check = (track: Tracker, env = process.env): Promise<number | null> =>
    new Promise((resolve) => {
        const child = spawn("timeout", [String(track.timeoutSeconds), "bash"], {
            stdio: ["pipe", "ignore", "ignore"],
            env,
        });
        child.once("close", resolve);
        child.stdin.end(trackScript(track));
    });

describe("a tracked service", () => {
    let server: http.Server;
    let port: number;
    let asked: (string | undefined)[] = [];
    let hangs = false;
    let status = 200;

    beforeAll(async () => {
        server = http.createServer((request, response) => {
            asked.push(`${request.method} ${request.url} ${request.headers.host}`);
            if (!hangs) response.writeHead(status).end("body");
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        port = (server.address() as AddressInfo).port;
    });
    afterAll(() => {
        server.closeAllConnections();
        server.close();
    });
    beforeEach(() => {
        asked = [];
        hangs = false;
        status = 200;
    });

    const page = () =>
        tracker({ web: { http: { url: `http://127.0.0.1:${port}/it's?a=$HOME&b=%0d%0a` }, intervalSeconds: 4 } });

    test("is served when its page answers as expected", async () => {
        expect(await check(page())).toBe(0);
        expect(asked).toEqual([`GET /it's?a=$HOME&b=%0d%0a 127.0.0.1:${port}`]);
    });

    test("fails: another status", async () => {
        status = 503;
        expect(await check(page())).toBe(1);
    });

    test("fails: a server that hangs is cut off", async () => {
        hangs = true;
        expect(await check({ ...page(), timeoutSeconds: 0.5 })).toBe(124);
    });

    test("is served when its port accepts", async () =>
        expect(await check(tracker({ web: { tcp: { port }, intervalSeconds: 4 } }))).toBe(0));

    test("fails: a closed port", async () =>
        expect(await check(tracker({ web: { tcp: { port: 1 }, intervalSeconds: 4 } }))).not.toBe(0));

    test.each([
        ["true", 0],
        ["exit 3", 3],
        ["false; [[ -z ${UNSET-} ]]", 0],
        ["! false\ntest $(printf 'a b' | wc -w) = 2", 0],
    ])("with the command %s ends with status %d", async (command, code) =>
        expect(await check(tracker({ web: { command, intervalSeconds: 4 } }))).toBe(code),
    );

    test("fails: all probes must hold", async () =>
        expect(await check(tracker({ web: { tcp: { port: 1 }, command: "true", intervalSeconds: 4 } }))).not.toBe(0));
});

describe("a tracked unit", () => {
    let folder: string;
    beforeAll(() => (folder = mkdtempSync(path.join(tmpdir(), "pulumi-ha-systemctl-"))));
    afterAll(() => rmSync(folder, { recursive: true }));

    /** Runs the check with a systemctl that does this when it is asked for the unit, and knows nothing else. */
    function asked(does: string, more: Parameters<typeof tracker>[0] = {}): Promise<number | null> {
        const script = `#!/bin/bash\n[[ $* == "is-active -- shop.service" ]] || { echo inactive; exit 3; }\n${does}\n`;
        writeFileSync(path.join(folder, "systemctl"), script, { mode: 0o755 });
        const track = tracker({ shop: { systemdUnit: "shop", intervalSeconds: 4, ...more["shop"] } });
        return check(track, { ...process.env, PATH: `${folder}:${process.env["PATH"]}` });
    }

    test.each([
        ["is active", "echo active", 0],
        ["is reloading", "echo reloading", 0],
        ["is inactive", "echo inactive; exit 3", 1],
        ["has failed", "echo failed; exit 3", 1],
        ["stops", "echo deactivating; exit 3", 1],
        ["waits for its restart", "echo activating; exit 3", 1],
        ["cannot be asked for, as there is no bus", "echo 'Failed to connect to bus' >&2; exit 1", 0],
        ["cannot be asked for, as systemd does not answer", "exec sleep 30", 0],
        ["cannot be asked for by a systemctl that does not end either", "trap '' TERM; sleep 30", 0],
    ])("that %s: %s ends with status %d", async (_, does, code) => expect(await asked(does)).toBe(code));

    test("fails: a closed port is noticed where systemd does not answer", async () =>
        expect(await asked("exec sleep 30", { shop: { tcp: { port: 1 } } })).toBe(1));
});

/** Two hosts on a cable, without the peer's part of it in sight: `asks PEER` says what the near one believes of the other's address. */
const CABLE = `set -eu
ip link set lo up
ip link add near type veth peer name far
unshare --net sleep 60 &
far=$!
trap 'kill $far' EXIT
until [[ $(readlink /proc/$far/ns/net) != "$(readlink /proc/$$/ns/net)" ]]; do sleep 0.02; done
ip link set far netns $far
side() { "\${@:4}" ip address add "$2" dev "$1"; "\${@:4}" ip address add "$3" dev "$1" nodad; "\${@:4}" ip link set "$1" up; }
side near 10.9.0.1/24 fd99::1/64
side far 10.9.0.2/24 fd99::2/64 nsenter --target $far --net
known() { ip neigh replace "$1" lladdr 02:00:00:00:00:01 dev near nud reachable; }
asks() { if answers "$1"; then echo there; else echo gone; fi; }
`;

const CABLED = process.getuid?.() === 0 && spawnSync("unshare", ["--net", "ip", "link"]).status === 0;
if (!CABLED)
    console.warn("the peers' presence is not tested: only root can make network namespaces, and needs iproute2");

describe("a peer", () => {
    (CABLED ? test.concurrent : test.skip).each([
        ["that answers is there", "asks 10.9.0.2", "there"],
        ["of IPv6 that answers is there", "asks fd99::2", "there"],
        [
            "that was gone and is back is there",
            "asks 10.9.0.3; nsenter --target $far --net ip address add 10.9.0.3/24 dev far; asks 10.9.0.3",
            "gone there",
        ],
        ["that does not answer is gone", "asks 10.9.0.3", "gone"],
        ["of IPv6 that does not answer is gone", "asks fd99::3", "gone"],
        ["that was known and does not answer is gone", "known 10.9.0.3; asks 10.9.0.3", "gone"],
        ["that was known and has another card now is there", "known 10.9.0.2; asks 10.9.0.2", "there"],
        ["of IPv6 that was known and has another card now is there", "known fd99::2; asks fd99::2", "there"],
        [
            "whose entry is the administrator's counts as there",
            "ip neigh add 10.9.0.3 lladdr 02:00:00:00:00:01 dev near nud permanent; asks 10.9.0.3",
            "there",
        ],
        ["to which no route leads counts as there", "asks 192.0.2.1", "there"],
        ["beyond a router counts as there", "ip route add default via 10.9.0.2; asks 192.0.2.1", "there"],
    ])(
        "%s",
        async (_title, words, said) => {
            const child = spawn("unshare", ["--net", "bash"], { stdio: ["pipe", "pipe", "inherit"] });
            let output = "";
            child.stdout.on("data", (data: Buffer) => (output += data.toString()));
            const code = new Promise((resolve) => child.once("close", resolve));
            child.stdin.end(`${CABLE}${answers}\n${words}\n`);
            expect({ code: await code, said: output.trim().replaceAll("\n", " ") }).toEqual({ code: 0, said });
        },
        30_000,
    );
});

const SHELLCHECK = spawnSync("shellcheck", ["--version"]).status === 0;
if (!SHELLCHECK) console.warn("shellcheck of the scripts is skipped: it is not installed");

describe("what runs on hosts", () => {
    const scripts: [string, string][] = [
        ["release-addresses", releaseAddresses],
        ["the check that a change can be rolled", `#!/bin/bash\n${rollableCheck(full)}\n`],
        ["the gate", `#!/bin/bash\n${stateCheck(full, { ...lb1, priority: 200, standsBy: false })}\n`],
        ...Object.entries(full.track).map(([name, track]): [string, string] => [`track-${name}`, trackScript(track)]),
    ];
    test.each(scripts)("%s is bash", (_name, text) =>
        expect(spawnSync("bash", ["-n"], { input: text, encoding: "utf8" })).toMatchObject({ status: 0, stderr: "" }),
    );
    (SHELLCHECK ? test : test.skip).each(scripts)("shellcheck finds nothing in %s", (_name, text) =>
        expect(spawnSync("shellcheck", ["-"], { input: text, encoding: "utf8" }).stdout).toBe(""),
    );
});
