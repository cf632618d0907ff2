// Half of what the SDK loads at its start only few programs use: tracing, the Automation API, what packs functions of a program for a cloud. Here each is
// loaded when something of it is first used.
// https://github.com/pulumi/pulumi/blob/master/sdk/nodejs/index.ts, cmd/run/tracing.ts, runtime/manifest.ts, runtime/closure/codePaths.ts, v8Hooks.ts
import type * as inspector from "node:inspector";
import Module from "node:module";

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
const SUBSTITUTES: Record<string, (whole: () => Exports) => object> = {
    ...Object.fromEntries(LATE.map((name) => [name, late])),
    inspector: (whole) => ({ Session: lateSession(whole().Session as typeof inspector.Session) }),
};

/** From now on the SDK gets the modules named here when it first uses them; everybody else gets them as ever. */
export function loadModulesLate(): void {
    const loader = Module as unknown as { _load: Load };
    const load = loader._load;
    loader._load = function (request, parent, isMain) {
        const whole = () => load.call(this, request, parent, isMain) as Exports;
        const substitute = SUBSTITUTES[request];
        return substitute !== undefined && /@pulumi\/pulumi\/(?!node_modules\/)/.test(parent?.filename ?? "")
            ? substitute(whole)
            : whole();
    };
}

/** The module as TypeScript's code sees it after an import, which takes one that says `__esModule` as it is, without a look at its properties. */
function late(whole: () => Exports): object {
    const get = (name: PropertyKey) => (name === "default" && whole().__esModule !== true ? whole() : whole()[name]);
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
