/** What `runtime.options` of Pulumi.yaml or PulumiPolicy.yaml may say to a Node program. */
export interface RuntimeOptions {
    /** Load TypeScript through ts-node. Default: true. */
    typescript: boolean;
    /** Path of the tsconfig.json for ts-node. Default: the one in the program's directory. */
    tsconfig?: string;
    /** Arguments for node itself. Default: none. */
    nodeargs: string[];
    /** What installs dependencies. Default: "auto", by the lock file that is there. */
    packagemanager: string;
    /** Install no devDependencies. Default: false. */
    production: boolean;
}

/** Reads the options; throws an error with every option of the wrong type. Unknown options are left alone, as the original does. */
export function runtimeOptions(options: Record<string, unknown>): RuntimeOptions {
    const wrong: string[] = [];
    const read = <T>(name: string, is: (value: unknown) => value is T, type: string): T | undefined => {
        const value = options[name];
        if (value === undefined) return undefined;
        if (is(value)) return value;
        wrong.push(`runtime option ${name} must be a ${type}, not ${JSON.stringify(value)}`);
        return undefined;
    };
    const result: RuntimeOptions = {
        typescript: read("typescript", isBoolean, "boolean") ?? true,
        tsconfig: read("tsconfig", isString, "string"),
        nodeargs: shellWords(read("nodeargs", isString, "string") ?? ""),
        packagemanager: read("packagemanager", isString, "string") ?? "auto",
        production: read("production", isBoolean, "boolean") ?? false,
    };
    if (wrong.length > 0) throw new Error(wrong.join("; "));
    return result;
}

/** Splits a line as a POSIX shell does: blanks, single and double quotes, backslashes; nothing is expanded. */
export function shellWords(line: string): string[] {
    const word = /(?:[^\s\\'"]|\\[^]|'[^']*'|"(?:[^"\\]|\\[^])*")+/y;
    const words: string[] = [];
    for (let at = 0; ;) {
        at += /^\s*/.exec(line.slice(at))?.[0].length ?? 0;
        if (at >= line.length) return words;
        word.lastIndex = at;
        const match = word.exec(line)?.[0];
        if (match === undefined)
            throw new Error(`unbalanced quote or trailing backslash in runtime option nodeargs: ${line}`);
        words.push(match.replace(/\\([^])|'([^']*)'|"((?:[^"\\]|\\[^])*)"/g, unquoted));
        at += match.length;
    }
}

function unquoted(_: string, escaped?: string, single?: string, double?: string): string {
    return escaped ?? single ?? double?.replace(/\\(["\\$`])/g, "$1") ?? "";
}

const isBoolean = (value: unknown): value is boolean => typeof value === "boolean";
const isString = (value: unknown): value is string => typeof value === "string";
