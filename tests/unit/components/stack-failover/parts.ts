import { Fault, faultSeconds } from "../../../../components/shared/failover";
import type { Term } from "../../../../components/shared/failover";
import type { Part } from "../../../../components/stack-failover/compose";

/** A term of the name `NAME`, which the argument `NAME.knob` makes shorter. */
export const term = (name: string, seconds: number, knob: string | undefined = `${name}.knob`): Term => ({
    name,
    seconds,
    detects: true,
    source: "test",
    knob,
});

/** A component that promises the same for each kind of fault, in one term of its own name. */
export const part = (
    name: string,
    seconds: number,
    wiring: Part["wiring"] = {},
    faults = Object.values(Fault),
): Part => ({
    name,
    failover: faults.map((fault) => faultSeconds(fault, [term(name, seconds)])),
    wiring,
});

export const VIP = "192.0.2.100";
export const SQL = "192.0.2.31:3306";
/** An address that moves, as every component with an output `address` has one. */
export const vip = part("front", 3, { moves: [VIP] });
/** A load balancer on that address. */
export const web = part("web", 2, { boundTo: [VIP], servers: ["192.0.2.21:8080"] });
