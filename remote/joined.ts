import { readFileSync, readdirSync } from "node:fs";
import * as path from "node:path";

/** The shell scripts of a folder as one text, in the order of their names, so that the same version of the library always sends the same bytes. */
export const joined = (folder: string): string =>
    readdirSync(folder)
        .filter((file) => file.endsWith(".sh"))
        .sort()
        .map((file) => readFileSync(path.join(folder, file), "utf8"))
        .join("\n");
