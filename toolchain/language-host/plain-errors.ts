// Loaded before a program: prints errors without colours. With colours Node looks for package names in each line of the stack,
// and a line of the SDK, node_modules/@pulumi/resource.ts, sends it round for ever: a program that throws would take a minute and
// gigabytes to say so. https://github.com/nodejs/node/blob/v20.20.2/lib/internal/util/inspect.js, markNodeModules
import util from "node:util";

type Inspect = (value: unknown, options?: util.InspectOptions) => string;

const inspect = util.inspect as Inspect;

const plain: Inspect = (value, options) =>
    inspect(value, value instanceof Error && options?.colors === true ? { ...options, colors: false } : options);

Object.assign(util, { inspect: Object.assign(plain, util.inspect) });
