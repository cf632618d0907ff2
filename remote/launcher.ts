import { ENGINE_ID, NEWEST_ENGINE, STATE_FOLDER, enginePath } from "./engine";

/** What is asked of the host side: `install` and `uninstall` of the engine itself, the others of a unit. */
export type Verb = "install" | "uninstall" | "prepare" | "apply" | "remove";

const FIRST_CONTACT =
    "sudo -n true || { echo 'pulumi-ha acts as root: let this user use sudo without a password (NOPASSWD), or log in as root' >&2; exit 77; }; ";

/**
 * The text that ssh executes for a login user, but for its last arguments: constant, as it is shown in previews, errors and the host's process list. From a
 * host that was made anew nothing has to be removed.
 */
export function launcher(user: string, verb: Verb): string {
    const [sudo, contact] = user === "root" ? ["", ""] : ["sudo -n ", FIRST_CONTACT];
    const engine = `${sudo}bash ${enginePath(ENGINE_ID)}`;
    return {
        install: `${contact}${sudo}bash -s -- install ${ENGINE_ID}`,
        uninstall: `${sudo}bash -s -- uninstall -`,
        prepare: `${contact}${engine} prepare`,
        apply: `${engine} apply`,
        remove: `[ ! -e ${STATE_FOLDER} ] || exec ${sudo}bash ${NEWEST_ENGINE} remove -`,
    }[verb];
}

/** What the text that ssh executes for an apply says: the engine's file, the digest of the credentials, and who keeps the unit; `-` for none. */
export function launched(text: string): { engine: string; digest: string; keeper: string } {
    const [, engine = "", digest = "-", keeper = "-"] = /bash (\S+) apply (\S+)(?: (\S+))?$/.exec(text) ?? [];
    return { engine, digest, keeper };
}
