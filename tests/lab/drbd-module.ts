import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import * as path from "node:path";
import { DrbdVersion } from "../../components";
import type { Lab, LabHost } from "../../lab";
import { sshArguments } from "../../lab/ssh";

/** A folder with the modules of DRBD 9, built for the kernel of the lab's machines. Without one their kernel's own is used. */
const MODULES = process.env["PULUMI_HA_LAB_DRBD"];

/** The DRBD of the lab's machines. */
export const DRBD = MODULES === undefined ? DrbdVersion.Kernel : DrbdVersion.Nine;

/** Installs the modules of the folder, as a package for the kernel does. */
export function installDrbd(lab: Lab, host: LabHost): void {
    if (MODULES === undefined) return;
    const login = sshArguments(lab.inventory, host.inventory, lab.knownHostsFile, "root");
    const on = (script: string, input?: Buffer) => execFileSync("ssh", [...login, script], { input });
    for (const name of readdirSync(MODULES).filter((file) => file.endsWith(".ko"))) {
        const place = `/lib/modules/$(uname -r)/updates/${name}`;
        on(`mkdir -p "$(dirname ${place})" && cat >${place}`, readFileSync(path.join(MODULES, name)));
    }
    on(
        "if [ -e /sys/module/drbd ]; then rmmod drbd; fi && depmod && modprobe drbd && grep ^9 /sys/module/drbd/version",
    );
}
