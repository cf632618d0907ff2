import { spawn, spawnSync } from "node:child_process";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import {
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
const check = (track: Tracker): Promise<number | null> =>
    new Promise((resolve) => {
        const child = spawn("timeout", [String(track.timeoutSeconds), "bash"], { stdio: ["pipe", "ignore", "ignore"] });
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
