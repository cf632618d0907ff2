// The SDK notes a stack for every promise it makes, 2000 in a program of 40 resources, and ts-node looks up each of their frames in source maps. Those are
// read where leaks of promises are debugged alone, and are not looked up elsewhere. Of the others most are alike: what a lookup gave is kept, by the places in
// the code that the stack names.

type Format = (error: Error, frames: NodeJS.CallSite[]) => unknown;

const place = (frame: NodeJS.CallSite): string =>
    `${frame.getFileName()}:${frame.getLineNumber()}:${frame.getColumnNumber()}:${frame.getTypeName()}`;

const OF_PROMISE = /@pulumi\/pulumi\/runtime\/debuggable\.js$/;

/** The same texts as those of `format`, which is asked once for each stack; of the SDK's promises without the places unless `leaks`. Exported for tests. */
export function remembered(format: Format, leaks = Boolean(process.env.PULUMI_DEBUG_PROMISE_LEAKS)): Format {
    const known = new Map<string, string>();
    return (error, frames) => {
        if (!leaks && OF_PROMISE.test(frames[0]?.getFileName() ?? "")) return String(error);
        const key = frames.map(place).join("\n");
        const found = known.get(key);
        const title = String(error);
        if (found !== undefined) return title + found;
        const text = format(error, frames);
        // Others make something else of the frames, or say more about an error than its name and message.
        if (typeof text !== "string" || !/^(\n {4}at .*)*$/.test(text.slice(title.length))) return text;
        if (text.startsWith(title)) known.set(key, text.slice(title.length));
        return text;
    };
}

/** Whatever formats the stacks of errors from now on is remembered. */
export function rememberStacks(): void {
    const ours = new WeakSet<Format>();
    let current: Format | undefined;
    Object.defineProperty(Error, "prepareStackTrace", {
        configurable: true,
        enumerable: true,
        get: () => current,
        set: (format: Format | undefined) => {
            if (format === undefined || ours.has(format)) {
                current = format;
                return;
            }
            current = remembered(format);
            ours.add(current);
        },
    });
}
