// What all stand-in plugins share: the resource provider protocol on one side, plain data on the other.
// Protocol: https://github.com/pulumi/pulumi/blob/master/proto/pulumi/provider.proto
import * as grpc from "@grpc/grpc-js";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import type { IResourceProviderServer } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { EngineLog } from "./engine";
import type { LogLine } from "./engine";
import { fromStruct, toStruct } from "./values";
import type { Properties } from "./values";

/** The size of message that the engine allows, in bytes. */
const MESSAGE_LIMIT = 400 * 1024 * 1024;

/** An answer that is an error: a gRPC status code and the whole text for the user. Any other thrown error has code 2. */
export class Failure extends Error {
    constructor(
        message: string,
        readonly code: grpc.status = grpc.status.UNKNOWN,
    ) {
        super(message);
    }
}

/** What the engine said about itself in Configure. */
export interface EngineSettings {
    acceptSecrets: boolean;
    /** Diff and Update are sent the old inputs beside the old state. */
    sendsOldInputs: boolean;
}

/** What every request has. */
export interface Call {
    urn: string;
    /** The resource's logical name. */
    name: string;
    engine: EngineSettings;
    /**
     * Aborted by Cancel, by an engine that hangs up, and when the resource's timeout is over. `reason` is the {@link Failure}
     * to answer with.
     */
    signal: AbortSignal;
    /** Logs a line about this resource, in the order given; resolves when the engine has taken it, never rejects. */
    log(line: Omit<LogLine, "urn">): Promise<void>;
}

/** Check: are the inputs right, and what are they with defaults filled in. */
export interface CheckRequest extends Call {
    olds: Properties;
    news: Properties;
}

/** Answer to Check. Without failures the inputs are good. */
export interface CheckAnswer {
    inputs: Properties;
    /** `property` is "" where the fault is of no single property. */
    failures?: { property: string; reason: string }[];
}

/** Diff: what would an update change. */
export interface DiffRequest extends Call {
    id: string;
    /** The old state. */
    olds: Properties;
    /** The old inputs; empty if the engine sends none. */
    oldInputs: Properties;
    news: Properties;
    ignoreChanges: string[];
}

/** The kind of one change in a detailed diff. */
export type DiffKind = keyof typeof pb.PropertyDiff.Kind;

/** Answer to Diff. */
export interface DiffAnswer {
    changes: "unknown" | "none" | "some";
    /** Names of the changed top-level properties. Default: none. */
    diffs?: string[];
    /** Names of those among them that need a new resource. Default: none. */
    replaces?: string[];
    /** Kind of change by property path. Default: no detailed diff. */
    detailed?: Record<string, { kind: DiffKind; inputDiff?: boolean }>;
}

/** Create, for real or as preview. */
export interface CreateRequest extends Call {
    inputs: Properties;
    preview: boolean;
}

/** Answer to Create. */
export interface CreateAnswer {
    id: string;
    properties: Properties;
}

/** Read: refresh, or import if `properties` is empty. */
export interface ReadRequest extends Call {
    id: string;
    properties: Properties;
    inputs: Properties;
}

/** Answer to Read; id "" says the resource is gone. */
export interface ReadAnswer {
    id: string;
    properties: Properties;
    inputs: Properties;
}

/** Update in place, for real or as preview. */
export interface UpdateRequest extends Call {
    id: string;
    olds: Properties;
    oldInputs: Properties;
    news: Properties;
    ignoreChanges: string[];
    preview: boolean;
}

/** Delete. `properties` is the state. */
export interface DeleteRequest extends Call {
    id: string;
    properties: Properties;
}

/** One resource type. Every function may throw {@link Failure}. */
export interface ResourceHandler {
    check(request: CheckRequest): CheckAnswer | Promise<CheckAnswer>;
    diff(request: DiffRequest): DiffAnswer | Promise<DiffAnswer>;
    create(request: CreateRequest): CreateAnswer | Promise<CreateAnswer>;
    read(request: ReadRequest): ReadAnswer | Promise<ReadAnswer>;
    update(request: UpdateRequest): Properties | Promise<Properties>;
    delete(request: DeleteRequest): void | Promise<void>;
}

/** One plugin as plain data and functions. */
export interface Provider {
    /** The package: "command". */
    name: string;
    /** The version of the original whose state and behaviour this one shares. */
    version: string;
    /** What Configure answers. */
    features: {
        acceptSecrets?: boolean;
        acceptResources?: boolean;
        /** Secrets that are not known are then sent as output values. */
        acceptOutputs?: boolean;
        supportsPreview?: boolean;
        supportsAutonaming?: boolean;
    };
    /** Handlers by type token, in the one spelling the original takes. */
    resources: Record<string, ResourceHandler>;
    checkConfig(news: Properties): CheckAnswer;
    diffConfig(olds: Properties, news: Properties): DiffAnswer;
    /** The error for a type token that is not in `resources`. */
    unknownResource(token: string): Failure;
    /** The error for any function token: the stand-ins have no functions. */
    unknownFunction(token: string): Failure;
    /** The text for a method of the protocol that the plugin has not, such as "GetMapping". */
    unimplemented(method: string): string;
}

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
    const context = (
        request: { getUrn(): string; getName(): string; getTimeout?(): number },
        abandoned: AbortSignal,
    ): Call => {
        const urn = request.getUrn();
        let last = Promise.resolve();
        const signals = [cancelled.signal, abandoned, ...deadline(request.getTimeout?.() ?? 0)];
        return {
            urn,
            name: request.getName() || (urn.split("::").pop() ?? ""),
            engine,
            signal: AbortSignal.any(signals),
            log: (line) => (last = last.then(() => log.write({ ...line, urn }))),
        };
    };

    const methods: Partial<IResourceProviderServer> = {
        handshake: unary(async () => {
            await log.write({ severity: "debug", message: standInNotice(provider) });
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
        check: unary(async (request, abandoned) => {
            const answer = await handler(tokenOf(request)).check({
                ...context(request, abandoned),
                olds: fromStruct(request.getOlds()),
                news: fromStruct(request.getNews()),
            });
            return checked(answer, struct);
        }),
        diff: unary(async (request, abandoned) => {
            const answer = await handler(tokenOf(request)).diff({
                ...context(request, abandoned),
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
                ...context(request, abandoned),
                inputs: fromStruct(request.getProperties()),
                preview: request.getPreview(),
            });
            return new pb.CreateResponse().setId(id).setProperties(struct(properties));
        }),
        read: unary(async (request, abandoned) => {
            const { id, properties, inputs } = await handler(tokenOf(request)).read({
                ...context(request, abandoned),
                id: request.getId(),
                properties: fromStruct(request.getProperties()),
                inputs: fromStruct(request.getInputs()),
            });
            return new pb.ReadResponse().setId(id).setProperties(struct(properties)).setInputs(struct(inputs));
        }),
        update: unary(async (request, abandoned) => {
            const properties = await handler(tokenOf(request)).update({
                ...context(request, abandoned),
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
                ...context(request, abandoned),
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

/**
 * Runs the plugin as the engine expects it: the engine's address is the only argument, the plugin's own port the first line
 * on stdout. Ends on SIGINT, SIGTERM, and when the process that started it is gone.
 */
export function serve(provider: Provider): void {
    const address = process.argv[2];
    const log = new EngineLog(address);
    const server = new grpc.Server({
        "grpc.max_receive_message_length": MESSAGE_LIMIT,
        "grpc.max_send_message_length": MESSAGE_LIMIT,
    });
    server.addService(ResourceProviderService, service(provider, log));
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
        if (error) throw error;
        process.stdout.write(`${port}\n`);
    });

    // The engine signals when it has no more calls, and gives a second: waiting for its connection to close would use it up.
    const stop = () => process.exit(0);
    process.once("SIGINT", stop);
    process.once("SIGTERM", stop);
    const parent = process.ppid;
    if (address !== undefined) setInterval(() => process.ppid === parent || stop(), 2000).unref();
}

function unary<Request, Answer>(
    answer: (request: Request, abandoned: AbortSignal) => Answer | Promise<Answer>,
): grpc.handleUnaryCall<Request, Answer> {
    return (call, respond) => {
        const abandoned = new AbortController();
        call.on("cancelled", () => abandoned.abort(new Failure("context canceled", grpc.status.CANCELLED)));
        Promise.resolve()
            .then(() => answer(call.request, abandoned.signal))
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

function standInNotice({ name, version, resources }: Provider): string {
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
