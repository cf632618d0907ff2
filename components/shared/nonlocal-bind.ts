import { run } from "../../remote/manifest";
import type { ManagedFile } from "../../remote/manifest";
import { header } from "./header";

const PATH = "/etc/sysctl.d/60-pulumi-ha-nonlocal-bind.conf";

/**
 * Lets services bind a virtual address that their host does not hold at the moment. Owned by every unit that states it; the kernel keeps the setting
 * until the next boot after the last of them left.
 */
export const nonlocalBind: ManagedFile = {
    path: PATH,
    mode: "0644",
    owner: "root:root",
    // A leading - : no error where the kernel runs without IPv6.
    content: `${header("addresses that move")}\nnet.ipv4.ip_nonlocal_bind = 1\n-net.ipv6.ip_nonlocal_bind = 1\n`,
    shared: true,
    // It changes also when it leaves.
    onChange: [run(`[ ! -e ${PATH} ] || /lib/systemd/systemd-sysctl ${PATH}`)],
};
