// Half of what the SDK loads at its start only few programs use: tracing, the Automation API, what packs functions of a program for a cloud. Here each is
// loaded when something of it is first used, ts-node only for files whose JavaScript is not kept (transpiled.ts); and the SDK's log sends its lines together
// (gathered-lines.ts).
// https://github.com/pulumi/pulumi/blob/master/sdk/nodejs/index.ts, cmd/run/tracing.ts, runtime/manifest.ts, runtime/closure/codePaths.ts, v8Hooks.ts
import type * as inspector from "node:inspector";
import Module from "node:module";
import * as path from "node:path";
import { gatherLines } from "./gathered-lines";
import type { Sys, TsNode } from "./transpiled";
import { rememberingRegister } from "./transpiled";

type Exports = Record<PropertyKey, unknown>;
type Load = (this: unknown, request: string, parent: NodeJS.Module | undefined, isMain: boolean) => unknown;

const LATE = [
    "../../typescript-shim",
    "./automation",
    "@npmcli/arborist",
    "@opentelemetry/exporter-zipkin",
    "@opentelemetry/instrumentation",
    "@opentelemetry/instrumentation-grpc",
    "@opentelemetry/resources",
    "@opentelemetry/sdk-trace-base",
    "@opentelemetry/sdk-trace-node",
    "js-yaml",
    "normalize-package-data",
];

/** What the SDK's own files get for a module, by the name they require it by. */
const SUBSTITUTES: Record<string, (whole: () => Exports, require: NodeJS.Require) => object> = {
    ...Object.fromEntries(LATE.map((name) => [name, late])),
    inspector: (whole) => ({ Session: lateSession(whole().Session as typeof inspector.Session) }),
    typescript: (whole, require) => late(whole, { version: versionOf("typescript", require) }),
    "./typescript-shim": (whole) => late(whole, { parseConfigFileTextToJson: parseConfig(whole) }),
    "ts-node": lateTsNode,
    ...Object.fromEntries(
        ["./log", "../log", "../../log"].map((name) => [name, (whole: () => Exports) => gatherLines(whole())]),
    ),
};

/** The library's own file of files, from which a program takes few. */
const COMPONENTS = path.join(__dirname, "..", "..", "components", "index.js");
/** Where zod loads its messages in all languages, beside the one that is used. */
const LANGUAGES = { request: "../locales/index.cjs", of: path.join("node_modules", "zod", "v4") };

/**
 * From now on the SDK gets the modules named here, a program this library's components, and zod its languages, when they are first used; everybody else gets
 * all as ever.
 */
export function loadModulesLate(): void {
    const loader = Module as unknown as { _load: Load };
    const load = loader._load;
    loader._load = function (request, parent, isMain) {
        const whole = () => load.call(this, request, parent, isMain) as Exports;
        const file = parent?.filename ?? "";
        const substitute = SUBSTITUTES[request];
        if (substitute !== undefined && /@pulumi\/pulumi\/(?!node_modules\/)/.test(file))
            return substitute(whole, Module.createRequire(file));
        const seldom = file === COMPONENTS || (request === LANGUAGES.request && file.includes(LANGUAGES.of));
        return seldom ? late(whole) : whole();
    };
}

/**
 * The module as TypeScript's code sees it after an import, which takes one that says `__esModule` as it is, without a look at its properties. Those of
 * `known` are had without the module.
 */
function late(whole: () => Exports, known: Exports = {}): object {
    const get = (name: PropertyKey) => {
        if (Object.hasOwn(known, name)) return known[name];
        return name === "default" && whole().__esModule !== true ? whole() : whole()[name];
    };
    return new Proxy<Exports>(
        {},
        {
            get: (_, name) => name === "__esModule" || get(name),
            has: (_, name) => name in whole(),
            ownKeys: () => Reflect.ownKeys(whole()),
            getOwnPropertyDescriptor: (_, name) =>
                name in whole() ? { value: get(name), enumerable: true, configurable: true } : undefined,
        },
    );
}

const versionOf = (name: string, require: NodeJS.Require): string =>
    (require(`${name}/package.json`) as { version: string }).version;

/** The compiler's reader of its configuration, which is loaded only for what is more than JSON. */
function parseConfig(whole: () => Exports) {
    return (file: string, text: string): unknown => {
        try {
            const config: unknown = JSON.parse(text);
            if (typeof config === "object" && config !== null && !Array.isArray(config)) return { config };
        } catch {
            // Comments, or a mistake that it explains.
        }
        return (whole().parseConfigFileTextToJson as (file: string, text: string) => unknown)(file, text);
    };
}

function lateTsNode(whole: () => Exports, require: NodeJS.Require): object {
    const home = process.env.PULUMI_HOME;
    if (home === undefined) return whole();
    const both = () => ({ ...(whole() as unknown as TsNode), sys: (require("typescript") as { sys: Sys }).sys });
    return late(whole, {
        VERSION: versionOf("ts-node", require),
        register: rememberingRegister(require.resolve("ts-node"), both, home),
    });
}

/**
 * A session that turns V8's debugger on when it is first asked something. The SDK turns it on first of all, to learn which script comes from which file:
 * V8 tells that of all scripts, earlier ones too, and with the debugger on it takes half as long again to load each.
 */
function lateSession(Session: typeof inspector.Session): typeof inspector.Session {
    return class extends Session {
        private started = false;

        override connect(): void {
            // Later, with the first question.
        }

        override post(...args: unknown[]): void {
            if (args[0] === "Debugger.enable") {
                queueMicrotask(args.at(-1) as () => void);
                return;
            }
            if (!this.started) {
                this.started = true;
                super.connect();
                super.post("Debugger.enable");
            }
            super.post(...(args as [string]));
        }
    };
}
