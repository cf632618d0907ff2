import type * as pulumi from "@pulumi/pulumi";
import type { Issuer } from "./issuer";

/**
 * A third vote for a cluster of two, as plain data: `witness.vote` of a `Witness`, handed to what needs it. The witness answers with corosync-qnetd;
 * members prove themselves to it with certificates that the same issuer signs (corosync-qdevice(8)).
 */
export interface Vote {
    /** Name of the node that casts it: it has to be none of the members. */
    node: pulumi.Input<string>;
    /** Address at which members reach it. */
    address: pulumi.Input<string>;
    /** TCP port of corosync-qnetd. */
    port: pulumi.Input<number>;
    /** Who signs the members' certificates. */
    issuer: Issuer;
}
