import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { secret } from "@pulumi/pulumi";
import type { LibvirtFencingArgs } from "../../components";
import type { LabHost } from "../../lab";
import { PROJECT, onHost } from "./support";
import type { Bench } from "./support";

/** Whose key is tied to the guide's program, and who has a shell: the first machine's user, and that of the others. */
const [TIED, FREE] = ["plain", "admin"];
const MACHINES = "/etc/lab-machines";

/** `virsh` as libvirt 9.0 answers fence_virsh, over hosts of the lab: their management controllers switch them. */
const VIRSH = `#!/bin/bash
power() { # MACHINE REQUEST
    read -r address port user <"${MACHINES}/$1"
    ipmitool -I lanplus -C 3 -H "$address" -p "$port" -U "$user" -f "${MACHINES}/$1.password" power "$2"
}
state() { if [[ $(power "$1" status) == *on ]]; then echo running; else echo 'shut off'; fi; }
verb=$1 machine=$2
[[ $verb == list || -e ${MACHINES}/$machine ]] || { echo "error: failed to get domain '$machine'" >&2; exit 1; }
case $verb in
list)
    printf ' Id   Name   State\\n-----------------------\\n'
    for file in ${MACHINES}/*.password; do
        name=$(basename "$file" .password)
        printf ' -    %s     %s\\n' "$name" "$(state "$name")"
    done
    ;;
domstate) state "$machine" ;;
destroy) power "$machine" off >/dev/null && echo "Domain '$machine' destroyed" ;;
start) power "$machine" on >/dev/null && echo "Domain '$machine' started" ;;
esac
echo
`;

/** What the guide has hypervisors run for a cluster's key. */
const PROGRAM = /^ {4}#!\/bin\/bash\n(?: {4}.*\n)+/m
    .exec(readFileSync(path.join(PROJECT, "docs", "pacemaker.md"), "utf8"))![0]
    .replaceAll(/^ {4}/gm, "");

async function put(host: LabHost, file: string, mode: string, owner: string, input: string): Promise<void> {
    // By a pipe: what a command gets here is a socket, which cannot be opened again.
    const script = `cat | install -D -m ${mode} -o ${owner} /dev/stdin ${file}`;
    const { code, stderr } = await host.exec(["bash", "-c", script], { input });
    if (code !== 0) throw new Error(`${host.name}: ${file}: ${stderr}`);
}

/** A lab's host as the hypervisor of others. */
export class Hypervisor {
    private constructor(
        private readonly host: LabHost,
        private readonly key: { private: string; public: string },
        private readonly machines: string[],
    ) {}

    static async on(bench: Bench, name: string, machines: string[]): Promise<Hypervisor> {
        const host = bench.host(name);
        const file = path.join(bench.dir, "fence");
        execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file]);
        const install = "apt-get install -qy --no-install-recommends ipmitool";
        await onHost(host, `apt-get update -q && DEBIAN_FRONTEND=noninteractive ${install}`);
        for (const machine of machines) {
            const { address, port, user, passwordFile } = bench.host(machine).inventory.bmc!;
            await put(host, `${MACHINES}/${machine}`, "0444", "root", `${address} ${port} ${user}\n`);
            await put(host, `${MACHINES}/${machine}.password`, "0444", "root", readFileSync(passwordFile, "utf8"));
        }
        await put(host, "/usr/local/bin/virsh", "0755", "root", VIRSH);
        await put(host, "/usr/local/bin/fence-machines", "0755", "root", PROGRAM);
        const key = { private: readFileSync(file, "utf8"), public: readFileSync(`${file}.pub`, "utf8") };
        const made = new Hypervisor(host, key, machines);
        await made.letIn(true);
        return made;
    }

    /** Whether the cluster's key opens it. */
    async letIn(open: boolean): Promise<void> {
        const tied = `restrict,pty,command="fence-machines ${this.machines[0]}" ${this.key.public}`;
        const opens = (user: string, line: string) =>
            put(this.host, `/home/${user}/.ssh/authorized_keys`, "0600", user, open ? line : "");
        await opens(TIED, tied);
        await opens(FREE, this.key.public);
    }

    /** It as the hypervisor of its machines. */
    devices(more: Partial<LibvirtFencingArgs> = {}): Record<string, LibvirtFencingArgs> {
        const { address, port, hostKey } = this.host.inventory;
        const privateKey = secret(this.key.private);
        return Object.fromEntries(
            this.machines.map((name, place) => [
                name,
                { address, port, user: place === 0 ? TIED : FREE, privateKey, hostKey, ...more },
            ]),
        );
    }
}
