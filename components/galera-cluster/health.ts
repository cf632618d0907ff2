import { readFileSync } from "node:fs";
import * as path from "node:path";
import { urlHost } from "../shared/addresses";
import { HARDENED } from "../shared/hardened";
import { header } from "../shared/header";
import { HEALTH_SOCKET, HEALTH_USER, PATHS } from "./paths";

const host = (file: string): string => readFileSync(path.join(__dirname, "host", file), "utf8");

/** The health endpoint: a perl script that systemd starts with the sockets to listen on. */
export const healthScript = host("health.pl");

/** What the server calls whenever its state changes. */
export const notifyScript = host("notify.sh");

/** What the server calls for a whole copy, on both sides of it. */
export const copyScript = host("copy.sh");

/** Where the health endpoint of a member listens. */
export interface HealthEndpoint {
    /** Name of the cluster. */
    cluster: string;
    /** Address of the member; the loopback address is listened on as well. Default: every address of the host. */
    address?: string;
    /** Port, 1 to 65535. */
    port: number;
}

const listen = ({ address, port }: HealthEndpoint): string[] =>
    address === undefined ? [`${port}`] : [`${urlHost(address)}:${port}`, `127.0.0.1:${port}`];

/** The unit that holds the port: a request that comes while the endpoint starts anew waits for it. */
export const healthSocket = (endpoint: HealthEndpoint): string => `${header(`GaleraCluster ${endpoint.cluster}`)}
[Unit]
Description=Health of this member of the Galera cluster ${endpoint.cluster}: the port

[Socket]
${listen(endpoint)
    .map((stream) => `ListenStream=${stream}`)
    .join("\n")}
# The address may come later than this unit.
FreeBind=yes
NoDelay=yes
TriggerLimitIntervalSec=0

[Install]
WantedBy=sockets.target
`;

/** The unit of the endpoint. It reads what every user may read, speaks with the server as a user without rights, and makes no connection of its own. */
export const healthService = (cluster: string): string => `${header(`GaleraCluster ${cluster}`)}
[Unit]
Description=Health of this member of the Galera cluster ${cluster}
# Stops and starts with the port: systemd refuses to open one whose service runs.
Requires=${HEALTH_SOCKET}
After=${HEALTH_SOCKET}
StartLimitIntervalSec=0

[Service]
ExecStart=/usr/bin/perl ${PATHS.health}
User=${HEALTH_USER}
Group=${HEALTH_USER}
Restart=always
RestartSec=200ms
TimeoutStopSec=5
OOMScoreAdjust=-500
MemoryMax=64M
TasksMax=4
LimitNOFILE=1024
UMask=0077
${HARDENED}
PrivateNetwork=yes
RestrictAddressFamilies=AF_UNIX
SystemCallFilter=~@privileged @resources

[Install]
WantedBy=multi-user.target
`;
