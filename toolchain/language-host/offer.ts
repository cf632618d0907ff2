// The engine starts plugins one after the other, and each as a process of Node costs more than all that it is then asked when nothing has to be done. The
// language host is such a process already, idle while the program loads, and outlives all plugins of its engine: it serves the stand-ins too, and says so in a
// folder that only this engine's plugins look at (plugins/stand-in.sh).
import * as fs from "node:fs";
import * as path from "node:path";
import { STAND_IN_MARK } from "../found";
import { pluginDirectory } from "../layout";
import { writeWhole } from "../place";
import { command } from "../plugins/command/command";
import { EngineLog } from "../plugins/engine";
import { listen, standInNotice } from "../plugins/provider";
import { random } from "../plugins/random/random";
import { tls } from "../plugins/tls/tls";

/** Who starts the plugins. */
export interface Engine {
    pid: number;
    /** host:port, as its plugins are told it. */
    address: string;
}

/**
 * Serves every stand-in that `home` has in place of the real plugin, once each, and leaves word of it there for the plugins that `engine` starts; takes
 * away what processes that are gone left. Resolves to the folder, which is the caller's to remove when it ends; to none where processes cannot be told apart.
 */
export async function offerStandIns(engine: Engine, home: string): Promise<string | undefined> {
    const offers = path.join(home, "offers");
    const started = startOf(engine.pid);
    if (started === undefined) return undefined;
    const folder = path.join(offers, `${engine.pid}-${started}-${engine.address.split(":").pop()}`);
    fs.mkdirSync(offers, { recursive: true, mode: 0o700 });
    for (const name of fs.readdirSync(offers)) {
        const [pid, start] = name.split("-");
        if (startOf(Number(pid)) !== start) fs.rmSync(path.join(offers, name), { recursive: true, force: true });
    }
    const standIns = [command, random, tls].filter((plugin) =>
        fs.existsSync(path.join(pluginDirectory(home, plugin), STAND_IN_MARK)),
    );
    for (const plugin of standIns) {
        const port = await listen(plugin, new EngineLog(engine.address));
        // The agent's socket is all of the environment that a plugin looks at.
        const lines = [process.pid, port, `agent ${process.env.SSH_AUTH_SOCK ?? ""}`, standInNotice(plugin)];
        writeWhole(path.join(folder, plugin.name), `${lines.join("\n")}\n`, 0o600);
    }
    return folder;
}

/** When the process was started, in the kernel's ticks since it was; undefined if there is none. */
function startOf(pid: number): string | undefined {
    try {
        const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
        return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    } catch {
        return undefined;
    }
}
