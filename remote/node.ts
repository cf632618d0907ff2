import * as pulumi from "@pulumi/pulumi";
import type { types } from "@pulumi/command";
import { whenKnown } from "./reach";

/** A host through which another one is reached (`ProxyJump` of ssh). It has its own login and its own pinned key. */
export interface BastionArgs {
    /** Address or name under which this machine reaches the bastion. */
    address: pulumi.Input<string>;
    /** SSH port. Default: 22. */
    port?: pulumi.Input<number>;
    /** Login user. Default: `root`. */
    user?: pulumi.Input<string>;
    /** Private key in OpenSSH or PEM form. Default: the node's own key. */
    privateKey?: pulumi.Input<string>;
    /** The bastion's host key as a line of `known_hosts` without the name: `ssh-ed25519 AAAA…`. */
    hostKey: pulumi.Input<string>;
}

/** A machine that components provision: plain data, so that it can come from a stack's config, a file or another stack's output. */
export interface NodeArgs {
    /** Name of the node in resource names, configurations and logs. Renaming a node means: a new node. */
    name: string;
    /** Address by which the other nodes and clients reach this one; SSH uses it too unless `sshAddress` says otherwise. */
    address: pulumi.Input<string>;
    /** IPv6 address of the node, where it has one for services. */
    address6?: pulumi.Input<string>;
    /** Network interface that carries `address`, e.g. `eth0`. Needed where a component moves addresses. */
    interface?: pulumi.Input<string>;
    /** Address for SSH. Default: `address`. */
    sshAddress?: pulumi.Input<string>;
    /** SSH port, 1 to 65535. Default: 22. */
    port?: pulumi.Input<number>;
    /** Login user: root, or one whose sudo asks for no password. Default: `root`. */
    user?: pulumi.Input<string>;
    /** Private key for the login, in OpenSSH or PEM form; always treated as a secret. Default: the keys of the running SSH agent. */
    privateKey?: pulumi.Input<string>;
    /** The host's public key, `ssh-ed25519 AAAA…` (`/etc/ssh/ssh_host_ed25519_key.pub`). Ed25519 or ECDSA: a pinned RSA key is refused by current servers. */
    hostKey?: pulumi.Input<string>;
    /** Why this node may be reached without a pinned host key: whoever answers at its address then gets root's commands and all credentials. */
    acceptUnknownHostKey?: string;
    /** Host to go through. */
    bastion?: BastionArgs;
    /** Seconds for which a host that does not answer yet is tried again before `up` gives up on it, 86400 at most. Default: 60. */
    reachWithinSeconds?: pulumi.Input<number>;
    /** What policies may look at, e.g. `{ rack: "r1", hypervisor: "kvm3" }`. */
    labels?: Record<string, string>;
}

type Connection = types.input.remote.ConnectionArgs;

/** Seconds that one dial may take before it counts as failed. */
export const DIAL_SECONDS = 5;
/** The longest that the provider waits between two dials. */
const LONGEST_WAIT_SECONDS = 5;

/**
 * How often a dial is retried so that a host is given about `seconds`. The provider waits 0.1 s, then half as much again each time, at most 5 s.
 * A dial that is dropped on the way takes `DIAL_SECONDS` besides, so a host whose packets vanish takes longer: 166 s where 60 were given.
 */
function dialRetries(seconds: number): number {
    let retries = 0;
    for (let spent = 0, wait = 0.1; spent < seconds; retries++) {
        spent += wait;
        wait = Math.min(wait * 1.5, LONGEST_WAIT_SECONDS);
    }
    return retries;
}

/**
 * The provider's connection for a node, built field by field: an unknown key in it would make the CLI print the whole object, private key included.
 *
 * @param reachWithinSeconds how long a host that does not answer is tried again.
 */
export function connection(node: NodeArgs, reachWithinSeconds: pulumi.Input<number>): Connection {
    const { bastion } = node;
    return {
        host: node.sshAddress ?? node.address,
        port: whenKnown(node, "port", node.port) ?? 22,
        user: whenKnown(node, "user", node.user) ?? "root",
        hostKey: whenKnown(node, "hostKey", node.hostKey),
        privateKey: secret(node.privateKey),
        dialErrorLimit: pulumi.output(reachWithinSeconds).apply(dialRetries),
        perDialTimeout: DIAL_SECONDS,
        proxy: bastion && {
            host: bastion.address,
            port: whenKnown(node, "bastion.port", bastion.port) ?? 22,
            user: whenKnown(node, "bastion.user", bastion.user) ?? "root",
            hostKey: whenKnown(node, "bastion.hostKey", bastion.hostKey),
            privateKey: secret(bastion.privateKey ?? node.privateKey),
            dialErrorLimit: pulumi.output(reachWithinSeconds).apply(dialRetries),
            perDialTimeout: DIAL_SECONDS,
        },
    };
}

const secret = (value: pulumi.Input<string> | undefined) => (value === undefined ? undefined : pulumi.secret(value));
