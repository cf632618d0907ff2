import { busySeconds, momentIn } from "../../../cli/demo/up-seconds";
import type { Moment } from "../../../cli/demo/up-seconds";

const COMMAND = "command:remote:Command";
const line = (event: string, name: string, more: object = {}, type = COMMAND): string =>
    JSON.stringify({
        sequence: 1,
        timestamp: 1,
        [event]: { metadata: { op: "create", type, urn: `urn::${type}::${name}` }, ...more },
    });

test.each<[what: string, line: string, expected: Omit<Moment, "atMs"> | undefined]>([
    ["a host's preparation begins", line("resourcePreEvent", "web-lb1-prepare"), { does: "prepare", change: 1 }],
    ["the engine comes to it", line("resourcePreEvent", "web-lb1-engine"), { does: "prepare", change: 1 }],
    ["a unit is applied", line("resOutputsEvent", "web-lb1-apply"), { does: "apply", change: -1 }],
    ["one fails", line("resOpFailedEvent", "web-lb1-apply"), { does: "apply", change: -1 }],
    ["a preview", line("resourcePreEvent", "web-lb1-apply", { planning: true }), undefined],
    ["another resource", line("resourcePreEvent", "ca-apply", {}, "tls:index/privateKey:PrivateKey"), undefined],
    ["another command", line("resourcePreEvent", "backup-now"), undefined],
    ["another event", '{"sequence":1,"diagnosticEvent":{"message":"::x-apply"}}', undefined],
])("%s", (_what, text, expected) => expect(momentIn(text, 5)).toEqual(expected && { atMs: 5, ...expected }));

test("seconds in which something is prepared go before those in which something is applied, and the rest is neither", () => {
    const moments: Moment[] = [
        { atMs: 1000, does: "prepare", change: 1 },
        { atMs: 2000, does: "prepare", change: 1 },
        { atMs: 5000, does: "prepare", change: -1 },
        { atMs: 5000, does: "apply", change: 1 },
        { atMs: 11_000, does: "prepare", change: -1 },
        { atMs: 14_000, does: "apply", change: -1 },
        { atMs: 20_000, does: "apply", change: 1 },
        { atMs: 20_500, does: "apply", change: -1 },
    ];
    expect(busySeconds(moments)).toEqual({ prepare: 10, apply: 3.5 });
    expect(busySeconds([])).toEqual({ prepare: 0, apply: 0 });
});
