/** The Pulumi CLI: what is fetched or built, and what is accepted where one is already there. */
export const CLI = { version: "3.245.0", minimum: "3.200.0", belowMajor: 4 } as const;

/** The plugins that the library's resources need; state is shared between versions, so exactly these. */
export const PLUGINS = [
    { name: "command", version: "1.2.1" },
    { name: "random", version: "4.21.2" },
    { name: "tls", version: "5.6.1" },
] as const satisfies readonly Plugin[];

/** A resource plugin. */
export interface Plugin {
    name: string;
    version: string;
}

/**
 * Go, for building the CLI: `minimum` is what pulumi-cli/go.mod asks for; an older Go fetches `download` as a Go module, whose
 * hash must be the one here (as Go's checksum database says it).
 */
export const GO = {
    minimum: "1.25.8",
    download: "1.26.8",
    sums: {
        "linux-amd64": "h1:ZOmGe1OnfREDMIdb1Qi4G9JSuDPBLGExZMQ4nis1RXM=",
        "linux-arm64": "h1:sYL/O6MqS68ML0kjsQ36WoYIpJqkw60TxizWUYUKQMc=",
    } as Partial<Record<string, string>>,
} as const;

/** Negative, zero or positive as version `a` is older than, the same as or newer than `b`; what follows `-` or `+` is not compared. */
export function compareVersions(a: string, b: string): number {
    const [left, right] = [a, b].map((version) =>
        version
            .replace(/[-+].*$/, "")
            .split(".")
            .map(Number),
    );
    for (let i = 0; i < 3; i++) {
        const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0);
        if (difference !== 0) return difference;
    }
    return 0;
}

/** Whether the library works with this version of the CLI. */
export function cliFits(version: string): boolean {
    return compareVersions(version, CLI.minimum) >= 0 && Number(version.split(".")[0]) < CLI.belowMajor;
}
