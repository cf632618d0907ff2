import { ServicePreset } from "./args";

/** What is known of a service. */
export interface Known {
    unit: string;
    packages: string[];
    /** Fails where its configuration is wrong. */
    check?: string;
    port: number;
    /** Limits as the OCF agents for the same servers advise them: resource-agents' metadata. */
    startTimeoutSeconds: number;
    stopTimeoutSeconds: number;
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
        startTimeoutSeconds: 60,
        stopTimeoutSeconds: 60,
    },
};
