import { container, type Driver } from "./host";
import { HostKind, type HostPlan } from "./plan";
import { vm } from "./vm/guest";

const DRIVERS: Record<HostKind, Driver> = { [HostKind.container]: container, [HostKind.vm]: vm };

/** What handles a host of its kind. */
export const driverOf = (host: Pick<HostPlan, "kind">): Driver => DRIVERS[host.kind];
