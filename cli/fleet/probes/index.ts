import { corosync } from "./corosync";
import { drbd } from "./drbd";
import { mariadb } from "./mariadb";
import { pacemaker } from "./pacemaker";
import type { Probe } from "./probe";

export type { Difference, Probe } from "./probe";

/** All daemons that can be asked what they run with. Those of which a unit's own gate asks it, as HAProxy and keepalived, need none. */
export const PROBES: Probe[] = [mariadb, corosync, pacemaker, drbd];
