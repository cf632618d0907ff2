import { evidenceIn } from "../../../cli/fleet/answer";
import { fleetOf } from "../../../cli/fleet/hosts";
import { repeated } from "../../../cli/fleet/watch";
import { liveTable } from "../../../cli/drift/live";
import type { Seen } from "../../../cli/drift/live";
import { driftReport, hostReport } from "../../../cli/drift/report";
import { END, inOrder, stateOf, told } from "./fleet-state";

const SECONDS = 0.01;

/** Watches looks that come to these codes, or fail with these words; stops it in the given one. */
async function watching(looks: (number | string)[], stopIn: number): Promise<{ code: number; texts: string[] }> {
    const stop = new AbortController();
    const texts: string[] = [];
    let count = 0;
    const look = (print: (text: string) => void): Promise<number> => {
        const is = looks[count++] ?? 0;
        if (count === stopIn) {
            stop.abort();
            // A host that hangs keeps a look for its whole deadline.
            return new Promise(() => undefined);
        }
        print(`look ${count}`);
        return typeof is === "number" ? Promise.resolve(is) : Promise.reject(new Error(is));
    };
    const write = (text: string) => void texts.push(text);
    const code = await repeated({ seconds: SECONDS, stop: stop.signal, write, clear: "<clear>" }, look);
    return { code, texts };
}

test("each look takes the place of the one before; stopped in the middle of one, it ends with the last whole one's status", async () => {
    const { code, texts } = await watching([0, 2, 3], 3);
    expect(code).toBe(2);
    expect(texts.map((text) => text.replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/, "TIME"))).toEqual([
        "<clear>TIME UTC, every 0.01 s\nlook 1\n",
        "<clear>TIME UTC, every 0.01 s\nlook 2\n",
    ]);
});

test("fails: a look that fails is a message, and the next one comes", async () => {
    const { code, texts } = await watching(["no such stack", 0], 3);
    expect(code).toBe(0);
    expect(texts[0]).toContain("look 1\nno such stack\n");
    expect(await watching([0, "no such stack"], 3)).toMatchObject({ code: 1 });
    expect(await watching([], 1)).toEqual({ code: 1, texts: [] });
});

test("the live table keeps the order of hosts, and says since when each is as it is", () => {
    const UNIT = "vip-front";
    const parts = { unit: UNIT, services: [{ name: "x.service", enabled: true, running: true }] };
    const fleet = fleetOf(stateOf(["n10", "n2"].map((node) => ({ node, parts }))));
    const stopped = told("services", "-", "x.service\n\nActiveState=inactive\nUnitFileState=enabled\n");
    const seen: Seen = new Map();
    const at = (time: string, n2: string, n10?: string): string => {
        const answers = [n2, n10].map((stdout, n) => ({
            host: fleet.hosts[n]!,
            ...(stdout === undefined ? { why: "connection refused" } : { evidence: evidenceIn(stdout + END) }),
            seconds: 1,
        }));
        // As they came.
        const reports = answers.map((answer) => hostReport(answer, Date.now() / 1000)).reverse();
        return liveTable(driftReport(fleet, reports), seen, new Date(`2026-11-21T${time}Z`));
    };
    at("10:00:00", inOrder(UNIT), inOrder(UNIT));
    at("10:00:05", inOrder(UNIT) + stopped, inOrder(UNIT));
    expect(at("10:00:10", inOrder(UNIT) + stopped)).toMatchInlineSnapshot(`
        "host  is          since  found
        ----  -------  --------  ------------------
        n2    drift    10:00:05  service: x.service
        n10   unknown  10:00:10  connection refused"
    `);
});
