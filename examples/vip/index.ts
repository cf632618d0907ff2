/** An address that moves to the other node when its holder is lost. */
import * as pulumi from "@pulumi/pulumi";
import { KeepalivedVip, nodesFromConfig, stackFailover } from "pulumi-ha";

const { lb1, lb2 } = nodesFromConfig("lb1", "lb2");

const vip = new KeepalivedVip("front", {
    nodes: [lb1, lb2],
    address: new pulumi.Config().require("address"),
});

export const address = vip.address;
export const failover = stackFailover([vip]);
