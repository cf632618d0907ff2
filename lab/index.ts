export type { Bmc } from "./bmc";
export { labDown } from "./down";
export { type Inventory, type InventoryHost, readInventory } from "./inventory";
export { type HostStatus, Lab, LabHost, Power } from "./lab";
export { LinkName, LinkState } from "./network";
export { HostKind, type LabOptions } from "./plan";
export { type Gap, httpProbe, type Probe, Prober, type ProbeReport, tcpProbe, vipOwners } from "./probe";
export { type Instant, monotonicMs, type Ran } from "./run";
export { labOpen, labUp, type UpOptions } from "./up";
