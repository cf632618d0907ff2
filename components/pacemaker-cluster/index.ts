import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { NodeArgs } from "../../remote/node";
import { Unit, rolling, together } from "../../remote/unit";
import { issueCertificate } from "../certificate-authority/issue";
import type { FaultSeconds } from "../shared/failover";
import { checkedOn } from "../shared/node-rules";
import { recorded } from "../shared/rules";
import type { FailoverWiring } from "../shared/wiring";
import type { PacemakerClusterArgs } from "./args";
import { CREDENTIALS } from "./credentials";
import { failover, wiring } from "./failover";
import { renderHeld, renderMember, renderReload, renderResources, renderVote } from "./render";
import { rules } from "./rules";
import { publicArgs, toSpec } from "./spec";
import type { ClusterSpec } from "./spec";

export { ClusterAction, ClusterRole } from "./args";
export type {
    ClusterAttributeLocationArgs,
    ClusterCloneArgs,
    ClusterColocationArgs,
    ClusterLocationArgs,
    ClusterOperationArgs,
    ClusterOrderArgs,
    ClusterResourceArgs,
    FencingArgs,
    IpmiFencingArgs,
    LibvirtFencingArgs,
    PacemakerClusterArgs,
    SbdFencingArgs,
} from "./args";

/** Characters of Corosync's key, which has to have 128 bytes: of letters and digits, 760 bits. */
const KEY_LENGTH = 128;

/**
 * A Corosync and Pacemaker cluster: it runs each of its resources on one node, and on another one when that is lost, after it has made sure that the
 * lost one does nothing any more.
 *
 * ```ts
 * const pair = new PacemakerCluster("pair", {
 *     nodes: [app1, app2],
 *     witness: witness.vote,
 *     fencing: { ipmi: { app1: { address: "192.0.2.111", user: "fence", password }, app2: { … } } },
 *     resources: {
 *         address: { agent: "ocf:heartbeat:IPaddr2", parameters: { ip: "192.0.2.100", cidr_netmask: "24" } },
 *         web: { agent: "systemd:nginx" },
 *     },
 *     groups: { service: ["web", "address"] },
 * });
 * ```
 *
 * The configuration is a text in the preview; the hosts check it with Pacemaker's own tools, say what it will move, and apply it as one change. Corosync's
 * file reaches all members before one reload has them read it. A node in standby stays so. There is one cluster on a host.
 *
 * What it cannot give: a fence device that does not answer, alone or together with its node's power, stops what the lost node ran until it does or a
 * person says that the node is off (`stonith_admin --confirm`).
 */
export class PacemakerCluster extends pulumi.ComponentResource {
    static readonly __pulumiType = "pulumi-ha:index:PacemakerCluster";
    /** The cluster's name, once it runs its resources. */
    readonly clusterName: pulumi.Output<string>;
    /** How long clients are without what the cluster runs, at most, by kind of fault. */
    readonly failover: pulumi.Output<FaultSeconds[]>;
    /** Which addresses move, for `stackFailover`. */
    readonly wiring: pulumi.Output<FailoverWiring>;

    constructor(name: string, args: PacemakerClusterArgs, opts?: pulumi.ComponentResourceOptions) {
        super(PacemakerCluster.__pulumiType, name, recorded(withoutIssuer(args)), opts);
        const spec = checkedOn(
            this,
            name,
            { nodes: args.nodes },
            () => publicArgs(args),
            (a) => toSpec(name, a),
            rules,
        );
        const options = { parent: this, dependsOn: opts?.dependsOn };
        const authkey = new random.RandomPassword(`${name}-authkey`, { length: KEY_LENGTH, special: false }, options)
            .result;

        const shared = { [CREDENTIALS.authkey]: authkey };
        const members = together(args.nodes, (node, beside) => {
            const manifest = spec.apply((s) => renderMember(s, node.name));
            const credentials = { ...shared, ...logins(args) };
            return new Unit(`${name}-${node.name}`, { node, manifest, credentials, beside }, options);
        });
        const applied = onFirst(args, (node) => {
            const told = new Unit(
                `${name}-reload`,
                { node, manifest: spec.apply(renderReload), credentials: shared, after: members },
                options,
            );
            const votes = voteUnits(this, name, args, spec, [told]);
            const manifest = spec.apply(renderResources);
            return new Unit(`${name}-resources`, { node, manifest, after: [told, ...votes] }, options);
        });

        const manifestsHeld = (node: NodeArgs) => spec.apply((s) => renderHeld(s, node.name));
        args.nodes.forEach(
            (node) =>
                new Unit(`${name}-${node.name}-held`, { node, manifest: manifestsHeld(node), after: applied }, options),
        );

        this.clusterName = pulumi
            .all([spec, pulumi.all(applied.map((unit) => unit.applied.urn))])
            .apply(([s]) => s.name);
        this.failover = spec.apply(failover);
        this.wiring = spec.apply(wiring);
        this.registerOutputs({ clusterName: this.clusterName, failover: this.failover, wiring: this.wiring });
    }
}

/** What is done on one member for all; nothing where there is none, which the rules refuse. */
const onFirst = ({ nodes: [first] }: PacemakerClusterArgs, unit: (node: NodeArgs) => Unit): Unit[] =>
    first === undefined ? [] : [unit(first)];

/** What opens all controllers and hypervisors: any member may have to fence any other. */
const logins = ({ fencing }: PacemakerClusterArgs): Record<string, pulumi.Output<string>> =>
    Object.fromEntries([
        ...Object.entries(fencing?.ipmi ?? {}).map(
            ([node, { password }]) => [CREDENTIALS.password(node), pulumi.secret(password)] as const,
        ),
        ...Object.entries(fencing?.libvirt ?? {}).map(
            ([node, { privateKey }]) => [CREDENTIALS.login(node), pulumi.secret(privateKey).apply(ended)] as const,
        ),
    ]);

/** A key whose last line has no end is none to ssh. */
const ended = (key: string): string => `${key.trimEnd()}\n`;

/** The members' ways to the witness, each with a certificate that carries the cluster's name; one after the other, so that the vote is never missed. */
function voteUnits(
    parent: PacemakerCluster,
    name: string,
    { nodes, witness }: PacemakerClusterArgs,
    spec: pulumi.Output<ClusterSpec>,
    before: Unit[],
): Unit[] {
    if (witness === undefined) return [];
    return rolling(nodes, (node, after) => {
        const wishes = { clientAuth: true, commonName: name, dnsNames: [name, node.name], ipAddresses: [node.address] };
        const certificate = issueCertificate(`${name}-${node.name}`, witness.issuer, wishes, { parent });
        const manifest = spec.apply((s) => renderVote(s, s.witness?.node ?? ""));
        const credentials = {
            [CREDENTIALS.ca]: witness.issuer.trustedPem,
            [CREDENTIALS.certificate]: certificate.fullChainPem,
            [CREDENTIALS.key]: certificate.privateKeyPem,
        };
        return new Unit(
            `${name}-${node.name}-vote`,
            { node, manifest, credentials, after: [...before, ...after] },
            { parent },
        );
    });
}

/** The arguments for the record: the signing key is none of the cluster's. */
const withoutIssuer = ({ witness, ...args }: PacemakerClusterArgs) => ({
    ...args,
    witness: witness && { node: witness.node, address: witness.address, port: witness.port },
});
