// What all stand-in plugins share: the resource provider protocol on one side, plain data on the other.
// Protocol: https://github.com/pulumi/pulumi/blob/master/proto/pulumi/provider.proto
import * as grpc from "@grpc/grpc-js";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import type { IResourceProviderServer } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import * as jspb from "google-protobuf";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { useNativeTexts } from "./native-texts";
import { EngineLog } from "./engine";
import { Failure } from "./handler";
import type { Call, CheckAnswer, DiffAnswer, EngineSettings, LongCall, Provider, ResourceHandler } from "./handler";
import { fromStruct, toStruct } from "./values";
import type { Properties } from "./values";

export * from "./handler";

/** The size of message that the engine allows, in bytes. */
const MESSAGE_LIMIT = 400 * 1024 * 1024;

/** The plugin as a service that has no port yet; `log` is where its lines go. Exported for tests. */
export function service(provider: Provider, log: EngineLog): grpc.UntypedServiceImplementation {
    const cancelled = new AbortController();
    const form = provider.features.acceptOutputs === true ? "outputValue" : "secret";
    const struct = (properties: Properties) => toStruct(properties, form);
    let engine: EngineSettings = { acceptSecrets: true, sendsOldInputs: false };

    const handler = (token: string): ResourceHandler => {
        const found = Object.hasOwn(provider.resources, token) ? provider.resources[token] : undefined;
        if (found === undefined) throw provider.unknownResource(token);
        return found;
    };
    const context = (request: { getUrn(): string; getName(): string }): Call => {
        const urn = request.getUrn();
        let last = Promise.resolve();
        return {
            urn,
            name: request.getName() || (urn.split("::").pop() ?? ""),
            engine,
            log: (line) => (last = last.then(() => log.write({ ...line, urn }))),
        };
    };
    const longContext = (
        request: { getUrn(): string; getName(): string; getTimeout(): number },
        abandoned: () => AbortSignal,
    ): LongCall => ({
        ...context(request),
        signal: AbortSignal.any([cancelled.signal, abandoned(), ...deadline(request.getTimeout())]),
    });

    const methods: Partial<IResourceProviderServer> = {
        handshake: unary(() => {
            throw new Failure(provider.unimplemented("Handshake"), grpc.status.UNIMPLEMENTED);
        }),
        getPluginInfo: unary(() => new PluginInfo().setVersion(provider.version)),
        getSchema: unary(() => new pb.GetSchemaResponse().setSchema(JSON.stringify(schema(provider)))),
        attach: unary((request) => {
            log.attach(request.getAddress());
            return new Empty();
        }),
        cancel: unary(() => {
            cancelled.abort(new Failure("context canceled", grpc.status.CANCELLED));
            log.close();
            return new Empty();
        }),
        checkConfig: unary((request) => checked(provider.checkConfig(fromStruct(request.getNews())), struct)),
        diffConfig: unary((request) =>
            compared(provider.diffConfig(fromStruct(request.getOlds()), fromStruct(request.getNews()))),
        ),
        configure: unary((request) => {
            engine = { acceptSecrets: request.getAcceptsecrets(), sendsOldInputs: request.getSendsOldInputs() };
            const { features } = provider;
            return new pb.ConfigureResponse()
                .setAcceptsecrets(features.acceptSecrets ?? false)
                .setAcceptresources(features.acceptResources ?? false)
                .setAcceptoutputs(features.acceptOutputs ?? false)
                .setSupportspreview(features.supportsPreview ?? false)
                .setSupportsAutonamingConfiguration(features.supportsAutonaming ?? false);
        }),
        invoke: unary((request) => {
            throw provider.unknownFunction(request.getTok());
        }),
        check: unary(async (request) => {
            const answer = await handler(tokenOf(request)).check({
                ...context(request),
                olds: fromStruct(request.getOlds()),
                news: fromStruct(request.getNews()),
            });
            return checked(answer, struct);
        }),
        diff: unary(async (request) => {
            const answer = await handler(tokenOf(request)).diff({
                ...context(request),
                id: request.getId(),
                olds: fromStruct(request.getOlds()),
                oldInputs: fromStruct(request.getOldInputs()),
                news: fromStruct(request.getNews()),
                ignoreChanges: request.getIgnorechangesList(),
            });
            return compared(answer);
        }),
        create: unary(async (request, abandoned) => {
            const { id, properties } = await handler(tokenOf(request)).create({
                ...longContext(request, abandoned),
                inputs: fromStruct(request.getProperties()),
                preview: request.getPreview(),
            });
            return new pb.CreateResponse().setId(id).setProperties(struct(properties));
        }),
        read: unary(async (request) => {
            const { id, properties, inputs } = await handler(tokenOf(request)).read({
                ...context(request),
                id: request.getId(),
                properties: fromStruct(request.getProperties()),
                inputs: fromStruct(request.getInputs()),
            });
            return new pb.ReadResponse().setId(id).setProperties(struct(properties)).setInputs(struct(inputs));
        }),
        update: unary(async (request, abandoned) => {
            const properties = await handler(tokenOf(request)).update({
                ...longContext(request, abandoned),
                id: request.getId(),
                olds: fromStruct(request.getOlds()),
                oldInputs: fromStruct(request.getOldInputs()),
                news: fromStruct(request.getNews()),
                ignoreChanges: request.getIgnorechangesList(),
                preview: request.getPreview(),
            });
            return new pb.UpdateResponse().setProperties(struct(properties));
        }),
        delete: unary(async (request, abandoned) => {
            await handler(tokenOf(request)).delete({
                ...longContext(request, abandoned),
                id: request.getId(),
                properties: fromStruct(request.getProperties()),
            });
            return new Empty();
        }),
    };
    const missing = Object.keys(ResourceProviderService).map((name) => {
        const method = name.charAt(0).toUpperCase() + name.slice(1);
        return [name, refuse(new Failure(provider.unimplemented(method), grpc.status.UNIMPLEMENTED))];
    });
    return { ...Object.fromEntries(missing), ...methods } as grpc.UntypedServiceImplementation;
}

/** Serves the plugin on a port of this machine alone, which it resolves to; `log` is where its lines go. */
export function listen(provider: Provider, log: EngineLog): Promise<number> {
    useNativeTexts(jspb);
    const server = new grpc.Server({
        "grpc.max_receive_message_length": MESSAGE_LIMIT,
        "grpc.max_send_message_length": MESSAGE_LIMIT,
        "grpc.enable_channelz": 0, // statistics of every call, which nobody asks for
    });
    server.addService(ResourceProviderService, service(provider, log));
    return new Promise((resolve, reject) => {
        server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) =>
            error === null ? resolve(port) : reject(error),
        );
    });
}

/**
 * Runs the plugin as the engine expects it: the engine's address is the only argument, the plugin's own port the first line
 * on stdout. Ends on SIGINT, SIGTERM, and when the process that started it is gone.
 */
export function serve(provider: Provider): void {
    const address = process.argv[2];
    void listen(provider, new EngineLog(address)).then((port) => {
        process.stdout.write(`${port}\n`);
        // The engine takes it into its log at level debug, and nothing waits for that.
        process.stderr.write(`${standInNotice(provider)}\n`);
    });

    // The engine signals when it has no more calls, and gives a second: waiting for its connection to close would use it up.
    const stop = () => process.exit(0);
    process.once("SIGINT", stop);
    process.once("SIGTERM", stop);
    const parent = process.ppid;
    if (address !== undefined) setInterval(() => process.ppid === parent || stop(), 2000).unref();
}

function unary<Request, Answer>(
    answer: (request: Request, abandoned: () => AbortSignal) => Answer | Promise<Answer>,
): grpc.handleUnaryCall<Request, Answer> {
    return (call, respond) => {
        const abandoned = () => {
            const controller = new AbortController();
            const abort = () => controller.abort(new Failure("context canceled", grpc.status.CANCELLED));
            if (call.cancelled) abort();
            else call.once("cancelled", abort);
            return controller.signal;
        };
        Promise.resolve()
            .then(() => answer(call.request, abandoned))
            .then(
                (message) => respond(null, message),
                (error: unknown) => respond(status(error)),
            );
    };
}

/** Unary or streaming, the method ends with this error. */
function refuse(failure: Failure) {
    return (
        call: grpc.ServerUnaryCall<unknown, unknown> | grpc.ServerWritableStream<unknown, unknown>,
        respond?: unknown,
    ) => {
        if (typeof respond === "function") (respond as grpc.sendUnaryData<unknown>)(status(failure));
        else call.emit("error", status(failure));
    };
}

function status(error: unknown): grpc.ServerErrorResponse {
    const failure = error instanceof Error ? error : new Error(String(error));
    const code = failure instanceof Failure ? failure.code : grpc.status.UNKNOWN;
    return { name: "Failure", message: failure.message, details: failure.message, code };
}

function deadline(seconds: number): AbortSignal[] {
    if (seconds <= 0) return [];
    const over = new AbortController();
    const reason = new Failure("context deadline exceeded", grpc.status.DEADLINE_EXCEEDED);
    setTimeout(() => over.abort(reason), Math.min(seconds * 1000, 2 ** 31 - 1)).unref();
    return [over.signal];
}

/** Engines before 3.152 send no type of its own: it is then read from the URN, whose third part ends in it. */
function tokenOf(request: { getType(): string; getUrn(): string }): string {
    return request.getType() || (request.getUrn().split("::")[2]?.split("$").pop() ?? "");
}

function checked(
    { inputs, failures = [] }: CheckAnswer,
    struct: (properties: Properties) => ReturnType<typeof toStruct>,
) {
    const list = failures.map(({ property, reason }) => new pb.CheckFailure().setProperty(property).setReason(reason));
    return new pb.CheckResponse().setInputs(struct(inputs)).setFailuresList(list);
}

function compared({ changes, diffs = [], replaces = [], detailed }: DiffAnswer) {
    const { DIFF_UNKNOWN, DIFF_NONE, DIFF_SOME } = pb.DiffResponse.DiffChanges;
    const answer = new pb.DiffResponse()
        .setChanges({ unknown: DIFF_UNKNOWN, none: DIFF_NONE, some: DIFF_SOME }[changes])
        .setDiffsList(diffs)
        .setReplacesList(replaces)
        .setHasdetaileddiff(detailed !== undefined);
    for (const [path, { kind, inputDiff }] of Object.entries(detailed ?? {})) {
        const entry = new pb.PropertyDiff().setKind(pb.PropertyDiff.Kind[kind]).setInputdiff(inputDiff ?? false);
        answer.getDetaileddiffMap().set(path, entry);
    }
    return answer;
}

/** What a stand-in says of itself. */
export function standInNotice({ name, version, resources }: Provider): string {
    const types = Object.keys(resources).join(", ");
    return `stand-in of pulumi-ha for the ${name} plugin ${version}, for machines that cannot download it: it knows ${types}`;
}

function schema(provider: Provider): object {
    const empty = { properties: {}, inputProperties: {} };
    return {
        name: provider.name,
        version: provider.version,
        description: standInNotice(provider),
        resources: Object.fromEntries(Object.keys(provider.resources).map((token) => [token, empty])),
    };
}
