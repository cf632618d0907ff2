import * as fs from "node:fs";
import { driverOf } from "./driver";
import { processesOf } from "./host";
import type { Inventory } from "./inventory";
import type { HostPlan, LabPlan } from "./plan";
import { tcpProbe } from "./probe";
import { monotonicMs, until } from "./run";
import { tryLogin } from "./ssh";

/**
 * Waits until a host's SSH server lets its user in, with the pinned host key. Gives the seconds that took.
 * @throws Error with the last failed login, or with the console's last lines where the host did not start.
 */
export async function waitForHost(
    lab: LabPlan,
    inventory: Inventory,
    host: HostPlan,
    seconds = driverOf(host).bootSeconds,
): Promise<number> {
    const driver = driverOf(host);
    const known = inventory.hosts.find((candidate) => candidate.name === host.name)!;
    const begin = monotonicMs();
    let last: string | undefined;
    const outcome = await until(
        async () => {
            // A login takes seconds where the processor is emulated: only once there is somebody to ask.
            last = (await listens(known.address, known.port))
                ? await tryLogin(inventory, known, driver.loginSeconds * 1000)
                : "nobody listens";
            if (last === undefined) return "up";
            return processesOf(lab, host.name).length === 0 ? "ended" : undefined;
        },
        { seconds, everyMs: 50 },
    );
    if (outcome === "up") return (monotonicMs() - begin) / 1000;
    const what = outcome === "ended" ? "did not start" : `does not let ${known.user} in within ${seconds} s (${last})`;
    const tails = driver.logs(lab, host).map(consoleTail).join("\n");
    throw new Error(`${host.name} ${what}; the end of its console:\n${tails}`);
}

const listens = async (address: string, port: number): Promise<boolean> => {
    try {
        await tcpProbe(address, port)(AbortSignal.timeout(1000));
        return true;
    } catch {
        return false;
    }
};

const consoleTail = (file: string): string => {
    const text = fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "";
    return text
        .trimEnd()
        .split("\n")
        .slice(-10)
        .map((line) => `  ${line}`)
        .join("\n");
};
