#!/usr/bin/env node
// The Node language host for machines that cannot download the vendor's: runs programs, policy packs and plugins written in
// Node. Protocol: https://github.com/pulumi/pulumi/blob/master/proto/pulumi/language.proto
import * as grpc from "@grpc/grpc-js";
import { LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb";
import * as pb from "@pulumi/pulumi/proto/language_pb";
import { PackageDependency, PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import type { Readable } from "node:stream";
import { locate, pluginCommand, pluginEntry, programCommand } from "./command";
import { CLI } from "../versions";
import { installCommand } from "./install";
import type { RuntimeOptions } from "./options";
import { runtimeOptions } from "./options";
import { programDependencies, requiredPlugins } from "./packages";

/** The exit code by which the SDK says that the user has already been told what is wrong. */
const ALREADY_REPORTED = 32;
/** How long a cancelled program may take to end by itself, in milliseconds. */
const CANCEL_GRACE = 5000;
/** How often to look whether the CLI that started this process is still there, in milliseconds. */
const PARENT_CHECK = 1000;
/** The size of message that the engine allows, in bytes. */
const MESSAGE_LIMIT = 400 * 1024 * 1024;

let engine = process.argv.slice(2).find((arg) => !arg.startsWith("-")) ?? "";
let offered = false;
const children = new Set<ChildProcess>();

const methods: grpc.UntypedServiceImplementation = {
    handshake: unary((request: pb.LanguageHandshakeRequest) => {
        engine = request.getEngineAddress();
        return new pb.LanguageHandshakeResponse();
    }),
    getPluginInfo: unary(() => new PluginInfo().setVersion(CLI.version)),
    getRequiredPackages: unary((request: pb.GetRequiredPackagesRequest) =>
        new pb.GetRequiredPackagesResponse().setPackagesList(
            requiredPlugins(directoryOf(request)).map((plugin) =>
                new PackageDependency()
                    .setName(plugin.name)
                    .setKind("resource")
                    .setVersion(plugin.version)
                    .setServer(plugin.server),
            ),
        ),
    ),
    getProgramDependencies: unary((request: pb.GetProgramDependenciesRequest) =>
        new pb.GetProgramDependenciesResponse().setDependenciesList(
            programDependencies(directoryOf(request), request.getTransitivedependencies()).map(({ name, version }) =>
                new pb.DependencyInfo().setName(name).setVersion(version),
            ),
        ),
    ),
    about: unary(() => new pb.AboutResponse().setExecutable(process.execPath).setVersion(process.version)),
    runtimeOptionsPrompts: unary(() => new pb.RuntimeOptionsResponse()),
    template: unary(() => new pb.TemplateResponse()),
    run: unary(run),
    runPlugin,
    installDependencies,
    cancel: unary(() => {
        for (const child of children) stop(child);
        return new Empty();
    }),
};

async function run(request: pb.RunRequest): Promise<pb.RunResponse> {
    const programDirectory = directoryOf(request);
    const command = programCommand(
        {
            monitor: request.getMonitorAddress(),
            engine,
            organization: request.getOrganization(),
            project: request.getProject(),
            stack: request.getStack(),
            rootDirectory: request.getInfo()?.getRootDirectory() ?? "",
            programDirectory,
            entryPoint: request.getInfo()?.getEntryPoint() ?? ".",
            args: request.getArgsList(),
            dryRun: request.getDryrun(),
            parallel: request.getParallel(),
            config: Object.fromEntries(request.getConfigMap().toArray()),
            configSecretKeys: request.getConfigsecretkeysList(),
        },
        optionsOf(request),
        locate("@pulumi/pulumi/cmd/run", programDirectory),
    );
    const child = start(command.args, {
        env: { ...process.env, ...command.env },
        stdio: ["ignore", "inherit", "inherit"],
    });
    offerOnce();
    const end = await ended(child);
    if (end === ALREADY_REPORTED) return new pb.RunResponse().setBail(true);
    return new pb.RunResponse().setError(end === 0 ? "" : `program ${endText(end)}`);
}

/** Serves the stand-ins while the program loads. Without them, for whatever reason, each plugin is a process of its own. */
function offerOnce(): void {
    const home = process.env.PULUMI_HOME;
    if (offered || home === undefined) return;
    offered = true;
    void import("./offer.js")
        .then(({ offerStandIns }) => offerStandIns({ pid: process.ppid, address: engine }, home))
        .then((folder) => {
            if (folder === undefined) return;
            process.once("exit", () => fs.rmSync(folder, { recursive: true, force: true }));
            for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(0));
        })
        .catch(() => undefined);
}

function runPlugin(call: grpc.ServerWritableStream<pb.RunPluginRequest, pb.RunPluginResponse>): void {
    void answer(call, async () => {
        const request = call.request;
        const directory = directoryOf(request);
        const kind = request.getKind();
        const command = pluginCommand(
            { kind, programDirectory: directory, args: request.getArgsList(), env: request.getEnvList() },
            optionsOf(request),
            locate(pluginEntry(kind), directory),
        );
        const child = start(command.args, {
            env: command.env,
            cwd: kind === "analyzer" ? directory : request.getPwd(),
        });
        call.on("cancelled", () => stop(child));
        forward(child.stdout, (bytes) => call.write(new pb.RunPluginResponse().setStdout(bytes)));
        forward(child.stderr, (bytes) => call.write(new pb.RunPluginResponse().setStderr(bytes)));
        const end = await ended(child);
        if (typeof end === "string") throw new Error(`plugin ${endText(end)}`);
        call.write(new pb.RunPluginResponse().setExitcode(end));
    });
}

function installDependencies(
    call: grpc.ServerWritableStream<pb.InstallDependenciesRequest, pb.InstallDependenciesResponse>,
): void {
    void answer(call, async () => {
        const cwd = directoryOf(call.request) || call.request.getDirectory();
        const [program, ...args] = installCommand(optionsOf(call.request), cwd);
        const child = start(args, { cwd, env: process.env }, program);
        forward(child.stdout, (bytes) => call.write(new pb.InstallDependenciesResponse().setStdout(bytes)));
        forward(child.stderr, (bytes) => call.write(new pb.InstallDependenciesResponse().setStderr(bytes)));
        const end = await ended(child);
        if (end !== 0) throw new Error(`${[program, ...args].join(" ")} ${endText(end)}`);
    });
}

interface Start {
    env: NodeJS.ProcessEnv;
    cwd?: string;
    stdio?: ["ignore", "inherit", "inherit"];
}

function start(args: string[], options: Start, program: string = process.execPath): ChildProcess {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
    children.add(child);
    child.once("close", () => children.delete(child));
    return child;
}

/** The exit code, or the name of the signal that ended the process; waits for the last of its output. */
function ended(child: ChildProcess): Promise<number | string> {
    return new Promise((resolve, reject) => {
        child.once("error", reject);
        child.once("close", (code, signal) => resolve(code ?? signal ?? "no exit code"));
    });
}

const endText = (end: number | string): string =>
    typeof end === "number" ? `exited with non-zero exit code: ${end}` : `was ended by ${end}`;

function stop(child: ChildProcess): void {
    child.kill("SIGINT");
    setTimeout(() => child.kill("SIGKILL"), CANCEL_GRACE).unref();
}

function forward(from: Readable | null, write: (bytes: Uint8Array) => unknown): void {
    from?.on("data", (bytes: Buffer) => write(new Uint8Array(bytes)));
}

interface HasInfo {
    getInfo(): pb.ProgramInfo | undefined;
}

const directoryOf = (request: HasInfo): string => request.getInfo()?.getProgramDirectory() ?? "";

function optionsOf(request: HasInfo): RuntimeOptions {
    return runtimeOptions(request.getInfo()?.getOptions()?.toJavaScript() ?? {});
}

function unary<Request, Response>(
    method: (request: Request) => Response | Promise<Response>,
): grpc.handleUnaryCall<Request, Response> {
    return (call, respond) => {
        void Promise.resolve(call.request)
            .then(method)
            .then(
                (response) => respond(null, response),
                (error: unknown) => respond(failure(error)),
            );
    };
}

async function answer<Request, Response>(
    call: grpc.ServerWritableStream<Request, Response>,
    method: () => Promise<void>,
): Promise<void> {
    try {
        await method();
        call.end();
    } catch (error) {
        call.emit("error", failure(error));
    }
}

function failure(error: unknown): Partial<grpc.StatusObject> {
    return { code: grpc.status.UNKNOWN, details: error instanceof Error ? error.message : String(error) };
}

function serve(): void {
    const server = new grpc.Server({
        "grpc.max_receive_message_length": MESSAGE_LIMIT,
        "grpc.max_send_message_length": MESSAGE_LIMIT,
    });
    server.addService(LanguageRuntimeService, methods);
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
        if (error !== null) throw error;
        process.stdout.write(`${port}\n`);
    });
    const parent = process.ppid;
    setInterval(() => {
        if (process.ppid === parent) return;
        for (const child of children) child.kill("SIGKILL");
        process.exit(1);
    }, PARENT_CHECK);
}

if (process.argv.includes("--version")) process.stdout.write(`v${CLI.version}\n`);
else serve();
