// The stand-in for the command plugin 1.2.1: remote.Command, the only type this project uses.
import { randomBytes } from "node:crypto";
import { status } from "@grpc/grpc-js";
import { Failure } from "../handler";
import type { Call, LongCall, Provider, ResourceHandler } from "../handler";
import { containsUnknown, isProperties, unknown, withoutSecrets } from "../values";
import type { Properties } from "../values";
import { changed, diff } from "./diff";
import { check, connectionOf, inputNames } from "./inputs";

const remoteCommand: ResourceHandler = {
    check: ({ news }) => check(news),

    diff: (request) => diff(previousInputs(request), request.news, request.ignoreChanges),

    async create(request) {
        const { inputs, preview, name } = request;
        const id = `${name}${randomBytes(4).toString("hex")}`;
        if (preview) return { id, properties: { ...inputs, stdout: unknown, stderr: unknown } };
        const output = await execute(request, inputs, text(inputs, "create"));
        return { id, properties: { ...inputs, ...(output ?? { stdout: "", stderr: "" }) } };
    },

    read: ({ id, properties, inputs }) => ({ id, properties, inputs }),

    async update(request) {
        const { olds, news, preview } = request;
        const { stdout = "", stderr = "" } = olds;
        if (preview) {
            const runs = changed(previousInputs(request), news) || containsUnknown(news);
            return { ...news, ...(runs ? { stdout: unknown, stderr: unknown } : { stdout, stderr }) };
        }
        const output = await execute(request, news, text(news, "update") ?? text(news, "create"), olds);
        return { ...news, ...(output ?? { stdout, stderr }) };
    },

    async delete(request) {
        const { properties } = request;
        await execute(request, properties, text(properties, "delete"), properties);
    },
};

/** The plugin. */
export const command: Provider = {
    name: "command",
    version: "1.2.1",
    features: { acceptSecrets: true, acceptResources: true, acceptOutputs: true, supportsPreview: true },
    resources: { "command:remote:Command": remoteCommand },
    checkConfig: (news) => ({ inputs: { ...news, "__pulumi-go-provider-version": "1.2.0" } }),
    diffConfig: () => {
        throw new Failure("DiffConfig is not implemented", status.UNIMPLEMENTED);
    },
    unknownResource: (token) => new Failure(`Resource '${withoutPackage(token)}' not found`, status.NOT_FOUND),
    unknownFunction: (token) => new Failure(`Invoke '${withoutPackage(token)}' not found`, status.NOT_FOUND),
    unimplemented: (method) => `method ${method} not implemented`,
};

/** Runs one command with the stdin, environment and logging of `properties`; without a command nothing is contacted. */
async function execute(call: LongCall, properties: Properties, script: string | undefined, previous?: Properties) {
    if (script === undefined) return undefined;
    // SSH is loaded when a command runs for the first time: previews and updates without a change start faster.
    const { run } = await import("./run.js");
    const environment = withoutSecrets(properties.environment ?? {});
    const tellsPrevious = previous !== undefined && withoutSecrets(properties.addPreviousOutputInEnv ?? true) !== false;
    return run(
        {
            command: script,
            stdin: text(properties, "stdin") ?? "",
            logging: text(properties, "logging") ?? "stdoutAndStderr",
            environment: isProperties(environment) ? (environment as Record<string, string>) : {},
            previousOutput: tellsPrevious
                ? {
                      PULUMI_COMMAND_STDOUT: text(previous, "stdout") ?? "",
                      PULUMI_COMMAND_STDERR: text(previous, "stderr") ?? "",
                  }
                : {},
            connection: connectionOf(properties),
        },
        call,
    );
}

/** The inputs of the last update; from the state, which holds them too, if the engine does not send them. */
function previousInputs({ engine, olds, oldInputs }: { olds: Properties; oldInputs: Properties } & Call): Properties {
    if (engine.sendsOldInputs) return oldInputs;
    return Object.fromEntries(Object.entries(olds).filter(([name]) => inputNames.includes(name)));
}

function text(properties: Properties, name: string): string | undefined {
    const value = withoutSecrets(properties[name] ?? null);
    return typeof value === "string" ? value : undefined;
}

function withoutPackage(token: string): string {
    return token.slice(token.indexOf(":") + 1);
}
