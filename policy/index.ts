import { PolicyPack } from "@pulumi/policy";
import { hostKeysPinned } from "./rules/host-keys-pinned";

new PolicyPack("pulumi-ha", { policies: [hostKeysPinned] });
