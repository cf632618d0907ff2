/** What can be different. */
export const Kind = {
    FileDiffers: "file differs",
    FileMissing: "file missing",
    NotAFile: "not a file",
    ModeOrOwner: "mode or owner",
    Directory: "directory",
    Credential: "credential missing",
    Stranger: "not of any unit",
    Package: "package",
    Service: "service",
    Stale: "not in effect",
    Record: "record",
    Engine: "engine",
    Leftover: "leftover unit",
    Refused: "cannot be applied",
    Other: "differs",
    Gate: "gate fails",
    Clock: "clock",
} as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

/** How a finding goes away. */
export const Repair = {
    /** `pulumi up` applies the unit again, once it is marked in the stack's state. */
    Apply: "apply",
    /** The same, with the preparation of the host: packages and credentials. */
    Prepare: "prepare",
    /** Somebody has to act on the host; `commands` say how. */
    Host: "host",
    /** First on the host, then as `Apply`. */
    HostThenApply: "host, then apply",
} as const;
export type Repair = (typeof Repair)[keyof typeof Repair];

/** One way in which a host is not as its stack says. */
export interface Finding {
    kind: Kind;
    /** The path, package, service, gate or unit that it is about. */
    subject: string;
    /** What is there, and what should be, in a sentence. */
    detail: string;
    /** `-` as applied, `+` as it is on the host; without credentials. */
    diff?: string[];
    repair: Repair;
    /** For a root shell on the host, where somebody has to act there. */
    commands?: string[];
}
