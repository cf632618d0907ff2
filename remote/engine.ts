import { createHash } from "node:crypto";
import * as path from "node:path";
import { joined } from "./joined";

/** The host side as it is written: functions only, in a fixed order, so that the same version of the library always sends the same bytes. */
export const ENGINE_SOURCE = joined(path.join(__dirname, "engine"));

/**
 * The host side as it is sent: without indentation, empty lines and lines of comment, which are a quarter of it, as it stands in the state. That both say
 * the same is tested, as a text of several lines or a here-document in the sources would not survive this.
 */
export const ENGINE = ENGINE_SOURCE.split("\n")
    .map((line) => line.trimStart())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .join("\n");

/** As it lies on hosts: what a command runs. */
export const ENGINE_FILE = `${ENGINE}\nmain "$@"\n`;
const MARK = "PULUMI_HA_ENGINE";
/** What the host side remembers on a host: records of units, originals of files that were there before, itself. */
export const STATE_FOLDER = "/var/lib/pulumi-ha";

/** Names the host side by its bytes: two versions of the library lie side by side on a host, and each unit runs the one that it was made with. */
export const ENGINE_ID = createHash("sha256").update(ENGINE_FILE).digest("hex").slice(0, 16);

/** Where the host side of an identity lies on a host. */
export const enginePath = (id: string): string => `${STATE_FOLDER}/engine/${id}`;

/** The one that came last; what leaves asks this one, as its own may have left before. */
export const NEWEST_ENGINE = enginePath("newest");

/**
 * What puts the host side on a host: it reads itself into a shell, and calls itself. Nothing but a function before the last line, and the engine's own
 * first line before that, so that a stream that was cut does nothing.
 */
export const ENGINE_SCRIPT = [
    ENGINE.slice(0, ENGINE.indexOf("\n")),
    `engine_text() { cat <<'${MARK}'\n${ENGINE_FILE}${MARK}\n}`,
    `eval "$(engine_text)"\n`,
].join("\n");

/** The host side in a script that puts it on a host; undefined where the script is another one. */
export function engineIn(script: string): string | undefined {
    const [, rest = ""] = script.split(`<<'${MARK}'\n`);
    const [file, more] = rest.split(`\n${MARK}\n`);
    return file === undefined || more === undefined ? undefined : `${file}\n`;
}
