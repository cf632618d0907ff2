/**
 * An error about what a person wrote: its message says all, and the stack under it would only name this library.
 *
 * Without it the CLI is also quick to report: over frames of the Pulumi SDK, `util.inspect` of Node 20.20 runs in a loop until its text has half a
 * gigabyte, which takes a minute. https://github.com/nodejs/node/blob/v20.20.2/lib/internal/util/inspect.js (markNodeModules)
 */
export function stackless<E extends Error>(error: E): E {
    delete error.stack;
    const { message } = error;
    // The SDK puts `error serializing property …` before it, once for each resource that was to be made from what was refused.
    return Object.defineProperty(error, "message", { get: () => message, set: () => undefined });
}
