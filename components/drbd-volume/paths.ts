const LIB = "/usr/local/lib/pulumi-ha";

/** Where things lie on a node. */
export const PATHS = {
    lib: LIB,
    drbd: `${LIB}/drbd`,
    /** What is done to a volume: `volume VERB NAME`. */
    script: `${LIB}/drbd/volume`,
    module: "/etc/modules-load.d/pulumi-ha-drbd.conf",
    systemd: "/etc/systemd/system",
} as const;

/** What the script knows of a volume. */
export const settingsFile = (name: string): string => `${PATHS.drbd}/${name}.settings`;
/** What the file system of a volume is to be. */
export const contentFile = (name: string): string => `${PATHS.drbd}/${name}.content`;
/** What a side of a volume is to offer. */
export const sizeFile = (name: string): string => `${PATHS.drbd}/${name}.size`;
/** The volume as DRBD reads it. */
export const resourceFile = (name: string): string => `/etc/drbd.d/${name}.res`;
/** Brings a volume up at boot, on hosts without Pacemaker: Debian's own. */
export const bootTarget = (name: string): string => `drbd@${name}.target`;
/** Compares the replicas, without suffix. */
export const verifyUnit = (name: string): string => `pulumi-ha-drbd-verify-${name}`;
