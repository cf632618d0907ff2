import * as pulumi from "@pulumi/pulumi";
import type { NodeArgs } from "../../remote/node";
import type { IssuedCertificate, Issuer } from "../shared/issuer";
import { Certificate, outputs } from "./certificate";
import type { IssueArgs } from "./certificate";

/** Where a certificate belongs. */
export interface IssueOptions {
    /** The component that needs it. */
    parent: pulumi.Resource;
}

/**
 * A certificate with a key of its own, as a child of the component that needs it.
 *
 * @throws pulumi.ResourceError with all violations and their paths.
 */
export function issueCertificate(name: string, issuer: Issuer, args: IssueArgs, opts: IssueOptions): IssuedCertificate {
    return outputs(new Certificate(name, { ...args, issuer }, { parent: opts.parent }));
}

/**
 * A certificate and a key for each node, by the node's name; called `NAME-NODE`. It is valid for the node's name and addresses and for what `args`
 * says, which holds for all of them, such as the name of the cluster.
 *
 * @throws pulumi.ResourceError with all violations and their paths.
 */
export function issueForNodes(
    name: string,
    issuer: Issuer,
    nodes: NodeArgs[],
    args: IssueArgs,
    opts: IssueOptions,
): Record<string, IssuedCertificate> {
    const issue = (node: NodeArgs) =>
        issueCertificate(`${name}-${node.name}`, issuer, { ...args, ...ofNode(node, args) }, opts);
    return Object.fromEntries(nodes.map((node) => [node.name, issue(node)]));
}

/** The names and addresses of a node, its own first. */
function ofNode(node: NodeArgs, args: IssueArgs): IssueArgs {
    const addresses = [node.address, ...(node.address6 === undefined ? [] : [node.address6])];
    return {
        commonName: args.commonName ?? node.name,
        dnsNames: joined([node.name], args.dnsNames),
        ipAddresses: joined(addresses, args.ipAddresses),
    };
}

type Texts = pulumi.Input<pulumi.Input<string>[]>;

/** Two lists as one; a list that is known only later keeps its items until then. */
const joined = (own: pulumi.Input<string>[], more: Texts = []): Texts =>
    Array.isArray(more) ? [...own, ...more] : pulumi.all([own, more]).apply(([first, second]) => [...first, ...second]);
