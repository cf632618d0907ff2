/**
 * The first line of a configuration file on a host: who made it, and that a change made there does not last.
 *
 * @param of what the file is for, e.g. `KeepalivedVip front`.
 */
export const header = (of: string): string =>
    `# Made by pulumi-ha for ${of}; the next "pulumi up" undoes changes made here.`;
