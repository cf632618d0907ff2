// What a stand-in plugin is made of: plain requests, plain answers, and the table of its resource types.
import type { status } from "@grpc/grpc-js";
import type { PropertyDiff } from "@pulumi/pulumi/proto/provider_pb";
import type { LogLine } from "./engine";
import type { Properties } from "./values";

/** gRPC's code for what has no other; by itself, as who only wants the way to a host has no need of gRPC. */
const UNKNOWN: status.UNKNOWN = 2;

/** An answer that is an error: a gRPC status code and the whole text for the user. Any other thrown error has code 2. */
export class Failure extends Error {
    constructor(
        message: string,
        readonly code: status = UNKNOWN,
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
    /** Logs a line about this resource, in the order given; resolves when the engine has taken it, never rejects. */
    log(line: Omit<LogLine, "urn">): Promise<void>;
}

/** What those have beside it that may take their time. */
export interface LongCall extends Call {
    /**
     * Aborted by Cancel, by an engine that hangs up, and when the resource's timeout is over. `reason` is the {@link Failure}
     * to answer with.
     */
    signal: AbortSignal;
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
export type DiffKind = keyof typeof PropertyDiff.Kind;

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
export interface CreateRequest extends LongCall {
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
export interface UpdateRequest extends LongCall {
    id: string;
    olds: Properties;
    oldInputs: Properties;
    news: Properties;
    ignoreChanges: string[];
    preview: boolean;
}

/** Delete. `properties` is the state. */
export interface DeleteRequest extends LongCall {
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
