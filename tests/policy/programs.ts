import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import {
    CertificateAuthority,
    DrbdVolume,
    GaleraCluster,
    HaPair,
    Witness,
    HaproxyFrontend,
    KeepalivedVip,
    Unit,
    manifest,
    stackFailover,
} from "../../components";
import type { ManagedFile, ManifestParts, NodeArgs } from "../../components";

const HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGbI5wMZb0Cn0nOXWnfEwYf3HZJfWAuBPWm2d0rUvHhD";
/** What no rule may repeat. */
export const LOGIN_KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nnobody's\n-----END OPENSSH PRIVATE KEY-----\n";

/** A node of network 192.0.2.0/24. */
export const node = (name: string, byte: number, labels?: Record<string, string>): NodeArgs => ({
    name,
    address: `192.0.2.${byte}`,
    interface: "eth0",
    privateKey: LOGIN_KEY,
    hostKey: HOST_KEY,
    labels,
});

/** A node that says where it stands, each in a rack and on a hypervisor of its own. */
const placed = (name: string, byte: number): NodeArgs =>
    node(name, byte, { rack: `r${byte}`, hypervisor: `kvm${byte}`, memory: "16G" });

/** A component as another version of the library, or one that does not exist yet, registers it: a type, inputs, and what it promises. */
class Other extends pulumi.ComponentResource {
    constructor(kind: string, name: string, inputs: pulumi.Inputs, outputs: pulumi.Inputs = {}) {
        super(`pulumi-ha:index:${kind}`, name, inputs);
        this.registerOutputs(outputs);
    }
}

const file = (path: string, content: string): ManagedFile => ({
    path,
    mode: "0644",
    owner: "root:root",
    content,
    onChange: [],
});
const unit = (
    parent: pulumi.Resource | undefined,
    name: string,
    on: NodeArgs,
    parts: Omit<ManifestParts, "unit">,
): Unit => new Unit(name, { node: on, manifest: manifest({ unit: name, ...parts }) }, { parent });

const router = (name: string, address: string): ManagedFile =>
    file(
        `/etc/keepalived/conf.d/${name}.conf`,
        `vrrp_instance ${name} {\n    virtual_router_id 7\n    virtual_ipaddress {\n        ${address}/24 dev eth0\n    }\n}\n`,
    );

/** What a unit sends as a version of the library would that knew of no versions. */
const withoutVersion: pulumi.ResourceTransformation = ({ type, props, opts }) => {
    if (type !== "command:remote:Command") return undefined;
    const { stdin } = props as { stdin: pulumi.Input<string> };
    return {
        props: { ...props, stdin: pulumi.output(stdin).apply((text) => text.replace(/^ENGINE_VERSION=.*\n/m, "")) },
        opts,
    };
};

/** Breaks every rule at least once. What a component itself refuses stands here as one of another version would have it. */
export async function breaksAll(): Promise<Record<string, unknown>> {
    const [a, b, same] = [node("a", 1, { rack: "r1", memory: "16G" }), node("b", 2, { rack: "r1" }), node("c", 1)];
    unit(undefined, "unpinned", { ...a, hostKey: undefined, acceptUnknownHostKey: "a lab" }, {});
    new command.remote.Command("own", {
        connection: { host: "192.0.2.1", hostKey: HOST_KEY, password: "nobody's" },
        create: "true",
    });
    new Other("HaPair", "files", { nodes: [a, b], volume: { device: "/dev/drbd0" }, acceptSplitBrainRisk: "nobody's" });
    new Other("DrbdVolume", "disk", { nodes: [a, b], deleteData: true });
    new Other("Witness", "third", { node: same });
    const slow = [{ fault: "power", totalSeconds: 60, formula: "3 x advert interval (60 s)" }];
    const front = new Other("KeepalivedVip", "front", { nodes: [a, b] }, { failover: slow });
    unit(undefined, "tools", a, { packages: ["socat"] });
    unit(front, "front-a", a, { files: [router("front", "192.0.2.100")] });
    new Unit("older", { node: b, manifest: manifest({ unit: "older" }) }, { transformations: [withoutVersion] });
    const back = new Other("GaleraCluster", "back", { nodes: [a, b] });
    unit(back, "back-a", a, {
        files: [
            router("back", "192.0.2.101"),
            file("/etc/mysql/mariadb.conf.d/x.cnf", "[mariadbd]\ninnodb_buffer_pool_size = 64G\n"),
            file("/etc/corosync/corosync.conf", "totem {\n    crypto_cipher: none\n}\n"),
        ],
    });
    new HaproxyFrontend("sql", {
        nodes: [a],
        bind: { address: "192.0.2.102", port: 3306 },
        mode: "tcp",
        servers: { db: { address: "192.0.2.9", port: 3306 } },
    });
    new CertificateAuthority("ca", { organization: "Example", leaf: { lifetimeHours: 20000 } }).issue("long", {
        dnsNames: ["a.example"],
    });
    return { failover: { power: { totalSeconds: 60, formula: "front: 60 s", knob: "front.advertIntervalSeconds" } } };
}

/** A whole stack that keeps every rule in the strictest profile but the one about packages, whose versions components do not state. */
export async function keepsAll(): Promise<Record<string, unknown>> {
    const [lb1, lb2, db1, db2, db3] = [
        placed("lb1", 1),
        placed("lb2", 2),
        placed("db1", 3),
        placed("db2", 4),
        placed("db3", 5),
    ];
    const ca = new CertificateAuthority("ca", { organization: "Example" });
    const vip = new KeepalivedVip("front", { nodes: [lb1, lb2], address: "192.0.2.100/24" });
    const orders = new GaleraCluster(
        "orders",
        { nodes: [db1, db2, db3], issuer: ca.issuer, timing: "fast" },
        { protect: true },
    );
    const sql = new HaproxyFrontend("sql", {
        nodes: [lb1, lb2],
        bind: { address: vip.address, port: 3306 },
        galera: orders.backend,
    });
    const web = new HaproxyFrontend("web", {
        nodes: [lb1, lb2],
        bind: { address: vip.address, port: 443 },
        issuer: ca.issuer,
        servers: { app1: { address: "192.0.2.21", port: 8443 } },
        serverTls: { caCertificatePem: ca.trustedPem },
    });
    const [app1, app2, third] = [placed("app1", 6), placed("app2", 7), placed("third", 8)];
    const disk = new DrbdVolume(
        "disk",
        {
            nodes: [app1, app2],
            device: "/dev/vdb",
            mountPoint: "/srv/files",
            replicationAddresses: { app1: "10.9.0.6", app2: "10.9.0.7" },
        },
        { protect: true },
    );
    const files = new HaPair("files", {
        nodes: [app1, app2],
        address: "192.0.2.101/24",
        volume: disk.volume,
        services: { web: { preset: "nginx" } },
        witness: new Witness("third", { node: third, issuer: ca.issuer }).vote,
        fencing: {
            ipmi: {
                app1: { address: "192.0.2.206", user: "pulumi", password: "nobody's", independentPower: true },
                app2: { address: "192.0.2.207", user: "pulumi", password: "nobody's", independentPower: true },
            },
        },
        links: { app1: "198.51.100.6", app2: "198.51.100.7" },
    });
    unit(vip, "tools", lb1, { packages: ["socat=1.7.4.4-2"] });
    return { failover: stackFailover([vip, sql, web, files]) };
}
