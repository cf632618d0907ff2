import type { ClusterOperation } from "./spec";

/** What is known of a kind of agent: how often and how long it is asked, and how long its work takes as a rule. */
export interface AgentKind {
    operations: ClusterOperation[];
    startSeconds: number;
    stopSeconds: number;
}

const MONITOR_SECONDS = 2;

const operations = (start: number, stop: number, monitor: number): ClusterOperation[] => [
    { name: "monitor", intervalSeconds: MONITOR_SECONDS, timeoutSeconds: monitor, role: undefined },
    { name: "start", intervalSeconds: 0, timeoutSeconds: start, role: undefined },
    { name: "stop", intervalSeconds: 0, timeoutSeconds: stop, role: undefined },
];

/** Timeouts are the agents' own advice or more; what a start and stop take was measured on hosts of Debian 12. */
const KINDS: [RegExp, AgentKind][] = [
    [/^ocf:heartbeat:IPaddr2$/, { operations: operations(20, 20, 20), startSeconds: 0.3, stopSeconds: 0.2 }],
    [/^ocf:heartbeat:Filesystem$/, { operations: operations(60, 60, 40), startSeconds: 0.5, stopSeconds: 0.5 }],
    [/^ocf:linbit:drbd$/, { operations: operations(240, 120, 30), startSeconds: 1.5, stopSeconds: 1 }],
    // On all nodes at once, and before anything else needs what it finds.
    [/^ocf:pacemaker:ping$/, { operations: operations(60, 20, 60), startSeconds: 0, stopSeconds: 0 }],
    // Pacemaker asks systemd two seconds later whether a start or stop is done.
    [/^systemd:/, { operations: operations(20, 20, 10), startSeconds: 2.2, stopSeconds: 2.2 }],
];
const OTHERS: AgentKind = { operations: operations(60, 60, 30), startSeconds: 2, stopSeconds: 2 };

/** The kind of an agent, `ocf:heartbeat:IPaddr2` or `systemd:nginx`. */
export const kindOf = (agent: string): AgentKind => KINDS.find(([names]) => names.test(agent))?.[1] ?? OTHERS;

/** The Debian package that brings an agent; undefined for what comes with Pacemaker or with the service itself. */
export function packageOf(agent: string): string | undefined {
    if (agent === "ocf:pacemaker:ping") return "iputils-ping";
    if (agent.startsWith("ocf:heartbeat:")) return "resource-agents";
    return agent.startsWith("ocf:linbit:") ? "drbd-utils" : undefined;
}

/** `nginx.service` of `systemd:nginx`; undefined for other agents. */
export function systemdUnit(agent: string): string | undefined {
    const name = /^systemd:(.+)$/.exec(agent)?.[1];
    return name === undefined || /\.(service|socket|timer|path|mount|target)$/.test(name) ? name : `${name}.service`;
}
