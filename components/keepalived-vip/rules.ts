import { family } from "../shared/addresses";
import { each } from "../shared/rules";
import type { Rules } from "../shared/rules";
import { NAME, NAME_ALLOWED, between, shown, whole } from "../shared/syntax";
import { VrrpVersion } from "./args";
import { addressRules, extraAddressRules, givenPriorities, nodeRules, priorityRules, standbyRules } from "./node-rules";
import type { VipSpec } from "./spec";
import { trackRules } from "./track-rules";

const USER = /^[a-z_][a-z0-9_-]{0,31}$/;

/** Everything that is refused about a virtual address, and two things that are warned of. */
export const rules: Rules<VipSpec> = [
    {
        path: "name",
        refuses: (vip) => !NAME.test(vip.name),
        because: (vip) => `"${vip.name}" becomes a file name on the hosts: ${NAME_ALLOWED}`,
    },
    {
        path: "nodes",
        refuses: (vip) => vip.nodes.length < 2,
        because: (vip) =>
            `an address that can move needs two nodes or more, and there is ${vip.nodes.length === 0 ? "none" : "one"}`,
    },
    {
        path: "nodes",
        refuses: (vip) => vip.nodes.length > 16,
        because: (vip) =>
            `${vip.nodes.length} nodes are more than one address needs, each of them a receiver of every advert: 16 at most`,
    },
    ...addressRules.map((rule) => ({
        path: "address",
        refuses: (vip: VipSpec) => rule.refuses(vip.address, vip),
        because: (vip: VipSpec) => rule.because(vip.address, vip),
    })),
    each("extraAddresses", (vip) => vip.extraAddresses, extraAddressRules),
    each("nodes", (vip) => vip.nodes, nodeRules),
    each("priorities", givenPriorities, priorityRules),
    each("standby", (vip) => vip.standby, standbyRules),
    {
        path: "standby",
        refuses: (vip) => vip.nodes.length > 0 && vip.nodes.every((node) => node.standsBy),
        because: () => "every node stands by, so that none would hold the address: leave one out",
    },
    {
        path: "standby",
        level: "warn",
        refuses: (vip) => vip.nodes.length > 1 && vip.nodes.filter((node) => !node.standsBy).length === 1,
        because: (vip) =>
            `only ${vip.nodes.find((node) => !node.standsBy)?.name ?? ""} takes the address: it is lost with that node`,
    },
    {
        path: "version",
        refuses: (vip) => !Object.values(VrrpVersion).includes(vip.version),
        because: (vip) => `${String(vip.version)} is no version of VRRP: 2 or 3`,
    },
    {
        path: "version",
        refuses: (vip) => vip.version === VrrpVersion.V2 && family(vip.address) === 6,
        because: (vip) => `VRRP version 2 knows no IPv6, and the address is ${vip.address}: use version 3`,
    },
    {
        path: "virtualRouterId",
        refuses: (vip) => !whole(vip.virtualRouterId, 1, 255),
        because: (vip) => `${shown(vip.virtualRouterId)} is no virtual router id: a whole number from 1 to 255`,
    },
    {
        path: "advertIntervalSeconds",
        refuses: (vip) => vip.version === VrrpVersion.V2 && !whole(vip.advertIntervalSeconds, 1, 255),
        because: (vip) =>
            `${shown(vip.advertIntervalSeconds)} s needs VRRP version 3: version 2 counts whole seconds from 1 to 255`,
    },
    {
        path: "advertIntervalSeconds",
        refuses: (vip) => {
            const hundredths = vip.advertIntervalSeconds * 100;
            const counted = Math.abs(hundredths - Math.round(hundredths)) < 1e-6;
            return vip.version === VrrpVersion.V3 && !(between(vip.advertIntervalSeconds, 0.01, 40.95) && counted);
        },
        because: (vip) =>
            `${shown(vip.advertIntervalSeconds)} s is no interval of VRRP version 3: hundredths of a second from 0.01 to 40.95`,
    },
    {
        path: "preemptDelaySeconds",
        refuses: (vip) => !between(vip.preemptDelaySeconds, 0, 1000),
        because: (vip) => `${shown(vip.preemptDelaySeconds)} s is no delay: from 0 to 1000 s`,
    },
    {
        path: "preemptDelaySeconds",
        refuses: (vip) => vip.preemptDelaySeconds !== 0 && !vip.preempt,
        because: (vip) =>
            `a delay of ${vip.preemptDelaySeconds} s without preempt delays nothing: set preempt, or leave it out`,
    },
    {
        path: "timerExpiredBackup",
        refuses: (vip) => vip.timerExpiredBackup && vip.preempt,
        because: () =>
            "with preempt a node of higher priority takes the address back, paused before or not: leave one of the two out",
    },
    (vip) =>
        Object.keys(vip.track)
            .filter((name) => !NAME.test(name))
            .map((name) => ({
                path: `track.${name}`,
                message: `"${name}" becomes a file name on the hosts: ${NAME_ALLOWED}`,
                level: "refuse" as const,
            })),
    each("track", (vip) => vip.track, trackRules),
    {
        path: "notify.user",
        refuses: (vip) => !USER.test(vip.notify.user),
        because: (vip) => `"${vip.notify.user}" is no name of a user`,
    },
    {
        path: "garp.repeat",
        refuses: (vip) => !whole(vip.garp.repeat, 1, 100),
        because: (vip) => `${shown(vip.garp.repeat)} is no number of messages: a whole one from 1 to 100`,
    },
    {
        path: "garp.delaySeconds",
        refuses: (vip) => !whole(vip.garp.delaySeconds, 0, 3600),
        because: (vip) => `${shown(vip.garp.delaySeconds)} s is no delay: whole seconds from 0 to 3600`,
    },
    {
        path: "garp.refreshSeconds",
        refuses: (vip) => !whole(vip.garp.refreshSeconds, 0, 86400),
        because: (vip) => `${shown(vip.garp.refreshSeconds)} s is no interval: whole seconds from 0 to 86400`,
    },
    {
        path: "garp.refreshSeconds",
        level: "warn",
        refuses: (vip) => vip.garp.refreshSeconds === 0,
        because: () =>
            "without refresh, a neighbour or switch that missed the announcement of a move keeps sending to the old node",
    },
    {
        path: "startupDelaySeconds",
        refuses: (vip) => !between(vip.startupDelaySeconds, 0, 600),
        because: (vip) => `${shown(vip.startupDelaySeconds)} s is no delay: from 0 to 600 s`,
    },
];
