import * as pulumi from "@pulumi/pulumi";
import type { NodeArgs } from "../../remote/node";
import { Unit } from "../../remote/unit";
import { issueCertificate } from "../certificate-authority/issue";
import type { Issuer } from "../shared/issuer";
import { checkedOn } from "../shared/node-rules";
import { recorded } from "../shared/rules";
import type { Vote } from "../shared/vote";
import { CREDENTIALS, render } from "./render";
import { rules } from "./rules";

const DEFAULT_PORT = 5403;

/** What a `Witness` is made from. */
export interface WitnessArgs {
    /** The host: a third place, which no cluster loses together with one of its members. It needs no power of its own: some 20 MiB of memory. */
    node: NodeArgs;
    /** Signs its certificate and those of the clusters that ask it: `ca.issuer`. */
    issuer: Issuer;
    /** TCP port, 1 to 65535. Default: 5403. */
    port?: pulumi.Input<number>;
}

/**
 * A third vote for clusters of two: corosync-qnetd on a small third host. It sees who is alive, and of two parts of a cluster it lets one go on.
 *
 * ```ts
 * const witness = new Witness("witness", { node: third, issuer: ca.issuer });
 * const pair = new PacemakerCluster("pair", { nodes: [app1, app2], witness: witness.vote, … });
 * ```
 *
 * One witness serves any number of clusters of different names. TLS in both directions is required: it answers nobody without a certificate of the
 * same authority. The host may be a `GaleraCluster`'s `arbitrator` and a `DrbdVolume`'s `tiebreaker` too: each takes the node itself. Its loss stops nothing while both members of a cluster are up; a member that is lost meanwhile stops the other one too.
 */
export class Witness extends pulumi.ComponentResource {
    static readonly __pulumiType = "pulumi-ha:index:Witness";
    /** For `witness` of what needs a third vote. */
    readonly vote: Vote;

    constructor(name: string, args: WitnessArgs, opts?: pulumi.ComponentResourceOptions) {
        const { node, issuer } = args;
        super(Witness.__pulumiType, name, recorded({ node, port: args.port }), opts);
        const plain = () => ({ node: node.name, address: node.address, port: args.port });
        const spec = checkedOn(
            this,
            name,
            { node },
            plain,
            (a) => ({ ...a, name, port: a.port ?? DEFAULT_PORT }),
            rules,
        );
        const options = { parent: this, dependsOn: opts?.dependsOn };

        const names = { commonName: node.name, dnsNames: [node.name], ipAddresses: [node.address] };
        const certificate = issueCertificate(name, issuer, names, { parent: this });
        const unit = new Unit(
            `${name}-${node.name}`,
            {
                node,
                manifest: spec.apply(render),
                credentials: {
                    [CREDENTIALS.ca]: issuer.trustedPem,
                    [CREDENTIALS.certificate]: certificate.fullChainPem,
                    [CREDENTIALS.key]: certificate.privateKeyPem,
                },
            },
            options,
        );

        // Plain where the arguments are, so that what is made with it is checked at once; whoever proves itself to the witness waits until it answers.
        this.vote = {
            node: node.name,
            address: node.address,
            port: args.port ?? DEFAULT_PORT,
            issuer: { ...issuer, trustedPem: after(unit, issuer.trustedPem) },
        };
        this.registerOutputs({ vote: this.vote });
    }
}

/** The same value, for what must wait until a unit is applied. */
const after = (unit: Unit, value: pulumi.Input<string>): pulumi.Output<string> =>
    pulumi.all([value, unit.applied.urn]).apply(([v]) => v);
