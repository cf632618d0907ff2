export { labDown } from "./down.js";
export { type Inventory, type InventoryHost, readInventory } from "./inventory.js";
export { type HostStatus, type Instant, Lab, LabHost, Power } from "./lab.js";
export { LinkState } from "./network.js";
export type { LabOptions } from "./plan.js";
export { monotonicMs, type Ran } from "./run.js";
export { labOpen, labUp, type UpOptions } from "./up.js";
