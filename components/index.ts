export { Fault } from "./shared/failover";
export type { FaultSeconds, Term } from "./shared/failover";
export type { BastionArgs, NodeArgs } from "../remote/node";
