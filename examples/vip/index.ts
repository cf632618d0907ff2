/** An address that moves to the other node when its holder is lost. */
import { KeepalivedVip, nodesFromConfig } from "pulumi-ha";

const { lb1, lb2 } = nodesFromConfig("lb1", "lb2");

const vip = new KeepalivedVip("front", { nodes: [lb1, lb2], address: "198.51.100.100/24" });

export const address = vip.address;
export const failover = vip.failover;
