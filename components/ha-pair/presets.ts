import { ServicePreset } from "./args";

/** What is known of a service. */
export interface Known {
    unit: string;
    packages: string[];
    /** Fails where its configuration is wrong. */
    check?: string;
    port: number;
    /** What its start takes for clients, where it is more than the unit's. */
    expectedStartSeconds?: number;
    /** Limits as the OCF agents for the same servers advise them: resource-agents' metadata. */
    startTimeoutSeconds: number;
    stopTimeoutSeconds: number;
}

/**
 * Files that keep a unit from starting at boot where `systemctl disable` does not: PostgreSQL's clusters are started by a generator of systemd unless their
 * own file says otherwise (postgresql-common, start.conf).
 */
export function notAtBoot(unit: string): Record<string, string> {
    const [, version, cluster] = /^postgresql@([^-]+)-(.+)\.service$/.exec(unit) ?? [];
    return version === undefined ? {} : { [`/etc/postgresql/${version}/${cluster}/start.conf`]: "manual\n" };
}

/** The presets: units and packages of Debian 12. */
export const PRESETS: Record<ServicePreset, Known> = {
    [ServicePreset.Nginx]: {
        unit: "nginx.service",
        packages: ["nginx-light"],
        check: "nginx -t -q",
        port: 80,
        startTimeoutSeconds: 40,
        stopTimeoutSeconds: 60,
    },
    [ServicePreset.Mariadb]: {
        unit: "mariadb.service",
        packages: ["mariadb-server"],
        port: 3306,
        startTimeoutSeconds: 120,
        stopTimeoutSeconds: 120,
    },
    [ServicePreset.Postgresql]: {
        unit: "postgresql@15-main.service",
        packages: ["postgresql"],
        port: 5432,
        startTimeoutSeconds: 120,
        stopTimeoutSeconds: 120,
    },
    [ServicePreset.NfsServer]: {
        unit: "nfs-server.service",
        packages: ["nfs-kernel-server"],
        port: 2049,
        // Clients wait for the server's grace time, in which those of before take their locks again: nfs.conf(5) grace-time.
        expectedStartSeconds: 92.2,
        startTimeoutSeconds: 60,
        stopTimeoutSeconds: 60,
    },
};
