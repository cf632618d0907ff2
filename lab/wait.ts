import * as fs from "node:fs";
import { hostPaths, processesOf } from "./host";
import type { Inventory, InventoryHost } from "./inventory";
import type { LabPlan } from "./plan";
import { monotonicMs, until } from "./run";
import { tryLogin } from "./ssh";

/**
 * Waits until a host's SSH server lets its user in, with the pinned host key. Gives the seconds that took.
 * @throws Error with the last failed login, or with the console's last lines where the host did not start.
 */
export async function waitForHost(
    lab: LabPlan,
    inventory: Inventory,
    host: InventoryHost,
    seconds: number,
): Promise<number> {
    const begin = monotonicMs();
    let last: string | undefined;
    const outcome = await until(
        async () => {
            last = await tryLogin(inventory, host);
            if (last === undefined) return "up";
            return processesOf(lab, host.name).length === 0 ? "ended" : undefined;
        },
        { seconds, everyMs: 50 },
    );
    if (outcome === "up") return (monotonicMs() - begin) / 1000;
    const what = outcome === "ended" ? "did not start" : `does not let ${host.user} in within ${seconds} s (${last})`;
    throw new Error(`${host.name} ${what}; the end of its console:\n${consoleTail(hostPaths(lab, host.name).console)}`);
}

const consoleTail = (file: string): string => {
    const text = fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "";
    return text
        .trimEnd()
        .split("\n")
        .slice(-10)
        .map((line) => `  ${line}`)
        .join("\n");
};
