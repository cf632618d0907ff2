import * as pulumi from "@pulumi/pulumi";
import { Unit, rolling } from "../../remote/unit";
import { issueCertificate } from "../certificate-authority/issue";
import { urlHost } from "../shared/addresses";
import type { FaultSeconds } from "../shared/failover";
import type { GaleraBackend } from "../shared/galera-backend";
import type { IssuedCertificate } from "../shared/issuer";
import { checkedOn } from "../shared/node-rules";
import type { Hosts } from "../shared/node-rules";
import { recorded } from "../shared/rules";
import type { FailoverWiring } from "../shared/wiring";
import { renderAccounts } from "./accounts";
import { renderArbitrator } from "./arbitrator";
import type { GaleraClusterArgs } from "./args";
import { readersBackend, writerBackend } from "./backend";
import { failover, wiring } from "./failover";
import { passwordsOf } from "./passwords";
import type { Passwords } from "./passwords";
import { CA, CERTIFICATE, KEY, renderMember, renderServer } from "./render";
import { rules } from "./rules";
import { arbitratorOf, certificateNames, nodeOf, publicArgs, toSpec, writer } from "./spec";
import type { GaleraSpec } from "./spec";

export { GaleraTiming } from "./args";
export type { GaleraCacheArgs, GaleraClusterArgs, GaleraDatabaseArgs, GaleraHealthArgs, GaleraUserArgs } from "./args";

/** Where members say how they are: `http://ADDRESS:PORT/writer` and so on. */
export interface GaleraHealth {
    /** Port on every member. */
    port: number;
    /** Status 200 where a member is healthy. */
    path: string;
    /** Status 200 where a writer may go. */
    writerPath: string;
    /** Status 200 where readers may go. */
    readerPath: string;
}

/**
 * A MariaDB Galera cluster: the same data on every member, one of them the writer, TLS on every wire.
 *
 * ```ts
 * const orders = new GaleraCluster("orders", {
 *     nodes: [db1, db2, db3],
 *     issuer: ca.issuer,
 *     databases: [{ name: "orders" }],
 *     users: [{ name: "shop", database: "orders" }],
 * });
 * ```
 *
 * The first `up` forms the cluster on evidence that the hosts give: the last of `nodes` begins one only if its own data directory is fresh and every
 * other member answers that it has none either; the others join one after the other. A directory that has been in a cluster only ever joins. Where
 * nobody is left to join, `pulumi-ha recover galera NAME` finds out who was last.
 *
 * Changes reach one member after the other, the writer last, each behind the gate that all are synced; variables that a running server takes are set
 * there without a restart. The database's files are never deleted, also not by `destroy`.
 *
 * What no Galera cluster gives: a transaction that was acknowledged can be lost if all members lose power before it is on a disk; it is on the
 * writer's, `innodb_flush_log_at_trx_commit` being 1. And a reader may be behind the writer by a moment unless its session sets `wsrep_sync_wait`.
 */
export class GaleraCluster extends pulumi.ComponentResource {
    static readonly __pulumiType = "pulumi-ha:index:GaleraCluster";
    /** `10.77.0.21:3306` of each member, by its name. */
    readonly endpoints: pulumi.Output<Record<string, string>>;
    /** Name of the member that is the writer while all are healthy. */
    readonly writer: pulumi.Output<string>;
    /** The writer, for `galera` of a `HaproxyFrontend`. */
    readonly backend: pulumi.Output<GaleraBackend>;
    /** The readers, for `galera` of a `HaproxyFrontend`. */
    readonly readers: pulumi.Output<GaleraBackend>;
    /** Roots that prove the members' certificates, PEM: what clients are given to trust. */
    readonly ca: pulumi.Output<string>;
    /** The users' passwords, by user: a secret. */
    readonly passwords: pulumi.Output<Record<string, string>>;
    /** How long writes stand still after a fault of a member, at most, by kind of fault. */
    readonly failover: pulumi.Output<FaultSeconds[]>;
    /** Which servers are its own, for `stackFailover`. */
    readonly wiring: pulumi.Output<FailoverWiring>;
    /** Where members say how they are. */
    readonly health: pulumi.Output<GaleraHealth>;

    constructor(name: string, args: GaleraClusterArgs, opts?: pulumi.ComponentResourceOptions) {
        super(GaleraCluster.__pulumiType, name, recorded(args), opts);
        const spec = checkedOn(
            this,
            name,
            hosts(args),
            () => publicArgs(args),
            (a) => toSpec(name, a),
            rules,
        );
        const options = { parent: this, dependsOn: opts?.dependsOn };
        const passwords = passwordsOf(name, args.users ?? [], options);
        const certificates = memberCertificates(this, name, args, spec);

        // Before anybody is changed: all let a new member in, and trust a new authority.
        const members = args.nodes.map((node) => {
            const manifest = spec.apply((s) => renderMember(s, node.name));
            const credentials = { [CA]: args.issuer.trustedPem };
            return new Unit(`${name}-${node.name}-member`, { node, manifest, credentials }, options);
        });
        const servers = rolling([...args.nodes].reverse(), (node, after) => {
            const manifest = spec.apply((s) => renderServer(s, node.name));
            const credentials = proof(certificates[node.name]);
            const before = after.length > 0 ? after : members;
            return new Unit(`${name}-${node.name}`, { node, manifest, credentials, after: before }, options);
        });
        const last = servers.slice(-1);
        const others = [
            ...arbitratorUnit(this, name, args, spec, last),
            ...accountsUnit(this, name, args, spec, passwords, last),
        ];

        const ready = formed(spec, [...servers, ...others]);
        this.endpoints = ready.apply(endpoints);
        this.writer = ready.apply((s) => writer(s)?.name ?? "");
        this.backend = ready.apply(writerBackend);
        this.readers = ready.apply(readersBackend);
        this.ca = pulumi.output(args.issuer.trustedPem);
        this.passwords = passwords.byUser;
        this.failover = spec.apply(failover);
        this.wiring = spec.apply(wiring);
        this.health = spec.apply(healthOf);
        this.registerOutputs({
            endpoints: this.endpoints,
            writer: this.writer,
            backend: this.backend,
            readers: this.readers,
            ca: this.ca,
            passwords: this.passwords,
            failover: this.failover,
            wiring: this.wiring,
            health: this.health,
        });
    }
}

const hosts = ({ nodes, arbitrator }: GaleraClusterArgs): Hosts => (arbitrator ? { nodes, arbitrator } : { nodes });

/** A certificate for each member, as a server and as a client of the others, that also holds for what clients call the cluster. */
const memberCertificates = (
    parent: GaleraCluster,
    name: string,
    { nodes, issuer }: GaleraClusterArgs,
    spec: pulumi.Output<GaleraSpec>,
): Record<string, IssuedCertificate> =>
    Object.fromEntries(
        nodes.map((node) => {
            const names = spec.apply((s) => certificateNames(s, nodeOf(s, node.name)));
            const wishes = { commonName: node.name, dnsNames: names.dnsNames, ipAddresses: names.ipAddresses };
            return [
                node.name,
                issueCertificate(`${name}-${node.name}`, issuer, { clientAuth: true, ...wishes }, { parent }),
            ];
        }),
    );

/** What travels to a host to prove it. */
const proof = (certificate: IssuedCertificate | undefined): Record<string, pulumi.Input<string>> =>
    certificate ? { [CERTIFICATE]: certificate.fullChainPem, [KEY]: certificate.privateKeyPem } : {};

/** The vote of a host without data; none where there is no such host. */
function arbitratorUnit(
    parent: GaleraCluster,
    name: string,
    { arbitrator: node, issuer }: GaleraClusterArgs,
    spec: pulumi.Output<GaleraSpec>,
    after: Unit[],
): Unit[] {
    if (node === undefined) return [];
    const unit = `${name}-arbitrator`;
    const wishes = { clientAuth: true, dnsNames: [node.name], ipAddresses: [node.address] };
    const certificate = issueCertificate(unit, issuer, wishes, { parent });
    const manifest = spec.apply((s) => renderArbitrator(s, arbitratorOf(s)));
    const credentials = { [CA]: issuer.trustedPem, ...proof(certificate) };
    return [new Unit(unit, { node, manifest, credentials, after }, { parent })];
}

/** Databases and users, made on one member for all. */
function accountsUnit(
    parent: GaleraCluster,
    name: string,
    { nodes: [node] }: GaleraClusterArgs,
    spec: pulumi.Output<GaleraSpec>,
    { credentials, previous }: Passwords,
    after: Unit[],
): Unit[] {
    if (node === undefined) return [];
    const manifest = spec.apply((s) => renderAccounts(s, previous));
    return [new Unit(`${name}-accounts`, { node, manifest, credentials, after }, { parent })];
}

/** The spec, known at preview already, for what must wait until the units are applied: it depends on their commands. */
const formed = (spec: pulumi.Output<GaleraSpec>, units: Unit[]): pulumi.Output<GaleraSpec> =>
    pulumi.all([spec, pulumi.all(units.map((unit) => unit.applied.urn))]).apply(([s]) => s);

const endpoints = (spec: GaleraSpec): Record<string, string> =>
    Object.fromEntries(spec.nodes.map((node) => [node.name, `${urlHost(node.address)}:${spec.port}`]));

const healthOf = ({ health: { port } }: GaleraSpec): GaleraHealth => ({
    port,
    path: "/",
    writerPath: "/writer",
    readerPath: "/reader",
});
