import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { AUTHORIZED_KEYS } from "./base";
import { resolvConf } from "./machine";
import { HOST_INTERFACE, REPLICATION_INTERFACE } from "./network";
import type { HostPlan, LabPlan } from "./plan";
import { run } from "./run";

/**
 * The network as Debian's ifupdown sets it at every start. Scripts that packages hang on it have nothing to do here, and looking for them takes
 * an emulated processor seconds.
 */
const interfaces = (
    lab: LabPlan,
    host: HostPlan,
): string => `${host.replication === undefined ? "" : "no-scripts *\n"}auto lo
iface lo inet loopback

auto ${HOST_INTERFACE}
iface ${HOST_INTERFACE} inet static
    address ${host.address}/${lab.prefixLength}
    gateway ${lab.gateway}
iface ${HOST_INTERFACE} inet6 static
    address ${host.address6}/64
    dad-attempts 0
${host.replication === undefined ? "" : replication(host.replication.address)}`;

const replication = (address: string): string => `
auto ${REPLICATION_INTERFACE}
iface ${REPLICATION_INTERFACE} inet static
    address ${address}/24
`;

/** The lines of /etc/hosts that name a host. */
export const hostsLine = (host: HostPlan): string => `${host.address} ${host.name}\n${host.address6} ${host.name}\n`;
const hostsFile = (lab: LabPlan): string => `127.0.0.1 localhost\n::1 localhost\n${lab.hosts.map(hostsLine).join("")}`;

/** The files that make a host this host. */
const identity = (lab: LabPlan, host: HostPlan, loginKey: string): Record<string, string> => ({
    "/etc/hostname": `${host.name}\n`,
    "/etc/hosts": hostsFile(lab),
    "/etc/machine-id": `${createHash("sha256").update(`${lab.name} ${lab.subnet} ${host.name}`).digest("hex").slice(0, 32)}\n`,
    "/etc/network/interfaces": interfaces(lab, host),
    "/etc/resolv.conf": resolvConf(),
    [AUTHORIZED_KEYS]: loginKey,
});

const HOST_KEY = "etc/ssh/ssh_host_ed25519_key";

/** Makes the folder with what makes a host this host, its SSH server's key included; one that is there already stays. Gives the public key. */
export async function makeIdentity(lab: LabPlan, host: HostPlan, loginKey: string, dir: string): Promise<string> {
    if (!fs.existsSync(dir)) {
        const unfinished = `${dir}.unfinished`;
        fs.rmSync(unfinished, { recursive: true, force: true });
        for (const [file, content] of Object.entries(identity(lab, host, loginKey))) {
            fs.mkdirSync(path.join(unfinished, path.dirname(file)), { recursive: true, mode: 0o755 });
            fs.writeFileSync(path.join(unfinished, file), content, { mode: 0o644 });
        }
        const key = path.join(unfinished, HOST_KEY);
        await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", `root@${host.name}`, "-f", key]);
        fs.renameSync(unfinished, dir);
    }
    return publicKey(path.join(dir, `${HOST_KEY}.pub`));
}

/** Type and base64 of a public key file, without its comment. */
export const publicKey = (file: string): string =>
    fs.readFileSync(file, "utf8").trim().split(" ").slice(0, 2).join(" ");
