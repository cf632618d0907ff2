// Loading TypeScript, reading its configuration and transpiling one file of a hundred lines takes longer than all that the program then does when nothing has
// to be changed. Where no types are checked the JavaScript of a file depends on its text, the configuration and the versions alone: it is kept in PULUMI_HOME,
// with every file that was looked at on the way, and taken from there as long as all of these are what they were. In any doubt it is ts-node that does the work.
// https://github.com/TypeStrong/ts-node/blob/v10.9.2/src/index.ts
import Module, { createRequire } from "node:module";
import * as path from "node:path";
import type { KeptScripts } from "./kept-scripts";
import { keptScripts } from "./kept-scripts";

/** What of ts-node's service matters here. */
interface Service {
    compile(code: string, file: string, lineOffset?: number): string;
    options: Record<string, unknown>;
    extensions: { compiled: string[] };
    compilerPath: string;
    transpileOnly: boolean;
}

/** ts-node, as far as the SDK uses it. */
export interface TsNode {
    VERSION: string;
    register: (options: Options) => Service;
}

interface Options {
    compiler?: string;
    transpileOnly?: boolean;
    project?: string;
    [name: string]: unknown;
}

/** The file system as the compiler sees it: what ts-node asks for its configuration. */
export interface Sys {
    readFile: (file: string) => string | undefined;
    fileExists: (file: string) => boolean;
}

type Handler = (module: NodeJS.Module, file: string) => void;
type Compile = (this: NodeJS.Module, code: string, file: string) => unknown;

const { _extensions: handlers } = Module as unknown as { _extensions: Record<string, Handler> };

/** Options that say nothing but what the SDK says of itself: with others ts-node may do more than transpile. */
const KNOWN = new Set(
    "tsTrace optionBasePaths compiler transpileOnly project skipProject compilerOptions readFile fileExists require".split(
        " ",
    ),
);
const TYPESCRIPT = /\.[cm]?tsx?$/;
/** Where ts-node leaves its service, for those who want to know whether files of TypeScript can be loaded. */
const INSTANCE = Symbol.for("ts-node.register.instance");

/**
 * ts-node's `register`, which loads ts-node when there is a file whose JavaScript is not kept.
 * @param entry ts-node's own file, beside which its source maps are found
 * @param whole ts-node, and the file system as its compiler sees it
 * @param home where the JavaScript is kept
 */
export function rememberingRegister(entry: string, whole: () => TsNode & { sys: Sys }, home: string) {
    return (options: Options): void => {
        const configured = Object.keys(process.env).some((name) => name.startsWith("TS_NODE_"));
        if (options.transpileOnly !== true || configured || handlers[".ts"] !== undefined) {
            whole().register(options);
            return;
        }
        const key = [process.version, process.cwd(), entry, options];
        const kept = keptScripts(path.join(home, "transpiled"), JSON.stringify(key));
        const anew = () => transpile(entry, whole(), options, kept);
        if (kept.extensions.length > 0) takeKept(entry, kept, anew);
        else anew();
        process.once("exit", () => kept.save());
    };
}

/** Lets ts-node do it, and keeps what it makes. */
function transpile(entry: string, { register, sys }: TsNode & { sys: Sys }, options: Options, kept: KeptScripts): void {
    const before = { ...handlers };
    const directory = path.dirname(path.resolve(options.project ?? "."));
    const asked = <T>(ask: (file: string) => T) => {
        return (file: string): T => {
            kept.asked(file);
            return ask(file);
        };
    };
    const service = register({ ...options, readFile: asked(sys.readFile), fileExists: asked(sys.fileExists) });
    kept.asked(entry);
    kept.asked(service.compilerPath);
    const compiler = kept.askedUpwards(directory, path.join("node_modules", "typescript", "package.json"));
    const plain =
        service.transpileOnly &&
        Object.entries(service.options).every(([name, value]) => value === undefined || KNOWN.has(name)) &&
        (service.options.require as string[] | undefined)?.length === 0 &&
        service.extensions.compiled.every((extension) => TYPESCRIPT.test(extension)) &&
        compiler !== undefined &&
        service.compilerPath.startsWith(path.dirname(compiler) + path.sep);
    if (!plain) {
        kept.forget();
        return;
    }
    kept.extensions = Object.keys(handlers).filter((extension) => handlers[extension] !== before[extension]);
    const compile = service.compile.bind(service);
    service.compile = (code, file, lineOffset) => {
        const script = compile(code, file, lineOffset);
        kept.askedUpwards(path.dirname(file), "package.json"); // which says whether it is a module
        kept.put(file, code, script);
        return script;
    };
}

/** Runs files whose JavaScript is kept; from the first of which it is not, and for whoever wants ts-node itself, `anew` takes over. */
function takeKept(entry: string, kept: KeptScripts, anew: () => void): void {
    const before = { ...handlers };
    const loaded = new Map<string, string>();
    showSourceLines(entry, loaded);
    const giveUp = () => {
        for (const extension of kept.extensions) {
            const former = before[extension];
            if (former === undefined) Reflect.deleteProperty(handlers, extension);
            else handlers[extension] = former;
        }
        Reflect.deleteProperty(process, INSTANCE);
        anew();
    };
    for (const extension of kept.extensions) {
        const former = handlers[extension];
        handlers[extension] = (module, file) => {
            const script = TYPESCRIPT.test(file) ? kept.get(file) : undefined;
            if (script !== undefined) {
                loaded.set(slashes(file), script);
                (module as NodeJS.Module & { _compile: Compile })._compile(script, file);
            } else if (TYPESCRIPT.test(file)) {
                giveUp();
                (handlers[path.extname(file)] ?? handlers[".js"])?.(module, file);
            } else former?.(module, file);
        };
    }
    Object.defineProperty(process, INSTANCE, {
        configurable: true,
        get: () => {
            giveUp();
            return (process as unknown as Record<symbol, unknown>)[INSTANCE];
        },
    });
}

/** Has stacks name the lines of the sources, as ts-node does; the maps are in the scripts. */
function showSourceLines(entry: string, loaded: Map<string, string>): void {
    const support = createRequire(entry)("@cspotcode/source-map-support") as { install(options: object): void };
    support.install({
        environment: "node",
        retrieveFile: (file: string) => loaded.get(slashes(file)) ?? "",
        redirectConflictingLibrary: true,
    });
}

/** A path as the source maps have it. */
const slashes = (file: string): string => file.replaceAll("\\", "/");
