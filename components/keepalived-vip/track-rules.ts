import { family } from "../shared/addresses";
import { portRules } from "../shared/rules";
import type { ItemRule } from "../shared/rules";
import { between, isAddress, shown, whole } from "../shared/syntax";
import type { Tracker, VipSpec } from "./spec";

const UNIT = /^[A-Za-z0-9@:._-]+$/;

/** Between the best two nodes: a weight must outdo the largest difference, or the address stays with a node that has lost the service. */
const largestGap = (vip: VipSpec): number => {
    const priorities = vip.nodes.map((node) => node.priority);
    return Math.max(...priorities) - Math.min(...priorities);
};

/** What holds for each tracked service. */
export const trackRules: ItemRule<VipSpec, Tracker>[] = [
    {
        path: "",
        refuses: (t) => [t.systemdUnit, t.tcp, t.http, t.command].every((probe) => probe === undefined),
        because: () => "nothing is checked: give systemdUnit, tcp, http or command",
    },
    {
        path: "systemdUnit",
        refuses: (t) => t.systemdUnit !== undefined && !UNIT.test(t.systemdUnit),
        because: (t) => `"${t.systemdUnit ?? ""}" is no name of a systemd unit, such as haproxy or nginx.service`,
    },
    {
        path: "tcp.address",
        refuses: (t) => t.tcp !== undefined && !isAddress(t.tcp.address),
        because: (t) => `"${t.tcp?.address ?? ""}" is no IP address: a check must not depend on the name service`,
    },
    ...portRules<Tracker>({ "tcp.port": ({ tcp }) => tcp?.port }),
    {
        path: "http.url",
        refuses: (t) => t.http !== undefined && !checkable(t.http.url),
        because: (t) =>
            `"${t.http?.url ?? ""}" cannot be checked: give http:// with an IP address or localhost (a check must not depend on the name service; for https use command with curl)`,
    },
    {
        path: "http.status",
        refuses: (t) => t.http !== undefined && !whole(t.http.status, 100, 599),
        because: (t) => `${shown(t.http?.status)} is no HTTP status: a whole number from 100 to 599`,
    },
    {
        path: "command",
        refuses: (t) => t.command?.trim() === "",
        because: () => "an empty command checks nothing",
    },
    {
        path: "intervalSeconds",
        refuses: (t) => !whole(t.intervalSeconds, 1, 86400),
        because: (t) => `${shown(t.intervalSeconds)} s is no interval of keepalived's checks: whole seconds, from 1 up`,
    },
    {
        path: "timeoutSeconds",
        refuses: (t) => !(between(t.timeoutSeconds, Number.MIN_VALUE, 86400) && t.timeoutSeconds < t.intervalSeconds),
        because: (t) =>
            `${shown(t.timeoutSeconds)} s must be less than the interval, ${t.intervalSeconds} s: keepalived up to 2.2.8 starts the next check beside one that still runs`,
    },
    {
        path: "fall",
        refuses: (t) => !whole(t.fall, 1, 1000),
        because: (t) => `${shown(t.fall)} is no number of checks: a whole one, from 1 up`,
    },
    {
        path: "rise",
        refuses: (t) => !whole(t.rise, 1, 1000),
        because: (t) => `${shown(t.rise)} is no number of checks: a whole one, from 1 up`,
    },
    {
        path: "weight",
        refuses: (t) => !whole(t.weight, -253, 253),
        because: (t) => `${shown(t.weight)} is no weight: a whole number from -253 to 253`,
    },
    {
        path: "weight",
        refuses: (t, vip) => t.weight !== 0 && !vip.preempt,
        because: (t) =>
            `a weight of ${t.weight} never moves an address that does not preempt: leave it at 0, so that a node without the service gives the address up, or set preempt`,
    },
    {
        path: "weight",
        refuses: (t, vip) => t.weight !== 0 && vip.preempt && Math.abs(t.weight) <= largestGap(vip),
        because: (t, vip) =>
            `a weight of ${t.weight} does not outdo the priorities, which differ by up to ${largestGap(vip)}: the address would stay where the service is lost`,
    },
    {
        path: "weight",
        refuses: (t, vip) =>
            t.weight !== 0 && vip.preempt && vip.nodes.some((n) => !whole(n.priority + t.weight, 1, 254)),
        because: (t, vip) =>
            `with a weight of ${t.weight} the priority of ${vip.nodes.find((n) => !whole(n.priority + t.weight, 1, 254))?.name ?? ""} leaves 1 to 254, where it is cut off: give priorities that leave room`,
    },
];

function checkable(text: string): boolean {
    if (!URL.canParse(text)) return false;
    const url = new URL(text);
    const host = url.hostname.replace(/^\[|\]$/g, "");
    return url.protocol === "http:" && url.username === "" && (host === "localhost" || family(host) !== undefined);
}
