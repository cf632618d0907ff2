// The way back to the engine that started the plugin: its log.
import * as grpc from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";

const SEVERITIES = {
    debug: LogSeverity.DEBUG,
    info: LogSeverity.INFO,
    warning: LogSeverity.WARNING,
    error: LogSeverity.ERROR,
} as const;

/** How much a log line matters. `debug` is shown with `pulumi up --debug` only. */
export type Severity = keyof typeof SEVERITIES;

/** One line for the user. */
export interface LogLine {
    severity: Severity;
    message: string;
    /** The resource it is about; none if it is about the plugin. */
    urn?: string;
    /** Shown as the resource's status and then forgotten. Default: false. */
    ephemeral?: boolean;
}

/** The engine's log. A line that cannot be delivered is dropped; wait for one before the next where their order matters. */
export class EngineLog {
    private client: EngineClient | undefined;
    private open = true;

    /** @param address host:port of the engine; without one nothing is logged until `attach`. */
    constructor(address?: string) {
        if (address !== undefined) this.attach(address);
    }

    /** From now on lines go to the engine at this address. */
    attach(address: string): void {
        this.client?.close();
        // The engine is on this machine: a proxy from the environment must not come between.
        this.client = new EngineClient(address, grpc.credentials.createInsecure(), { "grpc.enable_http_proxy": 0 });
    }

    /** Sends one line. Resolves when the engine has taken it, or it is dropped; never rejects. */
    write(line: LogLine): Promise<void> {
        const client = this.client;
        if (!this.open || client === undefined) return Promise.resolve();
        const request = new LogRequest()
            .setSeverity(SEVERITIES[line.severity])
            .setMessage(line.message)
            .setUrn(line.urn ?? "")
            .setEphemeral(line.ephemeral ?? false);
        return new Promise((resolve) => client.log(request, () => resolve()));
    }

    /** Drops every line from now on. */
    close(): void {
        this.open = false;
    }
}
