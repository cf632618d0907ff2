import type * as pulumi from "@pulumi/pulumi";
import type { KeepalivedVipArgs } from "../../../../components/keepalived-vip/args";
import { toSpec } from "../../../../components/keepalived-vip/spec";
import type { VipSpec } from "../../../../components/keepalived-vip/spec";

type PlainArgs = pulumi.Unwrap<KeepalivedVipArgs>;

const node = (name: string, last: number) => ({
    name,
    address: `10.77.0.${last}`,
    address6: `fd77::${last}`,
    interface: "eth0",
});

export const lb1 = node("lb1", 11);
export const lb2 = node("lb2", 12);
export const lb3 = node("lb3", 13);

/** Two nodes, one address, and what a test says. */
export const args = (parts: Partial<PlainArgs> = {}): PlainArgs => ({
    nodes: [lb1, lb2],
    address: "10.77.0.100/24",
    ...parts,
});

export const spec = (parts: Partial<PlainArgs> = {}, name = "front"): VipSpec => toSpec(name, args(parts));

/** One of everything. */
export const full = spec({
    nodes: [lb1, lb2, lb3],
    extraAddresses: ["10.77.0.101/24", "192.0.2.7/32"],
    virtualRouterId: 51,
    advertIntervalSeconds: 0.25,
    priorities: { lb1: 200, lb2: 190, lb3: 180 },
    preempt: true,
    preemptDelaySeconds: 30,
    standby: ["lb3"],
    track: {
        haproxy: { systemdUnit: "haproxy", http: { url: "http://127.0.0.1:8404/healthz?deep=1", status: 204 } },
        sql: { tcp: { port: 3306 }, intervalSeconds: 2, timeoutSeconds: 0.8, fall: 3, rise: 1, weight: -50 },
        disk: { command: "test -w /srv" },
    },
    notify: { onMaster: "logger 'now master'", onBackup: "logger backup", onFault: "logger fault", user: "root" },
    garp: { repeat: 2, delaySeconds: 1, refreshSeconds: 30 },
    startupDelaySeconds: 2.5,
});

export const ipv6 = spec({ address: "fd77:0::0064/64", extraAddresses: ["fd77::65/64"] }, "front6");
export const version2 = spec({ version: 2, advertIntervalSeconds: 2 });
