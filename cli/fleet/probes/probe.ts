import type { ManagedFile, Manifest } from "../../../remote/manifest";

/** Something that a daemon runs with and that its file does not say, or the other way round. */
export interface Difference {
    /** What it is about: `corosync.service totem.token`. */
    subject: string;
    /** Undefined: it does not run with it at all. */
    runs?: string;
    /** Undefined: its file does not have it. */
    states?: string;
    /** The file that states it, or should. */
    file: string;
    /** What puts it right, for a root shell on the host. */
    commands: string[];
}

/**
 * What a daemon says it runs with, against the files of a unit. It goes by services and by files in their usual places, not by components, so that every
 * component takes part.
 */
export interface Probe {
    /** A word for the daemon; its answers come back under this name. */
    name: string;
    /** For bash on the host, as root: reads, and prints no credential. Undefined where the unit does not concern the daemon. */
    command: (manifest: Manifest) => string | undefined;
    /** @param told what the command printed; nothing where the daemon does not run, which is not for the probe to say. */
    differences: (manifest: Manifest, told: string) => Difference[];
}

/** The commands by which a unit has a change of the file taken. */
export const takes = ({ onChange }: ManagedFile): string[] =>
    onChange.flatMap((activation) => (activation.do === "run" ? [activation.target] : []));
