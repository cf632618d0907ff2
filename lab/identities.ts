import * as fs from "node:fs";
import * as path from "node:path";
import { driverOf } from "./driver";
import { publicKey } from "./identity";
import type { Inventory } from "./inventory";
import { HOST_INTERFACE, REPLICATION_INTERFACE } from "./network";
import type { LabPlan } from "./plan";
import { run } from "./run";
import { DEVICES } from "./vm/guest";

/** Makes the login key and every host's disk and key; what is there already stays. */
export async function makeIdentities(lab: LabPlan): Promise<Inventory> {
    const loginKey = path.join(lab.dir, "login_key");
    if (!fs.existsSync(`${loginKey}.pub`)) {
        fs.rmSync(loginKey, { force: true });
        await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", `pulumi-ha lab ${lab.name}`, "-f", loginKey]);
    }
    const authorized = `${publicKey(`${loginKey}.pub`)}\n`;
    const keys = await Promise.all(lab.hosts.map((host) => driverOf(host).makeDisk(lab, host, authorized)));
    return {
        lab: lab.name,
        release: lab.release,
        subnet: lab.subnet,
        gateway: lab.gateway,
        subnet6: lab.subnet6,
        gateway6: lab.gateway6,
        loginKey,
        hosts: lab.hosts.map((host, index) => ({
            name: host.name,
            number: host.number,
            address: host.address,
            prefixLength: lab.prefixLength,
            address6: host.address6,
            prefixLength6: 64,
            interface: HOST_INTERFACE,
            user: "admin",
            port: 22,
            hostKey: keys[index]!,
            ...(host.replication !== undefined && {
                vm: {
                    ...DEVICES,
                    replication: {
                        interface: REPLICATION_INTERFACE,
                        address: host.replication.address,
                        prefixLength: 24,
                    },
                },
            }),
        })),
    };
}

/** Lets the person who called sudo use the lab without it: Pulumi and ssh need no root. */
export function giveToCaller(files: string[]): void {
    const { SUDO_UID, SUDO_GID } = process.env;
    if (SUDO_UID === undefined || SUDO_GID === undefined) return;
    for (const file of files) fs.chownSync(file, Number(SUDO_UID), Number(SUDO_GID));
}
